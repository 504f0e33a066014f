//! Whom a connection trusts: the public authorities, and a private one when its certificate was given.

use std::path::Path;
use std::sync::Arc;

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::trouble::OpenTrouble;

/// Reads a private authority's certificate, checked, as text to keep.
pub(crate) fn read_authority(path: &Path) -> Result<String, OpenTrouble> {
    let bad = |why: String| OpenTrouble::Authority { path: path.to_owned(), why };
    let found = std::fs::metadata(path).map_err(|error| bad(error.to_string()))?;
    if found.len() > AUTHORITY_BYTES_MAX {
        return Err(bad("it is too large".to_owned()));
    }
    let pem = std::fs::read_to_string(path).map_err(|error| bad(error.to_string()))?;
    roots(Some(&pem)).map_err(bad)?;
    Ok(pem)
}

/// How connections are made.
pub(crate) fn connector(authority: Option<&str>) -> Result<TlsConnector, String> {
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots(authority)?)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

fn roots(authority: Option<&str>) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let Some(pem) = authority else { return Ok(roots) };
    let mut found = 0;
    for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        let certificate = certificate.map_err(|_| "it is not PEM".to_owned())?;
        roots.add(certificate).map_err(|error| error.to_string())?;
        found += 1;
    }
    if found == 0 { Err("there is no certificate in it".to_owned()) } else { Ok(roots) }
}

/// A bundle of a few certificates.
const AUTHORITY_BYTES_MAX: u64 = 256 * 1024;

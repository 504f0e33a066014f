//! TLS, with the operator's certificate.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

/// Why the certificate cannot be used, in words for who runs the service.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The chain.
    #[error("cannot read certificates from {}: give --tls-cert a PEM file with the server's certificate first", .0.display())]
    Certificate(PathBuf),
    /// The key.
    #[error("cannot read a private key from {}: give --tls-key the PEM file that belongs to the certificate", .0.display())]
    Key(PathBuf),
    /// They do not fit together.
    #[error("certificate and key do not fit together: {0}")]
    Mismatch(rustls::Error),
}

/// Reads certificate chain and key.
///
/// # Errors
/// [`TlsError`].
pub fn acceptor(certificate: &Path, key: &Path) -> Result<TlsAcceptor, TlsError> {
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .ok()
        .filter(|chain| !chain.is_empty())
        .ok_or_else(|| TlsError::Certificate(certificate.to_owned()))?;
    let key = PrivateKeyDer::from_pem_file(key).map_err(|_| TlsError::Key(key.to_owned()))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
        .map_err(TlsError::Mismatch)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

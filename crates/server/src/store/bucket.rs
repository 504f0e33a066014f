//! A real server that speaks S3, on the loopback, for tests.

use std::net::SocketAddr;

use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use super::{Access, S3Store};

/// A server with one bucket, as long as it lives.
pub struct Bucket {
    address: SocketAddr,
    _files: tempfile::TempDir,
    _runtime: Runtime,
}

impl Bucket {
    /// Starts it, on a port of its own.
    pub fn start() -> Self {
        let files = tempfile::tempdir().unwrap();
        std::fs::create_dir(files.path().join("valise")).unwrap();
        let mut builder = S3ServiceBuilder::new(s3s_fs::FileSystem::new(files.path()).unwrap());
        builder.set_auth(SimpleAuth::from_single("key", "secret"));
        let service = builder.build();
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let service = service.clone();
                tokio::spawn(async move {
                    // A connection that breaks off is nothing to speak of.
                    let _ended = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
        Self { address, _files: files, _runtime: runtime }
    }

    /// The store in its bucket.
    pub fn store(&self) -> S3Store {
        self.store_of("valise", "secret")
    }

    /// The same with another bucket or key.
    pub fn store_of(&self, bucket: &str, secret: &str) -> S3Store {
        let address = format!("http://{}/{bucket}", self.address).parse().unwrap();
        let access = Access { key: "key".into(), secret: secret.into(), region: "us-east-1".into() };
        S3Store::new(&address, access).unwrap()
    }
}

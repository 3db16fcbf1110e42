//! A byte stream to an engine: socket file, TCP, or TLS over TCP.

use crate::sources::engine::{EngineTarget, TlsFiles, Transport};
use std::io;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// Any of the streams.
pub(super) trait Bytes: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Bytes for T {}

/// Connects; nothing is sent but what TLS needs.
pub(super) async fn open(target: &EngineTarget) -> io::Result<Box<dyn Bytes>> {
    match (&target.transport, &target.tls) {
        (Transport::Unix(path), _) => Ok(Box::new(UnixStream::connect(path).await?)),
        (Transport::Tcp { authority, .. }, None) => Ok(Box::new(TcpStream::connect(authority).await?)),
        (Transport::Tcp { authority, .. }, Some(files)) => {
            let config = tls(files)?;
            let host = authority.rsplit_once(':').map_or(authority.as_str(), |(host, _)| host);
            let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
            let name = ServerName::try_from(host).map_err(io::Error::other)?;
            let stream = TcpStream::connect(authority).await?;
            Ok(Box::new(TlsConnector::from(Arc::new(config)).connect(name, stream).await?))
        }
    }
}

/// What both ends of TLS show each other; the engine's certificate is always checked.
fn tls(files: &TlsFiles) -> io::Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(&files.ca).map_err(io::Error::other)? {
        roots.add(certificate.map_err(io::Error::other)?).map_err(io::Error::other)?;
    }
    let builder = ClientConfig::builder().with_root_certificates(roots);
    let certificates = CertificateDer::pem_file_iter(&files.cert).map_err(io::Error::other)?;
    let certificates = certificates.collect::<Result<Vec<_>, _>>().map_err(io::Error::other)?;
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(io::Error::other)?;
    builder.with_client_auth_cert(certificates, key).map_err(io::Error::other)
}

//! TLS to an engine on TCP: its certificate is always checked, ours is shown where there is one.

use std::path::Path;
use std::sync::Arc;

use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::endpoint::{Endpoint, TlsFiles};
use crate::engine::{EngineError, Result};

/// Shakes hands over a connected stream.
pub(super) async fn wrap(
    stream: TcpStream,
    host: &str,
    files: &TlsFiles,
    endpoint: &Endpoint,
) -> Result<TlsStream<TcpStream>> {
    let name = ServerName::try_from(host.to_owned()).map_err(|error| {
        EngineError::Configuration { detail: format!("{host:?} is not a host name: {error}") }
    })?;
    let connector = TlsConnector::from(Arc::new(config(files)?));
    connector.connect(name, stream).await.map_err(|error| EngineError::NotRunning {
        endpoint: endpoint.to_string(),
        detail: format!("the TLS handshake failed: {error}"),
    })
}

fn config(files: &TlsFiles) -> Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(&files.ca)? {
        roots.add(certificate).map_err(|error| unusable(&files.ca, &error))?;
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| unusable(&files.ca, &error))?
        .with_root_certificates(roots);
    match &files.identity {
        None => Ok(builder.with_no_client_auth()),
        Some((cert, key)) => {
            let secret =
                PrivateKeyDer::from_pem_file(key).map_err(|error| unusable(key, &error))?;
            builder
                .with_client_auth_cert(certificates(cert)?, secret)
                .map_err(|error| unusable(cert, &error))
        }
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let found = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect::<std::result::Result<Vec<_>, _>>)
        .map_err(|error| unusable(path, &error))?;
    if found.is_empty() { Err(unusable(path, &"there is no certificate in it")) } else { Ok(found) }
}

fn unusable(path: &Path, error: &dyn std::fmt::Display) -> EngineError {
    EngineError::Configuration { detail: format!("{}: {error}", path.display()) }
}

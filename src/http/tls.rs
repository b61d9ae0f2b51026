//! Whom we trust, and how we show ourselves, on encrypted connections.

use super::ClientError;
use crate::config::Tls;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, OtherError, RootCertStore, SignatureScheme};
use std::path::Path;
use std::sync::{Arc, LazyLock};

/// Mozilla's authorities, built in, and those of the machine. Both, because a container may have none of its own, and a
/// company's own authority is installed on the machine.
static PUBLIC: LazyLock<Arc<RootCertStore>> = LazyLock::new(|| {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let machine = rustls_native_certs::load_native_certs();
    for error in machine.errors {
        tracing::debug!(%error, "a certificate of this machine cannot be read and is not trusted");
    }
    roots.add_parsable_certificates(machine.certs);
    Arc::new(roots)
});

/// Whom we trust, and how we show ourselves, where `tls` says it.
///
/// # Errors
/// When a certificate or key cannot be used.
pub fn config(tls: &Tls) -> Result<ClientConfig, ClientError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().map_err(refused)?;
    let builder = builder.dangerous().with_custom_certificate_verifier(judge(tls)?);
    match (&tls.cert_file, &tls.key_file) {
        (Some(certificate), Some(key)) => {
            let key = PrivateKeyDer::from_pem_file(key).map_err(|source| ClientError::Pem {
                what: "private key",
                path: key.clone(),
                source,
            })?;
            builder.with_client_auth_cert(certificates(certificate)?, key).map_err(refused)
        }
        (None, None) => Ok(builder.with_no_client_auth()),
        _ => Err(refused("a certificate and its key are only of use together")),
    }
}

/// Whom we trust where `tls` says it; part of what [`config`] makes.
///
/// # Errors
/// When a certificate cannot be used.
pub fn judge(tls: &Tls) -> Result<Arc<dyn ServerCertVerifier>, ClientError> {
    let named = tls.ca_file.as_deref().map(certificates).transpose()?;
    let roots = named.as_deref().map_or_else(|| Ok(PUBLIC.clone()), authorities)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = WebPkiServerVerifier::builder_with_provider(roots, provider).build().map_err(refused)?;
    Ok(Arc::new(Judge { verifier, named: named.unwrap_or_default(), expected: Expected::of(tls)? }))
}

/// Under which name a server has to be known to the authorities.
#[derive(Debug)]
enum Expected {
    /// The one in the address.
    Address,
    /// Another one, because the address is a bare number or a tunnel.
    Name(ServerName<'static>),
    /// None at all: whoever answers is trusted.
    Nothing,
}

impl Expected {
    fn of(tls: &Tls) -> Result<Self, ClientError> {
        match &tls.server_name {
            _ if tls.insecure_skip_verify => Ok(Expected::Nothing),
            Some(name) => Ok(Expected::Name(ServerName::try_from(name.clone()).map_err(refused)?)),
            None => Ok(Expected::Address),
        }
    }
}

/// The usual verification, under the expected name.
#[derive(Debug)]
struct Judge {
    verifier: Arc<WebPkiServerVerifier>,
    /// The certificates of `ca_file`. A server that shows one of these very certificates is trusted, as with Prometheus:
    /// a self-signed one calls itself an authority, which the usual verification refuses in a server.
    named: Vec<CertificateDer<'static>>,
    expected: Expected,
}

impl ServerCertVerifier for Judge {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        address: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let name = match &self.expected {
            Expected::Address => address,
            Expected::Name(name) => name,
            Expected::Nothing => return Ok(ServerCertVerified::assertion()),
        };
        if self.named.iter().any(|named| named == end_entity) {
            verify_server_name(&ParsedCertificate::try_from(end_entity)?, name)?;
            return Ok(ServerCertVerified::assertion());
        }
        self.verifier.verify_server_cert(end_entity, intermediates, name, ocsp, now).map_err(in_words)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verifier.verify_tls12_signature(message, cert, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verifier.verify_tls13_signature(message, cert, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.supported_verify_schemes()
    }
}

/// Why a certificate is not trusted, where the usual verification has but a word of its own program for it.
#[derive(Debug, thiserror::Error)]
enum Distrust {
    /// It may sign others, which no certificate of a server may.
    #[error(
        "the server shows the certificate of an authority, or one that it has signed itself: name this very certificate in `tls.ca_file`, \
         or have the server show one of its own (an end-entity certificate), signed by an authority that is trusted"
    )]
    Authority,
    /// Nobody whom we know has signed it.
    #[error(
        "nobody whom we trust has signed the certificate of the server: name the certificate of its authority in `tls.ca_file`, \
         or install it on this machine"
    )]
    Stranger,
}

fn in_words(error: rustls::Error) -> rustls::Error {
    let distrust = match &error {
        rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer) => Distrust::Stranger,
        // The type behind it is not ours to name.
        rustls::Error::InvalidCertificate(CertificateError::Other(other))
            if format!("{other:?}").contains("CaUsedAsEndEntity") =>
        {
            Distrust::Authority
        }
        _ => return error,
    };
    OtherError(Arc::new(distrust)).into()
}

fn authorities(certificates: &[CertificateDer<'static>]) -> Result<Arc<RootCertStore>, ClientError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates {
        roots.add(certificate.clone()).map_err(refused)?;
    }
    Ok(Arc::new(roots))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, ClientError> {
    let failed = |source| ClientError::Pem { what: "certificate", path: path.to_owned(), source };
    let all: Vec<_> = CertificateDer::pem_file_iter(path).and_then(Iterator::collect).map_err(failed)?;
    if all.is_empty() { Err(failed(rustls::pki_types::pem::Error::NoItemsFound)) } else { Ok(all) }
}

#[expect(clippy::needless_pass_by_value, reason = "the form in which `map_err` hands it over")]
fn refused(what: impl ToString) -> ClientError {
    ClientError::Tls { what: what.to_string() }
}

//! Whom we trust, and until when the certificates that we are shown are good.

use crate::config::Tls;
use crate::http::{ClientError, install_crypto, judge, trust};
use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, SignatureScheme};
use std::sync::{Arc, Mutex, PoisonError};
use tokio_rustls::TlsConnector;
use x509_parser::prelude::{FromDer, X509Certificate};

/// Trust as the configuration means it, with a note of the certificates that were shown.
pub(super) struct Trust {
    /// Sets up TLS.
    pub(super) connector: TlsConnector,
    witness: Arc<Witness>,
}

impl Trust {
    /// Trust for one endpoint. Files named by `tls` are read.
    pub(super) fn new(tls: &Tls) -> Result<Self, ClientError> {
        install_crypto();
        let witness = Arc::new(Witness { judge: judge(tls)?, ends: Mutex::default() });
        let mut config = trust(tls)?;
        config.dangerous().set_certificate_verifier(Arc::<Witness>::clone(&witness));
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        // A resumed session would be quicker than what a new visitor gets, and shows no certificate.
        config.resumption = Resumption::disabled();
        Ok(Trust { connector: TlsConnector::from(Arc::new(config)), witness })
    }

    /// Forgets what was shown.
    pub(super) fn forget(&self) {
        *self.witness.ends.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// When the first of the certificates ends that were shown since, in Unix time.
    pub(super) fn ends(&self) -> Option<i64> {
        *self.witness.ends.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Notes what is shown before it is judged: the end of a certificate is worth knowing above all where it has passed.
#[derive(Debug)]
struct Witness {
    judge: Arc<dyn ServerCertVerifier>,
    ends: Mutex<Option<i64>>,
}

impl Witness {
    fn note(&self, certificate: &CertificateDer<'_>) {
        let Some(end) = end_of(certificate) else { return };
        let mut ends = self.ends.lock().unwrap_or_else(PoisonError::into_inner);
        *ends = Some(ends.map_or(end, |earlier| earlier.min(end)));
    }
}

/// When a certificate ends, in Unix time; nothing, where it cannot be read.
fn end_of(certificate: &[u8]) -> Option<i64> {
    let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
    Some(certificate.validity().not_after.timestamp())
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        address: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        self.note(end_entity);
        for certificate in intermediates {
            self.note(certificate);
        }
        self.judge.verify_server_cert(end_entity, intermediates, address, ocsp, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.judge.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.judge.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.judge.supported_verify_schemes()
    }
}

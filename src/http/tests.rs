//! A client says who it is in every way that the configuration knows, and trusts nobody else.

use super::canned::{Canned, reply};
use super::{Client, ClientError};
use crate::config::{Auth, Secret, Tls};
use reqwest::Method;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

const SECRET: &str = "open sesame";

fn inline(text: &str) -> Secret {
    Secret::Inline(text.to_owned())
}

/// Asks `server` once as `client`.
async fn ask(client: &Client, url: &str) -> Result<reqwest::Response, String> {
    let request = client.request(Method::GET, url).await.map_err(|error| error.to_string())?;
    request.send().await.map_err(|error| super::chain(&error))
}

/// A folder for one test, removed at its end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("watchbell-http-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

#[tokio::test]
async fn basic_and_bearer_and_further_headers_are_sent_with_every_request() {
    let server = Canned::always(200, "");
    let headers = BTreeMap::from([("X-Scope-OrgID".to_owned(), inline("blue"))]);
    let basic = Auth::Basic { username: "ops".to_owned(), password: inline(SECRET) };
    for auth in [basic, Auth::Bearer(inline("token-1"))] {
        let client = Client::new(&auth, &headers, &Tls::default()).unwrap();
        ask(&client, &server.url()).await.unwrap();
    }
    let asked = server.asked();
    assert_eq!(asked[0].header("authorization"), "Basic b3BzOm9wZW4gc2VzYW1l");
    assert_eq!(asked[1].header("authorization"), "Bearer token-1");
    assert_eq!(asked[1].header("x-scope-orgid"), "blue");
    assert_eq!(asked[1].header("accept-encoding"), "");
}

#[tokio::test]
async fn a_rotated_secret_file_counts_from_the_next_request_on() {
    let folder = Folder::new("rotated");
    let (server, file) = (Canned::always(200, ""), folder.file("token"));
    let client = Client::new(&Auth::Bearer(Secret::File(file.clone())), &BTreeMap::new(), &Tls::default()).unwrap();
    for token in ["first", "second"] {
        std::fs::write(&file, format!("{token}\n")).unwrap();
        ask(&client, &server.url()).await.unwrap();
    }
    let sent: Vec<_> = server.asked().iter().map(|request| request.header("authorization").to_owned()).collect();
    assert_eq!(sent, ["Bearer first", "Bearer second"]);
    assert_eq!(server.connections(), 1, "the connection is kept open");
}

#[tokio::test]
async fn a_missing_secret_is_named_and_a_present_one_is_never_printed() {
    let auth = Auth::Basic { username: "ops".to_owned(), password: inline(SECRET) };
    let client = Client::new(&auth, &BTreeMap::from([("X-Key".to_owned(), inline(SECRET))]), &Tls::default()).unwrap();
    assert!(!format!("{client:?}").contains(SECRET));
    assert!(!format!("{:?}", client.identify().await.unwrap()).contains(SECRET));

    let absent = Auth::Bearer(Secret::Env("WATCHBELL_TEST_ABSENT".to_owned()));
    let client = Client::new(&absent, &BTreeMap::new(), &Tls::default()).unwrap();
    let error = client.identify().await.unwrap_err();
    assert_eq!(error.to_string(), "the environment variable `WATCHBELL_TEST_ABSENT` is not set");

    let broken = Client::new(&Auth::Bearer(inline("two\nlines")), &BTreeMap::new(), &Tls::default()).unwrap();
    assert!(!broken.identify().await.unwrap_err().to_string().contains("lines"));
}

#[tokio::test]
async fn an_oauth_token_is_asked_for_once_kept_until_it_expires_and_forgotten_when_refused() {
    // The first token lasts an hour, the following ones expire at once.
    let server = Canned::start(|before, request, stream| {
        let lasts = if before == 0 { 3600 } else { 0 };
        let token = format!(r#"{{"access_token":"t{before}","token_type":"Bearer","expires_in":{lasts}}}"#);
        reply(stream, 200, &[], if request.line.starts_with("POST /token") { &token } else { "" })
    });
    let auth = Auth::OAuth2 {
        client_id: "watch".to_owned(),
        client_secret: inline(SECRET),
        token_url: format!("{}/token", server.url()),
        scopes: vec!["read".to_owned(), "write".to_owned()],
    };
    let client = Arc::new(Client::new(&auth, &BTreeMap::new(), &Tls::default()).unwrap());
    let many: Vec<_> = (0..8).map(|_| (client.clone(), server.url())).collect();
    let many: Vec<_> =
        many.into_iter().map(|(c, url)| tokio::spawn(async move { ask(&c, &url).await.is_ok() })).collect();
    for one in many {
        assert!(one.await.unwrap());
    }
    let asked = server.asked();
    assert_eq!(asked.iter().filter(|request| request.line.starts_with("POST /token")).count(), 1);
    assert_eq!(asked[0].body, "grant_type=client_credentials&scope=read+write");
    assert!(asked[0].header("authorization").starts_with("Basic "));
    assert!(asked[1..].iter().all(|request| request.header("authorization") == "Bearer t0"));

    assert!(client.forget_token() && !client.forget_token());
    for round in 0..2 {
        ask(&client, &server.url()).await.unwrap();
        let fresh = format!("Bearer t{}", asked.len() + 2 * round);
        assert_eq!(server.asked().last().unwrap().header("authorization"), fresh);
    }
}

#[tokio::test]
async fn a_token_server_that_says_no_is_named() {
    let server = Canned::always(403, "no");
    let (client_id, token_url) = ("watch".to_owned(), server.url());
    let auth = Auth::OAuth2 { client_id, client_secret: inline(SECRET), token_url, scopes: Vec::new() };
    let error = Client::new(&auth, &BTreeMap::new(), &Tls::default()).unwrap().identify().await.unwrap_err();
    assert!(matches!(error, ClientError::TokenRefused { status: 403, .. }), "{error}");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let server = Canned::start(|_, _, stream| reply(stream, 302, &[("Location", "http://127.0.0.1:1/")], ""));
    let answer = ask(&Client::anonymous().unwrap(), &server.url()).await.unwrap();
    assert_eq!(answer.status(), 302);
}

#[test]
fn certificates_that_cannot_be_read_are_named() {
    let folder = Folder::new("pem");
    std::fs::write(folder.file("empty.pem"), "").unwrap();
    let told = |tls: Tls| Client::new(&Auth::None, &BTreeMap::new(), &tls).unwrap_err().to_string();
    let absent = told(Tls { ca_file: Some(PathBuf::from("absent.pem")), ..Tls::default() });
    assert_eq!(absent, "cannot read a certificate from `absent.pem`");
    assert!(told(Tls { ca_file: Some(folder.file("empty.pem")), ..Tls::default() }).contains("empty.pem"));
    let half = told(Tls { cert_file: Some(folder.file("empty.pem")), ..Tls::default() });
    assert_eq!(half, "cannot set up TLS: a certificate and its key are only of use together");
}

/// Makes a certificate for `watchbell.test` and its key; `None`, said in a line, without openssl.
fn certificate(folder: &Path) -> Option<(PathBuf, PathBuf)> {
    let (cert, key) = (folder.join("cert.pem"), folder.join("key.pem"));
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"])
        .args(["-subj", "/CN=watchbell.test", "-addext", "subjectAltName=DNS:watchbell.test"])
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&cert)
        .output();
    if !made.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: `openssl` is not installed, or makes no certificate");
        return None;
    }
    Some((cert, key))
}

/// Answers one TLS connection after the other with an empty 200, until the test ends.
fn encrypted(cert: &Path, key: &Path) -> String {
    use rustls::pki_types::pem::PemObject;
    use std::io::{Read, Write};
    let chain = rustls::pki_types::CertificateDer::pem_file_iter(cert).unwrap().map(Result::unwrap).collect();
    let key = rustls::pki_types::PrivateKeyDer::from_pem_file(key).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = Arc::new(config.with_no_client_auth().with_single_cert(chain, key).unwrap());
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let session = rustls::ServerConnection::new(config.clone()).unwrap();
            let mut stream = rustls::StreamOwned::new(session, stream);
            // A client that does not trust us hangs up here, which is what some tests are about.
            if stream.read(&mut [0; 4096]).is_ok_and(|read| read > 0) {
                drop(stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"));
            }
        }
    });
    format!("https://127.0.0.1:{port}")
}

#[tokio::test]
async fn a_server_is_trusted_for_its_authority_and_the_expected_name_or_for_nothing_when_told_so() {
    let folder = Folder::new("tls");
    let Some((cert, key)) = certificate(&folder.0) else { return };
    let url = encrypted(&cert, &key);
    let with = |tls: Tls| Client::new(&Auth::None, &BTreeMap::new(), &tls).unwrap();
    let ours = Tls { ca_file: Some(cert), server_name: Some("watchbell.test".to_owned()), ..Tls::default() };

    ask(&with(ours.clone()), &url).await.unwrap();
    let stranger = ask(&with(Tls::default()), &url).await.unwrap_err();
    assert!(stranger.contains("the certificate of an authority, or one that it has signed itself"), "{stranger}");
    assert!(stranger.contains("`tls.ca_file`") && !stranger.contains("CaUsedAsEndEntity"), "{stranger}");
    let misnamed = ask(&with(Tls { server_name: None, ..ours.clone() }), &url).await.unwrap_err();
    assert!(misnamed.contains("not valid for name"), "{misnamed}");
    let blind = Tls { ca_file: None, server_name: None, insecure_skip_verify: true, ..ours };
    assert!(ask(&with(blind), &url).await.is_ok());
}

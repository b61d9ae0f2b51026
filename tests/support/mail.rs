//! A real mail server, `scripts/mail_receiver.py` on aiosmtpd; what arrived was read by Python's `email` package.

use super::{Process, Scratch, http, in_repository, installed, parts, say_skipped, wait_for};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The server.
pub struct MailServer {
    smtp_port: u16,
    control: String,
    _process: Process,
    folder: Scratch,
}

/// How it is spoken to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Speech {
    /// In the clear.
    Plain,
    /// By STARTTLS, and nothing before it; a login wants it.
    StartTls {
        /// The ways to log in that are offered, as `PLAIN,LOGIN`.
        auth: &'static str,
    },
    /// In TLS from the first byte.
    Implicit,
}

/// Who may hand mail over where a login is wanted.
pub const LOGIN: (&str, &str) = ("watchbell", "correct horse: battery");

impl MailServer {
    /// Starts it; `None`, said in a line, where something that it needs is not installed.
    pub fn start(speech: Speech) -> Option<MailServer> {
        let folder = Scratch::new("mail");
        let modules = parts()?.join("root/usr/lib/python3/dist-packages");
        let mut command = Command::new(installed("python3")?);
        command.arg(in_repository("scripts/mail_receiver.py")).env("PYTHONPATH", modules);
        if speech != Speech::Plain {
            let (cert, key) = certificate(folder.path())?;
            let login = format!("{}:{}", LOGIN.0, LOGIN.1);
            let (way, auth) = match speech {
                Speech::StartTls { auth } => ("starttls", auth),
                Speech::Implicit | Speech::Plain => ("implicit", "PLAIN,LOGIN"),
            };
            command
                .args(["--tls", way, "--login", &login, "--auth", auth])
                .arg("--cert")
                .arg(cert)
                .arg("--key")
                .arg(key);
        }
        let started = Process::start("mail", &mut command, folder.path(), |said| said.starts_with("smtp "));
        let process = match started {
            Err(why) if why.contains("No module named 'aiosmtpd") => {
                say_skipped("aiosmtpd");
                return None;
            }
            started => started.unwrap_or_else(|why| panic!("{why}")),
        };
        let said = process.said();
        let (smtp, control) = said.trim().split_once(" http ").unwrap_or_else(|| panic!("no addresses: {said}"));
        let smtp_port = smtp.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
        Some(MailServer { smtp_port, control: format!("http://{control}"), _process: process, folder })
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.smtp_port
    }

    /// The certificate that it shows.
    pub fn certificate(&self) -> PathBuf {
        self.folder.path().join("cert.pem")
    }

    /// Makes it misbehave; what can be wished for stands in `scripts/mail_receiver.py`.
    pub fn control(&self, wish: &Value) {
        let answer = http::post_json(&format!("{}/_control", self.control), wish).expect("the mail server is up");
        assert_eq!(answer.status, 200, "the mail server does not understand: {}", answer.body);
    }

    /// Everything that came, in order.
    pub fn log(&self) -> Vec<Value> {
        let answer = http::get(&format!("{}/log", self.control)).expect("the mail server is up");
        answer.json()["entries"].as_array().expect("entries come as a list").clone()
    }

    /// The mails that it took.
    pub fn mails(&self) -> Vec<Value> {
        self.log().into_iter().filter(|entry| entry["code"] == 250).collect()
    }

    /// Waits until it has taken `count` mails, and gives them.
    pub fn wait_for_mails(&self, count: usize) -> Vec<Value> {
        wait_for(&format!("{count} mails"), || {
            let mails = self.mails();
            (mails.len() >= count).then_some(mails)
        })
    }
}

/// Makes a certificate for `localhost` and its key; `None`, said in a line, without openssl.
fn certificate(folder: &Path) -> Option<(PathBuf, PathBuf)> {
    let (cert, key) = (folder.join("cert.pem"), folder.join("key.pem"));
    let made = Command::new(installed("openssl")?)
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"])
        .args(["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"])
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&cert)
        .output();
    let made = made.expect("openssl can be run");
    assert!(made.status.success(), "openssl: {}", String::from_utf8_lossy(&made.stderr));
    Some((cert, key))
}

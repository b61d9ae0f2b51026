//! One conversation with a mail server (RFC 5321, RFC 3207, RFC 4954): greeted, encrypted, logged in, one mail handed over.
//!
//! Written here and not taken from a crate, because it must keep on with the other receivers when one is refused, count
//! nothing but the answer to the final dot as success, and trust whom every other channel trusts.

use super::NAME;
use super::answer::{Reply, Verdict, read_line};
use crate::config::Mailbox;
use crate::crash::{self, Point};
use crate::notify::SendError;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// A reply longer than this is no reply.
const LONGEST_LINE: u64 = 2048;
const MOST_LINES: usize = 100;

/// A shorter password keeps nobody out, and taking it out of every word would say what it is.
const SHORTEST_SECRET: usize = 4;
/// By so much of its beginning a word of base64 is known.
const BEGINNING: usize = 8;
const REDACTED: &str = "<redacted>";

/// How long a server is waited for. Longer than most take, and shorter than RFC 5321 §4.5.3.2 would have it: a page waits.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// At each turn of the conversation. Who is slower has got nothing yet, and is asked anew.
    pub turn: Duration,
    /// After the final dot, where scanners look through the mail. Who is slower may have it, and gets it once more.
    pub end: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Patience { turn: Duration::from_mins(1), end: Duration::from_mins(5) }
    }
}

/// Where mail is handed over, and how we trust it.
#[derive(Clone, Debug)]
pub struct Server {
    /// Its name or address, without brackets.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Whether TLS begins with the first byte (465) and not by `STARTTLS`.
    pub is_implicit: bool,
    /// Whether even a server on this machine has to be spoken to in TLS.
    pub always_encrypts: bool,
    /// Whom we trust.
    pub trust: Arc<ClientConfig>,
    /// How long it is waited for.
    pub patience: Patience,
}

/// Who we are to the server.
pub struct Login {
    /// The user.
    pub username: String,
    /// The password.
    pub password: crate::config::Revealed,
}

/// What became of those for whom a mail was.
#[derive(Clone, Debug, Default)]
pub struct Handed {
    /// The server has it for them.
    pub taken: Vec<Mailbox>,
    /// It may take it later, and said this.
    pub later: Vec<(Mailbox, String)>,
    /// It never will, and said this.
    pub refused: Vec<(Mailbox, String)>,
}

impl Handed {
    /// Whether it is certain what became of this receiver.
    pub fn knows(&self, mailbox: &Mailbox) -> bool {
        self.taken.contains(mailbox) || self.refused.iter().any(|(refused, _)| refused == mailbox)
    }

    /// What became of all of them, once those who were put off were tried again.
    pub fn and(mut self, again: Handed) -> Handed {
        self.taken.extend(again.taken);
        self.refused.extend(again.refused);
        Handed { later: again.later, ..self }
    }
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

struct Session {
    io: BufReader<Box<dyn Stream>>,
    /// How we call ourselves: our address, as RFC 5321 §4.1.3 wants it of who has no name.
    name: String,
    /// What we said of a secret. A server that repeats the line that it refuses says it as well.
    secrets: Secrets,
    patience: Patience,
}

#[derive(Default)]
struct Secrets {
    /// How what we say in base64 begins.
    encoded: Vec<String>,
    password: Option<String>,
}

impl Login {
    /// User and password as `AUTH PLAIN` has them.
    fn proof(&self) -> String {
        STANDARD.encode(format!("\0{}\0{}", self.username, self.password.expose()))
    }

    /// What lets somebody in, in each form in which we say it.
    fn secrets(&self) -> Secrets {
        let password = self.password.expose();
        // A server may repeat no more than the beginning of a line, and without what fills base64 up.
        let beginning = |base64: String| base64.trim_end_matches('=').chars().take(BEGINNING).collect();
        let is_secret = |text: &String| text.len() >= SHORTEST_SECRET;
        Secrets {
            encoded: [self.proof(), STANDARD.encode(password)].map(beginning).into_iter().filter(is_secret).collect(),
            password: Some(password.to_owned()).filter(is_secret),
        }
    }
}

impl Secrets {
    /// What the server says, without what we said to it in confidence.
    fn taken_out_of(&self, text: &str) -> String {
        let hide_password = |password: &String| text.replace(password.as_str(), REDACTED);
        let text = self.password.as_ref().map_or_else(|| text.to_owned(), hide_password);
        self.encoded.iter().fold(text, |text, beginning| without_words_of(&text, beginning))
    }
}

/// `text` without the words of base64 that begin so.
fn without_words_of(text: &str, beginning: &str) -> String {
    let is_base64 = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '+' | '/' | '=');
    let mut parts = text.split(beginning);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, rest| text + REDACTED + rest.trim_start_matches(is_base64))
}

impl Server {
    /// Hands `letter` over for all of `to` that the server takes.
    ///
    /// # Errors
    /// When nobody was taken, or the server did not confirm that it has the mail.
    pub async fn hand_over(
        &self,
        login: Option<&Login>,
        from: &Mailbox,
        to: &[Mailbox],
        letter: &str,
    ) -> Result<Handed, SendError> {
        let (mut session, abilities) = self.open().await?;
        if let Some(login) = login {
            session.log_in(login, &abilities).await?;
        }
        session.command(&format!("MAIL FROM:<{}>", from.address())).await?.expect(2)?;
        let handed = session.name_receivers(to).await?;
        if !handed.taken.is_empty() {
            session.command("DATA").await?.expect(3)?;
            session.write(&dotted(letter)).await?;
            crash::point(Point::AfterSend);
            // Only this answer says that the server has taken responsibility for the mail.
            session.reply(self.patience.end).await?.expect(2)?;
            crash::point(Point::AfterAnswer);
        }
        // The mail is handed over; whether the farewell arrives changes nothing.
        let _farewell = session.write("QUIT\r\n").await;
        Ok(handed)
    }

    /// Connects, and encrypts unless the server is this very machine and nothing else is asked for.
    async fn open(&self) -> Result<(Session, Reply), SendError> {
        let tcp = within(self.patience.turn, TcpStream::connect((self.host.as_str(), self.port))).await?;
        let tcp = tcp.map_err(|cause| unreachable(&cause))?;
        let (ours, theirs) = (tcp.local_addr(), tcp.peer_addr());
        let is_here = theirs.is_ok_and(|peer| peer.ip().to_canonical().is_loopback());
        let name = ours.map_or_else(|_| "[127.0.0.1]".into(), |address| literal(address.ip()));
        let stream: Box<dyn Stream> = if self.is_implicit { self.encrypt(Box::new(tcp)).await? } else { Box::new(tcp) };
        let mut session =
            Session { io: BufReader::new(stream), name, secrets: Secrets::default(), patience: self.patience };
        session.reply(self.patience.turn).await?.expect(2)?;
        let abilities = session.greet().await?;
        if self.is_implicit || (is_here && !self.always_encrypts) {
            return Ok((session, abilities));
        }
        if abilities.ability("STARTTLS").is_none() {
            return Err(refused("the server offers no STARTTLS, and mail is not sent in the clear"));
        }
        session.command("STARTTLS").await?.expect(2)?;
        // What somebody in between has sent ahead must not be taken for the server's word after the handshake.
        if !session.io.buffer().is_empty() {
            return Err(refused("the server spoke in the clear after it had agreed to STARTTLS"));
        }
        session.io = BufReader::new(self.encrypt(session.io.into_inner()).await?);
        // What was said before encryption may not have been the server's word, so it is asked again.
        let abilities = session.greet().await?;
        Ok((session, abilities))
    }

    async fn encrypt(&self, stream: Box<dyn Stream>) -> Result<Box<dyn Stream>, SendError> {
        let name = ServerName::try_from(self.host.clone()).map_err(|_| refused("the server's name is none"))?;
        let connected =
            within(self.patience.turn, TlsConnector::from(Arc::clone(&self.trust)).connect(name, stream)).await?;
        Ok(Box::new(connected.map_err(|cause| of_handshake(&cause))?))
    }
}

impl Session {
    async fn greet(&mut self) -> Result<Reply, SendError> {
        let hello = format!("EHLO {}", self.name);
        self.command(&hello).await?.expect(2)
    }

    async fn log_in(&mut self, login: &Login, abilities: &Reply) -> Result<(), SendError> {
        let offered = abilities.ability("AUTH").unwrap_or_default().to_ascii_uppercase();
        let offers = |name: &str| offered.split_whitespace().any(|word| word == name);
        let (user, password) = (&login.username, login.password.expose());
        self.secrets = login.secrets();
        if offers("PLAIN") {
            self.command(&format!("AUTH PLAIN {}", login.proof())).await?.expect(2)?;
        } else if offers("LOGIN") {
            self.command("AUTH LOGIN").await?.expect(3)?;
            self.command(&STANDARD.encode(user)).await?.expect(3)?;
            self.command(&STANDARD.encode(password)).await?.expect(2)?;
        } else {
            return Err(refused("the server offers neither AUTH PLAIN nor AUTH LOGIN"));
        }
        Ok(())
    }

    /// Names everybody for whom the mail is; one who is refused does not drop the others.
    async fn name_receivers(&mut self, to: &[Mailbox]) -> Result<Handed, SendError> {
        let mut handed = Handed::default();
        for mailbox in to {
            let reply = self.command(&format!("RCPT TO:<{}>", mailbox.address())).await?;
            match reply.of_receiver(handed.taken.len()) {
                Verdict::Taken => handed.taken.push(mailbox.clone()),
                Verdict::Later => handed.later.push((mailbox.clone(), reply.words())),
                Verdict::Refused => handed.refused.push((mailbox.clone(), reply.words())),
                Verdict::Closing => return reply.expect(2).map(|_| handed),
            }
        }
        Ok(handed)
    }

    async fn command(&mut self, line: &str) -> Result<Reply, SendError> {
        self.write(&format!("{line}\r\n")).await?;
        self.reply(self.patience.turn).await
    }

    async fn write(&mut self, text: &str) -> Result<(), SendError> {
        let writing = async {
            self.io.write_all(text.as_bytes()).await?;
            self.io.flush().await
        };
        within(self.patience.turn, writing).await?.map_err(|cause| unreachable(&cause))
    }

    async fn reply(&mut self, patience: Duration) -> Result<Reply, SendError> {
        within(patience, self.read_reply()).await?
    }

    async fn read_reply(&mut self) -> Result<Reply, SendError> {
        let mut lines = Vec::new();
        while lines.len() < MOST_LINES {
            let mut line = Vec::new();
            let read = (&mut self.io).take(LONGEST_LINE).read_until(b'\n', &mut line).await;
            read.map_err(|cause| unreachable(&cause))?;
            if !line.ends_with(b"\n") {
                return Err(lost("the server closed the connection, or its answer has no end"));
            }
            let text = String::from_utf8_lossy(&line);
            let Some((code, is_last, text)) = read_line(text.trim_end()) else {
                return Err(lost("what answers there does not speak SMTP"));
            };
            lines.push(self.secrets.taken_out_of(text));
            if is_last {
                return Ok(Reply { code, lines });
            }
        }
        Err(lost("the server's answer has no end"))
    }
}

/// What comes of one turn, where it comes in time.
async fn within<T>(patience: Duration, turn: impl Future<Output = T>) -> Result<T, SendError> {
    let late = |_| lost(&format!("no answer within {} s", patience.as_secs()));
    tokio::time::timeout(patience, turn).await.map_err(late)
}

/// A mail as `DATA` carries it: a line that begins with a dot gets another one, and a dot alone ends it.
fn dotted(letter: &str) -> String {
    let mut text = String::with_capacity(letter.len() + 5);
    for line in letter.split_inclusive("\r\n") {
        if line.starts_with('.') {
            text.push('.');
        }
        text.push_str(line);
    }
    text.push_str(".\r\n");
    text
}

fn literal(address: std::net::IpAddr) -> String {
    match address.to_canonical() {
        std::net::IpAddr::V4(address) => format!("[{address}]"),
        std::net::IpAddr::V6(address) => format!("[IPv6:{address}]"),
    }
}

/// A certificate that does not pass will not pass in half a minute either; any other trouble may be over by then.
fn of_handshake(cause: &io::Error) -> SendError {
    let tls = cause.get_ref().and_then(|cause| cause.downcast_ref::<rustls::Error>());
    match tls {
        // What is not trusted is another error of ours (`http::tls`).
        Some(
            rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented | rustls::Error::Other(_),
        ) => refused(&format!("its certificate does not pass: {cause}")),
        Some(_) | None => unreachable(cause),
    }
}

fn refused(reason: &str) -> SendError {
    SendError::Refused { channel: NAME, reason: reason.into() }
}

fn lost(reason: &str) -> SendError {
    SendError::Unreachable { channel: NAME, reason: reason.into() }
}

fn unreachable(cause: &io::Error) -> SendError {
    lost(&crate::http::chain(cause))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_begins_with_a_dot_does_not_end_the_mail() {
        assert_eq!(dotted("a\r\n.\r\n..b\r\n"), "a\r\n..\r\n...b\r\n.\r\n");
    }

    #[test]
    fn nothing_that_lets_somebody_in_comes_back_in_what_the_server_says() {
        let password = crate::config::Secret::Inline("correct horse: battery".into()).reveal().unwrap();
        let login = Login { username: "watchbell".into(), password };
        let (proof, encoded) = (login.proof(), STANDARD.encode("correct horse: battery"));
        let secrets = login.secrets();
        for (said, told) in [
            (format!("5.7.8 bad credentials: AUTH PLAIN {proof}"), "5.7.8 bad credentials: AUTH PLAIN <redacted>"),
            (format!("5.7.8 no `{encoded}`"), "5.7.8 no `<redacted>`"),
            (format!("cut off: {}...", &proof[..20]), "cut off: <redacted>..."),
            (format!("unpadded: {}", proof.trim_end_matches('=')), "unpadded: <redacted>"),
            ("(watchbell:correct horse: battery)".into(), "(watchbell:<redacted>)"),
            ("5.7.8 Error: authentication failed".into(), "5.7.8 Error: authentication failed"),
        ] {
            assert_eq!(secrets.taken_out_of(&said), told);
        }
        let password = crate::config::Secret::Inline("b".into()).reveal().unwrap();
        let login = Login { username: "b".into(), password };
        assert_eq!(login.secrets().taken_out_of("bad"), "bad", "that would say what it is");
    }

    #[test]
    fn we_call_ourselves_by_our_address() {
        assert_eq!(literal("192.0.2.1".parse().unwrap()), "[192.0.2.1]");
        assert_eq!(literal("::ffff:192.0.2.1".parse().unwrap()), "[192.0.2.1]");
        assert_eq!(literal("2001:db8::1".parse().unwrap()), "[IPv6:2001:db8::1]");
    }
}

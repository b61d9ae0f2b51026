//! Whole conversations with a mail server that says what it is told to say.

use super::Email;
use super::session::{Login, Patience, Server};
use crate::config::{Auth, Mailbox, Secret, Tls};
use crate::notify::{Delivery, Notifier, SendError, sample};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// The server: it remembers what it heard.
struct Smtp {
    port: u16,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Smtp {
    /// Starts one. `answer` says what it answers to a line, and to the dot that ends a mail; where it has nothing to say, all is
    /// well.
    fn start(answer: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard = Arc::<Mutex<Vec<String>>>::default();
        let log = Arc::clone(&heard);
        std::thread::spawn(move || {
            // One after the other: a client that has gone away ends its conversation.
            for stream in listener.incoming().map_while(Result::ok) {
                converse(&stream, &log, &answer);
            }
        });
        Smtp { port, heard }
    }

    /// The lines with which it was asked so far that begin like this.
    fn heard(&self, beginning: &str) -> Vec<String> {
        let heard = self.heard.lock().unwrap();
        heard.iter().filter(|line| line.starts_with(beginning)).cloned().collect()
    }

    /// Where mail is handed over, in the clear.
    fn server(&self) -> Server {
        Server {
            host: "127.0.0.1".into(),
            port: self.port,
            is_implicit: false,
            always_encrypts: false,
            trust: Arc::new(crate::http::trust(&Tls::default()).unwrap()),
            patience: Patience::default(),
        }
    }
}

fn converse(stream: &TcpStream, log: &Mutex<Vec<String>>, answer: &dyn Fn(&str) -> Option<String>) {
    let mut writer = stream;
    let mut say = |text: &str| writer.write_all(format!("{text}\r\n").as_bytes()).is_ok();
    let mut is_mail = false;
    let mut goes_on = say("220 here");
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    while let Some(line) = lines.next().filter(|_| goes_on) {
        if is_mail && line != "." {
            continue;
        }
        is_mail = line == "DATA";
        log.lock().unwrap().push(line.clone());
        let usual = if is_mail { "354 go on" } else { "250 OK" };
        goes_on = say(&answer(&line).unwrap_or_else(|| usual.into()));
    }
}

fn mailbox(text: &str) -> Mailbox {
    Mailbox::read(text).unwrap()
}

#[tokio::test]
async fn a_login_that_the_server_repeats_is_said_to_nobody() {
    let (user, password) = ("watchbell", "correct horse: battery");
    for way in ["PLAIN", "LOGIN"] {
        let smtp = Smtp::start(move |line| match line {
            hello if hello.starts_with("EHLO") => Some(format!("250-here\r\n250 AUTH {way}")),
            "AUTH LOGIN" => Some("334 VXNlcm5hbWU6".into()),
            name if name == STANDARD.encode(user) => Some("334 UGFzc3dvcmQ6".into()),
            line => Some(format!("535-5.7.8 bad credentials: {line}\r\n535 5.7.8 {password}")),
        });
        let login = Login { username: user.into(), password: Secret::Inline(password.into()).reveal().unwrap() };
        let (from, to) = (mailbox("bell@example.org"), [mailbox("a@example.org")]);
        let said = smtp.server().hand_over(Some(&login), &from, &to, "").await.unwrap_err().to_string();
        assert!(said.contains("535 5.7.8 bad credentials: ") && said.contains("<redacted>"), "{said}");
        let proof = STANDARD.encode(format!("\0{user}\0{password}"));
        for secret in [password, &STANDARD.encode(password), &proof] {
            assert!(!said.contains(secret), "{said}");
        }
        assert_eq!(smtp.heard("MAIL"), Vec::<String>::new());
    }
}

#[tokio::test]
async fn who_is_put_off_is_asked_again_and_nobody_else_also_after_a_reload() {
    let busy = Arc::new(Mutex::new(true));
    let is_busy = Arc::clone(&busy);
    let smtp = Smtp::start(move |line| match line {
        "RCPT TO:<grey@example.org>" if *is_busy.lock().unwrap() => Some("450 4.2.0 come again".into()),
        "RCPT TO:<gone@example.org>" => Some("550 5.1.1 no such person".into()),
        _ => None,
    });
    let notice = sample::page(vec![sample::alert("node-1", "gas")]);
    let delivery = Delivery { notice: &notice, links: None, wall: 1_764_072_000_000 };
    let to = ["ops@example.org", "grey@example.org", "gone@example.org"].map(mailbox);
    let channel = || {
        let address = format!("smtp://127.0.0.1:{}", smtp.port);
        Email::new(&address, mailbox("bell@example.org"), to.to_vec(), &Auth::None, &Tls::default()).unwrap()
    };
    let email = channel();
    let first = email.send(delivery, None).await.unwrap_err();
    assert!(matches!(first, SendError::SomeLater { .. }), "{first:?}");
    let (put_off, refused) = ("grey@example.org: 450 4.2.0 come again", "gone@example.org: 550 5.1.1 no such person");
    assert!(
        first.to_string().ends_with(&format!("{put_off}; {refused}")),
        "all who have not got it are named: {first}"
    );

    let mut after_a_reload = channel();
    after_a_reload.go_on_from(&email);
    *busy.lock().unwrap() = false;
    let second = after_a_reload.send(delivery, None).await.unwrap_err();
    assert!(matches!(second, SendError::Partly { .. }) && second.to_string().ends_with(refused), "{second:?}");
    let asked = ["ops", "grey", "gone"].map(|who| smtp.heard(&format!("RCPT TO:<{who}@")).len());
    assert_eq!(asked, [1, 2, 1]);
}

#[tokio::test]
async fn a_server_has_more_time_after_the_final_dot_than_at_other_turns() {
    let slow_at = |turn: &'static str| {
        Smtp::start(move |line| {
            std::thread::sleep(Duration::from_millis(if line.starts_with(turn) { 600 } else { 0 }));
            None
        })
    };
    for (turn, comes_through) in [(".", true), ("RCPT", false), ("DATA", false)] {
        let smtp = slow_at(turn);
        let patience = Patience { turn: Duration::from_millis(300), end: Duration::from_mins(1) };
        let server = Server { patience, ..smtp.server() };
        let (from, to) = (mailbox("bell@example.org"), [mailbox("a@example.org")]);
        let outcome = server.hand_over(None, &from, &to, "").await;
        assert_eq!(outcome.is_ok(), comes_through, "{turn}: {outcome:?}");
        assert_eq!(smtp.heard(".").len(), usize::from(comes_through), "{turn}");
    }
    let Patience { turn, end } = Patience::default();
    assert!(turn >= Duration::from_secs(30) && end > turn && end < Duration::from_mins(10));
}

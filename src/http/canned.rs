//! A server of a few lines, for tests of those who make requests: it says what it is told to say, and remembers what it
//! was asked. It ends with the test.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

/// What the server was asked.
#[derive(Clone, Debug)]
pub struct Request {
    /// Method, path and version.
    pub line: String,
    /// The headers, their names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

/// What happens to the connection after an answer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// It takes the next request.
    Keep,
    /// It ends.
    Close,
}

/// The server.
pub struct Canned {
    /// Where it listens.
    pub address: SocketAddr,
    asked: Arc<Mutex<Vec<Request>>>,
    open: Arc<Mutex<Vec<TcpStream>>>,
    ends: Arc<AtomicBool>,
    accepting: Option<JoinHandle<()>>,
}

impl Canned {
    /// Starts one on a free port of loopback. `answer` writes what it likes to the connection; it is told how many
    /// requests came before.
    pub fn start(answer: impl Fn(usize, &Request, &mut TcpStream) -> Then + Send + Sync + 'static) -> Self {
        Canned::on(SocketAddr::from(([127, 0, 0, 1], 0)), answer)
    }

    /// Starts one at an address of its own.
    pub fn on(
        address: SocketAddr,
        answer: impl Fn(usize, &Request, &mut TcpStream) -> Then + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        let address = listener.local_addr().unwrap();
        let (asked, open, ends) = <(Arc<Mutex<Vec<_>>>, Arc<Mutex<Vec<TcpStream>>>, Arc<AtomicBool>)>::default();
        let (log, streams, stop, answer) = (asked.clone(), open.clone(), ends.clone(), Arc::new(answer));
        let accepting = std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if stop.load(Ordering::SeqCst) {
                    return;
                }
                streams.lock().unwrap().push(stream.try_clone().unwrap());
                let (log, answer) = (log.clone(), answer.clone());
                std::thread::spawn(move || converse(stream, &log, &*answer));
            }
        });
        Canned { address, asked, open, ends, accepting: Some(accepting) }
    }

    /// Always answers with this status and body.
    pub fn always(status: u16, body: &'static str) -> Self {
        Canned::start(move |_, _, stream| reply(stream, status, &[], body))
    }

    /// Its base address.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What it was asked so far.
    pub fn asked(&self) -> Vec<Request> {
        self.asked.lock().unwrap().clone()
    }

    /// How many connections were made to it.
    pub fn connections(&self) -> usize {
        self.open.lock().unwrap().len()
    }
}

impl Drop for Canned {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::SeqCst);
        // Wakes the thread that accepts; whether anybody answers does not matter.
        drop(TcpStream::connect(self.address));
        for stream in self.open.lock().unwrap().drain(..) {
            drop(stream.shutdown(std::net::Shutdown::Both));
        }
        self.accepting.take().map(JoinHandle::join);
    }
}

impl Request {
    /// The header `name`, or the empty text.
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(n, _)| n == name).map_or("", |(_, value)| value)
    }
}

/// Writes a whole answer.
pub fn reply(stream: &mut TcpStream, status: u16, headers: &[(&str, &str)], body: &str) -> Then {
    let mut head = format!("HTTP/1.1 {status} Status\r\nContent-Length: {}\r\n", body.len());
    for (name, value) in headers {
        write!(head, "{name}: {value}\r\n").unwrap();
    }
    let written = stream.write_all(format!("{head}\r\n{body}").as_bytes());
    if written.is_ok() { Then::Keep } else { Then::Close }
}

fn converse(stream: TcpStream, log: &Mutex<Vec<Request>>, answer: &dyn Fn(usize, &Request, &mut TcpStream) -> Then) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut stream = stream;
    while let Some(request) = read(&mut reader) {
        let before = {
            let mut log = log.lock().unwrap();
            log.push(request.clone());
            log.len() - 1
        };
        if answer(before, &request, &mut stream) == Then::Close {
            drop(stream.shutdown(std::net::Shutdown::Both));
            return;
        }
    }
}

fn read(reader: &mut impl BufRead) -> Option<Request> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|length| *length > 0)?;
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let headers: Vec<_> = lines[1..]
        .iter()
        .filter_map(|l| l.split_once(": "))
        .map(|(n, v)| (n.to_ascii_lowercase(), v.to_owned()))
        .collect();
    let mut request = Request { line: lines.remove(0), headers, body: String::new() };
    let length = request.header("content-length").parse().unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    // Of bytes that are no text nobody asks for more than that they came.
    request.body = String::from_utf8_lossy(&body).into_owned();
    Some(request)
}

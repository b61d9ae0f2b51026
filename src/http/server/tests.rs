use super::*;
use axum::routing::{get, post};
use std::io;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinHandle;
use tokio::time::timeout;

const HALF: &str = "POST /echo HTTP/1.1\r\nHost: x\r\n";
const WHOLE: &str = "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n";
const LONG: Duration = Duration::from_hours(1);
/// When a test gives up.
const PATIENCE: Duration = Duration::from_secs(10);

struct Server {
    address: SocketAddr,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Server {
    async fn start(limits: Limits) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, stop) = (listener.local_addr().unwrap(), CancellationToken::new());
        let router =
            Router::new().route("/hello", get(async || "hello")).route("/echo", post(async |body: String| body));
        let task = tokio::spawn(serve_within(limits, listener, router, stop.clone()));
        Server { address, stop, task }
    }

    async fn say(&self, text: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        stream
    }

    async fn stop(self) {
        self.stop.cancel();
        timeout(PATIENCE, self.task).await.expect("it ends").unwrap();
    }
}

/// What comes until there was `text`.
async fn hear(stream: &mut TcpStream, text: &str) -> String {
    let mut heard = String::new();
    let more = async {
        while !heard.contains(text) {
            let mut bytes = [0; 1024];
            match stream.read(&mut bytes).await {
                Ok(count) if count > 0 => heard.push_str(&String::from_utf8_lossy(&bytes[..count])),
                end => panic!("{end:?} after {heard}"),
            }
        }
    };
    timeout(PATIENCE, more).await.expect("it answers");
    heard
}

/// That the other side closes without a word.
async fn is_closed(stream: &mut TcpStream) -> io::Result<()> {
    let read = timeout(PATIENCE, stream.read(&mut [0; 1024])).await.map_err(|_| io::Error::other("it is held open"))?;
    match read {
        Ok(0) | Err(_) => Ok(()),
        Ok(_) => Err(io::Error::other("it says something")),
    }
}

fn limits() -> Limits {
    Limits { head: LONG, idle: LONG, farewell: Duration::from_millis(50), most: 100 }
}

#[tokio::test]
async fn half_a_head_and_no_head_at_all_are_not_waited_for_and_a_connection_at_rest_stays() {
    let server = Server::start(Limits { head: Duration::from_millis(300), ..limits() }).await;
    let mut rests = server.say(WHOLE).await;
    hear(&mut rests, "hello").await;
    let (mut half, mut none) = (server.say(HALF).await, server.say("").await);
    is_closed(&mut half).await.unwrap();
    is_closed(&mut none).await.unwrap();
    rests.write_all(WHOLE.as_bytes()).await.unwrap();
    hear(&mut rests, "hello").await;
    // A further request has as long as a first one.
    rests.write_all(HALF.as_bytes()).await.unwrap();
    is_closed(&mut rests).await.unwrap();
    server.stop().await;
}

#[tokio::test]
async fn a_connection_over_which_nothing_more_is_asked_is_closed() {
    let server = Server::start(Limits { idle: Duration::from_millis(50), ..limits() }).await;
    let mut rests = server.say(WHOLE).await;
    hear(&mut rests, "hello").await;
    is_closed(&mut rests).await.unwrap();
    server.stop().await;
}

#[tokio::test]
async fn beyond_the_bound_whoever_has_kept_us_waiting_longest_goes_and_who_is_being_answered_stays() {
    let server = Server::start(Limits { most: 3, ..limits() }).await;
    let mut answered =
        server.say("POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n").await;
    // The server asks for the body once the handler wants it.
    hear(&mut answered, "100 Continue").await;
    let mut halves = Vec::new();
    for _ in 0..5 {
        halves.push(server.say(HALF).await);
    }
    let mut asks = server.say(WHOLE).await;
    hear(&mut asks, "hello").await;
    for half in &mut halves[..4] {
        is_closed(half).await.unwrap();
    }
    answered.write_all(b"long").await.unwrap();
    hear(&mut answered, "long").await;
    halves[4].write_all(b"Content-Length: 4\r\n\r\nlast").await.unwrap();
    hear(&mut halves[4], "last").await;
    server.stop().await;
}

#[tokio::test]
async fn at_the_end_what_was_asked_is_answered_and_what_was_not_is_not_waited_for() {
    let server = Server::start(limits()).await;
    let mut answered =
        server.say("POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n").await;
    hear(&mut answered, "100 Continue").await;
    let (mut half, mut rests) = (server.say(HALF).await, server.say(WHOLE).await);
    hear(&mut rests, "hello").await;
    server.stop.cancel();
    is_closed(&mut half).await.unwrap();
    is_closed(&mut rests).await.unwrap();
    assert!(!server.task.is_finished(), "somebody still has to be answered");
    answered.write_all(b"long").await.unwrap();
    hear(&mut answered, "long").await;
    server.stop().await;
}

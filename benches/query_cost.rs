//! What one question costs us in processor time: `cargo bench --bench query_cost`.
//!
//! A canned server in a process of its own answers with ten series. What is counted is the processor time of this
//! process, per question, at one question after the other and at several under way. The goal is 25 µs for several.

#![expect(clippy::print_stdout, clippy::cast_precision_loss, reason = "a bench prints figures")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use watchbell::config::{Auth, Source, Tls};
use watchbell::model::{Slot, Span};
use watchbell::prometheus::{Client, Decoder};

const QUESTIONS: usize = 16_000;
const EXPRESSION: &str = r#"sum by (instance) (rate(node_cpu_seconds_total{mode!="idle"}[5m]))"#;

fn main() {
    if std::env::args().nth(1).as_deref() == Some("serve") {
        return serve();
    }
    let mut server = Server::start();
    let one = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts");
    let two =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime starts");
    // A login in the address makes the client take the general way, through reqwest.
    let ways =
        [("direct", format!("http://{}", server.address)), ("reqwest", format!("http://a:b@{}", server.address))];
    for round in 1..=3 {
        for (way, url) in &ways {
            for (threads, runtime) in [(1, &one), (2, &two)] {
                for concurrent in [1, 16] {
                    let cost = runtime.block_on(cost(url, concurrent));
                    println!(
                        "round {round}  {way:8} {threads} thread(s)  {concurrent:2} under way: {cost:6.1} µs CPU per question"
                    );
                }
            }
        }
    }
    server.process.kill().expect("the server is ours to end");
}

/// Microseconds of processor time per question.
async fn cost(url: &str, concurrent: usize) -> f64 {
    let client = Arc::new(client(url));
    ask(&client, concurrent, concurrent * 20).await;
    let before = processor_time();
    ask(&client, concurrent, QUESTIONS).await;
    (processor_time() - before) / QUESTIONS as f64
}

async fn ask(client: &Arc<Client>, concurrent: usize, questions: usize) {
    let askers: Vec<_> = (0..concurrent)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move {
                let mut decoder = Decoder::new();
                for _ in 0..questions / concurrent {
                    let at = Slot::from_millis(1_735_689_600_123);
                    let body = client.query(EXPRESSION, at, client.deadline()).await.expect("the server answers");
                    assert_eq!(decoder.decode(&body).expect("it is an answer").samples.len(), 10);
                }
            })
        })
        .collect();
    for asker in askers {
        asker.await.expect("an asker does not panic");
    }
}

fn client(url: &str) -> Client {
    let source = Source {
        url: url.to_owned(),
        timeout: Span::from_secs(30),
        max_concurrent_queries: 16,
        auth: Auth::None,
        headers: BTreeMap::new(),
        tls: Tls::default(),
    };
    Client::new(&source).expect("the address is one")
}

/// Microseconds of processor time that all threads of this process have had (Linux only).
fn processor_time() -> f64 {
    let tasks = std::fs::read_dir("/proc/self/task").expect("Linux lists the threads of a process");
    tasks
        .filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("schedstat")).ok())
        .filter_map(|stat| stat.split_whitespace().next()?.parse::<f64>().ok())
        .sum::<f64>()
        / 1000.0
}

/// The canned server.
struct Server {
    process: Child,
    address: String,
}

impl Server {
    fn start() -> Self {
        let this = std::env::current_exe().expect("a process knows its program");
        let mut process = Command::new(this).arg("serve").stdout(Stdio::piped()).spawn().expect("it starts once more");
        let mut address = String::new();
        let output = process.stdout.take().expect("its output is piped");
        BufReader::new(output).read_line(&mut address).expect("it says where it listens");
        Server { process, address: address.trim().to_owned() }
    }
}

/// Serves until the process is ended.
fn serve() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    println!("{}", listener.local_addr().expect("a bound listener has an address"));
    for stream in listener.incoming().map_while(Result::ok) {
        std::thread::spawn(move || converse(stream));
    }
}

fn converse(mut stream: TcpStream) {
    let answer = answer();
    let mut lines = BufReader::new(stream.try_clone().expect("a stream can be shared"));
    let mut line = String::new();
    while lines.read_line(&mut line).is_ok_and(|length| length > 0) {
        if line == "\r\n" && stream.write_all(answer.as_bytes()).is_err() {
            return;
        }
        line.clear();
    }
}

fn answer() -> String {
    let items: Vec<_> = (0..10)
        .map(|n| format!(r#"{{"metric":{{"instance":"10.0.0.{n}:9100"}},"value":[1735689600.123,"{n}.5"]}}"#))
        .collect();
    let body = format!(r#"{{"status":"success","data":{{"resultType":"vector","result":[{}]}}}}"#, items.join(","));
    let length = body.len();
    format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}")
}

//! An endpoint over a WebSocket: one line that is kept open, questions and answers by number, and news of blocks.
//!
//! A task owns the line. It dials, has the node name its chain, subscribes to new blocks, and carries questions until the
//! line breaks; then it waits, a little longer each time, and dials again. A line that has been quiet is asked for a sign
//! of life, so that a node that hangs is not waited for.

use super::dial::{self, Line};
use super::standing::LONGEST_WISH;
use super::wire::{self, Message, Said};
use super::{Failure, Head};
use crate::config::Secret;
use futures_util::{SinkExt, StreamExt};
use reqwest::Url;
use rustls::ClientConfig;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_tungstenite::tungstenite;
use tokio_util::task::AbortOnDropHandle;

/// Questions that may be waiting to be sent.
const WAITING: usize = 256;
/// How long a line may be quiet before it is asked for a sign of life.
const QUIET: Duration = Duration::from_secs(30);
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// What happens on a line.
#[derive(Debug)]
pub enum News {
    /// It is open, and the node has named our chain.
    Open,
    /// There is a new block.
    Head(Box<Head>),
    /// It could not be opened, or has broken.
    Broken(Failure),
}

/// The endpoint. Its line is closed when this is dropped.
pub struct Socket {
    commands: mpsc::Sender<Command>,
    state: watch::Receiver<State>,
    numbers: AtomicU64,
    _task: AbortOnDropHandle<()>,
}

#[derive(Clone, Debug)]
enum State {
    Dialling,
    Open,
    Broken(Failure),
}

enum Command {
    Ask {
        id: u64,
        text: String,
        answer: oneshot::Sender<Result<Said, Failure>>,
    },
    /// An answer did not come in time: is anybody there?
    Doubt,
}

impl Socket {
    /// Begins to dial `url`, and tells `hear` what happens.
    pub fn open(
        url: Secret,
        tls: Arc<ClientConfig>,
        chain_id: u64,
        patience: Duration,
        hear: impl Fn(News) + Send + Sync + 'static,
    ) -> Self {
        let (commands, inbox) = mpsc::channel(WAITING);
        let (state, line) = watch::channel(State::Dialling);
        let keeper = Keeper { url, tls, chain_id, patience, inbox, state, hear: Box::new(hear) };
        let task = AbortOnDropHandle::new(tokio::spawn(keeper.keep()));
        // 0 to 2 are the keeper's own.
        Socket { commands, state: line, numbers: AtomicU64::new(FIRST_FREE), _task: task }
    }

    /// Asks one question. Waits for the line while it is being opened, and has no deadline of its own.
    pub async fn ask(&self, method: &str, params: &Value) -> Result<Said, Failure> {
        self.line().await?;
        let id = self.numbers.fetch_add(1, Ordering::Relaxed);
        let (answer, answered) = oneshot::channel();
        let text = wire::question(id, method, params).to_string();
        let closed = || Failure::Unreachable("the connection has ended".into());
        self.commands.send(Command::Ask { id, text, answer }).await.map_err(|_| closed())?;
        answered.await.map_err(|_| closed())?
    }

    /// Has the line prove that somebody is there.
    pub fn doubt(&self) {
        // A full queue is being worked on, or will be found to be stuck without this.
        drop(self.commands.try_send(Command::Doubt));
    }

    async fn line(&self) -> Result<(), Failure> {
        let mut state = self.state.clone();
        let settled = state.wait_for(|state| !matches!(state, State::Dialling)).await;
        match settled.as_deref() {
            Ok(State::Broken(why)) => Err(why.clone()),
            Ok(State::Open | State::Dialling) => Ok(()),
            Err(_) => Err(Failure::Unreachable("nobody keeps the connection".into())),
        }
    }
}

const NAME_CHAIN: u64 = 0;
const SUBSCRIBE: u64 = 1;
const FIRST_FREE: u64 = 2;

struct Keeper {
    url: Secret,
    tls: Arc<ClientConfig>,
    chain_id: u64,
    patience: Duration,
    inbox: mpsc::Receiver<Command>,
    state: watch::Sender<State>,
    hear: Box<dyn Fn(News) + Send + Sync>,
}

impl Keeper {
    async fn keep(mut self) {
        let mut wait = FIRST_WAIT;
        loop {
            let opened = Instant::now();
            let why = self.once().await;
            // A line that breaks as soon as it is open is no better than none.
            wait = if opened.elapsed() > LONGEST_WAIT { FIRST_WAIT } else { wait };
            self.state.send_replace(State::Broken(why.clone()));
            (self.hear)(News::Broken(why.clone()));
            sleep(why.retry_after().map_or(wait, |wish| wish.clamp(wait, LONGEST_WISH))).await;
            wait = (wait * 2).min(LONGEST_WAIT);
            self.state.send_replace(State::Dialling);
        }
    }

    /// Opens a line and uses it until it breaks; gives the reason.
    async fn once(&mut self) -> Failure {
        let mut line = match self.begin().await {
            Ok(line) => line,
            Err(why) => return why,
        };
        (self.hear)(News::Open);
        self.state.send_replace(State::Open);
        Carrier::new(self.patience).carry(&mut line, &mut self.inbox, &*self.hear).await
    }

    /// A line to our chain, subscribed to its new blocks.
    async fn begin(&self) -> Result<Line, Failure> {
        let begun = timeout(self.patience, async {
            let url = self.url.reveal().map_err(|error| Failure::Unreachable(crate::http::chain(&error)))?;
            let url = Url::parse(url.expose()).map_err(|_| Failure::Unreachable("its address is none".into()))?;
            let mut line = dial::dial(&url, &self.tls).await?;
            self.check(&mut line).await?;
            let subscribe = wire::question(SUBSCRIBE, "eth_subscribe", &json!(["newHeads"]));
            say(&mut line, subscribe.to_string()).await?;
            Ok(line)
        });
        begun.await.unwrap_or(Err(Failure::Timeout(self.patience)))
    }

    async fn check(&self, line: &mut Line) -> Result<(), Failure> {
        say(line, wire::question(NAME_CHAIN, "eth_chainId", &json!([])).to_string()).await?;
        loop {
            let message = next(line).await?;
            let Some(message) = read(&message)? else { continue };
            if message.id() == Some(NAME_CHAIN) {
                return super::check_chain(self.chain_id, message.said()?);
            }
        }
    }
}

/// Carries questions and answers over one line until it breaks.
struct Carrier {
    patience: Duration,
    waiting: HashMap<u64, oneshot::Sender<Result<Said, Failure>>>,
    /// Whether a sign of life was asked for, and when to look again.
    doubted: bool,
    look_at: Instant,
}

impl Carrier {
    fn new(patience: Duration) -> Self {
        Carrier { patience, waiting: HashMap::new(), doubted: false, look_at: Instant::now() + QUIET }
    }

    async fn carry(
        mut self,
        line: &mut Line,
        inbox: &mut mpsc::Receiver<Command>,
        hear: &(dyn Fn(News) + Send + Sync),
    ) -> Failure {
        loop {
            let done = tokio::select! {
                message = next(line) => message.and_then(|message| self.heard(&message, hear)),
                Some(command) = inbox.recv() => self.told(line, command).await,
                () = sleep_until(self.look_at) => self.look(line).await,
            };
            if let Err(why) = done {
                return why;
            }
        }
    }

    fn heard(&mut self, message: &tungstenite::Message, hear: &(dyn Fn(News) + Send + Sync)) -> Result<(), Failure> {
        (self.doubted, self.look_at) = (false, Instant::now() + QUIET);
        let Some(message) = read(message)? else { return Ok(()) };
        if let Some(news) = message.news() {
            if let Some(head) = new_head(news.get()) {
                hear(News::Head(Box::new(head)));
            }
        } else if let Some(answer) = message.id().and_then(|id| self.waiting.remove(&id)) {
            // Whoever asked may have given up.
            drop(answer.send(message.said()));
        }
        Ok(())
    }

    async fn told(&mut self, line: &mut Line, command: Command) -> Result<(), Failure> {
        match command {
            Command::Ask { answer, .. } if answer.is_closed() => Ok(()),
            Command::Ask { id, text, answer } => {
                self.waiting.retain(|_, answer| !answer.is_closed());
                self.waiting.insert(id, answer);
                timeout(self.patience, say(line, text)).await.unwrap_or(Err(Failure::Timeout(self.patience)))
            }
            Command::Doubt if self.doubted => Ok(()),
            Command::Doubt => self.look(line).await,
        }
    }

    /// Asks for a sign of life, or finds that none came.
    async fn look(&mut self, line: &mut Line) -> Result<(), Failure> {
        if self.doubted {
            return Err(Failure::Timeout(self.patience));
        }
        (self.doubted, self.look_at) = (true, Instant::now() + self.patience);
        let ping = line.wire.send(tungstenite::Message::Ping(bytes::Bytes::new()));
        match timeout(self.patience, ping).await {
            Ok(sent) => sent.map_err(dial::failure),
            Err(_) => Err(Failure::Timeout(self.patience)),
        }
    }
}

async fn say(line: &mut Line, text: String) -> Result<(), Failure> {
    line.wire.send(tungstenite::Message::text(text)).await.map_err(dial::failure)
}

async fn next(line: &mut Line) -> Result<tungstenite::Message, Failure> {
    let ended = || Failure::Unreachable("the connection has ended".into());
    let message = line.wire.next().await.ok_or_else(ended)?.map_err(dial::failure)?;
    if !line.echo.is_in(message_bytes(&message)) {
        return Ok(message);
    }
    Ok(tungstenite::Message::binary(line.echo.quiet(message.into_data().to_vec())))
}

fn message_bytes(message: &tungstenite::Message) -> &[u8] {
    use tungstenite::Message::{Binary, Close, Frame, Ping, Pong, Text};
    match message {
        Text(text) => text.as_bytes(),
        Binary(bytes) => bytes,
        Close(_) | Ping(_) | Pong(_) | Frame(_) => &[],
    }
}

/// The message of JSON-RPC in a message of the line, where there is one.
fn read(message: &tungstenite::Message) -> Result<Option<Message>, Failure> {
    use tungstenite::Message::{Binary, Close, Frame, Ping, Pong, Text};
    match message {
        Text(text) => Message::read(text.as_bytes()).map(Some),
        Binary(bytes) => Message::read(bytes).map(Some),
        Close(_) => Err(Failure::Unreachable("the connection was closed by the other side".into())),
        Ping(_) | Pong(_) | Frame(_) => Ok(None),
    }
}

fn new_head(news: &str) -> Option<Head> {
    #[derive(Deserialize)]
    struct Written {
        result: Head,
    }
    serde_json::from_str::<Written>(news).ok().map(|news| news.result)
}

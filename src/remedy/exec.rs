//! A program, without a shell: in a process group of its own, which is ended as a whole.
//!
//! Its standard input is closed, its environment is what is named and nothing else, and its output and errors come through one
//! pipe, in their order. What it leaves running when it ends by itself is left alone (it may be what it was to start), but
//! nobody listens to that any longer.

use super::output::Output;
use super::{hidden, not_started};
use crate::config::{Revealed, Secret, SecretError};
use crate::engine::incident::Outcome;
use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

/// How long a group that was asked to end has before it is made to.
const GRACE: Duration = Duration::from_secs(2);
/// How often it is looked whether somebody of the group is left: nobody tells us.
const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// How long what is already in the pipe is read after the program has ended: others may hold it open for ever.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// What is run.
pub(super) struct Program<'a> {
    pub(super) program: &'a str,
    pub(super) arguments: &'a [String],
    pub(super) environment: &'a [(String, Secret)],
    pub(super) folder: &'a Path,
}

impl Program<'_> {
    /// Runs it to its end, which comes at the latest after `timeout` or when `stop` says so.
    pub(super) async fn run(&self, timeout: Duration, stop: &CancellationToken) -> (Outcome, String) {
        let environment = match self.environment() {
            Ok(environment) => environment,
            Err(cause) => return not_started(&cause),
        };
        let secrets = self.environment.iter().zip(&environment);
        let mut output = hidden(secrets.map(|((_, secret), (_, value))| (secret, value.expose())));
        let (mut child, mut pipe) = match self.spawn(&environment) {
            Ok(running) => running,
            Err(cause) => return (Outcome::NotStarted(format!("{}: {cause}", self.program)), String::new()),
        };
        let group = Group::of(&child);
        let deadline = Instant::now() + timeout;
        let outcome = match listen(&mut child, &mut pipe, &mut output, deadline, stop).await {
            Heard::Ended(status) => {
                group.forget();
                // What was left in the pipe counts; whoever else holds it open does not hold us.
                drop(tokio::time::timeout(LAST_WORDS, read_all(&mut pipe, &mut output)).await);
                outcome_of(status)
            }
            Heard::TooLate => {
                group.end(&mut child, &mut pipe, &mut output).await;
                Outcome::TimedOut
            }
            Heard::Stop => {
                group.end(&mut child, &mut pipe, &mut output).await;
                Outcome::Stopped
            }
        };
        (outcome, output.text())
    }

    fn environment(&self) -> Result<Vec<(&str, Revealed)>, SecretError> {
        self.environment.iter().map(|(name, value)| Ok((name.as_str(), value.reveal()?))).collect()
    }

    fn spawn(&self, environment: &[(&str, Revealed)]) -> std::io::Result<(Child, pipe::Receiver)> {
        let (reader, writer) = std::io::pipe()?;
        let mut command = Command::new(self.path());
        command.args(self.arguments).env_clear().current_dir(self.folder);
        command.envs(environment.iter().map(|(name, value)| (name, value.expose())));
        command.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer);
        let child = command.process_group(0).kill_on_drop(true).spawn()?;
        // With the command our own ends of the pipe for writing are gone.
        drop(command);
        Ok((child, pipe::Receiver::from_owned_fd(OwnedFd::from(reader))?))
    }

    /// A name without a slash is looked for as the system does; a relative path is seen from the folder.
    fn path(&self) -> PathBuf {
        if self.program.contains('/') { self.folder.join(self.program) } else { self.program.into() }
    }
}

enum Heard {
    Ended(ExitStatus),
    TooLate,
    Stop,
}

/// Reads what is said, all of it, until the program ends or has to.
async fn listen(
    child: &mut Child,
    pipe: &mut pipe::Receiver,
    output: &mut Output,
    deadline: Instant,
    stop: &CancellationToken,
) -> Heard {
    let mut buffer = vec![0; 64 * 1024];
    let mut is_open = true;
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => return Heard::Stop,
            () = sleep_until(deadline) => return Heard::TooLate,
            status = child.wait() => return Heard::Ended(status.unwrap_or_default()),
            read = pipe.read(&mut buffer), if is_open => match read {
                Ok(0) | Err(_) => is_open = false,
                Ok(count) => output.take(&buffer[..count]),
            },
        }
    }
}

async fn read_all(pipe: &mut pipe::Receiver, output: &mut Output) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(count @ 1..) = pipe.read(&mut buffer).await {
        output.take(&buffer[..count]);
    }
}

fn outcome_of(status: ExitStatus) -> Outcome {
    match (status.code(), status.signal()) {
        (Some(0), _) => Outcome::Done,
        (Some(code), _) => Outcome::Failed(format!("exit status {code}")),
        (None, Some(signal)) => Outcome::Failed(format!("ended by signal {signal}")),
        (None, None) => Outcome::Failed("ended abnormally".into()),
    }
}

/// A process group that does not outlive whoever watches it, unless it is forgotten.
struct Group(Option<Pid>);

impl Group {
    fn of(child: &Child) -> Self {
        Group(child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw))
    }

    /// What is left of it may go on.
    fn forget(mut self) {
        self.0 = None;
    }

    /// Asks all of it to end, and soon makes it.
    async fn end(mut self, child: &mut Child, pipe: &mut pipe::Receiver, output: &mut Output) {
        self.signal(Signal::TERM);
        // Who led it may be gone while others still tidy up.
        let last_words = async { tokio::join!(child.wait(), read_all(pipe, output), self.is_gone()) };
        drop(timeout(GRACE, last_words).await);
        self.signal(Signal::KILL);
        // Nothing survives this but what the kernel itself holds up; that is not waited for.
        drop(timeout(GRACE, child.wait()).await);
        self.0 = None;
    }

    /// Waits until nobody is left of it.
    async fn is_gone(&self) {
        while self.0.is_some_and(|group| test_kill_process_group(group).is_ok()) {
            sleep(LOOK_AGAIN).await;
        }
    }

    fn signal(&self, signal: Signal) {
        if let Some(group) = self.0 {
            // An error says that nobody is left.
            let _nobody = kill_process_group(group, signal);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}

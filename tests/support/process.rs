//! A child process that cannot outlive its test.

use super::wait_for;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

/// Where `scripts/setup` unpacks what Debian's packages would install.
pub fn parts() -> Option<PathBuf> {
    let cache = std::env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache")));
    cache.map(|folder| folder.join("watchbell"))
}

/// Finds a program: in `PATH`, else among the parts that `scripts/setup` has unpacked.
pub fn installed(program: &str) -> Option<PathBuf> {
    let parts = parts().map(|folder| folder.join("bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found =
        std::env::split_paths(&path).chain(parts).map(|folder| folder.join(program)).find(|file| file.is_file());
    if found.is_none() {
        say_skipped(program);
    }
    found
}

/// Says that a test is skipped, and how it would not be.
#[expect(clippy::print_stderr, reason = "a skipped test says so; it has no other voice")]
pub fn say_skipped(program: &str) {
    eprintln!("skipped: `{program}` is not installed; scripts/setup installs it");
}

/// A running program, its output in a file; killed on drop.
pub struct Process {
    name: String,
    child: Child,
    output: PathBuf,
}

impl Process {
    /// Starts `command` with its output in `folder`, and waits until `is_ready`.
    ///
    /// # Errors
    /// The program ended before it was ready: how, and what it had said.
    pub fn start(
        name: &str,
        command: &mut Command,
        folder: &Path,
        mut is_ready: impl FnMut(&str) -> bool,
    ) -> Result<Process, String> {
        let output = folder.join(format!("{name}.out"));
        let file = File::options().create(true).append(true).open(&output).expect("the folder can be written");
        let twin = file.try_clone().expect("a file handle can be shared");
        let child = command.stdin(Stdio::null()).stdout(file).stderr(twin).spawn();
        let child = child.map_err(|cause| format!("{name} could not be started: {cause}"))?;
        let mut process = Process { name: name.to_owned(), child, output };
        wait_for(&format!("{name} to be ready"), || match process.ended() {
            Some(status) => Some(Err(format!("{name} ended with {status}:\n{}", process.said()))),
            None => is_ready(&process.said()).then_some(Ok(())),
        })?;
        Ok(process)
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Everything that it has printed.
    pub fn said(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.output).unwrap_or_default()).into_owned()
    }

    /// How it ended, if it did.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("a child can be asked for its state")
    }

    /// Sends a signal by name, `TERM` or `HUP` or `KILL`.
    pub fn signal(&self, signal: &str) {
        let sent = Command::new("kill").arg(format!("-{signal}")).arg(self.id().to_string()).status();
        assert!(sent.is_ok_and(|status| status.success()), "{} does not take {signal}", self.name);
    }

    /// Waits until it has ended by itself, and says how.
    pub fn wait(&mut self) -> ExitStatus {
        let name = format!("{} to end", self.name);
        wait_for(&name, || self.ended())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already; then there is nothing to kill and nothing to say.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

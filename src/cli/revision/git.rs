//! Asking `git`, as a process of its own, for objects and nothing else.

use crate::cli::CommandError;
use crate::yaml::LARGEST;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// What every call says first: no configuration of the repository starts a program, and nothing is fetched.
const CAREFUL: [&str; 9] = [
    "--no-replace-objects",
    "--no-optional-locks",
    "--literal-pathspecs",
    "-c",
    "core.fsmonitor=false",
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "protocol.allow=never",
];

/// The repository around the working folder.
pub struct Repository {
    /// Where the working folder lies in it: empty, or with a `/` at its end.
    pub prefix: String,
    /// Whether files lie here, as in no bare repository and not inside of `.git`.
    pub has_files: bool,
}

/// One thing of a commit's tree.
pub struct Entry {
    /// What it is.
    pub mode: Mode,
    /// The object.
    pub object: String,
    /// Its path from the root of the repository. What is no UTF-8 in it is replaced: it is shown, never opened.
    pub path: String,
}

/// What an entry of a tree is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// A file.
    File,
    /// A symbolic link.
    Link,
    /// A commit of another repository.
    Submodule,
}

impl Repository {
    /// The repository around the working folder, if there is one.
    ///
    /// # Errors
    /// When git cannot be run, or refuses to look.
    pub fn here() -> Result<Option<Self>, CommandError> {
        let output = run(&["rev-parse", "--show-prefix", "--is-inside-work-tree"])?;
        if output.status.success() {
            return Ok(Some(Repository::told(&text(&output.stdout))));
        }
        let said = text(&output.stderr);
        if said.contains("not a git repository") { Ok(None) } else { Err(failed("look at the repository", &said)) }
    }
}

impl Repository {
    /// What git answers in two lines.
    fn told(said: &str) -> Self {
        let said = said.trim_end_matches('\n');
        let (prefix, is_inside) = said.rsplit_once('\n').unwrap_or((said, "true"));
        Repository { prefix: prefix.to_owned(), has_files: is_inside == "true" }
    }
}

/// The commit that `name` names, if it does.
///
/// # Errors
/// When git cannot be run, or the name could mean several.
pub fn commit(name: &str) -> Result<Option<String>, CommandError> {
    let wanted = format!("{name}^{{commit}}");
    let output = run(&["rev-parse", "--verify", "--quiet", "--end-of-options", &wanted])?;
    let said = text(&output.stderr);
    match (output.status.success(), said.contains("ambiguous")) {
        (true, _) => Ok(Some(text(&output.stdout).trim().to_owned())),
        (false, true) => Err(CommandError::Usage(format!("`{name}` could mean several: {}", first_line(&said)))),
        (false, false) => Ok(None),
    }
}

/// Everything in a commit.
///
/// # Errors
/// When git cannot say.
pub fn entries(commit: &str) -> Result<Vec<Entry>, CommandError> {
    let output = run(&["ls-tree", "-r", "-z", "--full-tree", commit])?;
    if !output.status.success() {
        return Err(failed("list the files of a revision", &text(&output.stderr)));
    }
    let entries = output.stdout.split(|byte| *byte == 0).filter(|entry| !entry.is_empty());
    Ok(entries.filter_map(|entry| read_entry(&text(entry))).collect())
}

/// Starts to read objects.
///
/// # Errors
/// When git cannot be run.
pub fn objects() -> Result<Objects, CommandError> {
    let mut command = command();
    command.args(["cat-file", "--batch"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().map_err(|cause| cannot_run(&cause))?;
    let pipes = child.stdin.take().zip(child.stdout.take());
    let (asks, answers) = pipes.ok_or_else(|| failed("read objects", "it has no pipes"))?;
    Ok(Objects { child, asks, answers: BufReader::new(answers) })
}
/// A process that answers with one object after the other.
pub struct Objects {
    child: Child,
    asks: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Objects {
    /// The text of the object that is the file at `path`. What is no UTF-8 in it is replaced.
    ///
    /// # Errors
    /// When it is not here, or too large.
    pub fn read(&mut self, object: &str, path: &str) -> Result<String, CommandError> {
        let broken = |cause: std::io::Error| failed(&format!("read `{path}`"), &cause.to_string());
        writeln!(self.asks, "{object}").and_then(|()| self.asks.flush()).map_err(broken)?;
        let mut header = String::new();
        self.answers.read_line(&mut header).map_err(broken)?;
        let size = header.split_ascii_whitespace().nth(2).and_then(|size| size.parse::<u64>().ok());
        let Some(size) = size else {
            let help = "the clone is partial; fetch the whole of both revisions first";
            return Err(CommandError::Usage(format!("git does not have the content of `{path}`: {help}")));
        };
        if size > LARGEST {
            return Err(CommandError::Usage(format!("`{path}` is larger than {} MiB", LARGEST >> 20)));
        }
        let mut bytes = Vec::new();
        // A line end follows each object.
        (&mut self.answers).take(size + 1).read_to_end(&mut bytes).map_err(broken)?;
        bytes.pop();
        Ok(text(&bytes))
    }
}

impl Drop for Objects {
    fn drop(&mut self) {
        // It has said all that was asked; a process that has ended already is as good.
        let _ended = self.child.kill();
        let _ended = self.child.wait();
    }
}

fn read_entry(entry: &str) -> Option<Entry> {
    let (facts, path) = entry.split_once('\t')?;
    let mut facts = facts.split(' ');
    let mode = match facts.next()? {
        "120000" => Mode::Link,
        "160000" => Mode::Submodule,
        _ => Mode::File,
    };
    let object = facts.nth(1)?.to_owned();
    Some(Entry { mode, object, path: path.to_owned() })
}

fn command() -> Command {
    let mut command = Command::new("git");
    command.args(CAREFUL).env("GIT_NO_LAZY_FETCH", "1").env("GIT_TERMINAL_PROMPT", "0").env("LC_ALL", "C");
    command
}

fn run(arguments: &[&str]) -> Result<std::process::Output, CommandError> {
    command().args(arguments).stdin(Stdio::null()).output().map_err(|cause| cannot_run(&cause))
}

fn cannot_run(cause: &std::io::Error) -> CommandError {
    CommandError::Outside(format!("cannot run `git`: {cause}; is it installed? Two folders can be compared without it"))
}

fn failed(deed: &str, said: &str) -> CommandError {
    CommandError::Outside(format!("git could not {deed}: {}", first_line(said)))
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or("it gave no reason")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

//! How far a chain was read and what was counted, kept in a file: written before it is shown, so that a restart goes on
//! where the last one was.
//!
//! One collector has the file; another one that is started by mistake is refused. It is written whole and renamed, so that
//! no crash leaves a half of it.

use super::file::{beside, replace};
use alloy_primitives::B256;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// The format that we write.
const FORMAT: u32 = 1;

/// Why the file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// It, or the folder, cannot be read or written.
    #[error("cannot use the state file {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Somebody else has it.
    #[error("another collector uses the state file {}: stop that one, or give this one another `state`", path.display())]
    Taken {
        /// The file.
        path: PathBuf,
    },
    /// It is something else.
    #[error(
        "{} is not a state file of `watchbell collect`: {why}. Give another `state`, or move it away; counts then begin anew",
        path.display()
    )]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What it is.
        why: String,
    },
    /// A newer Watchbell wrote it.
    #[error("the state file {} was written by a newer Watchbell: its format is {format}, and this one reads {FORMAT}", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format.
        format: u32,
    },
}

/// What is kept of a chain.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct KeptChain {
    /// Its number.
    pub chain_id: u64,
    /// The hash of its first block, which tells it from another one with the same number.
    pub genesis: Option<B256>,
    /// The newest blocks that were read, oldest first.
    pub blocks: Vec<KeptBlock>,
    /// What was counted of blocks that are no more.
    #[serde(default)]
    pub orphans: Vec<KeptOrphan>,
    /// What was counted, by name.
    pub accounts: BTreeMap<String, KeptAccount>,
}

/// What is kept of a block.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeptBlock {
    /// Its height.
    pub number: u64,
    /// Its hash.
    pub hash: B256,
    /// What it contributes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entries: Vec<KeptEntry>,
}

/// What is kept of a contribution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeptEntry {
    /// The account.
    pub account: String,
    /// The transaction.
    pub transaction: B256,
    /// Which one of it.
    pub ordinal: u32,
    /// How much.
    pub amount: f64,
    /// Whether it is part of the total.
    pub counted: bool,
}

/// What was counted of a block that is no more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeptOrphan {
    /// The height at which it was.
    pub number: u64,
    /// What was counted.
    pub entry: KeptEntry,
}

/// What is kept of an account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeptAccount {
    /// What it counts; another one is another account.
    pub counts: String,
    /// The last block that does not count, where that is known.
    pub from: Option<u64>,
    /// What was counted.
    pub total: f64,
}

#[derive(Debug, Deserialize)]
struct Written {
    #[serde(default)]
    chains: BTreeMap<String, KeptChain>,
}

#[derive(Serialize)]
struct Writing<'a> {
    watchbell_collect: u32,
    chains: &'a BTreeMap<String, KeptChain>,
}

/// The file. Clones are one.
#[derive(Clone, Debug)]
pub struct State {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    held: Mutex<Held>,
    /// The last change that is on the disk. Held while writing, so that of many who wait one writes for all, and by the
    /// writing itself: who waits for it may be dropped, and no second one may write beside it.
    written: Arc<tokio::sync::Mutex<u64>>,
    /// Ours until we end.
    _lock: File,
}

#[derive(Debug)]
struct Held {
    chains: BTreeMap<String, KeptChain>,
    changes: u64,
}

impl State {
    /// Takes the file at `path`, which need not be there yet.
    ///
    /// # Errors
    /// When somebody else has it, or it is no state file that we can read.
    pub fn open(path: &Path) -> Result<State, StateError> {
        let failed = |source| StateError::Io { path: path.to_owned(), source };
        let lock = File::options().create(true).append(true).open(beside(path, ".lock")).map_err(failed)?;
        lock.try_lock().map_err(|problem| match problem {
            TryLockError::WouldBlock => StateError::Taken { path: path.to_owned() },
            TryLockError::Error(source) => failed(source),
        })?;
        let chains = match fs::read(path) {
            Ok(bytes) => read(&bytes, path)?,
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => BTreeMap::new(),
            Err(cause) => return Err(failed(cause)),
        };
        // Better now than with the first event that is lost.
        write(path, &chains).map_err(failed)?;
        let held = Mutex::new(Held { chains, changes: 0 });
        Ok(State { inner: Arc::new(Inner { path: path.to_owned(), held, written: Arc::default(), _lock: lock }) })
    }

    /// What is kept of a chain.
    #[must_use]
    pub fn of(&self, chain: &str) -> Option<KeptChain> {
        self.held().chains.get(chain).cloned()
    }

    /// Keeps this of a chain. It is on the disk when this returns.
    ///
    /// # Errors
    /// When it cannot be written. It is tried again with the next change.
    pub async fn keep(&self, chain: &str, kept: KeptChain) -> io::Result<()> {
        let change = {
            let mut held = self.held();
            held.chains.insert(chain.to_owned(), kept);
            held.changes += 1;
            held.changes
        };
        let mut written = Arc::clone(&self.inner.written).lock_owned().await;
        if *written >= change {
            return Ok(());
        }
        let inner = Arc::clone(&self.inner);
        // Writing goes on when whoever waits for it is cut off, and until it ends nobody else begins.
        let writing = tokio::task::spawn_blocking(move || {
            let (chains, changes) = {
                let held = inner.held.lock().unwrap_or_else(PoisonError::into_inner);
                (held.chains.clone(), held.changes)
            };
            write(&inner.path, &chains).map(|()| *written = changes)
        });
        writing.await.map_err(io::Error::other)?
    }

    fn held(&self) -> std::sync::MutexGuard<'_, Held> {
        self.inner.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether the file at `path` is a state, or not there yet. It is neither taken nor changed.
///
/// # Errors
/// When it is something else, or cannot be read.
pub fn read_only(path: &Path) -> Result<(), StateError> {
    match fs::read(path) {
        Ok(bytes) => read(&bytes, path).map(drop),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(source) => Err(StateError::Io { path: path.to_owned(), source }),
    }
}

fn read(bytes: &[u8], path: &Path) -> Result<BTreeMap<String, KeptChain>, StateError> {
    let foreign = |why: String| StateError::Foreign { path: path.to_owned(), why };
    let value: serde_json::Value =
        serde_json::from_slice(bytes).map_err(|cause| foreign(format!("it is no JSON: {cause}")))?;
    let format = value.get("watchbell_collect").and_then(serde_json::Value::as_u64);
    match format.map(u32::try_from) {
        Some(Ok(FORMAT)) => {
            let written: Written = serde_json::from_value(value).map_err(|cause| foreign(cause.to_string()))?;
            Ok(written.chains)
        }
        Some(Ok(format)) if format > FORMAT => Err(StateError::Newer { path: path.to_owned(), format }),
        _ => Err(foreign("it does not say `watchbell_collect`".into())),
    }
}

/// Whole, or not at all.
fn write(path: &Path, chains: &BTreeMap<String, KeptChain>) -> io::Result<()> {
    let text = serde_json::to_vec(&Writing { watchbell_collect: FORMAT, chains }).map_err(io::Error::other)?;
    replace(path, &text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Folder {
            let path = std::env::temp_dir().join(format!("watchbell-cursor-{name}-{}", std::process::id()));
            fs::create_dir_all(&path).expect("a folder");
            Folder(path)
        }
        fn file(&self) -> PathBuf {
            self.0.join("state.json")
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn kept(total: f64) -> KeptChain {
        let account = KeptAccount { counts: "Paused".into(), from: Some(7), total };
        KeptChain { chain_id: 1, accounts: [("pgaux/pauses".to_owned(), account)].into(), ..KeptChain::default() }
    }

    #[tokio::test]
    async fn what_is_kept_is_there_for_the_next_one_and_only_one_has_it() {
        let folder = Folder::new("kept");
        let state = State::open(&folder.file()).expect("a new file");
        assert_eq!(state.of("sepolia"), None);
        let many = (1_u8..=20).map(|total| {
            let state = state.clone();
            async move { state.keep(if total % 2 == 0 { "sepolia" } else { "main" }, kept(f64::from(total))).await }
        });
        for done in futures_util::future::join_all(many).await {
            done.expect("written");
        }
        let taken = State::open(&folder.file()).expect_err("we have it").to_string();
        assert!(taken.contains("another collector uses the state file"), "{taken}");
        drop(state);
        let again = State::open(&folder.file()).expect("free again");
        assert_eq!((again.of("main"), again.of("sepolia")), (Some(kept(19.0)), Some(kept(20.0))));
    }

    #[test]
    fn who_is_cut_off_while_writing_leaves_no_room_for_two_who_write_at_once() {
        let folder = Folder::new("cut-off");
        let state = State::open(&folder.file()).expect("a new file");
        // One thread writes, and it is busy: what is to be written waits.
        let runtime = tokio::runtime::Builder::new_current_thread().max_blocking_threads(1).build().expect("a runtime");
        let (go_on, waits) = std::sync::mpsc::channel::<()>();
        runtime.spawn_blocking(move || waits.recv());
        runtime.block_on(async {
            let cut_off = state.keep("sepolia", kept(1.0));
            assert!(cut_off.now_or_never().is_none(), "it waits for the disk");
            assert!(state.inner.written.try_lock().is_err(), "it is still to be written");
            go_on.send(()).expect("the thread is there");
            state.keep("main", kept(2.0)).await.expect("written");
        });
        drop(state);
        let again = State::open(&folder.file()).expect("free again");
        assert_eq!((again.of("sepolia"), again.of("main")), (Some(kept(1.0)), Some(kept(2.0))));
    }

    #[test]
    fn a_file_that_is_not_ours_is_left_alone_and_said() {
        let folder = Folder::new("foreign");
        for (text, why) in [
            ("", "it is no JSON"),
            ("{\"watchbell_collect\":1,\"chains\":{\"a\":{}}}", "missing field"),
            ("{\"watchbell\":1}", "it does not say `watchbell_collect`"),
            ("{\"watchbell_collect\":2,\"chains\":[]}", "was written by a newer Watchbell: its format is 2"),
        ] {
            fs::write(folder.file(), text).expect("written");
            let said = State::open(&folder.file()).expect_err(text).to_string();
            assert!(said.contains(why), "{said}");
            assert_eq!(fs::read_to_string(folder.file()).expect("still there"), text);
        }
        let nowhere = State::open(&folder.0.join("none/state.json")).expect_err("no folder").to_string();
        assert!(nowhere.contains("cannot use the state file"), "{nowhere}");
    }
}

//! A folder that is gone when the test is.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// An empty folder of one's own; removed with everything in it on drop.
pub struct Scratch(PathBuf);

impl Scratch {
    /// Makes the folder; `purpose` is part of its name, for whoever finds one left by a killed run.
    pub fn new(purpose: &str) -> Scratch {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("watchbell-{purpose}-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("the temporary folder can be written");
        Scratch(folder)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a file in it, with the folders on its way, and says where.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().expect("a file in a folder has a parent")).expect("folders can be made");
        std::fs::write(&path, text).expect("the scratch folder can be written");
        path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Left-overs of a failed removal are harmless and named after their test; a panic in drop is not harmless.
        drop(std::fs::remove_dir_all(&self.0));
    }
}

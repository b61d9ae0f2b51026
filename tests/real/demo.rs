//! `watchbell demo` in real time.

use crate::support::{Process, Scratch};
use std::process::Command;

#[test]
fn ctrl_c_ends_the_demo_cleanly_in_the_middle() {
    let folder = Scratch::new("demo");
    let mut command = Command::new(env!("CARGO_BIN_EXE_watchbell"));
    command.arg("demo").current_dir(folder.path());
    let is_under_way = |said: &str| said.contains("gas jumps");
    let mut demo = Process::start("demo", &mut command, folder.path(), is_under_way).expect("the demo starts");
    demo.signal("INT");
    assert_eq!(demo.wait().code(), Some(0));
    let said = demo.said();
    assert!(said.ends_with("\nEnded by Ctrl-C.\n") && !said.contains("That was the hour"), "{said}");
}

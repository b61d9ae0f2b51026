//! Who knows whom: the arrows between the rooms of `src`, as the code has them and as `docs/architecture.md` allows them.
//!
//! A new arrow shows up here twice, and is then welcomed or avoided. Tests inside a room may know anybody and are not read.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

type Arrows = BTreeMap<String, BTreeSet<String>>;

#[test]
fn the_arrows_between_rooms_are_these() {
    let arrows = arrows_of_the_code();
    let text: String = arrows.iter().map(|(room, known)| format!("{room} → {}\n", joined(known))).collect();
    insta::assert_snapshot!(text);
}

#[test]
fn every_arrow_is_one_that_the_architecture_allows() {
    let allowed = allowed_arrows(&read(&in_repository("docs/architecture.md")));
    for (room, known) in arrows_of_the_code() {
        let allowed =
            allowed.get(&room).unwrap_or_else(|| panic!("docs/architecture.md does not know the room `{room}`"));
        let surprising: BTreeSet<_> = known.difference(allowed).cloned().collect();
        assert!(
            surprising.is_empty(),
            "`{room}` knows {}, which docs/architecture.md does not allow",
            joined(&surprising)
        );
    }
}

#[test]
fn arrows_are_found_in_uses_groups_and_paths_and_not_in_comments_or_tests() {
    let code = "
        //! See crate::rules.
        use crate::model::Span;
        use crate::{config::{Settings, Source}, engine};
        fn f() { crate::store::open() } // crate::notify
        #[cfg(test)]
        mod tests { use crate::api; }
    ";
    assert_eq!(joined(&rooms_named_in(code)), "config, engine, model, store");
}

fn arrows_of_the_code() -> Arrows {
    let source = in_repository("src");
    let mut arrows = Arrows::new();
    for file in rust_files(&source) {
        let room = room_of(file.strip_prefix(&source).expect("it was found there"));
        let known = rooms_named_in(&read(&file)).into_iter().filter(|other| *other != room);
        arrows.entry(room.clone()).or_default().extend(known);
    }
    // `lib` names every room by being the map of them.
    arrows.remove("lib");
    arrows
}

/// The first part of a path below `src`, without its ending: `rules/written.rs` and `rules.rs` are in `rules`.
fn room_of(path: &Path) -> String {
    let first = path.iter().next().expect("a file has a name").to_string_lossy();
    first.trim_end_matches(".rs").to_owned()
}

fn rooms_named_in(code: &str) -> BTreeSet<String> {
    let code = without_comments(code.split("#[cfg(test)]\nmod tests").next().unwrap_or_default());
    let code = code.split("#[cfg(test)]").next().unwrap_or_default();
    // The program itself says `watchbell::` where the library says `crate::`.
    let paths = code.split("crate::").skip(1).chain(code.split("watchbell::").skip(1));
    paths.flat_map(first_words).filter(|word| word.starts_with(|first: char| first.is_ascii_lowercase())).collect()
}

/// The first word of a path, or the first word of each path in a group.
fn first_words(path: &str) -> Vec<String> {
    let word = |text: &str| text.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    let Some(group) = path.strip_prefix('{') else { return vec![word(path)] };
    let mut depth = 0;
    let own: String = group
        .chars()
        .take_while(|&c| {
            depth += i32::from(c == '{') - i32::from(c == '}');
            depth >= 0
        })
        .collect();
    at_top_level(&own).iter().map(|part| word(part)).collect()
}

/// The parts between the commas that stand in no inner braces.
fn at_top_level(group: &str) -> Vec<String> {
    let mut depth = 0;
    let mut parts = vec![String::new()];
    for c in group.chars() {
        depth += i32::from(c == '{') - i32::from(c == '}');
        match parts.last_mut() {
            Some(part) if c != ',' || depth > 0 => part.push(c),
            _ => parts.push(String::new()),
        }
    }
    parts
}

fn without_comments(code: &str) -> String {
    code.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// Reads the block under "Who may know whom": `rooms → rooms`, one line each, remarks in brackets.
fn allowed_arrows(page: &str) -> Arrows {
    let block = page.split("**Who may know whom**").nth(1).and_then(|rest| rest.split("```").nth(1));
    let block = block.expect("the page has a block under `Who may know whom`");
    let mut allowed = Arrows::new();
    for (knowing, known) in block.lines().filter_map(|line| line.split_once('→')) {
        let known = known.split('(').next().unwrap_or_default();
        for room in listed(knowing) {
            allowed.entry(room).or_default().extend(listed(known));
        }
    }
    allowed
}

fn listed(rooms: &str) -> Vec<String> {
    rooms.split(',').map(|room| room.trim().to_owned()).filter(|room| room != "nothing of ours").collect()
}

fn joined(rooms: &BTreeSet<String>) -> String {
    rooms.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|cause| panic!("{}: {cause}", folder.display()));
    let paths = entries.map(|entry| entry.expect("a folder can be listed").path());
    let nested = paths.map(|path| if path.is_dir() { rust_files(&path) } else { vec![path] });
    nested.flatten().filter(|path| path.extension().is_some_and(|ending| ending == "rs")).collect()
}

fn in_repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|cause| panic!("{}: {cause}", path.display()))
}

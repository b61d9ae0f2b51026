//! Exports of other tools' APIs: many files, or one, with lists of things of several kinds.

use super::Notes;
use crate::yaml::{Kind, Node};
use std::collections::BTreeMap;
use std::path::Path;

/// A file of an export.
pub struct Export<'a> {
    /// What it is called.
    pub name: &'a str,
    /// What is in it.
    pub document: &'a Node,
}

/// What is there of each kind, in the order of the files.
pub(super) struct Lists<'a>(BTreeMap<&'static str, Vec<&'a Node>>);

impl<'a> Lists<'a> {
    /// Everything of one kind.
    pub fn of(&self, kind: &str) -> &[&'a Node] {
        self.0.get(kind).map_or(&[], Vec::as_slice)
    }

    /// Whether something of a kind has this id.
    pub fn has(&self, kind: &str, id: Option<&str>) -> bool {
        id.is_some() && self.of(kind).iter().any(|node| node.get("id").and_then(Node::as_str) == id)
    }

    /// Notes what of a kind belongs to nothing in the export, so that nothing is made of it.
    pub fn leave_astray(
        &self,
        kind: &str,
        belongs: impl Fn(&Node) -> bool,
        (what, advice): (&str, &str),
        notes: &mut Notes,
    ) {
        for node in self.of(kind).iter().filter(|node| !belongs(node)) {
            notes.left(node.head(), what, advice);
        }
    }

    /// Whether there is nothing at all.
    pub fn is_empty(&self) -> bool {
        self.0.values().all(Vec::is_empty)
    }

    /// Finds the lists: by keys of an object, else by the name of the file or of its folder. `kinds` says for each word how
    /// the kind is called; `resources` are the types that Terraform has for them.
    pub fn of_exports(
        exports: &[Export<'a>],
        kinds: &[(&str, &'static str)],
        resources: &[(&str, &'static str)],
        notes: &mut Notes,
    ) -> Self {
        let mut lists = Lists(BTreeMap::new());
        for export in exports {
            let by_key: Vec<(&'static str, &'a Node)> =
                kinds.iter().filter_map(|(word, kind)| Some((*kind, export.document.get(word)?))).collect();
            let by_terraform = terraform(export.document, resources);
            if !by_terraform.is_empty() {
                for (kind, node) in by_terraform {
                    lists.0.entry(kind).or_default().push(node);
                }
            } else if !by_key.is_empty() && !is_one_thing(export.document) {
                for (kind, node) in by_key {
                    lists.add(kind, node, notes);
                }
            } else if let Some(kind) = kind_of_file(export.name, kinds) {
                lists.add(kind, export.document, notes);
            } else {
                let words: Vec<String> = kinds.iter().map(|(word, _)| format!("`{word}`")).collect();
                let advice = format!("call it, its folder or its keys after what is in it: {}", words.join(", "));
                notes.left(export.document.head(), format!("`{}`: nothing says what it lists", export.name), advice);
            }
        }
        lists
    }

    fn add(&mut self, kind: &'static str, node: &'a Node, notes: &mut Notes) {
        if let Some(next) = node.get("next").filter(|next| !next.is_null()) {
            notes.left(
                next.head(),
                "what is on the next pages of this list",
                "fetch them, each into a file of its own",
            );
        }
        let inner = ["results", "data"].iter().find_map(|key| node.get(key)).unwrap_or(node);
        let list = self.0.entry(kind).or_default();
        match &inner.kind {
            Kind::Sequence(items) => list.extend(items),
            Kind::Mapping(_) => list.push(inner),
            Kind::Scalar(_) => {
                notes.left(inner.head(), format!("{} in the place of a list", inner.describe()), "export it again");
            }
        }
    }
}

/// Whether an object is a thing itself, whose keys only look like those of lists.
fn is_one_thing(document: &Node) -> bool {
    document.get("id").is_some()
}

fn kind_of_file(name: &str, kinds: &[(&str, &'static str)]) -> Option<&'static str> {
    let path = Path::new(name);
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().to_lowercase().replace('-', "_"));
    let folder = path.parent().and_then(Path::file_name).map(|name| name.to_string_lossy().to_lowercase());
    // A longer word says more: `personal_notification_rules` before `rules`.
    let mut words: Vec<&(&str, &'static str)> = kinds.iter().collect();
    words.sort_by_key(|(word, _)| std::cmp::Reverse(word.len()));
    let find = |text: &str, is: &dyn Fn(&str, &str) -> bool| words.iter().find(|(word, _)| is(text, word));
    let by_folder = folder.as_deref().and_then(|folder| find(folder, &|folder, word| folder == word));
    let by_stem = || stem.as_deref().and_then(|stem| find(stem, &|stem, word| stem.contains(word)));
    by_folder.or_else(by_stem).map(|(_, kind)| *kind)
}

/// What `terraform show -json` says, modules below included.
fn terraform<'a>(document: &'a Node, resources: &[(&str, &'static str)]) -> Vec<(&'static str, &'a Node)> {
    let values = document.get("values").or_else(|| document.get("planned_values"));
    let mut open: Vec<&Node> = values.and_then(|values| values.get("root_module")).into_iter().collect();
    let mut found = Vec::new();
    while let Some(module) = open.pop() {
        open.extend(module.get("child_modules").map(Node::items).unwrap_or_default());
        for resource in module.get("resources").map(Node::items).unwrap_or_default() {
            let of = resource.get("type").and_then(Node::as_str);
            let kind = resources.iter().find(|(word, _)| Some(*word) == of);
            found.extend(kind.and_then(|(_, kind)| Some((*kind, resource.get("values")?))));
        }
    }
    found
}

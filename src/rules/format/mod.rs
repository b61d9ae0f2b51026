//! Rule files in their canonical layout: keys in one order, two spaces a level, long expressions broken, comments kept.
//!
//! Start at [`format()`]. It works on the words of the file and never on what they mean; at the end it reads what came out,
//! and where that means anything else, nothing is changed and the mistake is ours.

mod expr;
mod order;
mod same;

pub use expr::write_expr;
pub use order::Role;

use crate::yaml::layout::{Collection, Entry, Kind, Node, Page, Shape, Unreadable};

/// Why a file is left as it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unformatted {
    /// It is written in a way that we do not lay out anew.
    #[error("left as it is: {0}")]
    Unreadable(#[from] Unreadable),
    /// What came out means something else.
    #[error(
        "left as it is, because of a mistake in Watchbell: the new layout would mean something else ({0}); please report it"
    )]
    Changed(String),
}

/// The text of a rule file in its canonical layout.
///
/// # Errors
/// Says why the file is left as it is.
pub fn format(text: &str) -> Result<String, Unformatted> {
    let mut page = Page::read(text)?;
    arrange(&mut page);
    let formatted = page.print();
    same::check(text, &formatted).map_err(Unformatted::Changed)?;
    Ok(formatted)
}

/// Puts a page in order.
pub fn arrange(page: &mut Page) {
    for document in &mut page.documents {
        arrange_node(&mut document.content, Role::File);
    }
}

fn arrange_node(node: &mut Node, role: Role) {
    match &mut node.shape {
        Shape::Alias(_) => {}
        Shape::Scalar(scalar) if matches!(role, Role::Expr | Role::Query) => expr::lay_out(scalar),
        Shape::Scalar(_) => {}
        Shape::Collection(collection) => {
            let in_brackets = collection.is_flow;
            if collection.verbatim.is_some() {
                return;
            }
            sort(collection, role);
            for entry in &mut collection.entries {
                let inner = role.of(entry.name());
                let is_block = entry.value.collection().is_some_and(|inner| !inner.is_flow);
                entry.is_apart = matches!(inner, Role::Group | Role::Rule) && entry.key.is_none() && is_block;
                if !(in_brackets && matches!(inner, Role::Expr | Role::Query) && entry.value.text().is_some()) {
                    arrange_node(&mut entry.value, inner);
                }
            }
        }
    }
}

/// Sorts the entries of a mapping, where that keeps every alias behind its anchor.
fn sort(collection: &mut Collection, role: Role) {
    if collection.kind != Kind::Mapping || role.order().is_empty() {
        return;
    }
    let rank = |entry: &Entry| role.rank(entry.name().unwrap_or_default());
    let entries = &collection.entries;
    let swaps = |first: usize, second: usize| rank(&entries[first]) > rank(&entries[second]);
    let depends = (0..entries.len()).any(|second| {
        (0..second).any(|first| swaps(first, second) && is_order_fixed(&entries[first], &entries[second]))
    });
    if !depends {
        collection.entries.sort_by_key(rank);
    }
}

/// Whether an anchor of one of them is asked for, or set anew, in the other.
fn is_order_fixed(first: &Entry, second: &Entry) -> bool {
    let (first, second) = (first.references(), second.references());
    let share = |some: &[&str], others: &[&str]| some.iter().any(|name| others.contains(name));
    share(&first.anchors, &second.anchors)
        || share(&first.anchors, &second.aliases)
        || share(&first.aliases, &second.anchors)
}

//! Prometheus's rule files as Watchbell would have them: the threshold out of the query, into a tier.
//!
//! Start at [`translate`]. A rule is split only where the split fires exactly when the rule did, for every reading:
//! absence resolves at once (`no_data: resolve`), what is no number meets no bound, and labels stay. Every other rule stays
//! as it is and says why. Hand-made families of severities are found, and merged only where that is asked for: several
//! alerts become one, which people will notice. Absent on purpose: files, and what a query answers.

mod family;
mod rule;
mod tiers;

pub use rule::Left;

use crate::diagnostics::{Findings, Sources};
use crate::rules::format::{self, Role};
use crate::rules::{self, Checked, Context};
use crate::yaml::layout::{Collection, Document, Entry, Node, Page, Remark, Unreadable};
use rule::Candidate;
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

/// Why a file cannot be translated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Untranslatable {
    /// It is written in a way that we do not lay out anew.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// It is no good rule file, whatever is left out of it.
    #[error("Watchbell does not take it as it is; `watchbell check` says why")]
    Wrong,
    /// What came out is no good rule file: our mistake.
    #[error("a mistake in Watchbell: what came out is no good rule file ({0}); please report it")]
    Mistake(String),
}

/// A translated file.
#[derive(Clone, Debug)]
pub struct Translation {
    /// The text for Watchbell.
    pub text: String,
    /// How many alerting rules the file had.
    pub alerts: usize,
    /// Those that have tiers now.
    pub split: Vec<Splits>,
    /// The rules that stay as they are.
    pub left: Vec<Stays>,
    /// Families of severities.
    pub families: Vec<Family>,
    /// Keys that only other programs know, now comments.
    pub commented: Vec<(usize, String)>,
    /// Severities that are called otherwise here: the word of the label, and ours.
    pub renamed: BTreeMap<String, String>,
}

/// How to translate.
#[derive(Clone, Debug, Default)]
pub struct Manner {
    /// Families of severities become one rule each.
    pub merges: bool,
    /// Rules without a severity are split as well, and have this one then.
    pub severity: Option<String>,
}

/// A rule that has its threshold in a tier now.
#[derive(Clone, Debug)]
pub struct Splits {
    /// The byte of the file at which its name stands.
    pub at: usize,
    /// Its name.
    pub alert: String,
    /// The severity that its tier has.
    pub tier: String,
    /// The condition of the tier, as it is written there.
    pub condition: String,
    /// What is left to ask.
    pub query: String,
}

/// A rule that stays as it is.
#[derive(Clone, Debug)]
pub struct Stays {
    /// The byte of the file at which its name stands.
    pub at: usize,
    /// Its name.
    pub alert: String,
    /// Why.
    pub why: Left,
}

/// Rules with one query and several severities.
#[derive(Clone, Debug)]
pub struct Family {
    /// What one rule of them all is called.
    pub name: String,
    /// The rules: where, and how they are called.
    pub members: Vec<(usize, String)>,
    /// Whether they are one rule now.
    pub is_merged: bool,
}

/// Translates the text of one file.
///
/// # Errors
/// Says why the file cannot be translated.
pub fn translate(text: &str, context: &Context, manner: &Manner) -> Result<Translation, Untranslatable> {
    let original = Page::read(text)?;
    let mut page = original.clone();
    let commented = comment_unknown(&mut page);
    // Compiled as it will be laid out, so that every rule is found at its place.
    let text = page.print();
    let mut page = Page::read(&text)?;
    let checked = compile(&text, context).ok_or(Untranslatable::Wrong)?;
    let by_place: HashMap<usize, &Checked> =
        checked.iter().map(|checked| (checked.rule.place.start as usize, checked)).collect();
    let mut translation = Translation {
        text: String::new(),
        alerts: 0,
        split: Vec::new(),
        left: Vec::new(),
        families: Vec::new(),
        commented,
        renamed: BTreeMap::new(),
    };
    let mut places = alert_places(&original).into_iter();
    let mut ids = Ids::default();
    unfold(&mut page);
    for group in groups_mut(&mut page) {
        let Some(rules) = group.entries.iter_mut().find(|entry| entry.name() == Some("rules")) else { continue };
        let Some(rules) = rules.value.collection_mut() else { continue };
        let rules_count = rules.entries.len();
        let mut candidates: Vec<Option<Candidate>> = Vec::with_capacity(rules_count);
        for entry in &rules.entries {
            let Some(alert) = entry.value.get("alert") else {
                candidates.push(None);
                continue;
            };
            translation.alerts += 1;
            let at = places.next().unwrap_or_default();
            let outcome = match by_place.get(&alert.start) {
                Some(checked) => rule::examine(entry, checked, at, context, manner),
                None => Err(Left::Shared),
            };
            match outcome {
                Ok(candidate) => candidates.push(Some(candidate)),
                Err(why) => {
                    let alert = alert.text().unwrap_or_default().to_owned();
                    translation.left.push(Stays { at, alert, why });
                    candidates.push(None);
                }
            }
        }
        settle(rules, candidates, manner.merges, &mut ids, &mut translation);
    }
    format::arrange(&mut page);
    translation.text = page.print();
    if compile(&translation.text, context).is_none() {
        return Err(Untranslatable::Mistake(first_error(&translation.text, context)));
    }
    Ok(translation)
}

/// Rewrites the rules of one group.
fn settle(
    rules: &mut Collection,
    candidates: Vec<Option<Candidate>>,
    merges: bool,
    ids: &mut Ids,
    translation: &mut Translation,
) {
    translation.split.extend(candidates.iter().flatten().map(tiers::told));
    for candidate in candidates.iter().flatten().filter(|candidate| candidate.is_renamed()) {
        translation.renamed.insert(candidate.word.clone(), candidate.severity.name().to_string());
    }
    let names: Vec<String> =
        rules.entries.iter().filter_map(|entry| Some(entry.value.get("alert")?.text()?.to_owned())).collect();
    let mut candidates = candidates;
    let mut gone = Vec::new();
    for mut family in family::find(&candidates, &names) {
        if merges {
            let merged = family::merge(rules, &mut candidates, &family, ids);
            family.told.is_merged = !merged.is_empty();
            gone.extend(merged);
        }
        translation.families.push(family.told);
    }
    for (index, candidate) in candidates.into_iter().enumerate() {
        if let Some(candidate) = candidate {
            tiers::split(&mut rules.entries[index], candidate, ids);
        }
    }
    gone.sort_unstable();
    for index in gone.into_iter().rev() {
        rules.entries.remove(index);
    }
}

/// The identities that rules with tiers have so far: what Prometheus tells apart by `severity` alone needs an `id` here.
#[derive(Debug, Default)]
struct Ids {
    identities: HashMap<String, usize>,
}

impl Ids {
    /// An `id` for a rule, where another one has its identity.
    fn for_rule(&mut self, candidate: &Candidate) -> Option<String> {
        let known = self.identities.entry(candidate.identity.clone()).or_insert(0);
        *known += 1;
        let number = *known;
        let id = format!("{}-{}-{}", candidate.group, candidate.alert, candidate.word);
        if number == 1 {
            return None;
        }
        let again = self.identities.entry(format!("id {id}")).or_insert(0);
        *again += 1;
        Some(if *again == 1 { id } else { format!("{id}-{again}") })
    }
}

fn compile(text: &str, context: &Context) -> Option<Vec<Checked>> {
    let (mut sources, mut findings) = (Sources::default(), Findings::default());
    let texts = [(PathBuf::new(), Arc::from(text))];
    let loaded = rules::load_texts(&texts, context, &mut sources, &mut findings);
    (!findings.has_errors()).then_some(loaded.checked)
}

fn first_error(text: &str, context: &Context) -> String {
    let (mut sources, mut findings) = (Sources::default(), Findings::default());
    rules::load_texts(&[(PathBuf::new(), Arc::from(text))], context, &mut sources, &mut findings);
    let error = findings.iter().find(|finding| finding.level == crate::diagnostics::Level::Error);
    error.map(|finding| finding.message.clone()).unwrap_or_default()
}

/// What holds rules is written in lines: in brackets, a rule could have none.
fn unfold(page: &mut Page) {
    for document in &mut page.documents {
        let mut level = vec![&mut document.content];
        for _ in ["file", "groups", "group", "rules"] {
            let mut inner = Vec::new();
            for collection in level.into_iter().filter_map(Node::collection_mut) {
                collection.unfold();
                if collection.verbatim.is_some() {
                    // What lies in a text that stays as it is stays as well.
                    let inside = collection.entries.iter_mut().filter_map(|entry| entry.value.collection_mut());
                    inside.for_each(|inner| inner.verbatim = Some(String::new()));
                }
                let holds = |entry: &&mut Entry| entry.name().is_none_or(|key| key == "groups" || key == "rules");
                inner.extend(collection.entries.iter_mut().filter(holds).map(|entry| &mut entry.value));
            }
            level = inner;
        }
    }
}

fn groups_mut(page: &mut Page) -> impl Iterator<Item = &mut Collection> {
    let groups = page.documents.iter_mut().filter_map(|document: &mut Document| document.content.collection_mut());
    let groups = groups.flat_map(|file| file.entries.iter_mut().filter(|entry| entry.name() == Some("groups")));
    let groups = groups.filter_map(|entry| entry.value.collection_mut());
    groups.flat_map(|groups| groups.entries.iter_mut()).filter_map(|entry| entry.value.collection_mut())
}

/// Where the alerts of a page are named, in their order.
fn alert_places(page: &Page) -> Vec<usize> {
    let groups = page.documents.iter().filter_map(|document| document.content.get("groups")?.collection());
    let rules = groups.flat_map(|groups| &groups.entries).filter_map(|entry| entry.value.get("rules")?.collection());
    rules.flat_map(|rules| &rules.entries).filter_map(|rule| Some(rule.value.get("alert")?.start)).collect()
}

/// Makes comments of keys that only other programs know: vmalert's `eval_offset`, `type`, `debug` and the like.
fn comment_unknown(page: &mut Page) -> Vec<(usize, String)> {
    let mut commented = Vec::new();
    for group in groups_mut(page) {
        comment_in(group, Role::Group, &mut commented);
        let rules = group.entries.iter_mut().filter(|entry| entry.name() == Some("rules"));
        let rules = rules.filter_map(|entry| entry.value.collection_mut()).flat_map(|rules| rules.entries.iter_mut());
        for rule in rules.filter_map(|entry| entry.value.collection_mut()) {
            comment_in(rule, Role::Rule, &mut commented);
        }
    }
    commented
}

fn comment_in(mapping: &mut Collection, role: Role, commented: &mut Vec<(usize, String)>) {
    if mapping.is_flow {
        return;
    }
    let unknown: Vec<String> = mapping.entries.iter().filter_map(|entry| entry.name()).map(str::to_owned).collect();
    for key in unknown.into_iter().filter(|key| !role.order().contains(&key.as_str())) {
        let Some(entry) = mapping.take(&key) else { continue };
        commented.push((entry.key.as_ref().map_or(0, |node| node.start), key));
        let mut remarks: Vec<Remark> = as_remarks(entry);
        match mapping.entries.first_mut() {
            Some(first) => {
                remarks.append(&mut first.lead);
                first.lead = remarks;
            }
            None => mapping.tail.extend(remarks),
        }
    }
}

/// An entry as the comment that it becomes, with what was said of it.
fn as_remarks(entry: Entry) -> Vec<Remark> {
    let mut alone = entry.clone();
    alone.lead.clear();
    let mapping = Node::mapping(vec![alone]);
    let document = Document { is_marked: false, lead: Vec::new(), content: mapping, tail: Vec::new() };
    let printed = Page { documents: vec![document] }.print();
    let lines = printed.lines().map(|line| Remark { text: format!("# not for Watchbell: {line}"), after_blank: false });
    entry.lead.into_iter().chain(lines).collect()
}

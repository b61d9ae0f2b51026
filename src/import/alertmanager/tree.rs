//! The tree of routes, each with what it has of its own and what it has from above.

use super::claim::{self, Claim, Op};
use crate::diagnostics::Place;
use crate::import::Notes;
use crate::import::fields::Fields;
use crate::model::Span;
use crate::yaml::Node;
use std::collections::{BTreeMap, BTreeSet};

/// A route, with everything that it inherits.
#[derive(Clone, Debug)]
pub(super) struct Route {
    /// Where it begins.
    pub place: Place,
    /// What it says of its own: the label `severity` apart.
    pub claims: Vec<Claim>,
    /// What it says of `severity`.
    pub severity: Vec<Claim>,
    /// Whether its alerts are looked at by the routes after it as well.
    pub continues: bool,
    /// What happens with its alerts.
    pub manner: Manner,
    /// The routes below it, by number.
    pub below: Vec<usize>,
}

/// What happens with the alerts of a route.
#[derive(Clone, Debug)]
pub(super) struct Manner {
    pub receiver: String,
    pub group_by: Vec<String>,
    /// Whether every alert is a group of its own.
    pub groups_by_all: bool,
    pub wait: Span,
    pub update_every: Span,
    pub repeat: Span,
    /// The names of time intervals, with their places.
    pub muted: Vec<(String, Place)>,
    pub active: Vec<(String, Place)>,
}

/// All routes; the first is the root.
pub(super) struct Tree {
    pub routes: Vec<Route>,
    /// Receivers that routes name and nobody defines, with where the first of these routes names them.
    pub undefined: BTreeMap<String, Place>,
}

/// Reads the tree below `node`. `receivers` are the names that are defined.
pub(super) fn read(node: &Node, receivers: &BTreeSet<String>, notes: &mut Notes) -> Option<Tree> {
    let root = Manner {
        receiver: String::new(),
        group_by: Vec::new(),
        groups_by_all: false,
        wait: Span::from_secs(30),
        update_every: Span::from_mins(5),
        repeat: Span::from_mins(240),
        muted: Vec::new(),
        active: Vec::new(),
    };
    let mut tree = Tree { routes: Vec::new(), undefined: BTreeMap::new() };
    add(node, &root, receivers, &mut tree, notes)?;
    let root = tree.routes.first_mut()?;
    if root.manner.receiver.is_empty() {
        let what = "the receiver of the root route, which names none: nobody is told what no other route takes";
        notes.left(root.place, what, "name one there, and import again");
    }
    if !root.claims.is_empty() || !root.severity.is_empty() {
        notes.left(root.place, "the matchers of the root route: it has to match everything", "they count for nothing");
        (root.claims, root.severity) = (Vec::new(), Vec::new());
    }
    Some(tree)
}

fn add(node: &Node, above: &Manner, receivers: &BTreeSet<String>, tree: &mut Tree, notes: &mut Notes) -> Option<usize> {
    let fields = Fields::of(node, "a route", notes)?;
    let claims = claims(&fields, ["match", "match_re", "matchers"], notes);
    let manner = manner(&fields, above, notes);
    let continues = fields.flag("continue", notes).unwrap_or(false);
    if !manner.receiver.is_empty() && !receivers.contains(&manner.receiver) {
        tree.undefined.entry(manner.receiver.clone()).or_insert_with(|| fields.place_of("receiver"));
    }
    let below = fields.list("routes", notes);
    fields.leave_rest("a route", "unknown to Watchbell", "check what it is for", notes);
    let Some(claims) = claims else {
        let advice = "its alerts go where they would go without it; write the route by hand, in its place";
        notes.left(fields.place(), "a route whose matchers cannot be read, with all below it", advice);
        return None;
    };
    let (severity, claims) = claims.into_iter().partition(|claim| claim.name == "severity");
    let number = tree.routes.len();
    let route = Route { place: fields.place(), claims, severity, continues, manner: manner.clone(), below: Vec::new() };
    tree.routes.push(route);
    let below = below.iter().filter_map(|child| add(child, &manner, receivers, tree, notes)).collect();
    tree.routes[number].below = below;
    Some(number)
}

fn manner(fields: &Fields<'_>, above: &Manner, notes: &mut Notes) -> Manner {
    let names = |key, notes: &mut Notes| {
        let texts = fields.texts(key, notes).into_iter();
        texts.map(|(name, place)| (name.to_owned(), place)).collect::<Vec<_>>()
    };
    // Intervals are the route's own: those below do not have them.
    let (muted, active) = (names("mute_time_intervals", notes), names("active_time_intervals", notes));
    let mut manner = Manner { muted, active, ..above.clone() };
    if let Some(name) = fields.text("receiver", notes) {
        name.clone_into(&mut manner.receiver);
    }
    if fields.take("group_by").is_some_and(|node| !node.is_null()) {
        group_by(fields, &mut manner, notes);
    }
    let span = |key, otherwise, notes: &mut Notes| fields.duration(key, notes).unwrap_or(otherwise);
    manner.wait = span("group_wait", above.wait, notes);
    manner.update_every = span("group_interval", above.update_every, notes);
    manner.repeat = span("repeat_interval", above.repeat, notes);
    manner
}

fn group_by(fields: &Fields<'_>, manner: &mut Manner, notes: &mut Notes) {
    let mut labels = Vec::new();
    manner.groups_by_all = false;
    for (label, place) in fields.texts("group_by", notes) {
        match label {
            "..." => {
                manner.groups_by_all = true;
                let what =
                    "`group_by: ['...']`, every alert a group of its own: Watchbell groups by labels that are named";
                notes.differs(place, what, "see that `group_by` of its policy names the labels that tell alerts apart");
            }
            "severity" => {
                let what =
                    "grouping by `severity`: an incident has the worst severity of its alerts, and rises with it";
                notes.differs(place, what, "nothing; alerts that differ in severity alone are one incident");
            }
            label if claim::is_plain(label) => labels.push(label.to_owned()),
            label => {
                let what = format!("grouping by `{label}`: labels to group by have letters, digits and `_`");
                notes.left(place, what, "relabel it, if its groups matter");
            }
        }
    }
    manner.group_by = labels;
}

/// The conditions of the keys for equal values, for regular expressions, and for matchers. `None` where one cannot be read.
pub(super) fn claims(fields: &Fields<'_>, keys: [&'static str; 3], notes: &mut Notes) -> Option<Vec<Claim>> {
    let (mut claims, mut is_whole) = (Vec::new(), true);
    for (key, op) in [(keys[0], Op::Equal), (keys[1], Op::Matches)] {
        let Some(node) = fields.take(key).filter(|node| !node.is_null()) else { continue };
        is_whole &= Fields::of(node, &format!("`{key}`"), notes).is_some();
        for (name, value) in node.entries() {
            let claim = match (name.as_str(), value.as_str()) {
                (Some(name), Some(value)) => Claim::new(name, op, value),
                _ => Err("a label and its value belong here".into()),
            };
            is_whole &= keep(claim.map(|claim| vec![claim]), value.head(), &mut claims, notes);
        }
    }
    if let Some(node) = fields.take(keys[2]).filter(|node| !node.is_null()) {
        // One text alone is what people write by mistake and what they mean.
        let alone = std::slice::from_ref(node);
        let items = if node.as_str().is_some() { alone } else { fields.list(keys[2], notes) };
        is_whole &= node.as_str().is_some() || !node.items().is_empty() || node.entries().is_empty();
        for item in items {
            let read = item.as_str().ok_or_else(|| "a text belongs here".to_owned()).and_then(claim::read);
            is_whole &= keep(read, item.head(), &mut claims, notes);
        }
    }
    is_whole.then_some(claims)
}

fn keep(read: Result<Vec<Claim>, String>, place: Place, claims: &mut Vec<Claim>, notes: &mut Notes) -> bool {
    match read {
        Ok(read) => {
            let new: Vec<Claim> = read.into_iter().filter(|claim| !claims.contains(claim)).collect();
            claims.extend(new);
            true
        }
        Err(why) => {
            notes.left(place, format!("a matcher that cannot be read: {why}"), "write it as `name=\"value\"`");
            false
        }
    }
}

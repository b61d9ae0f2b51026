//! Routing rules of teams: by priority they are rows of a matrix.

use super::super::Notes;
use super::super::fields::Fields;
use super::super::ladder::{SEVERITIES, Step, ladder, policy};
use super::super::lists::Lists;
use super::super::page::Value;
use super::{Ground, has, parent_of, recipient, unwrapped};
use crate::diagnostics::Place;
use crate::yaml::Node;
use std::collections::BTreeMap;

/// The priorities, each in the place of a severity; the fifth is treated as the fourth.
const PRIORITIES: [&str; 5] = ["P1", "P2", "P3", "P4", "P5"];

/// The routes: one for each team that has rules, by its name. Its policy is added.
pub(super) fn section(
    lists: &Lists<'_>,
    ground: &mut Ground,
    policies: &mut Vec<(String, Value)>,
    notes: &mut Notes,
) -> Vec<Value> {
    let rows: BTreeMap<String, Value> =
        policies.iter().filter_map(|(name, policy)| Some((name.clone(), row_of(policy)?))).collect();
    let of_team = |rule: &Node| parent_of(rule).is_some_and(|id| has(lists, "teams", "team", id));
    let rule = (
        "a routing rule that names no team of the export as its `_parent`",
        "put it under `teamRoutingRules` beside its `team`, or name the team's id in `_parent: { id }`",
    );
    lists.leave_astray("rules", of_team, rule, notes);
    let mut routes = Vec::new();
    for node in lists.of("teams") {
        let Some(team) = Fields::of(unwrapped(node, "team"), "a team", notes) else { continue };
        let (id, title) = (team.text("id", notes).unwrap_or_default(), team.text("name", notes).unwrap_or_default());
        let beside = node.get("teamRoutingRules").map(Node::items).unwrap_or_default().iter();
        let of_this = |rule: &&&Node| parent_of(rule) == Some(id);
        let rules: Vec<&Node> = beside.chain(lists.of("rules").iter().filter(of_this).copied()).collect();
        if rules.is_empty() {
            continue;
        }
        if title.is_empty() {
            notes.left(team.place(), "the routing rules of a team without a name", "name it, and import again");
            continue;
        }
        let matrix = rules_of(&rules, &rows, ground, notes);
        let numbered =
            (1..).map(|n| if n == 1 { title.replace(':', "-") } else { format!("{}-{n}", title.replace(':', "-")) });
        let name =
            numbered.into_iter().find(|name| policies.iter().all(|(known, _)| known != name)).unwrap_or_default();
        policies.push((name.clone(), policy(|at| matrix[at].clone())));
        let what = format!("how alerts come to the team `{title}`: there an integration says it, here a label");
        notes.differs(team.place(), what, "give rules the label `team`, or write the `match` that is meant");
        let matchers = format!("team=\"{}\"", title.replace('\\', r"\\").replace('"', "\\\""));
        routes.push(Value::map([("match", Value::text(matchers)), ("policy", Value::text(name))]));
    }
    if let Some((name, _)) = policies.first() {
        routes.push(Value::map([("policy", Value::text(name))]));
    }
    routes
}

/// The row that a policy has for every severity.
fn row_of(policy: &Value) -> Option<Value> {
    let Value::Map(keys) = policy else { return None };
    let Some((_, Value::Map(rows))) = keys.iter().find(|(key, _)| key == "matrix") else { return None };
    rows.first().map(|(_, row)| row.clone())
}

/// What a team does with each severity: the first rule that takes its priority says it.
fn rules_of(
    rules: &[&Node],
    rows: &BTreeMap<String, Value>,
    ground: &mut Ground,
    notes: &mut Notes,
) -> [Value; SEVERITIES.len()] {
    let mut read: Vec<(bool, i64, Fields<'_>)> = Vec::new();
    for node in rules {
        let Some(fields) = Fields::of(node, "a routing rule", notes) else { continue };
        let is_default = fields.flag("isDefault", notes) == Some(true);
        read.push((is_default, fields.number("order", notes).unwrap_or(i64::MAX), fields));
    }
    read.sort_by_key(|(is_default, order, _)| (*is_default, *order));
    let mut matrix: [Option<(Value, Place)>; PRIORITIES.len()] = std::array::from_fn(|_| None);
    for (_, _, fields) in &read {
        if matrix.iter().all(Option::is_some) {
            break;
        }
        let Some(taken) = priorities(fields, notes) else { continue };
        let row = notified(fields, rows, ground, notes);
        for (slot, _) in matrix.iter_mut().zip(taken).filter(|(slot, taken)| *taken && slot.is_none()) {
            *slot = Some((row.clone(), fields.place()));
        }
    }
    let place = matrix[4].as_ref().or(matrix[3].as_ref()).map(|(_, place)| *place);
    let row = |taken: Option<(Value, Place)>| {
        taken.map_or_else(|| Value::map([("tell", Value::text("nobody"))]), |(row, _)| row)
    };
    let [first, second, third, fourth, fifth] = matrix.map(row);
    if let Some(place) = place.filter(|_| fifth != fourth) {
        let what = "what is done about P5, which is treated as P4: there are four severities here";
        notes.differs(place, what, "add one to `severities`, and a row for it to the policy's matrix");
    }
    [first, second, third, fourth]
}

/// The priorities that a rule takes; `None`, and a note, where it looks at something else.
fn priorities(fields: &Fields<'_>, notes: &mut Notes) -> Option<[bool; PRIORITIES.len()]> {
    let name = fields.text("name", notes).unwrap_or("without a name").to_owned();
    let criteria = fields.take("criteria").and_then(|node| Fields::of(node, "`criteria`", notes));
    if fields.take("timeRestriction").is_some_and(|node| !node.is_null()) {
        let what = format!("the routing rule `{name}`, which holds at some hours");
        notes.left(
            fields.place_of("timeRestriction"),
            what,
            "make a schedule with a layer for those hours, and tell that",
        );
        return None;
    }
    let Some(criteria) = criteria else { return Some([true; PRIORITIES.len()]) };
    let kind = criteria.text("type", notes).unwrap_or("match-all").to_owned();
    if kind == "match-all" {
        return Some([true; PRIORITIES.len()]);
    }
    let is_any = kind == "match-any-condition";
    let mut taken = [!is_any; PRIORITIES.len()];
    for node in criteria.list("conditions", notes) {
        let condition = Fields::of(node, "a condition", notes)?;
        let is_plain =
            condition.text("field", notes) == Some("priority") && condition.text("operation", notes) == Some("equals");
        let value = condition.text("expectedValue", notes).unwrap_or_default();
        if !is_plain {
            let what = format!("the routing rule `{name}`, which looks at more than the priority");
            notes.left(condition.place(), what, "write a route with a `match` on labels, and a policy for it");
            return None;
        }
        let is_not = condition.flag("not", notes) == Some(true);
        for (slot, priority) in taken.iter_mut().zip(PRIORITIES) {
            let met = (value == priority) != is_not;
            *slot = if is_any { *slot || met } else { *slot && met };
        }
    }
    Some(taken)
}

fn notified(fields: &Fields<'_>, rows: &BTreeMap<String, Value>, ground: &mut Ground, notes: &mut Notes) -> Value {
    let nobody = || Value::map([("tell", Value::text("nobody"))]);
    let Some(node) = fields.take("notify").filter(|node| !node.is_null()) else { return nobody() };
    let text = |key: &str| node.get(key).and_then(Node::as_str);
    match text("type") {
        Some("none") => nobody(),
        Some("escalation") => {
            let known = [text("id"), text("name")].into_iter().flatten().find_map(|key| ground.escalations.find(key));
            let row = known.and_then(|name| rows.get(name)).cloned();
            row.unwrap_or_else(|| {
                notes.left(node.head(), "an escalation that is not in the export", "export it as well");
                nobody()
            })
        }
        _ => {
            let told = Step { place: node.head(), after: 0, notify: recipient(node, ground, notes) };
            ladder(&[told], None, notes)
        }
    }
}

//! A tree of routes as a list in which the first that matches wins, so that the same receivers hear of every alert.
//!
//! A case of the list is a condition on labels other than `severity`, and for each severity the routes that take the alert.
//! `continue` makes several of one alert: a case says all of them. Conditions that follow from those before them are left
//! out, and cases that can never be reached are not made, as far as that is certain.

use super::claim::Claim;
use super::severity::Severities;
use super::tree::Tree;
use std::cell::RefCell;
use std::collections::BTreeSet;

/// The most cases that are made for one route, in the mean: beside each other, routes with `continue` double them.
const MOST: usize = 10;
/// So many are made of a small tree as well.
const ENOUGH: usize = 4000;

/// One line of the list.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub claims: Vec<Claim>,
    /// For each severity the numbers of the routes that take the alert.
    pub rows: Vec<Vec<usize>>,
}

/// What is known of the alerts that come to some point of the list.
#[derive(Clone, Default)]
struct Known {
    claims: Vec<Claim>,
    /// Conditions that they do not all meet.
    unmet: Vec<Vec<Claim>>,
}

/// The list, and the routes whose `continue` could not be followed.
pub(super) struct Flat {
    pub cases: Vec<Case>,
    pub cut: BTreeSet<usize>,
}

/// Makes the list.
pub(super) fn flatten(tree: &Tree, severities: &Severities) -> Flat {
    let walk = Walk { tree, severities, made: RefCell::new(0), cut: RefCell::default() };
    let everyone = vec![true; severities.list.len()];
    let mut cases = walk.route(0, &everyone, &Known::default());
    tidy(&mut cases);
    Flat { cases, cut: walk.cut.into_inner() }
}

/// Leaves out what an earlier case takes all of, and what the last case would say as well.
fn tidy(cases: &mut Vec<Case>) {
    let mut kept: Vec<Case> = Vec::new();
    for mut case in cases.drain(..) {
        case.claims = without_what_follows(case.claims);
        let is_taken = |earlier: &Case| earlier.claims.iter().all(|claim| follows(claim, &case.claims));
        if !kept.iter().any(is_taken) {
            kept.push(case);
        }
    }
    while kept.len() > 1 && kept[kept.len() - 2].rows == kept[kept.len() - 1].rows {
        kept.remove(kept.len() - 2);
    }
    *cases = kept;
}

/// The claims without those that follow from the others.
fn without_what_follows(mut claims: Vec<Claim>) -> Vec<Claim> {
    for at in (0..claims.len()).rev() {
        let others = claims.iter().enumerate().filter(|(other, _)| *other != at);
        if others.into_iter().any(|(_, other)| other.implies(&claims[at])) {
            claims.remove(at);
        }
    }
    claims
}

fn follows(claim: &Claim, from: &[Claim]) -> bool {
    from.iter().any(|given| given.implies(claim))
}

impl Known {
    /// They meet these as well. What follows from that, and what cannot be met any more, need not be known beside it.
    fn with(&self, claims: &[Claim]) -> Known {
        let is_met = |known: &&Claim| follows(known, claims);
        let cannot_be = |unmet: &&Vec<Claim>| unmet.iter().any(|one| claims.iter().any(|claim| claim.excludes(one)));
        let before = self.claims.iter().filter(|known| !is_met(known));
        let unmet = self.unmet.iter().filter(|unmet| !cannot_be(unmet));
        Known { claims: before.chain(claims).cloned().collect(), unmet: unmet.cloned().collect() }
    }

    /// They do not meet all of these. One alone is as good as its opposite.
    fn rule_out(&mut self, claims: &[Claim]) {
        match claims {
            [one] if let Some(opposite) = one.negated() => self.claims.push(opposite),
            _ => self.unmet.push(claims.to_vec()),
        }
    }

    /// What of `claims` does not follow; `None` where they cannot be met.
    fn rest(&self, claims: &[Claim]) -> Option<Vec<Claim>> {
        let mut rest: Vec<Claim> = Vec::new();
        for claim in claims {
            if self.claims.iter().chain(&rest).any(|known| known.excludes(claim)) {
                return None;
            }
            if !follows(claim, &self.claims) && !follows(claim, &rest) {
                rest.push(claim.clone());
            }
        }
        let is_certain = |claim: &Claim| follows(claim, &self.claims) || follows(claim, &rest);
        let is_ruled_out = self.unmet.iter().any(|unmet| unmet.iter().all(is_certain));
        (!is_ruled_out).then_some(rest)
    }
}

struct Walk<'a> {
    tree: &'a Tree,
    severities: &'a Severities,
    made: RefCell<usize>,
    cut: RefCell<BTreeSet<usize>>,
}

impl Walk<'_> {
    /// The cases of the alerts that a route takes, of these severities.
    fn route(&self, number: usize, which: &[bool], known: &Known) -> Vec<Case> {
        let below = &self.tree.routes[number].below;
        let mut cases = self.below(below, which, known.clone(), vec![Vec::new(); which.len()]);
        for case in &mut cases {
            for (row, _) in case.rows.iter_mut().zip(which).filter(|(row, is)| **is && row.is_empty()) {
                row.push(number);
            }
        }
        cases
    }

    /// The cases of the routes from the first of `below` on. `looking` are the severities that look for one still, `rows`
    /// what took them so far.
    fn below(&self, below: &[usize], looking: &[bool], mut known: Known, rows: Vec<Vec<usize>>) -> Vec<Case> {
        let mut cases = Vec::new();
        for (at, number) in below.iter().enumerate() {
            let route = &self.tree.routes[*number];
            let met = self.severities.meeting(&route.severity);
            let which: Vec<bool> = looking.iter().zip(met).map(|(looks, meets)| *looks && meets).collect();
            let rest = which.contains(&true).then(|| known.rest(&route.claims)).flatten();
            let Some(claims) = rest else { continue };
            let left: Vec<bool> = if route.continues && self.may_branch(*number) {
                looking.to_vec()
            } else {
                looking.iter().zip(&which).map(|(looks, takes)| *looks && !takes).collect()
            };
            let taken = known.with(&claims);
            for inner in self.route(*number, &which, &taken) {
                let mut rows = rows.clone();
                rows.iter_mut().zip(inner.rows).for_each(|(row, more)| row.extend(more));
                for case in self.below(&below[at + 1..], &left, taken.with(&inner.claims), rows) {
                    let all = claims.iter().chain(&inner.claims).chain(&case.claims);
                    cases.push(Case { claims: all.cloned().collect(), rows: case.rows });
                }
            }
            if claims.is_empty() {
                return cases;
            }
            known.rule_out(&claims);
        }
        *self.made.borrow_mut() += 1;
        cases.push(Case { claims: Vec::new(), rows });
        cases
    }

    /// Whether there is room for what `continue` makes; where there is not, the first route that matches wins.
    fn may_branch(&self, number: usize) -> bool {
        let is_room = *self.made.borrow() < ENOUGH.max(self.tree.routes.len() * MOST);
        if !is_room {
            self.cut.borrow_mut().insert(number);
        }
        is_room
    }
}

#[cfg(test)]
mod tests {
    use super::super::claim::{all_accept, joined};
    use super::super::{severity, tree};
    use super::*;
    use crate::diagnostics::{Findings, Sources};
    use crate::import::Notes;
    use crate::model::Labels;
    use crate::yaml;

    fn flat(text: &str) -> (Tree, Severities, Flat) {
        let (mut sources, mut findings, mut notes) = (Sources::default(), Findings::default(), Notes::default());
        let source = sources.add("routes.yml", text);
        let documents = yaml::parse(source, text, &mut findings);
        let receivers = "abcdefgh".chars().map(String::from).collect();
        let tree = tree::read(&documents[0], &receivers, &mut notes).unwrap();
        assert!(notes.sorted().is_empty());
        let claims: Vec<Claim> = tree.routes.iter().flat_map(|route| route.severity.clone()).collect();
        let severities = severity::told_apart(&claims);
        let flat = flatten(&tree, &severities);
        (tree, severities, flat)
    }

    fn said(text: &str) -> String {
        let (tree, severities, flat) = flat(text);
        let receiver = |number: &usize| tree.routes[*number].manner.receiver.clone();
        let row = |row: &Vec<usize>| row.iter().map(receiver).collect::<Vec<_>>().concat();
        let mut lines = vec![severities.list.iter().map(|one| one.name.clone()).collect::<Vec<_>>().join(" ")];
        for case in &flat.cases {
            let rows: Vec<String> = case.rows.iter().map(row).collect();
            lines.push(format!("[{}] {}", joined(&case.claims), rows.join(" ")));
        }
        lines.join("\n")
    }

    #[test]
    fn severities_become_rows_and_the_order_of_routes_stays() {
        insta::assert_snapshot!(said("
receiver: a
routes:
  - { matchers: [severity=critical], receiver: b }
  - { match: { team: x }, receiver: c, routes: [ { match: { severity: warning }, receiver: d }, { matchers: ['env!=prod'], receiver: e } ] }
"), @r#"
        critical high warning low
        [team="x", env!="prod"] b e d e
        [team="x"] b c d c
        [] b a a a
        "#);
    }

    #[test]
    fn continue_tells_all_that_match_and_what_cannot_be_is_not_made() {
        insta::assert_snapshot!(said("
receiver: a
routes:
  - { match: { team: x }, receiver: b, continue: true }
  - { match: { team: y }, receiver: c, continue: true }
  - { match_re: { team: 'x|z' }, receiver: d }
  - { matchers: [severity=critical], receiver: e, continue: true }
  - { match: { team: x }, receiver: f }
"), @r#"
        critical high medium low
        [team="x"] bd bd bd bd
        [team="y"] ce c c c
        [team=~"x|z"] d d d d
        [] e a a a
        "#);
    }

    /// What Alertmanager does, as its documentation tells it: children in order, down each that matches, on past those with
    /// `continue`; where no child takes it, the route itself does.
    fn takers(tree: &Tree, number: usize, labels: &Labels, severity: &str) -> Vec<usize> {
        let mut found = Vec::new();
        for below in &tree.routes[number].below {
            let route = &tree.routes[*below];
            let meets = route.severity.iter().all(|claim| claim.accepts(severity));
            if meets && all_accept(&route.claims, labels) {
                found.extend(takers(tree, *below, labels, severity));
                if !route.continues {
                    break;
                }
            }
        }
        if found.is_empty() { vec![number] } else { found }
    }

    #[test]
    fn whatever_the_tree_the_first_case_that_matches_tells_the_same_routes() {
        let mut seed: u64 = 7;
        let mut by_chance = |below: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % below
        };
        for _ in 0..300 {
            let mut routes = String::from("receiver: a\nroutes:\n");
            let mut depth = 0;
            for _ in 0..2 + by_chance(7) {
                let margin = "  ".repeat(depth * 2);
                let ops = ["=x", "=y", "!=x", "=~x|y", "!~x|z", "=", "!="];
                let mut claims = Vec::new();
                for name in ["k", "l", "severity"] {
                    if by_chance(3) == 0 {
                        let op = ops[usize::try_from(by_chance(7)).unwrap()];
                        claims.push(format!(
                            "'{name}{}'",
                            op.replace('x', if name == "severity" { "critical" } else { "x" })
                        ));
                    }
                }
                let receiver = ["a", "b", "c", "d"][usize::try_from(by_chance(4)).unwrap()];
                let continues = by_chance(2) == 0;
                routes.push_str(&format!("{margin}  - receiver: {receiver}\n{margin}    continue: {continues}\n{margin}    matchers: [{}]\n{margin}    routes:\n", claims.join(", ")));
                if by_chance(3) == 0 {
                    depth += 1;
                } else if by_chance(2) == 0 {
                    depth = 0;
                }
            }
            let (tree, severities, flat) = flat(&routes);
            assert!(flat.cut.is_empty());
            for (at, severity) in severities.list.iter().enumerate() {
                for k in ["", "x", "y", "z"] {
                    for l in ["", "x", "y", "z"] {
                        let labels = Labels::new([("k", k), ("l", l)]);
                        let case = flat.cases.iter().find(|case| all_accept(&case.claims, &labels)).unwrap();
                        let expected = takers(&tree, 0, &labels, &severity.value);
                        assert_eq!(case.rows[at], expected, "{routes}\nk={k} l={l} {}", severity.name);
                    }
                }
            }
        }
    }
}

//! Severities. Alertmanager knows none: what routes say of the label `severity` decides which words have to be told apart.

use super::claim::{Claim, Op};
use crate::import::page::Value;

/// The words for severities that people use, worst first, in four classes.
const WORDS: [&[&str]; 4] = [
    &["critical", "page", "emergency", "disaster", "fatal", "crit", "p1", "P1", "sev1"],
    &["high", "error", "major", "p2", "P2", "sev2"],
    &["medium", "warning", "warn", "minor", "average", "p3", "P3", "sev3"],
    &["low", "info", "notice", "informational", "none", "debug", "ok", "p4", "P4", "p5", "P5"],
];
/// How many of each class Watchbell knows without being told.
const USUAL: [usize; 4] = [3, 2, 2, 2];
/// `none` is one of the usual words as well.
const NONE: &str = "none";
/// The class of words that nobody has ranked, between the third and the fourth.
const UNRANKED: usize = WORDS.len();

/// One severity of the translation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Severity {
    pub name: String,
    pub aliases: Vec<String>,
    /// A value of the label that it stands for.
    pub value: String,
}

/// The severities of the translation, worst first.
#[derive(Clone, Debug)]
pub(super) struct Severities {
    pub list: Vec<Severity>,
    /// The one of alerts that have none.
    pub default: usize,
    /// Words whose rank nobody knows.
    pub unranked: Vec<String>,
    /// Whether they are those that hold without being written.
    pub are_usual: bool,
}

/// The severities that have to be told apart by `claims`.
pub(super) fn told_apart(claims: &[Claim]) -> Severities {
    let answers = |value: &str| claims.iter().map(|claim| claim.accepts(value)).collect::<Vec<_>>();
    let mut named: Vec<String> = claims.iter().flat_map(words_of).filter(|word| is_word(word)).collect();
    named.sort();
    named.dedup();
    let is_ranked = |word: &String| WORDS.iter().any(|class| class.contains(&word.as_str()));
    let unranked: Vec<String> = named.iter().filter(|word| !is_ranked(word)).cloned().collect();
    let mut groups: Vec<Group> = Vec::new();
    for (class, words) in WORDS.iter().enumerate() {
        let is_named = |word: &str| named.iter().any(|name| name == word);
        let used = words.iter().enumerate().filter(|(at, word)| *at < USUAL[class] || is_named(word) || **word == NONE);
        let mut used: Vec<&str> = used.map(|(_, word)| *word).collect();
        // What a route names gives the name; what it does not is another word for it.
        used.sort_by_key(|word| !is_named(word));
        let mut own = grouped(class, used.into_iter(), &is_named, &answers);
        own.sort_by_key(|group| words.iter().position(|word| *word == group.words[0]));
        groups.extend(own);
        if class == 2 {
            groups.extend(grouped(UNRANKED, unranked.iter().map(String::as_str), &is_named, &answers));
        }
    }
    merge_unnamed(&mut groups);
    let default = default_of(&mut groups, answers(""));
    let list = groups.into_iter().map(Group::severity).collect();
    Severities { list, default, unranked, are_usual: claims.is_empty() }
}

/// Words that every claim treats alike.
struct Group {
    class: usize,
    words: Vec<String>,
    answers: Vec<bool>,
    is_named: bool,
}

impl Group {
    fn severity(self) -> Severity {
        let value = self.words[0].clone();
        let name = if value.is_empty() { "unspecified".to_owned() } else { value.clone() };
        Severity { name, aliases: self.words[1..].to_vec(), value }
    }

    fn has(&self, word: &str) -> bool {
        self.words.iter().any(|own| own == word)
    }
}

fn grouped<'a>(
    class: usize,
    words: impl Iterator<Item = &'a str>,
    is_named: &dyn Fn(&str) -> bool,
    answers: &dyn Fn(&str) -> Vec<bool>,
) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for word in words {
        let answers = answers(word);
        match groups.iter_mut().find(|group| group.answers == answers) {
            Some(group) => group.words.push(word.to_owned()),
            None => groups.push(Group { class, words: vec![word.to_owned()], answers, is_named: is_named(word) }),
        }
    }
    groups
}

/// Words that no route names, beside one of their class that some route does, are other words for a neighbour that is
/// treated as they are: `page` and `medium` need no rows of their own.
fn merge_unnamed(groups: &mut Vec<Group>) {
    for (class, neighbours) in [(0, [1, 1]), (2, [1, 3])] {
        let has_named = groups.iter().any(|group| group.class == class && group.is_named);
        let is_loose = |group: &Group| group.class == class && !group.is_named && !group.has("critical");
        let Some(at) = groups.iter().position(is_loose).filter(|_| has_named) else { continue };
        let is_home = |group: &Group, class| group.class == class && group.answers == groups[at].answers;
        let home = neighbours.iter().find_map(|class| groups.iter().position(|group| is_home(group, *class)));
        if let Some(home) = home {
            let words = groups[at].words.clone();
            groups[home].words.extend(words);
            groups.remove(at);
        }
    }
}

/// The severity that is treated as alerts without the label are: a middling one, if there is a choice.
fn default_of(groups: &mut Vec<Group>, absent: Vec<bool>) -> usize {
    let alike = |group: &Group, class: usize| group.class == class && group.answers == absent;
    let found = [2, 3, 1, 0].into_iter().find_map(|class| groups.iter().position(|group| alike(group, class)));
    found.unwrap_or_else(|| {
        let after = groups.iter().rposition(|group| group.class <= 2).map_or(groups.len(), |at| at + 1);
        groups.insert(after, Group { class: 2, words: vec![String::new()], answers: absent, is_named: false });
        after
    })
}

/// The words that a claim sets apart: those that it lists, or known ones that a narrow pattern meets.
fn words_of(claim: &Claim) -> Vec<String> {
    let listed = claim.named();
    let is_pattern = listed.is_empty() && claim.accepts("a word of nobody's") == claim.accepts("another!");
    let usual = claim.accepts("a word of nobody's");
    let known = WORDS.iter().copied().flatten().filter(|word| is_pattern && claim.accepts(word) != usual);
    listed.into_iter().chain(known.map(|word| (*word).to_owned())).collect()
}

/// What a claim says of words that nobody lists, where that cannot be said here: each of them is an unknown severity, and those are
/// treated as alerts without one.
pub(super) fn unknown_words(claim: &Claim) -> Option<String> {
    let is_pattern = matches!(claim.op, Op::Matches | Op::MatchesNot) && claim.named().is_empty();
    let sets_absent_apart = claim.accepts("") != claim.accepts("a word of nobody's");
    if !sets_absent_apart && (!is_pattern || claim.value == ".*") {
        return None;
    }
    Some(format!("`{}`: a word that is not among `severities` is treated as no severity at all", claim.written()))
}

fn is_word(word: &str) -> bool {
    !word.is_empty() && crate::config::is_name(word)
}

impl Severities {
    /// Those that meet all of `claims`.
    pub fn meeting(&self, claims: &[Claim]) -> Vec<bool> {
        let meets = |severity: &Severity| claims.iter().all(|claim| claim.accepts(&severity.value));
        self.list.iter().map(meets).collect()
    }

    /// A matcher that the alerts of these severities meet, by whatever word they have it; `None` where all do. A word that nobody
    /// knows is of the default severity: where that is among them, the matcher names the others.
    pub fn matcher(&self, which: &[bool]) -> Option<Result<Claim, String>> {
        if which.iter().all(|is| *is) {
            return None;
        }
        let has_unknown = which.get(self.default).copied().unwrap_or_default();
        let (one_word, several_words) =
            if has_unknown { (Op::NotEqual, Op::MatchesNot) } else { (Op::Equal, Op::Matches) };
        let named = self.list.iter().zip(which).filter(|(_, is)| **is != has_unknown);
        let words: Vec<&String> =
            named.flat_map(|(severity, _)| [&severity.name].into_iter().chain(&severity.aliases)).collect();
        Some(match words.as_slice() {
            [one] => Claim::new("severity", one_word, one),
            several => {
                let several: Vec<String> = several.iter().map(|word| regex::escape(word)).collect();
                Claim::new("severity", several_words, &several.join("|"))
            }
        })
    }

    /// The section of the configuration.
    pub fn section(&self) -> Value {
        let one = |severity: &Severity| {
            let mut value = Value::map([("name", Value::text(&severity.name))]);
            if !severity.aliases.is_empty() {
                value.set("aliases", Value::texts(&severity.aliases));
            }
            value
        };
        Value::List(self.list.iter().map(one).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::super::claim::read;
    use super::*;

    fn told(claims: &[&str]) -> String {
        let claims: Vec<Claim> = claims.iter().flat_map(|text| read(text).unwrap()).collect();
        let severities = told_apart(&claims);
        let one = |severity: &Severity| format!("{}({})", severity.name, severity.aliases.join(" "));
        let all: Vec<String> = severities.list.iter().map(one).collect();
        format!("{}; {}", all.join(" > "), severities.list[severities.default].name)
    }

    #[test]
    fn what_a_pattern_says_of_words_that_nobody_lists_is_told() {
        let is_told = |text: &str| unknown_words(&read(text).unwrap()[0]).is_some();
        for open in [
            "severity=~crit.*",
            "severity!~crit.*",
            "severity=~.+",
            "severity=\"\"",
            "severity!=\"\"",
            "severity=~\"|info\"",
        ] {
            assert!(is_told(open), "{open}");
        }
        for closed in ["severity=critical", "severity!=critical", "severity=~critical|page", "severity=~.*"] {
            assert!(!is_told(closed), "{closed}");
        }
    }

    #[test]
    fn a_matcher_is_met_by_aliases_and_where_the_default_is_meant_by_words_that_nobody_knows() {
        let severities = told_apart(&read("severity=critical").unwrap());
        let written = |which: [bool; 4]| severities.matcher(&which).map(|claim| claim.unwrap().written());
        assert_eq!(written([true; 4]), None);
        assert_eq!(written([false, true, false, false]).as_deref(), Some(r#"severity=~"high|error|page|emergency""#));
        assert_eq!(written([false, true, true, true]).as_deref(), Some(r#"severity!="critical""#));
    }

    #[test]
    fn words_that_every_route_treats_alike_are_one_severity_and_others_are_not() {
        assert_eq!(told(&[]), "critical(page emergency) > high(error) > medium(warning) > low(info none); medium");
        assert_eq!(
            told(&["severity=critical"]),
            "critical() > high(error page emergency) > medium(warning) > low(info none); medium"
        );
        assert_eq!(
            told(&["severity=~critical|page", "severity=warning", "severity=~info|none"]),
            "critical(page) > high(error emergency medium) > warning() > low() > info(none); low"
        );
        assert_eq!(
            told(&["severity!=", "severity=gold"]),
            "critical(page emergency) > high(error) > medium(warning) > unspecified() > gold() > low(info none); unspecified"
        );
        assert_eq!(
            told(&["severity=~crit.*", "severity=~.+"]),
            "critical(crit) > high(error page emergency) > medium(warning) > unspecified() > low(info none); unspecified"
        );
        assert_eq!(
            told(&["severity=page"]),
            "critical(emergency) > page() > high(error) > medium(warning) > low(info none); medium"
        );
    }
}

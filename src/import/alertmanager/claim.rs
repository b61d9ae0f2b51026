//! Matchers: what Alertmanager's three spellings say, and what can be said of two of them without any alert.

use crate::model::{Matcher, Matchers};

/// A condition on one label.
#[derive(Clone, Debug)]
pub(super) struct Claim {
    pub name: String,
    pub op: Op,
    pub value: String,
    matcher: Matcher,
}

/// How a label is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op {
    Equal,
    NotEqual,
    Matches,
    MatchesNot,
}

impl Op {
    fn sign(self) -> &'static str {
        match self {
            Op::Equal => "=",
            Op::NotEqual => "!=",
            Op::Matches => "=~",
            Op::MatchesNot => "!~",
        }
    }

    fn negated(self) -> Self {
        match self {
            Op::Equal => Op::NotEqual,
            Op::NotEqual => Op::Equal,
            Op::Matches => Op::MatchesNot,
            Op::MatchesNot => Op::Matches,
        }
    }
}

impl PartialEq for Claim {
    fn eq(&self, other: &Self) -> bool {
        (&self.name, self.op, &self.value) == (&other.name, other.op, &other.value)
    }
}

impl Claim {
    /// A condition.
    ///
    /// # Errors
    /// Says why a value is no regular expression.
    pub fn new(name: &str, op: Op, value: &str) -> Result<Self, String> {
        let text = written(name, op, value);
        let matchers = Matchers::parse(&text).map_err(|error| error.message)?;
        let matcher = matchers.iter().next().cloned().ok_or("there is nothing")?;
        Ok(Claim { name: name.to_owned(), op, value: value.to_owned(), matcher })
    }

    /// Whether a label with this value meets it.
    pub fn accepts(&self, value: &str) -> bool {
        self.matcher.accepts(value)
    }

    /// Met exactly where this one is not.
    pub fn negated(&self) -> Option<Self> {
        Claim::new(&self.name, self.op.negated(), &self.value).ok()
    }

    /// The values that it names, whether they meet it or not.
    pub fn named(&self) -> Vec<String> {
        match self.op {
            Op::Equal | Op::NotEqual => vec![self.value.clone()],
            Op::Matches | Op::MatchesNot => {
                alternatives(&self.value).into_iter().flatten().map(str::to_owned).collect()
            }
        }
    }

    /// Whether the values that meet it can be listed, and are all so.
    fn has_only(&self, is: impl Fn(&str) -> bool) -> bool {
        match self.op {
            Op::Equal => is(&self.value),
            Op::Matches => alternatives(&self.value).is_some_and(|words| words.into_iter().all(is)),
            Op::NotEqual | Op::MatchesNot => false,
        }
    }

    /// Whether every value that meets this one certainly meets `other`.
    pub fn implies(&self, other: &Claim) -> bool {
        self.name == other.name && (self == other || self.has_only(|value| other.accepts(value)))
    }

    /// Whether certainly no value meets both.
    pub fn excludes(&self, other: &Claim) -> bool {
        let none_of = |one: &Claim, other: &Claim| one.has_only(|value| !other.accepts(value));
        let is_negation = self.value == other.value && self.op.negated() == other.op;
        self.name == other.name && (is_negation || none_of(self, other) || none_of(other, self))
    }

    /// As Watchbell writes it.
    pub fn written(&self) -> String {
        written(&self.name, self.op, &self.value)
    }
}

/// Conditions as Watchbell writes them.
pub(super) fn joined(claims: &[Claim]) -> String {
    claims.iter().map(Claim::written).collect::<Vec<_>>().join(", ")
}

fn written(name: &str, op: Op, value: &str) -> String {
    let name = if is_plain(name) { name.to_owned() } else { quoted(name) };
    format!("{name}{}{}", op.sign(), quoted(value))
}

/// Whether this is a label name as Prometheus had them before UTF-8.
pub(super) fn is_plain(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', r"\\").replace('"', "\\\"").replace('\n', r"\n"))
}

/// The words between the bars of `a|b`, where that is all there is.
fn alternatives(regex: &str) -> Option<Vec<&str>> {
    let inner = regex.strip_prefix('^').unwrap_or(regex);
    let inner = inner.strip_suffix('$').unwrap_or(inner);
    let bracketed = |open: &str| inner.strip_prefix(open).and_then(|inner| inner.strip_suffix(')'));
    let inner = bracketed("(?:").or_else(|| bracketed("(")).unwrap_or(inner);
    let is_literal = |c: char| c.is_alphanumeric() || "_-/:@ ,=".contains(c);
    let words: Vec<&str> = inner.split('|').collect();
    words.iter().all(|word| word.chars().all(is_literal)).then_some(words)
}

/// Whether labels meet all of them.
#[cfg(test)]
pub(super) fn all_accept(claims: &[Claim], labels: &crate::model::Labels) -> bool {
    claims.iter().all(|claim| claim.accepts(labels.get(&claim.name)))
}

/// Reads one text of `matchers`, which may hold several with commas between them, in braces or not.
///
/// # Errors
/// Says what is wrong with it.
pub(super) fn read(text: &str) -> Result<Vec<Claim>, String> {
    let inner = text.trim();
    let inner = inner.strip_prefix('{').unwrap_or(inner);
    let inner = inner.strip_suffix('}').unwrap_or(inner);
    let parts = split(inner);
    parts.iter().filter(|part| !part.trim().is_empty()).map(|part| read_one(part.trim())).collect()
}

/// At the commas outside of quotes.
fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut start, mut is_quoted, mut is_escaped) = (Vec::new(), 0, false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

/// As Alertmanager has always read it, else as it reads UTF-8 since 0.27: where both can be read, the old way wins there too.
fn read_one(text: &str) -> Result<Claim, String> {
    let (name, op, value) = classic(text).or_else(|| utf8(text)).ok_or_else(|| format!("`{text}` is no matcher"))?;
    Claim::new(&name, op, &value)
}

fn classic(text: &str) -> Option<(String, Op, String)> {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == ':')).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let (op, value) = operator(rest.trim_start())?;
    let value = value.trim();
    let (is_quoted, inner) = match value.strip_prefix('"') {
        Some(inner) => (true, inner.strip_suffix('"')?),
        None => (false, value),
    };
    let mut out = String::new();
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => return None,
            '\\' => match chars.next() {
                Some('n') => out.push('\n'),
                Some(escaped @ ('"' | '\\')) => out.push(escaped),
                Some(other) => out.extend(['\\', other]),
                // The quote at the end was an escaped one.
                None if is_quoted => return None,
                None => out.push('\\'),
            },
            c => out.push(c),
        }
    }
    Some((name.to_owned(), op, out))
}

fn utf8(text: &str) -> Option<(String, Op, String)> {
    let (name, rest) = token(text)?;
    let (op, rest) = operator(rest.trim_start())?;
    let (value, rest) = token(rest.trim_start())?;
    (rest.trim().is_empty() && !name.is_empty()).then_some((name, op, value))
}

/// A text in quotes with Go's escapes, or bare up to a character that means something.
fn token(text: &str) -> Option<(String, &str)> {
    if !text.starts_with('"') {
        let is_reserved = |c: char| c.is_whitespace() || "{}!=~,\\'\"`".contains(c);
        let end = text.find(is_reserved).unwrap_or(text.len());
        return Some((text[..end].to_owned(), &text[end..]));
    }
    let mut is_escaped = false;
    let end = text.char_indices().skip(1).find(|(_, c)| {
        let is_end = *c == '"' && !is_escaped;
        is_escaped = *c == '\\' && !is_escaped;
        is_end
    });
    let (end, _) = end?;
    // Of Go's escapes JSON has those that people write.
    let value = serde_json::from_str(&text[..=end]).ok()?;
    Some((value, &text[end + 1..]))
}

fn operator(text: &str) -> Option<(Op, &str)> {
    let all = [Op::Matches, Op::MatchesNot, Op::NotEqual, Op::Equal];
    all.into_iter().find_map(|op| Some((op, text.strip_prefix(op.sign())?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matchers_are_read_in_every_spelling_and_come_out_in_ours() {
        for (text, expected) in [
            ("a=b", r#"a="b""#),
            (r#"{a="b", c != d,e=~"x|y"}"#, r#"a="b", c!="d", e=~"x|y""#),
            (r#"a =~ "^(?:b,c)\\.d$""#, r#"a=~"^(?:b,c)\\.d$""#),
            (r#"a=~"\d+""#, r#"a=~"\\d+""#),
            ("a=~^x.*$", r#"a=~"^x.*$""#),
            (r#"a = "it \"is\"""#, r#"a="it \"is\"""#),
            ("a=", r#"a="""#),
            ("a!~b c", r#"a!~"b c""#),
            (r#""dc.name"="x y""#, r#""dc.name"="x y""#),
            (r#"größe=~"[0-9]+""#, r#""größe"=~"[0-9]+""#),
            ("dc.name!=x", r#""dc.name"!="x""#),
            ("a:b=c", r#""a:b"="c""#),
            (r#"a="ü","#, r#"a="ü""#),
        ] {
            assert_eq!(joined(&read(text).unwrap()), expected, "{text}");
            // What we write is read by our own matchers as the same.
            assert_eq!(Matchers::parse(expected).unwrap().iter().count(), read(text).unwrap().len());
        }
        for text in ["a", "=b", "1a=b", r#"a="b"#, r#"a="b"c"#, "a=~(", "a==b=\"c\""] {
            let read = read(text);
            assert!(read.is_err() || text == "1a=b", "{text}: {read:?}");
        }
    }

    #[test]
    fn what_follows_from_a_claim_and_what_it_rules_out_is_certain() {
        let one = |text: &str| read(text).unwrap().remove(0);
        for (a, b, implies, excludes) in [
            ("a=x", "a=x", true, false),
            ("a=x", "a=y", false, true),
            ("a=x", "a!=y", true, false),
            ("a=x", "a=~x|y", true, false),
            ("a=~x|y", "a=~x|y|z", true, false),
            ("a=~x|y", "a=z", false, true),
            ("a=~x.*", "a!~x.*", false, true),
            ("a!=x", "a=x", false, true),
            ("a=~x|y", "a=x", false, false),
            ("a=x", "b=x", false, false),
            ("a=", "a=~.+", false, true),
        ] {
            assert_eq!((one(a).implies(&one(b)), one(a).excludes(&one(b))), (implies, excludes), "{a} {b}");
        }
    }
}

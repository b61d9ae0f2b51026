//! Label matchers as people write them: `chain="sepolia", severity=~"medium|low"`.

use super::{Labels, Name, Regexp, is_plain_name};
use std::fmt;

/// Conditions that a label set meets together. No condition at all matches everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matchers(Vec<Matcher>);

/// One condition on one label.
#[derive(Clone, Debug)]
pub struct Matcher {
    name: Name,
    value: Name,
    test: Test,
}

#[derive(Clone, Debug)]
enum Test {
    Equal,
    NotEqual,
    Matches(Regexp),
    MatchesNot(Regexp),
}

/// How a matcher compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `=~`
    Matches,
    /// `!~`
    MatchesNot,
}

/// Why a matcher text was refused, and where in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct MatcherError {
    /// Bytes from the start of the text.
    pub offset: usize,
    /// What is wrong and what to write instead.
    pub message: String,
}

impl Matchers {
    /// Reads comma-separated matchers, with or without braces around them.
    ///
    /// # Errors
    /// Names the first mistake and its offset.
    pub fn parse(text: &str) -> Result<Self, MatcherError> {
        let mut reader = Reader { text, at: 0 };
        let braces = reader.take("{");
        let mut matchers = Vec::new();
        let ends = |reader: &mut Reader<'_>| reader.at_end() || (braces && reader.peek() == Some('}'));
        while !ends(&mut reader) {
            matchers.push(reader.matcher()?);
            if !reader.take(",") {
                break;
            }
        }
        if braces && !reader.take("}") {
            return Err(reader.error("a `}` is missing"));
        }
        if !reader.at_end() {
            return Err(reader.error("expected a comma or the end"));
        }
        Ok(Matchers(matchers))
    }

    /// These conditions together.
    #[must_use]
    pub fn of(matchers: Vec<Matcher>) -> Self {
        Matchers(matchers)
    }

    /// Whether `labels` meets all of them; a label that is not there has the empty value.
    #[must_use]
    pub fn matches(&self, labels: &Labels) -> bool {
        self.0.iter().all(|matcher| matcher.matches(labels))
    }

    /// Whether they name nothing: labels with whatever value, or without one, meet each of them.
    #[must_use]
    pub fn name_nothing(&self) -> bool {
        self.0.iter().all(|matcher| matcher.accepts("") || matcher.accepts("a value that nobody has"))
    }

    /// The single conditions.
    pub fn iter(&self) -> impl Iterator<Item = &Matcher> {
        self.0.iter()
    }
}

impl Matcher {
    /// The condition that label `name` compares so with `value`.
    ///
    /// # Errors
    /// Why `value` is not a regular expression, where it has to be one.
    pub fn new(name: impl Into<Name>, operator: Operator, value: impl Into<Name>) -> Result<Self, String> {
        let value = value.into();
        let regex =
            || Regexp::whole(&value).map_err(|reason| format!("`{value}` is not a regular expression: {reason}"));
        let test = match operator {
            Operator::Equal => Test::Equal,
            Operator::NotEqual => Test::NotEqual,
            Operator::Matches => Test::Matches(regex()?),
            Operator::MatchesNot => Test::MatchesNot(regex()?),
        };
        Ok(Matcher { name: name.into(), value, test })
    }

    /// The value that it compares with.
    #[must_use]
    pub fn value(&self) -> &Name {
        &self.value
    }

    /// How it compares.
    #[must_use]
    pub fn operator(&self) -> Operator {
        match self.test {
            Test::Equal => Operator::Equal,
            Test::NotEqual => Operator::NotEqual,
            Test::Matches(_) => Operator::Matches,
            Test::MatchesNot(_) => Operator::MatchesNot,
        }
    }

    /// The label it looks at.
    #[must_use]
    pub fn name(&self) -> &Name {
        &self.name
    }

    /// The value where the condition is plain equality.
    #[must_use]
    pub fn equal_to(&self) -> Option<&Name> {
        matches!(self.test, Test::Equal).then_some(&self.value)
    }

    /// Whether a label with this value meets it.
    #[must_use]
    pub fn accepts(&self, value: &str) -> bool {
        match &self.test {
            Test::Equal => value == &*self.value,
            Test::NotEqual => value != &*self.value,
            Test::Matches(regex) => regex.is_match(value),
            Test::MatchesNot(regex) => !regex.is_match(value),
        }
    }

    fn matches(&self, labels: &Labels) -> bool {
        self.accepts(labels.get(&self.name))
    }
}

impl PartialEq for Matcher {
    fn eq(&self, other: &Self) -> bool {
        (&self.name, &self.value, self.operator()) == (&other.name, &other.value, other.operator())
    }
}

impl Eq for Matcher {}

impl fmt::Display for Matchers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, matcher) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            let name = if is_plain_name(&matcher.name) { matcher.name.to_string() } else { quoted(&matcher.name) };
            write!(f, "{comma}{name}{}{}", matcher.operator(), quoted(&matcher.value))?;
        }
        Ok(())
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Operator::Equal => "=",
            Operator::NotEqual => "!=",
            Operator::Matches => "=~",
            Operator::MatchesNot => "!~",
        })
    }
}

/// In double quotes, with exactly those escapes that [`Reader::quoted`] reads back.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', r"\\").replace('"', "\\\"").replace('\n', r"\n"))
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn skip_space(&mut self) {
        self.at += self.text[self.at..].len() - self.text[self.at..].trim_start().len();
    }

    fn peek(&mut self) -> Option<char> {
        self.skip_space();
        self.text[self.at..].chars().next()
    }

    fn at_end(&mut self) -> bool {
        self.peek().is_none()
    }

    fn take(&mut self, token: &str) -> bool {
        self.skip_space();
        let found = self.text[self.at..].starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    fn error(&self, message: impl Into<String>) -> MatcherError {
        MatcherError { offset: self.at, message: message.into() }
    }

    fn matcher(&mut self) -> Result<Matcher, MatcherError> {
        let name = self.name()?;
        let known = [Operator::Matches, Operator::MatchesNot, Operator::NotEqual, Operator::Equal];
        let operator = known.into_iter().find(|operator| self.take(&operator.to_string()));
        let Some(operator) = operator else {
            return Err(self.error("expected `=`, `!=`, `=~` or `!~` after the label name"));
        };
        self.skip_space();
        let value_at = self.at;
        let value = self.quoted()?;
        Matcher::new(name, operator, value).map_err(|message| MatcherError { offset: value_at, message })
    }

    fn name(&mut self) -> Result<Name, MatcherError> {
        if self.peek() == Some('"') {
            return self.quoted().map(Name::from);
        }
        let rest = &self.text[self.at..];
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
        if end == 0 || rest.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(self.error("expected a label name, as in `chain=\"sepolia\"`"));
        }
        self.at += end;
        Ok(rest[..end].into())
    }

    fn quoted(&mut self) -> Result<String, MatcherError> {
        if !self.take("\"") {
            return Err(self.error("expected a value in double quotes"));
        }
        let mut value = String::new();
        let mut chars = self.text[self.at..].char_indices();
        while let Some((index, c)) = chars.next() {
            match c {
                '"' => {
                    self.at += index + 1;
                    return Ok(value);
                }
                '\\' => match chars.next() {
                    Some((_, 'n')) => value.push('\n'),
                    Some((_, escaped @ ('"' | '\\'))) => value.push(escaped),
                    // Regular expressions are full of `\d` and `\.`; keep such pairs as they stand.
                    Some((_, other)) => value.extend(['\\', other]),
                    None => break,
                },
                other => value.push(other),
            }
        }
        Err(self.error("the closing quote is missing"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_four_operators_match_whole_values_and_absent_is_empty() {
        let labels = Labels::new([("chain", "sepolia"), ("severity", "low")]);
        for (text, expected) in [
            ("", true),
            (r#"chain="sepolia""#, true),
            (r#"{chain="sepolia", severity=~"medium|low"}"#, true),
            (r#"severity=~"lo""#, false),
            (r#"severity!~"lo""#, true),
            (r#"team="""#, true),
            (r#"team!="""#, false),
            (r#"team!="payments""#, true),
            (r#"team!~"pay.*""#, true),
            (r#"chain="sepolia","#, true),
        ] {
            assert_eq!(Matchers::parse(text).unwrap().matches(&labels), expected, "{text}");
        }
    }

    #[test]
    fn what_is_written_is_read_back_whatever_is_in_it() {
        let texts = ["", "plain", "a b", "a\tb\u{7f}", "\"", r"\d+\.x", "one\ntwo", r"ends in \", "ü"];
        for text in texts {
            for operator in [Operator::Equal, Operator::NotEqual] {
                let matchers = Matchers::of(vec![Matcher::new(text, operator, text).unwrap()]);
                assert_eq!(Matchers::parse(&matchers.to_string()).as_ref(), Ok(&matchers), "{matchers}");
            }
        }
        let matchers = Matchers::of(vec![Matcher::new("a", Operator::Matches, r"\d+\.x|\\").unwrap()]);
        assert_eq!(Matchers::parse(&matchers.to_string()), Ok(matchers));
    }

    #[test]
    fn mistakes_name_their_place() {
        for (text, offset) in
            [("chain", 5), ("chain=sepolia", 6), (r#"a="x" b="y""#, 6), (r#"a=~"(""#, 3), (r#"a="x"#, 3)]
        {
            assert_eq!(Matchers::parse(text).unwrap_err().offset, offset, "{text}");
        }
    }
}

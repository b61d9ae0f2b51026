//! Go's regular expressions on Rust's engine, as Prometheus uses them.
//!
//! Both engines descend from RE2 and agree on what a parsed pattern matches. They differ in spelling: what is accepted,
//! what `\w` or `[a&&b]` means, what is said of a mistake. So a pattern is read here by Go's rules, refused in Go's
//! words, and written down again in a spelling that Rust's engine cannot understand otherwise.
//!
//! Start at [`Regexp::whole`] and [`Regexp::found`]. A pattern beyond the engine's limits is refused too.

mod class;
mod escape;
mod expand;
mod group;
mod property;
mod repeat;
#[cfg(test)]
mod tests;
mod translate;

use regex::{Captures, Regex, RegexBuilder};
use translate::Translated;

/// Big alternations are common in matchers; this is room for all that were ever seen, and still a bound.
const LARGEST_WHOLE: usize = 64 << 20;

/// What a template searches with is written by hand and small.
const LARGEST_FOUND: usize = 1 << 20;

/// How deep the engine may nest; its own default, and less for the stack of a template.
const DEEPEST_WHOLE: u32 = 250;
const DEEPEST_FOUND: u32 = 100;

/// A regular expression with Go's meaning.
#[derive(Clone, Debug)]
pub struct Regexp {
    regex: Regex,
    /// What the groups are called, by index; empty where a group has no name. The engine never learns the names, since
    /// Go lets several groups share one and lets it start with a digit.
    names: Vec<String>,
}

impl Regexp {
    /// `pattern` as Prometheus has it in matchers and relabelling: it has to match the whole of a text, and `.` matches
    /// a newline.
    ///
    /// # Errors
    /// What Go says of `pattern`, without its "error parsing regexp: ".
    pub fn whole(pattern: &str) -> Result<Self, String> {
        // Translated before it is wrapped, so that `a)(b` is refused.
        let Translated { text, names } = translate::translate(pattern, true)?;
        let mut builder = RegexBuilder::new(&format!("^(?s:{text})$"));
        builder.size_limit(LARGEST_WHOLE).nest_limit(DEEPEST_WHOLE);
        Ok(Regexp { regex: build(&builder, pattern)?, names })
    }

    /// `pattern` as templates have it: found anywhere in a text.
    ///
    /// # Errors
    /// What Go says of `pattern`, without its "error parsing regexp: ".
    pub fn found(pattern: &str) -> Result<Self, String> {
        let Translated { text, names } = translate::translate(pattern, false)?;
        let mut builder = RegexBuilder::new(&text);
        builder.size_limit(LARGEST_FOUND).nest_limit(DEEPEST_FOUND);
        Ok(Regexp { regex: build(&builder, pattern)?, names })
    }

    /// Whether `text` matches.
    #[must_use]
    pub fn is_match(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }

    /// `template` filled with the groups of the first match in `text`, or nothing where `text` does not match.
    #[must_use]
    pub fn replace_whole(&self, text: &str, template: &str) -> Option<String> {
        let captures = self.regex.captures(text)?;
        let mut out = String::new();
        self.expand(template, &captures, &mut out);
        Some(out)
    }

    /// `text` with every match replaced by the filled `template`. What is longer than `limit` bytes ends early, since
    /// the caller will refuse it anyway.
    #[must_use]
    pub fn replace_all(&self, text: &str, template: &str, limit: usize) -> String {
        let mut out = String::with_capacity(text.len());
        let mut copied = 0;
        for captures in self.regex.captures_iter(text) {
            let Some(whole) = captures.get(0) else { continue };
            out.push_str(&text[copied..whole.start()]);
            self.expand(template, &captures, &mut out);
            copied = whole.end();
            if out.len() > limit {
                return out;
            }
        }
        out.push_str(&text[copied..]);
        out
    }

    fn expand(&self, template: &str, captures: &Captures<'_>, out: &mut String) {
        expand::expand(template, out, |reference| match reference {
            expand::Reference::Index(index) => captures.get(index).map(|group| group.as_str()),
            // Of the groups that share a name, the first that took part.
            expand::Reference::Name(name) => {
                let mut groups = self.names.iter().zip(captures.iter()).filter(|(known, _)| *known == name);
                groups.find_map(|(_, group)| group).map(|group| group.as_str())
            }
        });
    }
}

fn build(builder: &RegexBuilder, pattern: &str) -> Result<Regex, String> {
    builder.build().map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => format!("expression too large: `{pattern}`"),
        // Every mistake in the spelling was found before; what is left is the depth.
        _ => format!("expression nests too deeply: `{pattern}`"),
    })
}

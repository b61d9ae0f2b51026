//! Patterns of paths: which page an address is of.

/// A path in which `:name` stands for any one part, and `*` as the last part for any rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathPattern(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Any,
    Rest,
}

impl PathPattern {
    /// Reads a pattern. None where it is none: it has to begin with `/`, and what stands behind a `*` could never count.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic() && !b"?#".contains(&byte));
        let parts: Vec<&str> = parts(text.strip_prefix('/').filter(|_| is_plain)?).collect();
        let rest = parts.iter().position(|part| part.contains('*'));
        let is_rest_last = rest.is_none_or(|at| at + 1 == parts.len() && parts[at] == "*");
        is_rest_last.then(|| PathPattern(parts.into_iter().map(Part::of).collect()))
    }

    /// Whether `path` is one of these.
    #[must_use]
    pub fn fits(&self, path: &str) -> bool {
        let mut found = parts(path);
        for part in &self.0 {
            let is_good = match (part, found.next()) {
                (Part::Rest, _) => return true,
                (Part::Text(text), Some(found)) => text == found,
                (Part::Any, Some(_)) => true,
                (Part::Text(_) | Part::Any, None) => false,
            };
            if !is_good {
                return false;
            }
        }
        found.next().is_none()
    }

    /// Whether every path that `other` fits is one of these, too.
    #[must_use]
    pub fn covers(&self, other: &PathPattern) -> bool {
        let mut found = other.0.iter();
        for part in &self.0 {
            let is_wider = match (part, found.next()) {
                (Part::Rest, _) => return true,
                (Part::Text(text), Some(Part::Text(found))) => text == found,
                (Part::Any, Some(Part::Text(_) | Part::Any)) => true,
                (Part::Text(_) | Part::Any, _) => false,
            };
            if !is_wider {
                return false;
            }
        }
        found.next().is_none()
    }
}

impl Part {
    fn of(text: &str) -> Part {
        match text {
            "*" => Part::Rest,
            text if text.starts_with(':') => Part::Any,
            text => Part::Text(text.to_owned()),
        }
    }
}

fn parts(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|part| !part.is_empty())
}

#[cfg(test)]
mod tests {
    use super::PathPattern;

    #[test]
    fn a_pattern_fits_whole_paths_part_by_part() {
        for (pattern, path, fits) in [
            ("/", "/", true),
            ("/", "/trade", false),
            ("/trade/:id", "/trade/42", true),
            ("/trade/:id", "/trade/42/", true),
            ("/trade/:id", "/trade", false),
            ("/trade/:id", "/trade/42/edit", false),
            ("/trade/:id/edit", "/trade/42/edit", true),
            ("/docs/*", "/docs", true),
            ("/docs/*", "/docs/a/b", true),
            ("/docs/*", "/documents", false),
            ("/*", "/anything/at/all", true),
            ("/2024/report", "/2024/report", true),
        ] {
            assert_eq!(PathPattern::parse(pattern).unwrap().fits(path), fits, "{path} as {pattern}");
        }
    }

    #[test]
    fn a_pattern_covers_those_that_fit_nothing_else() {
        for (wide, narrow, covers) in [
            ("/*", "/trade/:id", true),
            ("/trade/*", "/trade", true),
            ("/trade/:id", "/trade/42", true),
            ("/trade/:id", "/trade/:symbol/", true),
            ("/trade/42", "/trade/:id", false),
            ("/trade/:id", "/trade/*", false),
            ("/trade/:id", "/trade/:id/edit", false),
            ("/:any/edit", "/trade/edit", true),
            ("/", "/", true),
            ("/", "/*", false),
        ] {
            let pattern = |text| PathPattern::parse(text).unwrap();
            assert_eq!(pattern(wide).covers(&pattern(narrow)), covers, "{wide} and {narrow}");
        }
    }

    #[test]
    fn what_is_no_pattern_cannot_be_configured() {
        for text in ["", "trade", "/*/trade", "/tr*de", "/trade?id=1", "/a b", "https://example.org/"] {
            assert_eq!(PathPattern::parse(text), None, "{text}");
        }
    }
}

//! `*`, `+`, `?` and `{2,3}`.

use super::translate::{Translation, read};

/// The most copies that Go makes of anything.
const MOST: u32 = 1000;

/// What is said of how often.
struct Count {
    least: u32,
    most: Option<u32>,
}

impl Count {
    fn is_fine(&self) -> bool {
        self.least <= MOST && self.most.is_none_or(|most| self.least <= most && most <= MOST)
    }

    /// How many copies it makes of something that asks for `copies`. What is never there asks for none.
    fn times(&self, copies: u32) -> u32 {
        match self.most {
            Some(0) => 1,
            Some(most) => most * copies,
            None => self.least.max(1) * copies,
        }
    }
}

impl<'p> Translation<'p> {
    /// A repetition, where `repeated` starts another one that ended just before.
    pub(super) fn repetition(&mut self, repeated: Option<&'p str>) -> Result<(), String> {
        let (start, rest) = (self.rest, &self.rest[1..]);
        if !start.starts_with('{') {
            return self.repeat(&Count { least: 0, most: None }, rest, repeated);
        }
        match count(rest) {
            Some((count, rest)) if count.is_fine() => self.repeat(&count, rest, repeated),
            Some((_, rest)) => Err(format!("invalid repeat count: `{}`", read(start, rest))),
            // A brace that counts nothing stands for itself.
            None => {
                self.write_literal(u32::from('{'), rest);
                Ok(())
            }
        }
    }

    fn repeat(&mut self, count: &Count, rest: &'p str, repeated: Option<&'p str>) -> Result<(), String> {
        let (start, operator) = (self.rest, read(self.rest, rest));
        let (is_lazy, rest) = rest.strip_prefix('?').map_or((false, rest), |rest| (true, rest));
        if let Some(repeated) = repeated {
            return Err(format!("invalid nested repetition operator: `{}`", read(repeated, rest)));
        }
        let Some(item) = &mut self.item else {
            return Err(format!("missing argument to repetition operator: `{}`", read(start, rest)));
        };
        item.copies = count.times(item.copies);
        if item.copies > MOST {
            return Err(format!("invalid repeat count: `{}`", read(start, rest)));
        }
        self.write_repetition(operator, is_lazy != self.flags.is_lazy);
        self.repeated = Some(start);
        self.rest = rest;
        Ok(())
    }

    /// Writes `operator` behind the item, which flags may follow.
    fn write_repetition(&mut self, operator: &str, is_lazy: bool) {
        let Some(item) = &mut self.item else { return };
        // `a*\Q\E*` repeats a repetition, and a lazy one must not come of it.
        if item.is_repetition {
            self.out.insert(item.end, ')');
            self.out.insert_str(item.start, "(?:");
            item.end += "(?:)".len();
        }
        let written = format!("{operator}{}", if is_lazy { "?" } else { "" });
        self.out.insert_str(item.end, &written);
        item.end += written.len();
        item.is_repetition = true;
    }
}

/// Reads `2}`, `2,}` or `2,3}`.
fn count(text: &str) -> Option<(Count, &str)> {
    let (least, rest) = number(text)?;
    if let Some(rest) = rest.strip_prefix('}') {
        return Some((Count { least, most: Some(least) }, rest));
    }
    let rest = rest.strip_prefix(',')?;
    if let Some(rest) = rest.strip_prefix('}') {
        return Some((Count { least, most: None }, rest));
    }
    let (most, rest) = number(rest)?;
    Some((Count { least, most: Some(most) }, rest.strip_prefix('}')?))
}

/// A number without leading zeros. One that is too big for any use is just that.
fn number(text: &str) -> Option<(u32, &str)> {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = read(text, rest);
    let is_number = digits == "0" || !digits.is_empty() && !digits.starts_with('0');
    is_number.then(|| (digits.parse().unwrap_or(u32::MAX), rest))
}

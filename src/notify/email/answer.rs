//! What a mail server says, and what it means (RFC 5321 §4.2): 4yz is worth another try, 5yz is not.

use super::NAME;
use crate::notify::SendError;
use crate::notify::text::cut;

/// A reply of the server: its code, and its lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The three digits.
    pub code: u16,
    /// The text of each line.
    pub lines: Vec<String>,
}

/// What became of one receiver, before anything is sent to those who were taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The server takes mail for them.
    Taken,
    /// It may later.
    Later,
    /// It never will.
    Refused,
    /// It ends the conversation.
    Closing,
}

/// One line of a reply: its code, whether it is the last one, and its text. `None` where it is none.
pub fn read_line(line: &str) -> Option<(u16, bool, &str)> {
    let (digits, rest) = line.split_at_checked(3)?;
    let code = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten()?;
    match rest.as_bytes().first() {
        None => Some((code, true, "")),
        Some(b' ') => Some((code, true, &rest[1..])),
        Some(b'-') => Some((code, false, &rest[1..])),
        Some(_) => None,
    }
}

impl Reply {
    /// Whether it promises what was asked for: `class` is the first digit of the code.
    ///
    /// # Errors
    /// What it says instead.
    pub fn expect(self, class: u16) -> Result<Reply, SendError> {
        match self.code / 100 {
            found if found == class => Ok(self),
            4 => Err(SendError::Busy { channel: NAME, reason: self.words(), retry_after: None }),
            5 => Err(SendError::Refused { channel: NAME, reason: self.words() }),
            _ => Err(SendError::Unreachable { channel: NAME, reason: format!("no sense in `{}`", self.words()) }),
        }
    }

    /// What it says of one receiver, when so many before were taken.
    pub fn of_receiver(&self, taken: usize) -> Verdict {
        match self.code {
            421 => Verdict::Closing,
            // RFC 821 had this code for more receivers than one mail may have (RFC 5321 §4.5.3.1.10): the others come later.
            552 if taken > 0 => Verdict::Later,
            200..=299 => Verdict::Taken,
            500..=599 => Verdict::Refused,
            _ => Verdict::Later,
        }
    }

    /// Whether the server has this ability, and what it says about it. Only of use on the answer to `EHLO`.
    pub fn ability(&self, name: &str) -> Option<&str> {
        // The first line is a greeting.
        self.lines.iter().skip(1).find_map(|line| {
            let (word, rest) = line.split_once([' ', '=']).unwrap_or((line, ""));
            word.eq_ignore_ascii_case(name).then_some(rest)
        })
    }

    /// Code and text, for people.
    pub fn words(&self) -> String {
        cut(&super::encode::one_line(&format!("{} {}", self.code, self.lines.join(" "))), 300)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(code: u16) -> Reply {
        Reply { code, lines: vec!["text".into()] }
    }

    #[test]
    fn every_code_has_its_meaning() {
        for (code, class, word) in [
            (250, 2, "good"),
            (354, 3, "good"),
            (250, 3, "unclear"),
            (354, 2, "unclear"),
            (421, 2, "later"),
            (450, 2, "later"),
            (451, 2, "later"),
            (452, 2, "later"),
            (454, 2, "later"),
            (500, 2, "never"),
            (535, 2, "never"),
            (550, 2, "never"),
            (552, 2, "never"),
            (554, 2, "never"),
            (0, 2, "unclear"),
            (999, 2, "unclear"),
        ] {
            let meaning = match reply(code).expect(class) {
                Ok(_) => "good",
                Err(SendError::Busy { .. } | SendError::SomeLater { .. }) => "later",
                Err(SendError::Refused { .. } | SendError::Partly { .. }) => "never",
                Err(SendError::Unreachable { .. }) => "unclear",
            };
            assert_eq!(meaning, word, "{code} where {class}yz was due");
        }
    }

    #[test]
    fn one_receiver_is_taken_refused_or_put_off() {
        for (code, taken, verdict) in [
            (250, 0, Verdict::Taken),
            (251, 0, Verdict::Taken),
            (450, 0, Verdict::Later),
            (452, 3, Verdict::Later),
            (550, 3, Verdict::Refused),
            (552, 0, Verdict::Refused),
            (552, 3, Verdict::Later),
            (421, 3, Verdict::Closing),
        ] {
            assert_eq!(reply(code).of_receiver(taken), verdict, "{code} after {taken}");
        }
    }

    #[test]
    fn lines_are_read_as_the_standard_has_them() {
        assert_eq!(read_line("250-SIZE 10"), Some((250, false, "SIZE 10")));
        assert_eq!(read_line("250 ok"), Some((250, true, "ok")));
        assert_eq!(read_line("250"), Some((250, true, "")));
        for line in ["", "25", "2x0 ok", "250:ok", "+50 ok", "HTTP/1.1 400 Bad Request", "25€"] {
            assert_eq!(read_line(line), None, "{line}");
        }
    }

    #[test]
    fn abilities_are_found_in_any_case_and_not_in_the_greeting() {
        let lines = ["AUTH.example greets you", "starttls", "AUTH PLAIN LOGIN", "SIZE=10"];
        let reply = Reply { code: 250, lines: lines.map(str::to_owned).into() };
        assert_eq!(reply.ability("STARTTLS"), Some(""));
        assert_eq!(reply.ability("AUTH"), Some("PLAIN LOGIN"));
        assert_eq!(reply.ability("SIZE"), Some("10"));
        assert_eq!(reply.ability("CHUNKING"), None);
    }
}

//! Mail addresses, read once: what goes into an envelope or a header can hold nothing that ends either.

use std::fmt;

/// Somebody's mail address, and perhaps their name: `ops@example.org` or `Watchbell <watchbell@example.org>`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mailbox {
    name: String,
    address: String,
}

/// What RFC 5321 §4.5.3.1.3 leaves for a path, less its angle brackets.
const LONGEST: usize = 254;

impl Mailbox {
    /// Reads `name@host` or `Name <name@host>`. The server knows better whether somebody lives there; this refuses what
    /// could not be written into an envelope: spaces, line ends, brackets, and letters that most servers do not take there.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        let (name, address) = match text.strip_suffix('>') {
            Some(named) => named.rsplit_once('<')?,
            None => ("", text),
        };
        let name = name.trim();
        let name = name.strip_prefix('"').and_then(|name| name.strip_suffix('"')).unwrap_or(name);
        let (local, host) = address.rsplit_once('@')?;
        let is_plain = address.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>()[]\",;:\\".contains(&byte));
        let fits = is_plain && !local.is_empty() && !host.is_empty() && address.len() <= LONGEST;
        let is_line = !name.chars().any(char::is_control);
        (fits && is_line).then(|| Mailbox { name: name.into(), address: address.into() })
    }

    /// The name that people see; empty where none is given.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// `name@host`.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// What follows the `@`.
    #[must_use]
    pub fn host(&self) -> &str {
        self.address.rsplit_once('@').map_or("", |(_, host)| host)
    }
}

impl fmt::Display for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_with_or_without_a_name() {
        for (text, name, address) in [
            ("ops@example.org", "", "ops@example.org"),
            (" Watchbell <w@example.org> ", "Watchbell", "w@example.org"),
            ("\"Bell, Watch\" <w+x@example.org>", "Bell, Watch", "w+x@example.org"),
            ("Glöckner <w@xn--bcher-kva.example>", "Glöckner", "w@xn--bcher-kva.example"),
        ] {
            let read = Mailbox::read(text).unwrap();
            assert_eq!((read.name(), read.address()), (name, address), "{text}");
        }
    }

    #[test]
    fn nothing_that_could_end_a_command_or_a_header_is_taken() {
        for text in [
            "nobody",
            "@example.org",
            "ops@",
            "a b@example.org",
            "a@example.org>\r\nRCPT TO:<b@example.org",
            "a@example.org\r\nBcc: b@example.org",
            "x\r\nBcc: b@example.org <a@example.org>",
            "a@example.org, b@example.org",
            "jürgen@example.org",
            "<>",
        ] {
            assert_eq!(Mailbox::read(text), None, "{text}");
        }
        assert_eq!(Mailbox::read(&format!("{}@example.org", "a".repeat(300))), None);
    }
}

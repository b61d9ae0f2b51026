//! Text as mail can carry it: header values without line ends (RFC 5322 §2.2, RFC 2047), bodies in quoted-printable
//! (RFC 2045 §6.7). Whatever comes in, every line that goes out is plain ASCII and far below the 998 octets of RFC 5321.

use crate::config::Mailbox;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The longest line that we write.
const LINE: usize = 76;
/// So many bytes fit into an encoded word beside the name of its header: 52 letters of base64 and 12 around them.
const IN_A_WORD: usize = 39;
/// A word longer than this cannot stay on a line as it is.
const LONGEST_WORD: usize = 900;

/// One header field, folded. Nothing in `value` can end it: line ends and other control characters count as spaces.
pub fn header(name: &str, value: &str) -> String {
    let value = one_line(value);
    let fits = value.is_ascii() && !value.contains("=?") && value.split(' ').all(|word| word.len() < LONGEST_WORD);
    let words: Vec<String> = if fits { value.split(' ').map(str::to_owned).collect() } else { encoded_words(&value) };
    folded(name, &words)
}

/// A header field with addresses.
pub fn addresses(name: &str, mailboxes: &[&Mailbox]) -> String {
    let last = mailboxes.len().saturating_sub(1);
    let one = |(index, mailbox): (usize, &&Mailbox)| {
        let comma = if index < last { "," } else { "" };
        let mut words = phrase(mailbox.name());
        let address = mailbox.address();
        words.push(if words.is_empty() { format!("{address}{comma}") } else { format!("<{address}>{comma}") });
        words
    };
    folded(name, &mailboxes.iter().enumerate().flat_map(one).collect::<Vec<_>>())
}

/// `text` on one line, with single spaces.
pub fn one_line(text: &str) -> String {
    let is_gap = |letter: char| letter.is_control() || letter.is_whitespace();
    text.split(is_gap).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// A name before an address.
fn phrase(name: &str) -> Vec<String> {
    let name = one_line(name);
    if name.is_empty() {
        Vec::new()
    } else if name.is_ascii() && name.len() < LINE {
        vec![format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""))]
    } else {
        encoded_words(&name)
    }
}

fn encoded_words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut part = String::new();
    for letter in text.chars() {
        if part.len() + letter.len_utf8() > IN_A_WORD {
            words.push(std::mem::take(&mut part));
        }
        part.push(letter);
    }
    words.push(part);
    words.iter().map(|part| format!("=?UTF-8?B?{}?=", STANDARD.encode(part))).collect()
}

fn folded(name: &str, words: &[String]) -> String {
    let mut text = format!("{name}:");
    let mut column = text.len();
    for (index, word) in words.iter().enumerate() {
        // A line may not consist of spaces only, so the first word stays beside the name.
        if index > 0 && column + 1 + word.len() > LINE {
            text.push_str("\r\n");
            column = 0;
        }
        text.push(' ');
        text.push_str(word);
        column += 1 + word.len();
    }
    text.push_str("\r\n");
    text
}

/// `text` in quoted-printable, each line ended by CRLF.
pub fn quoted_printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    for line in text.replace("\r\n", "\n").replace('\r', "\n").split('\n') {
        quote_line(line.as_bytes(), &mut out);
        out.push_str("\r\n");
    }
    out
}

fn quote_line(line: &[u8], out: &mut String) {
    let mut column = 0;
    for (index, &byte) in line.iter().enumerate() {
        let is_last = index + 1 == line.len();
        let is_plain = match byte {
            b'=' => false,
            // Some servers drop spaces from the end of a line.
            b' ' | b'\t' => !is_last,
            other => other.is_ascii_graphic(),
        };
        let width = if is_plain { 1 } else { 3 };
        // One column is left for the `=` that says that the line goes on.
        if column + width > LINE - 1 {
            out.push_str("=\r\n");
            column = 0;
        }
        column += width;
        if is_plain {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("={byte:02X}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<&str> {
        text.split("\r\n").collect()
    }

    #[test]
    fn a_header_is_one_field_whatever_its_value_holds() {
        let field = header("Subject", "over\r\nBcc: everybody@example.org\r\n\r\n<p>body\u{0}\u{85}");
        assert_eq!(field, "Subject: over Bcc: everybody@example.org <p>body\r\n");
    }

    #[test]
    fn a_long_header_is_folded_at_its_spaces_and_one_that_is_not_ascii_is_encoded_in_whole_letters() {
        let field = header("Subject", &"word ".repeat(40));
        assert!(lines(&field).iter().all(|line| line.len() <= LINE), "{field}");
        assert_eq!(field.replace("\r\n", ""), format!("Subject: {}", "word ".repeat(40).trim()));
        let field = header("Subject", &"Gaspreis 🔥 ".repeat(20));
        assert!(field.is_ascii() && lines(&field).iter().all(|line| line.len() <= LINE), "{field}");
        let words = field.trim_start_matches("Subject:").split_whitespace();
        let read: String = words
            .map(|word| STANDARD.decode(word.trim_start_matches("=?UTF-8?B?").trim_end_matches("?=")).unwrap())
            .map(|part| String::from_utf8(part).expect("no letter is cut in two"))
            .collect();
        assert_eq!(read, "Gaspreis 🔥 ".repeat(20).trim());
    }

    #[test]
    fn what_looks_encoded_already_is_encoded_once_more_so_that_it_is_shown_as_it_is() {
        assert!(!header("Subject", "=?UTF-8?B?aGE=?=").contains("aGE="));
    }

    #[test]
    fn names_before_addresses_are_quoted_or_encoded() {
        let mailboxes = [r#"Bell, "W" <w@example.org>"#, "ops@example.org", "Glöckner <g@example.org>"];
        let mailboxes: Vec<Mailbox> = mailboxes.iter().map(|text| Mailbox::read(text).unwrap()).collect();
        let field = addresses("To", &mailboxes.iter().collect::<Vec<_>>());
        assert_eq!(
            field,
            "To: \"Bell, \\\"W\\\"\" <w@example.org>, ops@example.org, =?UTF-8?B?R2zDtmNrbmVy?=\r\n <g@example.org>\r\n"
        );
    }

    #[test]
    fn quoted_printable_keeps_lines_short_and_says_what_it_was_given() {
        assert_eq!(quoted_printable("a = b \r\nGlück\t"), "a =3D b=20\r\nGl=C3=BCck=09\r\n");
        let long = quoted_printable(&"ö".repeat(5_000));
        assert!(long.is_ascii() && lines(&long).iter().all(|line| line.len() <= LINE));
    }
}

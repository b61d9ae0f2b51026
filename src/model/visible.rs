//! Text of others, shown as nothing but text.

/// The text without what would speak to a terminal or turn the reading direction, instead of to its reader.
#[must_use]
pub fn visible(text: &str) -> String {
    let speaks = |letter: char| {
        letter.is_control()
            || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    let mut shown = String::new();
    for letter in text.chars() {
        match letter {
            '\n' => shown.push('⏎'),
            _ if speaks(letter) => shown.extend(letter.escape_unicode()),
            _ => shown.push(letter),
        }
    }
    shown
}

/// The same lines, with nothing in them that would speak to a terminal.
#[must_use]
pub fn visible_lines(text: &str) -> String {
    text.lines().map(|line| visible(line) + "\n").collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_speak_to_a_terminal_is_spelled_out() {
        assert_eq!(visible_lines("a\u{1b}[31m\u{7}\nb\u{202e}"), "a\\u{1b}[31m\\u{7}\nb\\u{202e}\n");
    }
}

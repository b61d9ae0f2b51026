//! Upper, lower and title case as Go has them: one character for one, whatever the language.

/// `toUpper`.
pub(super) fn upper(text: &str) -> String {
    text.chars().map(upper_char).collect()
}

/// `toLower`.
pub(super) fn lower(text: &str) -> String {
    text.chars().map(lower_char).collect()
}

/// `title`: the first letter of every word in title case, all others as they are.
pub(super) fn title(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut in_word = false;
    let mut after_middle = false;
    for c in text.chars() {
        // Two of the characters that may stand inside of a word end it.
        let middle = is_middle(c);
        if after_middle && middle {
            in_word = false;
        }
        if is_cased(c) {
            out.push_str(&if in_word { c.to_string() } else { title_char(c) });
            in_word = true;
        } else {
            out.push(c);
            in_word &= !is_break(c);
        }
        after_middle = middle;
    }
    out
}

fn upper_char(c: char) -> char {
    only(c.to_uppercase()).unwrap_or(c)
}

fn lower_char(c: char) -> char {
    // The one letter whose lower case is written with two characters.
    if c == 'İ' { 'i' } else { only(c.to_lowercase()).unwrap_or(c) }
}

/// The case of a letter that Go changes only when it is one character again.
fn only(mut chars: impl Iterator<Item = char>) -> Option<char> {
    let first = chars.next();
    if chars.next().is_some() { None } else { first }
}

fn title_char(c: char) -> String {
    match c {
        'Ǆ' | 'ǅ' | 'ǆ' => "ǅ".into(),
        'Ǉ' | 'ǈ' | 'ǉ' => "ǈ".into(),
        'Ǌ' | 'ǋ' | 'ǌ' => "ǋ".into(),
        'Ǳ' | 'ǲ' | 'ǳ' => "ǲ".into(),
        // Georgian has capitals, but not at the start of a word.
        '\u{10d0}'..='\u{10ff}' => c.to_string(),
        c => {
            // Where the capital is several letters, only the first is one at the start of a word.
            let upper: Vec<char> = c.to_uppercase().collect();
            let capital = upper.iter().position(|c| c.is_uppercase()).unwrap_or(0);
            let letter = |(at, c)| if at > capital { lower_char(c) } else { c };
            upper.into_iter().enumerate().map(letter).collect()
        }
    }
}

fn is_cased(c: char) -> bool {
    c.is_lowercase() || c.is_uppercase() || matches!(c, 'ǅ' | 'ǈ' | 'ǋ' | 'ǲ')
}

/// Characters that do not end a word that they stand in.
fn is_middle(c: char) -> bool {
    matches!(c, '\'' | '.' | ':' | '·' | '\u{2018}' | '\u{2019}' | '\u{2024}' | '\u{2027}')
}

fn is_break(c: char) -> bool {
    !(c.is_alphanumeric() || c == '_' || is_middle(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_is_changed_character_by_character() {
        assert_eq!(upper("straße ǆ"), "STRAßE Ǆ");
        assert_eq!(lower("ÀÉ İ ΣΑΣ"), "àé i σασ");
    }

    #[test]
    fn a_title_has_capitals_where_words_start() {
        assert_eq!(title("hello wörld o'neil foo_bar a-b HTTP"), "Hello Wörld O'neil Foo_bar A-B HTTP");
        assert_eq!(title("ǆ ß ŉ ﬁ"), "ǅ Ss ʼN Fi");
    }
}

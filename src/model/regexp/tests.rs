//! Prometheus 3.5.3 was asked about the rows of these tables, and says the same.

use super::*;

fn whole(pattern: &str) -> Regexp {
    Regexp::whole(pattern).unwrap_or_else(|reason| panic!("{pattern}: {reason}"))
}

/// Rows of a pattern, texts that it matches and texts that it does not.
fn mean(rows: &[(&str, &[&str], &[&str])]) {
    for (pattern, good, bad) in rows {
        let regexp = whole(pattern);
        for text in *good {
            assert!(regexp.is_match(text), "{pattern} matches {text:?}");
        }
        for text in *bad {
            assert!(!regexp.is_match(text), "{pattern} does not match {text:?}");
        }
    }
}

/// Rows of a pattern and what is said of it.
fn refuse(rows: &[(&str, &str)]) {
    for (pattern, said) in rows {
        assert_eq!(Regexp::whole(pattern).err().as_deref(), Some(*said), "{pattern}");
        assert_eq!(Regexp::found(pattern).err().as_deref(), Some(*said), "{pattern}");
    }
}

#[test]
fn a_matcher_means_the_whole_text() {
    mean(&[
        ("", &[""], &["a"]),
        ("a|b", &["a", "b"], &["ab", "xa", "bx"]),
        ("a.b", &["a\nb", "aéb"], &["ab"]),
        ("(?-s)a.b", &["axb"], &["a\nb"]),
        ("a$", &["a"], &["a\n"]),
        ("(?m)a$\nb", &["a\nb"], &["a"]),
        ("(?m)a$.\\Ab|c", &["c"], &["a\nb"]),
        (r"\Aa\z", &["a"], &["a\n"]),
    ]);
    assert!(Regexp::found("b").unwrap().is_match("abc") && !Regexp::found("a.c").unwrap().is_match("a\nc"));
}

#[test]
fn brackets_hold_what_go_says_they_hold() {
    mean(&[
        (r"[\w-.]+", &["a-.", "_"], &["+", "é"]),
        (r"[\d-z]+", &["1-z"], &["y", "a"]),
        ("[[a]+", &["[a"], &["]"]),
        ("[a&&b]+", &["a&b"], &["c"]),
        ("[a~~b]+", &["a~b"], &["c"]),
        ("[--b]+", &["-a5b"], &["c", "+"]),
        ("[]a]+", &["]a"], &["b"]),
        ("[^]a]+", &["b"], &["]", "a"]),
        ("[a-]+", &["a-"], &["b"]),
        ("[-a]+", &["a-"], &["b"]),
        ("[a^]+", &["a^"], &["b"]),
        (r"[\x00-\x1f]", &["\n", "\0"], &[" "]),
        (r"[\--/]+", &["-./"], &[",", "0"]),
        (r"[\]\\]+", &["]\\"], &["["]),
        ("[+-[:alpha:]]", &["+]", "0]", "h]"], &["b]", "a"]),
        ("[[:alpha:]_]+", &["aZ_"], &["1", "é"]),
        ("[[:^alpha:]]+", &["1é"], &["a"]),
        ("[[:a]+", &["[:a"], &["b"]),
        (r"[^\w]", &["é", "-"], &["a", "_"]),
        (r"[^\W]", &["a"], &["é"]),
        (r"[\D5]+", &["a5"], &["4"]),
        (r"[\x{d800}-\x{dfff}]", &[], &["", "\u{d7ff}", "\u{e000}"]),
        (r"[^\x{d800}]", &["a"], &[""]),
        (r"[\x{d7ff}-\x{e000}]", &["\u{d7ff}", "\u{e000}"], &["a"]),
    ]);
}

#[test]
fn every_posix_class_is_ascii() {
    let members = [
        ("alnum", "0Az", "_é"),
        ("alpha", "Az", "0"),
        ("ascii", "\0~\x7f", "é"),
        ("blank", "\t ", "\n"),
        ("cntrl", "\0\x1f\x7f", " "),
        ("digit", "09", "a٣"),
        ("graph", "!~", " "),
        ("lower", "az", "A"),
        ("print", " ~", "\t"),
        ("punct", "!/:@[`{~_-", "a0 "),
        ("space", "\t\n\x0b\x0c\r ", "\u{a0}"),
        ("upper", "AZ", "a"),
        ("word", "0Az_", "-"),
        ("xdigit", "09afAF", "g"),
    ];
    for (name, inside, outside) in members {
        let (is, is_not) = (whole(&format!("[[:{name}:]]+")), whole(&format!("[[:^{name}:]]+")));
        assert!(is.is_match(inside) && !is_not.is_match(inside), "{name}");
        assert!(is_not.is_match(outside) && !is.is_match(outside), "{name}");
    }
}

#[test]
fn escapes_are_gos() {
    mean(&[
        (r"\d", &["0"], &["٣"]),
        (r"\s", &[" ", "\x0c"], &["\x0b", "\u{a0}"]),
        (r"\W", &["é"], &["a"]),
        (r".*\bb", &["éb", "a b"], &["ab"]),
        (r"é\Bé", &["éé"], &[]),
        (r"\Qa.b\E+", &["a.bb"], &["axb", "a.ba.b"]),
        (r"\Qa(b", &["a(b"], &[]),
        (r"\Q\E", &[""], &[]),
        (r"\07\141\0608", &["\x07a08"], &[]),
        (r"\777", &["ǿ"], &[]),
        (r"\x41\x{42}\x{1F600}", &["AB😀"], &[]),
        (r"\a\f\n\r\t\v", &["\x07\x0c\n\r\t\x0b"], &[]),
        (r"\ \_\-\<\>\~\%", &[" _-<>~%"], &[]),
        (r"\x{d800}|a", &["a"], &["", "\u{fffd}"]),
    ]);
}

#[test]
fn properties_have_one_name_each() {
    mean(&[
        (r"\pL\p{Lu}\PL", &["éÉ1"], &["éé1"]),
        (r"\p{Greek}", &["α"], &["a"]),
        (r"\p{^Greek}|\P{Latin}", &["a", "б"], &[]),
        (r"\P{^Greek}", &["α"], &["a"]),
        (r"[\p{Greek}\PL]+", &["α1"], &["a"]),
        (r"\p{Any}\P{Cs}", &["a\n"], &[]),
        (r"\P{Any}|\p{Cs}", &[], &["a", ""]),
        (r"\p{Old_Italic}|\p{LC}|\p{Cn}", &["𐌀", "a"], &["1"]),
    ]);
    for name in ["lu", "Letter", "greek", "Grek", "IsGreek", "OldItalic", "Script=Greek", "Latin Greek", "ASCII", "any"]
    {
        refuse(&[(&format!(r"\p{{{name}}}"), &format!(r"invalid character class range: `\p{{{name}}}`"))]);
    }
}

#[test]
fn flags_live_as_long_as_their_group() {
    mean(&[
        ("(?i)ab", &["AB", "aB"], &[]),
        ("(?i:a)b", &["Ab"], &["AB"]),
        ("(a(?i)b|c)d", &["aBd", "Cd"], &["ABd", "cD"]),
        ("(?i-s:a.)", &["Ax"], &["a\n"]),
        ("(?i-i)(?ii)(?)a", &["A"], &[]),
        ("(?i-i)a", &["a"], &["A"]),
        ("(?is-s).", &["a"], &["\n"]),
        ("(?i)[^a]", &["b"], &["A", "a"]),
        ("(?i)[k]", &["K", "\u{212a}"], &[]),
        (r"(?i)\W", &["é"], &["ſ", "\u{212a}"]),
        ("(?i)[[:upper:]]", &["a", "ſ"], &["1"]),
        (r"(?i)\p{Lu}", &["a", "é"], &["1"]),
        (r"(?i)\P{Lu}", &["1"], &["a", "É"]),
    ]);
    let first = |pattern: &str| whole(pattern).replace_whole("aaa", "$1").unwrap();
    assert_eq!(first("(?U)(a*)a*?"), "");
    assert_eq!(first("(?U)(a*?)a*"), "aaa");
    assert_eq!(first("(?U)(?-U:(a{1,2}))a*"), "aa");
}

#[test]
fn repetitions_take_what_stands_before_them() {
    mean(&[
        ("a*?b+?c??", &["aabbc", "b"], &["a"]),
        ("x{,2}", &["x{,2}"], &["xx"]),
        ("a{01}b{c{1", &["a{01}b{c{1"], &[]),
        ("a{2}{,b}", &["aa{,b}"], &[]),
        ("^*a$+", &["a"], &[]),
        (r"\b{2}a()*(?:)?", &["a"], &[]),
        ("ab(?i)*c", &["ac", "abbC"], &["ababc", "aBc"]),
        (r"a*\Q\E*", &["", "aaa"], &[]),
        ("(a*(?i)+b)c", &["aaBc", "Bc"], &["ABc", "aBC"]),
        ("a{2,}b{0}", &["aa", "aaaa"], &["a", "aab"]),
    ]);
    for pattern in ["(a{100}){10}", "(a*){1000}", "(a{2,}){500}", "((a{1000}){0}){1000}", "(a{1000}|b{1000})c{1000}"] {
        whole(pattern);
    }
}

#[test]
fn repetitions_are_refused_in_gos_words() {
    refuse(&[
        ("a**", "invalid nested repetition operator: `**`"),
        ("a+?*?b", "invalid nested repetition operator: `+?*?`"),
        ("a{2}{3}", "invalid nested repetition operator: `{2}{3}`"),
        ("*a", "missing argument to repetition operator: `*`"),
        ("a|*?", "missing argument to repetition operator: `*?`"),
        ("({2}a)", "missing argument to repetition operator: `{2}`"),
        ("(?i)+", "missing argument to repetition operator: `+`"),
        ("a{1001}", "invalid repeat count: `{1001}`"),
        ("a{2,1}?", "invalid repeat count: `{2,1}`"),
        ("a{1,99999999999}", "invalid repeat count: `{1,99999999999}`"),
        ("(a{1000}){1000}", "invalid repeat count: `{1000}`"),
        ("(a{100}){11}?", "invalid repeat count: `{11}?`"),
        ("((a|b{11})+c){100}", "invalid repeat count: `{100}`"),
    ]);
}

#[test]
fn groups_and_flags_are_refused_in_gos_words() {
    refuse(&[
        ("(a", "missing closing ): `(a`"),
        ("a)", "unexpected ): `a)`"),
        ("a)(b", "unexpected ): `a)(b`"),
        ("(?=a)", "invalid or unsupported Perl syntax: `(?=`"),
        ("(?!a)", "invalid or unsupported Perl syntax: `(?!`"),
        ("(?<!a)", "invalid named capture: `(?<!a)`"),
        ("(?<=a>)", "invalid named capture: `(?<=a>`"),
        ("(?#a)", "invalid or unsupported Perl syntax: `(?#`"),
        ("x(?ix)", "invalid or unsupported Perl syntax: `(?ix`"),
        ("(?u)", "invalid or unsupported Perl syntax: `(?u`"),
        ("(?R)", "invalid or unsupported Perl syntax: `(?R`"),
        ("(?i-)", "invalid or unsupported Perl syntax: `(?i-)`"),
        ("(?-:a)", "invalid or unsupported Perl syntax: `(?-:`"),
        ("(?--i)", "invalid or unsupported Perl syntax: `(?--`"),
        ("(?P=n)", "invalid or unsupported Perl syntax: `(?P`"),
        ("(?P<n", "invalid named capture: `(?P<n`"),
        ("(?P<>a)", "invalid named capture: `(?P<>`"),
        ("(?<a-b>c)", "invalid named capture: `(?<a-b>`"),
        ("(?", "invalid or unsupported Perl syntax: `(?`"),
        ("(?i", "invalid or unsupported Perl syntax: `(?i`"),
    ]);
}

#[test]
fn brackets_and_escapes_are_refused_in_gos_words() {
    refuse(&[
        ("x[a", "missing closing ]: `[a`"),
        ("[]", "missing closing ]: `[]`"),
        ("[a-", "missing closing ]: `[a-`"),
        ("[[:foo:]]", "invalid character class range: `[:foo:]`"),
        ("[z-a]", "invalid character class range: `z-a`"),
        ("[a--b]", "invalid character class range: `a--`"),
        (r"[a-\d]", r"invalid escape sequence: `\d`"),
        (r"[\Qa\E]", r"invalid escape sequence: `\Q`"),
        (r"[\b]", r"invalid escape sequence: `\b`"),
        (r"\y", r"invalid escape sequence: `\y`"),
        (r"\Z", r"invalid escape sequence: `\Z`"),
        (r"\C", r"invalid escape sequence: `\C`"),
        (r"\E", r"invalid escape sequence: `\E`"),
        (r"\1a", r"invalid escape sequence: `\1`"),
        (r"\8", r"invalid escape sequence: `\8`"),
        (r"\u0041", r"invalid escape sequence: `\u`"),
        (r"\é", r"invalid escape sequence: `\é`"),
        (r"\x4", r"invalid escape sequence: `\x4`"),
        (r"\xg01", r"invalid escape sequence: `\xg0`"),
        (r"\x{}", r"invalid escape sequence: `\x{}`"),
        (r"\x{4g}", r"invalid escape sequence: `\x{4g`"),
        (r"\x{110000}", r"invalid escape sequence: `\x{110000`"),
        (r"a\", "trailing backslash at end of expression: ``"),
        (r"[a\", "trailing backslash at end of expression: ``"),
        (r"\pé", r"invalid character class range: `\pé`"),
        (r"\p{Lu", r"invalid character class range: `\p{Lu`"),
        (r"\p{}", r"invalid character class range: `\p{}`"),
        (r"\p{^^L}", r"invalid character class range: `\p{^^L}`"),
    ]);
}

#[test]
fn what_the_engine_cannot_hold_is_refused() {
    let said = |regexp: Result<Regexp, String>| regexp.unwrap_err();
    assert_eq!(said(Regexp::found(r"\pL{500}")), r"expression too large: `\pL{500}`");
    whole(r"\pL{500}");
    let deep = format!("{}{}", "(".repeat(300), ")".repeat(300));
    assert_eq!(said(Regexp::whole(&deep)), format!("expression nests too deeply: `{deep}`"));
}

#[test]
fn a_template_is_filled_by_the_rules_of_expand() {
    let rows = [
        ("(a)(b)?", "a", "$1-$2-$3-$0", "a---a"),
        ("(a)", "a", "$1x-${1}x-$$1-$", "-ax-$1-$"),
        ("(a)", "a", "${1-${}-$-${1 }", "${1-${}-$-${1 }"),
        ("(a)", "a", "$01-$10-$1000000000-$99999999999999999999", "---"),
        ("(a)", "a", "$1é-$é", "-"),
        // Neither is a letter or a decimal digit in Go, so the name ends before it.
        ("(a)", "a", "$1\u{2177}-$1\u{345}", "a\u{2177}-a\u{345}"),
        ("(?P<n>a)|(?P<n>b)", "b", "$n", "b"),
        ("(?P<n>a)(?P<n>b)", "ab", "$n", "a"),
        ("(?P<1a>x)(?<b_>y)", "xy", "$b_$1a$m", "yx"),
        ("(?P<01>x)(?P<2>y)", "xy", "$01-$2-$1", "x-y-x"),
        ("(a){0}(b)", "b", "$1-$2", "-b"),
    ];
    for (pattern, text, template, expected) in rows {
        assert_eq!(whole(pattern).replace_whole(text, template).as_deref(), Some(expected), "{pattern} {template}");
    }
    assert_eq!(whole("a").replace_whole("b", "x"), None);
}

#[test]
fn every_match_is_replaced_from_the_left() {
    let rows = [
        (r"^(\w+)\.(.*)$", "web.example.org", "$2/${1}x", "example.org/webx"),
        ("a*", "baac", "-", "-b-c-"),
        ("", "éa", "-", "-é-a-"),
        ("a|ab", "abab", "x", "xbxb"),
        (r"\b", "ab c", "|", "|ab| |c|"),
        ("(?P<n>b)?", "ab", "<$n>", "<>a<b>"),
        ("x", "abc", "$0", "abc"),
    ];
    for (pattern, text, template, expected) in rows {
        assert_eq!(Regexp::found(pattern).unwrap().replace_all(text, template, 100), expected, "{pattern}");
    }
    let long = Regexp::found("a").unwrap().replace_all(&"a".repeat(1000), "12345", 100);
    assert_eq!(long.len(), 105);
}

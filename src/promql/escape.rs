//! Escapes in quoted texts: Go's, which are PromQL's.

/// Reads what follows a backslash: the character, and how many bytes it took.
///
/// # Errors
/// Says what is wrong with it.
pub(super) fn read(rest: &str, quote: char) -> Result<(char, usize), String> {
    let Some(first) = rest.chars().next() else { return Err("escape sequence not terminated".into()) };
    let simple = match first {
        'a' => '\x07',
        'b' => '\x08',
        'f' => '\x0c',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\x0b',
        '\\' => '\\',
        _ if first == quote => quote,
        'x' => return code_point(rest, 1, 2, 16),
        'u' => return code_point(rest, 1, 4, 16),
        'U' => return code_point(rest, 1, 8, 16),
        '0'..='7' => return code_point(rest, 0, 3, 8),
        other => return Err(format!("unknown escape sequence `\\{other}`; write `\\\\{other}` for a backslash")),
    };
    Ok((simple, 1))
}

fn code_point(rest: &str, skip: usize, digits: usize, radix: u32) -> Result<(char, usize), String> {
    let text = rest.get(skip..skip + digits).ok_or("escape sequence not terminated")?;
    let code =
        u32::from_str_radix(text, radix).map_err(|_| format!("illegal character in escape sequence `\\{rest:.8}`"))?;
    let point = char::from_u32(code).filter(|_| digits > 3 || code < 256);
    Ok((point.ok_or("escape sequence is an invalid Unicode code point")?, skip + digits))
}

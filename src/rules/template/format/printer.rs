//! One value under one verb, and the reading of formats.

use super::super::MAX_TEXT;
use super::super::instant::Instant;
use super::super::value::{ROOT_TYPE, Value};
use super::{Shape, escape, is_printable, write_float};
use crate::model::Labels;

/// Go counts seconds from the first of January of the year 1.
const SECONDS_BEFORE_EPOCH: i64 = 62_135_596_800;

/// Go refuses wider fields and longer precisions.
const MOST: usize = 1_000_000;

/// What stands between `%` and the verb.
#[expect(clippy::struct_excessive_bools, reason = "Go's flags are on or off, each by itself")]
#[derive(Clone, Copy, Default)]
struct Flags {
    width: Option<usize>,
    precision: Option<usize>,
    minus: bool,
    plus: bool,
    sharp: bool,
    space: bool,
    zero: bool,
    /// `%+v`: fields of structs are named.
    named_fields: bool,
    /// `%#v`: values print as Go source.
    source: bool,
}

/// Prints values under verbs.
pub(super) struct Printer<'o> {
    out: &'o mut String,
    flags: Flags,
}

impl<'o> Printer<'o> {
    /// A printer without flags.
    pub fn new(out: &'o mut String) -> Self {
        Printer { out, flags: Flags::default() }
    }

    /// Prints `value` as an operand of `verb`.
    pub fn argument(&mut self, value: &Value<'_>, verb: char) {
        match (verb, value) {
            ('T' | 'v', Value::Nil) => self.pad("<nil>"),
            ('T', value) => self.text(value.type_name(), 's', value),
            (_, Value::Nil) => self.bad_nil(verb),
            ('p', _) => self.bad(verb, value),
            (_, Value::Sample(_)) => {
                self.out.push('&');
                self.nested(value, verb);
            }
            (_, value) => self.value(value, verb),
        }
    }

    /// Prints what a pointer points to.
    pub fn element(&mut self, value: &Value<'_>) {
        self.nested(value, 'v');
    }

    fn value(&mut self, value: &Value<'_>, verb: char) {
        match value {
            Value::Nil | Value::NilSample => self.out.push_str("<nil>"),
            Value::Bool(truth) => self.boolean(*truth, verb, value),
            Value::Int(number) => self.integer(number.unsigned_abs(), *number < 0, verb, value),
            Value::Byte(byte) => self.integer(u64::from(*byte), false, verb, value),
            Value::Float(number) => self.float(*number, verb, value),
            Value::Complex(real, imaginary) => self.complex(*real, *imaginary, verb, value),
            Value::Text(text) | Value::Html(text) => self.text(text, verb, value),
            Value::Labels(labels) => self.labels(labels, verb),
            Value::Args(args) => {
                let open = if self.flags.source { "map[string]interface {}{" } else { "map[" };
                self.map(open, args.values.iter().map(|(name, value)| (Value::made(&**name), value.clone())), verb);
            }
            // A pointer in a pointer prints as an address, of which there is none here.
            Value::Sample(_) if matches!(verb, 'v' | 'p' | 'd' | 'x' | 'X' | 'o' | 'b') => self.pad("0xc000000000"),
            Value::Sample(_) => self.bad(verb, value),
            Value::Vector(vector) => {
                let source = self.flags.source;
                self.out.push_str(if source { "template.queryResult{" } else { "[" });
                for (index, sample) in vector.borrow().iter().enumerate() {
                    self.out.push_str(if index == 0 {
                        ""
                    } else if source {
                        ", "
                    } else {
                        " "
                    });
                    self.value(&Value::Sample(sample), verb);
                }
                self.out.push_str(if source { "}" } else { "]" });
            }
            Value::Time(time) if self.flags.source && verb == 'v' => self.text(&time.source(), 's', value),
            Value::Time(time) if matches!(verb, 'v' | 's' | 'x' | 'X' | 'q') => {
                self.text(&time.print(), if verb == 'v' { 's' } else { verb }, value);
            }
            Value::Time(time) => self.clock(*time, verb),
            Value::Duration(duration) => self.stringer(&duration.print(), duration.nanos, verb, value),
            Value::Named(_, number, text) => self.stringer(text, *number, verb, value),
            Value::Root(_) => self.nested(value, verb),
        }
    }

    /// A value of a type that has a `String` method.
    fn stringer(&mut self, text: &str, number: i64, verb: char, value: &Value<'_>) {
        match verb {
            'v' if self.flags.source => self.integer(number.unsigned_abs(), number < 0, verb, value),
            'v' | 's' | 'x' | 'X' | 'q' => self.text(text, if verb == 'v' { 's' } else { verb }, value),
            _ => self.integer(number.unsigned_abs(), number < 0, verb, value),
        }
    }

    /// The fields that Go keeps an instant in, which verbs for numbers bring to light.
    fn clock(&mut self, time: Instant, verb: char) {
        self.out.push_str(if time.pointer { "&{" } else { "{" });
        let seconds = time.seconds.saturating_add(SECONDS_BEFORE_EPOCH);
        self.clock_part(u64::from(time.nanos), false, "uint64", verb);
        self.out.push(' ');
        self.clock_part(seconds.unsigned_abs(), seconds < 0, "int64", verb);
        self.out.push(' ');
        if matches!(verb, 'b' | 'o' | 'd') {
            self.integer(0, false, verb, &Value::Nil);
        } else {
            self.out.push_str(&format!("%!{verb}(*time.Location="));
            self.pad("<nil>");
            self.out.push(')');
        }
        self.out.push('}');
    }

    fn clock_part(&mut self, size: u64, negative: bool, type_name: &str, verb: char) {
        if matches!(verb, 'b' | 'c' | 'd' | 'o' | 'O' | 'U') {
            return self.integer(size, negative, verb, &Value::Nil);
        }
        self.out.push_str(&format!("%!{verb}({type_name}="));
        self.integer(size, negative, 'd', &Value::Nil);
        self.out.push(')');
    }

    /// The fields of a struct.
    fn nested(&mut self, value: &Value<'_>, verb: char) {
        let fields: Vec<(&str, Value<'_>)> = match value {
            Value::Sample(sample) => vec![("Labels", Value::Labels(&sample.0)), ("Value", Value::Float(sample.1))],
            Value::Root(data) => vec![
                ("Labels", Value::Labels(data.labels)),
                ("ExternalLabels", Value::Labels(data.external_labels)),
                ("ExternalURL", Value::text(data.external_url)),
                ("Value", Value::Float(data.value)),
            ],
            _ => return self.value(value, verb),
        };
        if self.flags.source {
            self.out.push_str(if matches!(value, Value::Root(_)) { ROOT_TYPE } else { "template.sample" });
        }
        self.out.push('{');
        for (index, (name, field)) in fields.iter().enumerate() {
            if index > 0 {
                self.out.push_str(if self.flags.source { ", " } else { " " });
            }
            if self.flags.source || self.flags.named_fields {
                self.out.push_str(name);
                self.out.push(':');
            }
            self.value(field, verb);
        }
        self.out.push('}');
    }

    fn labels(&mut self, labels: &Labels, verb: char) {
        let open = if self.flags.source { "map[string]string{" } else { "map[" };
        self.map(open, labels.iter().map(|(name, value)| (Value::text(name), Value::text(value))), verb);
    }

    fn map<'v>(&mut self, open: &str, pairs: impl Iterator<Item = (Value<'v>, Value<'v>)>, verb: char) {
        self.out.push_str(open);
        for (index, (name, value)) in pairs.enumerate() {
            if self.out.len() > MAX_TEXT {
                return;
            }
            if index > 0 {
                self.out.push_str(if self.flags.source { ", " } else { " " });
            }
            self.value(&name, verb);
            self.out.push(':');
            self.value(&value, verb);
        }
        self.out.push(if self.flags.source { '}' } else { ']' });
    }

    fn bad_nil(&mut self, verb: char) {
        self.out.push_str("%!");
        self.out.push(verb);
        self.out.push_str("(<nil>)");
    }

    /// The verb does not fit the value. The flags stay in force for what is said of it.
    fn bad(&mut self, verb: char, value: &Value<'_>) {
        self.out.push_str("%!");
        self.out.push(verb);
        self.out.push('(');
        self.out.push_str(value.type_name());
        self.out.push('=');
        match value {
            // Inside of a mistake Go asks no `String` method.
            Value::Duration(_) | Value::Named(..) => {
                let number = value.as_int().unwrap_or(0);
                self.integer(number.unsigned_abs(), number < 0, 'v', value);
            }
            value => self.argument(value, 'v'),
        }
        self.out.push(')');
    }

    fn boolean(&mut self, truth: bool, verb: char, value: &Value<'_>) {
        match verb {
            't' | 'v' => self.pad(if truth { "true" } else { "false" }),
            _ => self.bad(verb, value),
        }
    }

    fn text(&mut self, text: &str, verb: char, value: &Value<'_>) {
        match verb {
            'v' if self.flags.source => self.quoted(text),
            'v' | 's' => {
                let shown = self.truncated(text);
                self.pad(shown);
            }
            'x' | 'X' => self.hex(text.as_bytes(), verb == 'X'),
            'q' => self.quoted(text),
            _ => self.bad(verb, value),
        }
    }

    fn truncated<'t>(&self, text: &'t str) -> &'t str {
        let Some(precision) = self.flags.precision else { return text };
        text.char_indices().nth(precision).map_or(text, |(end, _)| &text[..end])
    }

    fn quoted(&mut self, text: &str) {
        let text = self.truncated(text);
        let can_be_raw = !text.contains(['`', '\x7f']) && !text.contains(|c: char| c < ' ' && c != '\t');
        if self.flags.sharp && can_be_raw {
            return self.pad(&format!("`{text}`"));
        }
        let mut shown = String::from('"');
        for c in text.chars() {
            escape(&mut shown, c, '"', self.flags.plus);
        }
        shown.push('"');
        self.pad(&shown);
    }

    fn hex(&mut self, bytes: &[u8], upper: bool) {
        let bytes = &bytes[..self.flags.precision.unwrap_or(bytes.len()).min(bytes.len())];
        let prefix = match (self.flags.sharp, upper) {
            (false, _) => "",
            (true, false) => "0x",
            (true, true) => "0X",
        };
        let mut shown = String::new();
        for (index, byte) in bytes.iter().enumerate() {
            if self.flags.space && index > 0 {
                shown.push(' ');
            }
            if index == 0 || self.flags.space {
                shown.push_str(prefix);
            }
            shown.push_str(&if upper { format!("{byte:02X}") } else { format!("{byte:02x}") });
        }
        self.pad(&shown);
    }

    fn integer(&mut self, size: u64, negative: bool, verb: char, value: &Value<'_>) {
        match verb {
            'v' if self.flags.source && matches!(value, Value::Byte(_)) => {
                let sharp = std::mem::replace(&mut self.flags.sharp, true);
                self.digits(&format!("{size:x}"), "0x", negative);
                self.flags.sharp = sharp;
            }
            'v' | 'd' => self.digits(&size.to_string(), "", negative),
            'b' => self.digits(&format!("{size:b}"), "0b", negative),
            'o' => self.digits(&format!("{size:o}"), "0", negative),
            'O' => {
                let sharp = std::mem::replace(&mut self.flags.sharp, true);
                self.digits(&format!("{size:o}"), "0o", negative);
                self.flags.sharp = sharp;
            }
            'x' => self.digits(&format!("{size:x}"), "0x", negative),
            'X' => self.digits(&format!("{size:X}"), "0X", negative),
            'c' | 'q' => self.character(size, negative, verb),
            'U' => self.code_point(if negative { size.wrapping_neg() } else { size }),
            _ => self.bad(verb, value),
        }
    }

    fn digits(&mut self, digits: &str, prefix: &str, negative: bool) {
        let flags = self.flags;
        let sign = match (negative, flags.plus, flags.space) {
            (true, ..) => "-",
            (_, true, _) => "+",
            (_, _, true) => " ",
            _ => "",
        };
        let mut digits = digits;
        let mut least = 0;
        if let Some(precision) = flags.precision {
            least = precision;
            // Nothing at all is the text of zero at a precision of zero.
            if precision == 0 && digits == "0" {
                let zero = std::mem::replace(&mut self.flags.zero, false);
                self.out.push_str(&" ".repeat(flags.width.unwrap_or(0)));
                self.flags.zero = zero;
                return;
            }
        } else if flags.zero && !flags.minus {
            least = flags.width.unwrap_or(0).saturating_sub(sign.len());
        }
        let prefix = if flags.sharp { prefix } else { "" };
        let padded = format!("{}{digits}", "0".repeat(least.saturating_sub(digits.len())));
        // An octal number that starts with a zero anyway gets no second one.
        let prefix = if prefix == "0" && padded.starts_with('0') { "" } else { prefix };
        digits = &padded;
        let zero = std::mem::replace(&mut self.flags.zero, false);
        self.pad(&format!("{sign}{prefix}{digits}"));
        self.flags.zero = zero;
    }

    fn character(&mut self, size: u64, negative: bool, verb: char) {
        let known = u32::try_from(size).ok().filter(|_| !negative).and_then(char::from_u32);
        let c = known.unwrap_or(char::REPLACEMENT_CHARACTER);
        if verb == 'c' {
            return self.pad(c.encode_utf8(&mut [0; 4]));
        }
        let mut shown = String::from('\'');
        escape(&mut shown, c, '\'', self.flags.plus);
        shown.push('\'');
        self.pad(&shown);
    }

    fn code_point(&mut self, code: u64) {
        let least = self.flags.precision.unwrap_or(4).max(4);
        let digits = format!("{code:X}");
        let mut shown = format!("U+{}{digits}", "0".repeat(least.saturating_sub(digits.len())));
        let c = u32::try_from(code).ok().and_then(char::from_u32);
        if let Some(c) = c.filter(|c| self.flags.sharp && is_printable(*c)) {
            shown.push_str(&format!(" '{c}'"));
        }
        let zero = std::mem::replace(&mut self.flags.zero, false);
        self.pad(&shown);
        self.flags.zero = zero;
    }

    fn float(&mut self, number: f64, verb: char, value: &Value<'_>) {
        match float_shape(verb) {
            Some((shape, precision)) => self.number(number, shape, precision, verb.is_ascii_uppercase()),
            None => self.bad(verb, value),
        }
    }

    fn complex(&mut self, real: f64, imaginary: f64, verb: char, value: &Value<'_>) {
        let Some((shape, precision)) = float_shape(verb) else { return self.bad(verb, value) };
        let plus = self.flags.plus;
        self.out.push('(');
        self.number(real, shape, precision, verb.is_ascii_uppercase());
        self.flags.plus = true;
        self.number(imaginary, shape, precision, verb.is_ascii_uppercase());
        self.out.push_str("i)");
        self.flags.plus = plus;
    }

    fn number(&mut self, number: f64, shape: Shape, precision: Option<usize>, upper: bool) {
        let precision = self.flags.precision.or(precision);
        let mut text = write_float(number, shape, precision);
        if upper && number.is_finite() {
            text.make_ascii_uppercase();
        }
        let (mut sign, size) = match text.strip_prefix(['-', '+']) {
            Some(size) => (&text[..1], size),
            None => ("+", &*text),
        };
        if self.flags.space && sign == "+" && !self.flags.plus {
            sign = " ";
        }
        if !number.is_finite() {
            // `NaN` has no sign unless one is asked for; zeros never stand before it.
            let bare = if number.is_nan() { !self.flags.space && !self.flags.plus } else { false };
            let zero = std::mem::replace(&mut self.flags.zero, false);
            let shown = if bare { size.to_string() } else { format!("{sign}{size}") };
            self.pad(&shown);
            self.flags.zero = zero;
            return;
        }
        let size = if self.flags.sharp && shape != Shape::Binary {
            sharpened(size, shape, precision, upper)
        } else {
            size.into()
        };
        if !self.flags.plus && sign == "+" {
            return self.pad(&size);
        }
        let width = self.flags.width.unwrap_or(0);
        if self.flags.zero && !self.flags.minus && width > size.chars().count() + 1 {
            // The sign stands before the zeros.
            self.out.push_str(sign);
            self.out.push_str(&"0".repeat(width - size.chars().count() - 1));
            self.out.push_str(&size);
            return;
        }
        self.pad(&format!("{sign}{size}"));
    }

    /// Writes `text` in a field of the asked width.
    fn pad(&mut self, text: &str) {
        let missing = self.flags.width.map_or(0, |width| width.saturating_sub(text.chars().count()));
        let fill = if self.flags.zero && !self.flags.minus { '0' } else { ' ' };
        if !self.flags.minus {
            self.out.extend(std::iter::repeat_n(fill, missing));
        }
        self.out.push_str(text);
        if self.flags.minus {
            self.out.extend(std::iter::repeat_n(fill, missing));
        }
    }
}

/// How a verb writes a float, and its precision where none is given.
fn float_shape(verb: char) -> Option<(Shape, Option<usize>)> {
    Some(match verb {
        'v' | 'g' | 'G' => (Shape::General, None),
        'x' | 'X' => (Shape::Hex, None),
        'b' => (Shape::Binary, None),
        'f' | 'F' => (Shape::Fixed, Some(6)),
        'e' | 'E' => (Shape::Exponent, Some(6)),
        _ => return None,
    })
}

/// `%#g`: always a point, and the zeros that `%g` leaves out.
fn sharpened(size: &str, shape: Shape, precision: Option<usize>, upper: bool) -> String {
    let markers: &[char] = if shape == Shape::Hex { &['p', 'P'] } else { &['e', 'E'] };
    let (mantissa, tail) = size.split_at(size.find(markers).unwrap_or(size.len()));
    let mut wanted = match shape {
        // Go forgot `%#X`.
        Shape::Hex if upper => 0,
        Shape::General | Shape::Hex => i64::try_from(precision.unwrap_or(6)).unwrap_or(i64::MAX),
        Shape::Exponent | Shape::Fixed | Shape::Binary => 0,
    };
    let significant = mantissa.chars().filter(|c| *c != '.').skip_while(|c| *c == '0').count();
    wanted -= i64::try_from(significant).unwrap_or(0);
    let mut shown = mantissa.to_string();
    if !mantissa.contains('.') {
        wanted -= i64::from(mantissa == "0");
        shown.push('.');
    }
    shown.push_str(&"0".repeat(usize::try_from(wanted).unwrap_or(0)));
    shown.push_str(tail);
    shown
}

/// Writes `format` with its verbs replaced by `values`.
pub(super) fn format_into(out: &mut String, format: &str, values: &[Value<'_>]) {
    let mut reader = Reader { format, at: 0, values, argument: 0, reordered: false, good: true, after_index: false };
    while let Some(percent) = format[reader.at..].find('%').filter(|_| out.len() <= MAX_TEXT) {
        out.push_str(&format[reader.at..reader.at + percent]);
        reader.at += percent + 1;
        reader.directive(out);
    }
    out.push_str(&format[reader.at..]);
    if !reader.reordered && reader.argument < values.len() {
        extra(out, &values[reader.argument..]);
    }
}

/// Says which values no verb asked for.
fn extra(out: &mut String, values: &[Value<'_>]) {
    out.push_str("%!(EXTRA ");
    for (index, value) in values.iter().enumerate() {
        out.push_str(if index > 0 { ", " } else { "" });
        if !matches!(value, Value::Nil) {
            out.push_str(value.type_name());
            out.push('=');
        }
        Printer::new(out).argument(value, 'v');
    }
    out.push(')');
}

/// Where the reading of a format is.
struct Reader<'f, 'v> {
    format: &'f str,
    at: usize,
    values: &'f [Value<'v>],
    argument: usize,
    reordered: bool,
    /// Whether the index in the directive at hand is one.
    good: bool,
    after_index: bool,
}

impl Reader<'_, '_> {
    fn peek(&self) -> Option<u8> {
        self.format.as_bytes().get(self.at).copied()
    }

    /// Reads and writes what follows a `%`.
    fn directive(&mut self, out: &mut String) {
        let mut flags = Flags::default();
        (self.good, self.after_index) = (true, false);
        self.flags(&mut flags);
        self.index();
        self.width(&mut flags, out);
        self.precision(&mut flags, out);
        if !self.after_index {
            self.index();
        }
        let Some(verb) = self.format[self.at..].chars().next() else {
            out.push_str("%!(NOVERB)");
            return;
        };
        self.at += verb.len_utf8();
        if verb == '%' {
            out.push('%');
        } else if !self.good {
            out.push_str(&format!("%!{verb}(BADINDEX)"));
        } else if let Some(value) = self.values.get(self.argument) {
            if matches!(verb, 'v' | 'w') {
                (flags.source, flags.sharp) = (flags.sharp, false);
                (flags.named_fields, flags.plus) = (flags.plus, false);
            }
            Printer { out, flags }.argument(value, verb);
            self.argument += 1;
        } else {
            out.push_str(&format!("%!{verb}(MISSING)"));
        }
    }

    fn flags(&mut self, flags: &mut Flags) {
        while let Some(byte) = self.peek() {
            match byte {
                b'#' => flags.sharp = true,
                b'0' => flags.zero = true,
                b'+' => flags.plus = true,
                b'-' => flags.minus = true,
                b' ' => flags.space = true,
                _ => return,
            }
            self.at += 1;
        }
    }

    fn width(&mut self, flags: &mut Flags, out: &mut String) {
        if self.peek() != Some(b'*') {
            flags.width = self.number();
            self.good &= !(self.after_index && flags.width.is_some());
            return;
        }
        self.at += 1;
        self.after_index = false;
        match self.number_from_value() {
            Some(width) => {
                flags.width = usize::try_from(width.unsigned_abs()).ok();
                if width < 0 {
                    (flags.minus, flags.zero) = (true, false);
                }
            }
            None => out.push_str("%!(BADWIDTH)"),
        }
    }

    fn precision(&mut self, flags: &mut Flags, out: &mut String) {
        // A point that ends the format is no precision but an unknown verb.
        if self.peek() != Some(b'.') || self.at + 1 == self.format.len() {
            return;
        }
        self.at += 1;
        self.good &= !self.after_index;
        self.index();
        if self.peek() != Some(b'*') {
            flags.precision = Some(self.number().unwrap_or(0));
            return;
        }
        self.at += 1;
        self.after_index = false;
        flags.precision = self.number_from_value().and_then(|precision| usize::try_from(precision).ok());
        if flags.precision.is_none() {
            out.push_str("%!(BADPREC)");
        }
    }

    /// A width or precision from the next value, which is used up either way.
    fn number_from_value(&mut self) -> Option<i64> {
        let value = self.values.get(self.argument)?;
        self.argument += 1;
        let most = u64::try_from(MOST).unwrap_or(u64::MAX);
        value.as_int().filter(|number| number.unsigned_abs() <= most)
    }

    /// Digits at this place, as a number; without digits, or beyond what Go takes, none.
    fn number(&mut self) -> Option<usize> {
        let start = self.at;
        let mut number = 0;
        while let Some(digit) = self.peek().filter(u8::is_ascii_digit) {
            number = number * 10 + usize::from(digit - b'0');
            self.at += 1;
            if number > MOST {
                // Go gives up on the rest of the format.
                self.at = self.format.len();
                return None;
            }
        }
        (self.at > start).then_some(number)
    }

    /// `[n]` at this place: the value to use next.
    fn index(&mut self) {
        self.after_index = false;
        if self.peek() != Some(b'[') {
            return;
        }
        self.reordered = true;
        let rest = &self.format[self.at..];
        let Some(close) = rest.find(']').filter(|_| rest.len() >= 3) else {
            self.good = false;
            self.at += 1;
            return;
        };
        self.at += close + 1;
        let digits = &rest[1..close];
        let number = digits.parse::<usize>().ok().filter(|_| digits.bytes().all(|byte| byte.is_ascii_digit()));
        self.after_index = number.is_some();
        match number.and_then(|number| number.checked_sub(1)).filter(|index| *index < self.values.len()) {
            Some(index) => self.argument = index,
            None => self.good = false,
        }
    }
}

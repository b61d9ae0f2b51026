//! Signatures as people write and copy them: `function`, `view` and the like may stand there or not, names too.

use super::{Kind, Parameter};
use std::ops::Range;

/// What in the text of a signature cannot be meant, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The bytes of the text that it is about.
    pub at: Range<usize>,
    /// What is wrong.
    pub said: String,
    /// What to write instead, where we know.
    pub help: Option<String>,
}

/// A word, and where it stands.
pub(super) type Word = (String, Range<usize>);

/// A signature's parts.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Signature {
    pub(super) name: String,
    pub(super) inputs: Vec<Parameter>,
    pub(super) outputs: Vec<Parameter>,
    /// Where the words behind the parameters stand, as `view`.
    pub(super) words: Vec<Word>,
}

/// What begins a text of this kind, where anything does: `function` or `event`.
pub(super) fn signature(text: &str, kind: &str) -> Result<Signature, Mistake> {
    Parser { text, at: 0, depth: 0 }.signature(kind)
}

/// Structs in structs: more than anybody's contract has.
const DEEPEST: usize = 8;
/// The length of a list that stands in its type.
const LONGEST: usize = 1024;
const TYPES: &str = "types are `uint256`, `int256` and their smaller kin, `bool`, `address`, `bytes32`, `bytes`, `string`, \
                     `(…)` for a struct, and `…[]`";

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn signature(&mut self, kind: &str) -> Result<Signature, Mistake> {
        let (mut name, at) = self.name(kind)?;
        if ["function", "event", "error"].contains(&name) && self.peek() != Some('(') {
            if name != kind {
                return Err(mistake(
                    at,
                    format!("this is {}, and {} is meant", with_article(name), with_article(kind)),
                ));
            }
            (name, _) = self.name(kind)?;
        }
        if self.peek() != Some('(') {
            return Err(mistake(self.here(), format!("the parameters of `{name}` are missing"))
                .helped(format!("write `{name}()` where there are none")));
        }
        let inputs = self.parameters(kind == "event")?;
        let (words, outputs) = self.words_and_outputs(kind)?;
        Ok(Signature { name: name.to_owned(), inputs, outputs, words })
    }

    fn words_and_outputs(&mut self, kind: &str) -> Result<(Vec<Word>, Vec<Parameter>), Mistake> {
        let (mut words, mut outputs) = (Vec::new(), Vec::new());
        loop {
            self.skip_space();
            match self.word() {
                Some(("returns" | "return", at)) if kind != "function" => {
                    return Err(mistake(at, format!("{} returns nothing", with_article(kind))));
                }
                Some(("returns" | "return", _)) => {
                    if self.peek() != Some('(') {
                        return Err(mistake(self.here(), "what it returns stands in parentheses")
                            .helped("write `returns (uint256)`"));
                    }
                    outputs = self.parameters(false)?;
                }
                Some((word, at)) => words.push((word.to_owned(), at)),
                None if self.eat(';') || self.at == self.text.len() => return Ok((words, outputs)),
                None => return Err(mistake(self.here(), "nothing more was expected here")),
            }
        }
    }

    fn name(&mut self, kind: &str) -> Result<(&'a str, Range<usize>), Mistake> {
        self.skip_space();
        self.word().ok_or_else(|| {
            let example = if kind == "event" { "Paused(address account)" } else { "totalSupply() returns (uint256)" };
            mistake(self.here(), format!("the name of the {kind} is missing"))
                .helped(format!("write for example `{example}`"))
        })
    }

    /// `(…)`, at its opening.
    fn parameters(&mut self, may_be_indexed: bool) -> Result<Vec<Parameter>, Mistake> {
        self.skip_space();
        let opened = self.at;
        self.eat('(');
        let mut parameters = Vec::new();
        loop {
            self.skip_space();
            if parameters.is_empty() && self.eat(')') {
                return Ok(parameters);
            }
            parameters.push(self.parameter(may_be_indexed)?);
            self.skip_space();
            if self.eat(')') {
                return Ok(parameters);
            }
            if self.at == self.text.len() {
                return Err(mistake(opened..opened + 1, "this parenthesis is not closed"));
            }
            if !self.eat(',') {
                return Err(mistake(self.here(), "a comma or a closing parenthesis was expected here"));
            }
        }
    }

    fn parameter(&mut self, may_be_indexed: bool) -> Result<Parameter, Mistake> {
        let kind = self.kind()?;
        let mut parameter = Parameter { name: String::new(), kind, indexed: false };
        loop {
            self.skip_space();
            match self.word() {
                Some(("indexed", at)) if !may_be_indexed => {
                    return Err(mistake(at, "only parameters of an event are indexed"));
                }
                Some(("indexed", _)) => parameter.indexed = true,
                Some(("memory" | "calldata" | "storage", _)) => {}
                Some(("payable", _)) if parameter.kind == Kind::Address => {}
                Some((name, _)) if parameter.name.is_empty() => name.clone_into(&mut parameter.name),
                Some((_, at)) => return Err(mistake(at, "a parameter has one name")),
                None => return Ok(parameter),
            }
        }
    }

    fn kind(&mut self) -> Result<Kind, Mistake> {
        self.skip_space();
        let began = self.at;
        let word = self.word();
        let mut kind = match word {
            Some(("tuple", _)) if self.text[self.at..].starts_with('(') => self.tuple()?,
            Some((word, at)) => plain(word, at)?,
            None if self.peek() == Some('(') => self.tuple()?,
            None => return Err(mistake(self.here(), "a type was expected here").helped(TYPES)),
        };
        while self.eat('[') {
            self.depth += 1;
            let length = self.length()?;
            kind = Kind::List(Box::new(kind), length);
            if self.depth > DEEPEST || kind.words() > LONGEST {
                return Err(mistake(began..self.at, "this type is larger than we read"));
            }
        }
        Ok(kind)
    }

    fn tuple(&mut self) -> Result<Kind, Mistake> {
        let opened = self.at;
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(mistake(self.here(), "structs are nested deeper than we read"));
        }
        let members = self.parameters(false)?;
        self.depth -= 1;
        if members.is_empty() {
            return Err(mistake(opened..self.at, "a struct has at least one member"));
        }
        Ok(Kind::Tuple(members))
    }

    /// What stands between `[` and `]`.
    fn length(&mut self) -> Result<Option<usize>, Mistake> {
        self.skip_space();
        let began = self.at;
        let digits = self.text[began..].bytes().take_while(u8::is_ascii_digit).count();
        self.at += digits;
        let written = &self.text[began..self.at];
        self.skip_space();
        if !self.eat(']') {
            return Err(mistake(self.here(), "`]` was expected here"));
        }
        let length = written.parse::<usize>().ok().filter(|length| (1..=LONGEST).contains(length));
        match (written, length) {
            ("", _) => Ok(None),
            (_, Some(length)) => Ok(Some(length)),
            (_, None) => Err(mistake(began..began + digits, format!("a list is 1 to {LONGEST} long"))),
        }
    }

    fn word(&mut self) -> Option<(&'a str, Range<usize>)> {
        let rest = &self.text[self.at..];
        let length =
            rest.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$')).count();
        let at = self.at..self.at + length;
        self.at = at.end;
        (length > 0).then(|| (&self.text[at.clone()], at))
    }

    fn skip_space(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
    }

    fn peek(&mut self) -> Option<char> {
        self.skip_space();
        self.text[self.at..].chars().next()
    }

    fn eat(&mut self, wanted: char) -> bool {
        let found = self.text[self.at..].starts_with(wanted);
        self.at += if found { wanted.len_utf8() } else { 0 };
        found
    }

    /// The character at which we are; behind the last one where there is none.
    fn here(&self) -> Range<usize> {
        let length = self.text[self.at..].chars().next().map_or(0, char::len_utf8);
        self.at..self.at + length
    }
}

fn plain(word: &str, at: Range<usize>) -> Result<Kind, Mistake> {
    let digits = word.trim_start_matches(|c: char| !c.is_ascii_digit());
    let size = digits.parse::<usize>().ok();
    let bits = |size: Option<usize>| match (digits, size) {
        ("", _) => Ok(256),
        (_, Some(bits)) if bits % 8 == 0 && (8..=256).contains(&bits) => Ok(bits),
        _ => Err(mistake(at.clone(), format!("`{word}` has no such size")).helped("sizes are 8, 16, … 256 bits")),
    };
    match &word[..word.len() - digits.len()] {
        "uint" => bits(size).map(Kind::Uint),
        "int" => bits(size).map(Kind::Int),
        "bool" if digits.is_empty() => Ok(Kind::Bool),
        "address" if digits.is_empty() => Ok(Kind::Address),
        "string" if digits.is_empty() => Ok(Kind::Text),
        "bytes" if digits.is_empty() => Ok(Kind::Bytes),
        "bytes" => match size {
            Some(size @ 1..=32) => Ok(Kind::Word(size)),
            _ => Err(mistake(at, format!("`{word}` has no such size")).helped("sizes are 1 to 32 bytes")),
        },
        _ => {
            let help = match word.chars().next() {
                Some(first) if first.is_ascii_uppercase() => {
                    "signatures know no names of types: a contract is an `address`, an enum a `uint8`, a struct its members in parentheses"
                }
                _ => TYPES,
            };
            Err(mistake(at, format!("`{word}` is not a type")).helped(help))
        }
    }
}

fn with_article(kind: &str) -> String {
    format!("{} {kind}", if kind == "function" { "a" } else { "an" })
}

fn mistake(at: Range<usize>, said: impl Into<String>) -> Mistake {
    Mistake { at, said: said.into(), help: None }
}

impl Mistake {
    /// One at a place of the text.
    pub(super) fn new(at: Range<usize>, said: impl Into<String>) -> Self {
        mistake(at, said)
    }

    pub(super) fn helped(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(text: &str, kind: &str) -> String {
        let signature = signature(text, kind).unwrap_or_else(|mistake| panic!("{text}: {mistake:?}"));
        let list = |parameters: &[Parameter]| {
            let each: Vec<_> = parameters
                .iter()
                .map(|it| format!("{} {}{}", it.kind, if it.indexed { "*" } else { "" }, it.name))
                .collect();
            each.join(", ")
        };
        format!("{}({}) -> {}", signature.name, list(&signature.inputs), list(&signature.outputs))
    }

    #[test]
    fn signatures_are_read_as_people_write_and_copy_them() {
        for (text, kind, expected) in [
            ("totalSupply() returns (uint256)", "function", "totalSupply() -> uint256 "),
            ("function totalSupply() external view virtual returns (uint);", "function", "totalSupply() -> uint256 "),
            ("  balanceOf ( address payable who ) view returns(int8)", "function", "balanceOf(address who) -> int8 "),
            ("Paused(address account)", "event", "Paused(address account) -> "),
            ("event Mint(address indexed user,uint256 amount)", "event", "Mint(address *user, uint256 amount) -> "),
            (
                "f(bytes32[3][] calldata x) returns (bool a, string memory b)",
                "function",
                "f(bytes32[3][] x) -> bool a, string b",
            ),
            (
                "getAllPrices() returns ((uint256 price, string source)[] prices)",
                "function",
                "getAllPrices() -> (uint256,string)[] prices",
            ),
            ("f(tuple(uint8 a, (bool b) c) x)", "function", "f((uint8,(bool)) x) -> "),
            // The name of a function may be one of our words.
            ("function() returns (bool)", "function", "function() -> bool "),
        ] {
            assert_eq!(canonical(text, kind), expected, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_meant_is_said_at_its_place() {
        for (text, kind, at, said) in [
            ("", "event", "", "the name of the event is missing"),
            ("totalSupply", "function", "", "the parameters of `totalSupply` are missing"),
            ("f(uint7)", "function", "uint7", "`uint7` has no such size"),
            ("f(bytes33)", "function", "bytes33", "`bytes33` has no such size"),
            ("f(IERC20 token)", "function", "IERC20", "`IERC20` is not a type"),
            ("f(uint256 a", "function", "(", "this parenthesis is not closed"),
            ("f(uint256 a; bool b)", "function", ";", "a comma or a closing parenthesis was expected here"),
            ("f(uint256 a b)", "function", "b", "a parameter has one name"),
            ("f(uint256 indexed a)", "function", "indexed", "only parameters of an event are indexed"),
            ("f() returns uint256", "function", "u", "what it returns stands in parentheses"),
            ("f() -> uint256", "function", "-", "nothing more was expected here"),
            ("f(uint256,)", "function", ")", "a type was expected here"),
            ("f(uint256[0])", "function", "0", "a list is 1 to 1024 long"),
            ("f(uint256[99][99])", "function", "uint256[99][99]", "this type is larger than we read"),
            ("f(())", "function", "()", "a struct has at least one member"),
            ("E(uint256) returns (bool)", "event", "returns", "an event returns nothing"),
            ("event E()", "function", "event", "this is an event, and a function is meant"),
            ("function e()", "event", "function", "this is a function, and an event is meant"),
            ("f(ü)", "function", "ü", "a type was expected here"),
        ] {
            let mistake = signature(text, kind).expect_err(text);
            assert_eq!((&text[mistake.at.clone()], mistake.said.as_str()), (at, said), "{text}");
        }
        let deep = format!("f({}uint8{})", "(".repeat(5000), ")".repeat(5000));
        assert_eq!(signature(&deep, "function").expect_err("deep").said, "structs are nested deeper than we read");
    }

    proptest::proptest! {
        #[test]
        fn no_text_brings_the_parser_down(text in "[a-z0-9(),\\[\\] ;ü]{0,40}", event: bool) {
            let kind = if event { "event" } else { "function" };
            if let Err(mistake) = signature(&text, kind) {
                // The place can be cut out of the text.
                proptest::prop_assert!(text.get(mistake.at).is_some());
            }
        }
    }
}

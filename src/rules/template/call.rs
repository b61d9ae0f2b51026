//! The functions that a template may call: their names, what they take, and who carries them out.

use super::instant::{Instant, Nanos};
use super::value::Value;
use super::{Data, builtin, helper};
use std::cell::RefCell;
use std::rc::Rc;

/// A Go type that a parameter asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    /// `interface {}`: anything.
    Any,
    /// `reflect.Value`: anything, as Go's own functions take it.
    Reflect,
    Text,
    Vector,
    Sample,
    Time,
    Duration,
}

/// What a function takes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Signature {
    /// The parameters that must be there.
    pub fixed: &'static [Type],
    /// The type of any number of further ones.
    pub rest: Option<Type>,
}

macro_rules! functions {
    ($($variant:ident $name:literal ($($fixed:ident),*) $(+ $rest:ident)?;)*) => {
        /// A function of Go's or of Prometheus's.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Function {
            $($variant),*
        }

        impl Function {
            /// Every name, as templates write it.
            pub const NAMES: &'static [&'static str] = &[$($name),*];

            /// The function of this name.
            pub fn named(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Function::$variant),)*
                    _ => None,
                }
            }

            /// What it takes.
            pub fn signature(self) -> Signature {
                match self {
                    $(Function::$variant => Signature {
                        fixed: &[$(Type::$fixed),*],
                        rest: None $(.or(Some(Type::$rest)))?,
                    },)*
                }
            }
        }
    };
}

functions! {
    And "and" (Reflect) + Reflect;
    Or "or" (Reflect) + Reflect;
    Not "not" (Reflect);
    Eq "eq" (Reflect) + Reflect;
    Ne "ne" (Reflect, Reflect);
    Lt "lt" (Reflect, Reflect);
    Le "le" (Reflect, Reflect);
    Gt "gt" (Reflect, Reflect);
    Ge "ge" (Reflect, Reflect);
    Index "index" (Reflect) + Reflect;
    Slice "slice" (Reflect) + Reflect;
    Len "len" (Reflect);
    Call "call" (Reflect) + Reflect;
    Print "print" () + Any;
    Printf "printf" (Text) + Any;
    Println "println" () + Any;
    Html "html" () + Any;
    Js "js" () + Any;
    UrlQuery "urlquery" () + Any;
    Query "query" (Text);
    First "first" (Vector);
    Label "label" (Text, Sample);
    Value "value" (Sample);
    StrValue "strvalue" (Sample);
    Args "args" () + Any;
    ReReplaceAll "reReplaceAll" (Text, Text, Text);
    SafeHtml "safeHtml" (Text);
    Match "match" (Text, Text);
    Title "title" (Text);
    ToUpper "toUpper" (Text);
    ToLower "toLower" (Text);
    GraphLink "graphLink" (Text);
    TableLink "tableLink" (Text);
    SortByLabel "sortByLabel" (Text, Vector);
    StripPort "stripPort" (Text);
    StripDomain "stripDomain" (Text);
    Humanize "humanize" (Any);
    Humanize1024 "humanize1024" (Any);
    HumanizeDuration "humanizeDuration" (Any);
    HumanizePercentage "humanizePercentage" (Any);
    HumanizeTimestamp "humanizeTimestamp" (Any);
    ToTime "toTime" (Any);
    ToDuration "toDuration" (Any);
    Now "now" ();
    PathPrefix "pathPrefix" ();
    ExternalUrl "externalURL" ();
    ParseDuration "parseDuration" (Text);
    UrlQueryEscape "urlQueryEscape" (Text);
}

impl Type {
    /// The name of the Go type.
    pub fn name(self) -> &'static str {
        match self {
            Type::Any => "interface {}",
            Type::Reflect => "reflect.Value",
            Type::Text => "string",
            Type::Vector => "template.queryResult",
            Type::Sample => "*template.sample",
            Type::Time => "time.Time",
            Type::Duration => "time.Duration",
        }
    }

    /// The value that `nil` is for this type, where it may be nil.
    pub fn nil<'a>(self) -> Option<Value<'a>> {
        match self {
            Type::Any | Type::Reflect => Some(Value::Nil),
            Type::Vector => Some(Value::Vector(Rc::new(RefCell::new(Vec::new())))),
            Type::Sample => Some(Value::NilSample),
            Type::Text | Type::Time | Type::Duration => None,
        }
    }

    /// `value` as an argument of this type.
    pub fn accept(self, value: Value<'_>) -> Result<Value<'_>, String> {
        match (self, value) {
            (_, Value::Nil) => self.nil().ok_or_else(|| format!("invalid value; expected {}", self.name())),
            (Type::Any | Type::Reflect, value)
            | (Type::Text, value @ Value::Text(_))
            | (Type::Vector, value @ Value::Vector(_))
            | (Type::Sample, value @ (Value::Sample(_) | Value::NilSample)) => Ok(value),
            (Type::Time, Value::Time(time)) => Ok(Value::Time(Instant { pointer: false, ..time })),
            (Type::Duration, Value::Duration(duration)) => Ok(Value::Duration(Nanos { pointer: false, ..duration })),
            (_, value) => Err(format!("wrong type for value; expected {}; got {}", self.name(), value.type_name())),
        }
    }
}

/// Carries out a function on arguments of the right types. `query`, `and` and `or` are the executor's own.
pub(super) fn call<'a>(function: Function, mut args: Vec<Value<'a>>, data: &'a Data<'a>) -> Result<Value<'a>, String> {
    match function {
        Function::And | Function::Or | Function::Query => Err("is carried out by the executor".into()),
        Function::Not => Ok(Value::Bool(!args[0].is_true())),
        Function::Eq => builtin::equal(&args[0], &args[1..]).map(Value::Bool),
        Function::Ne => builtin::equal(&args[0], &args[1..]).map(|equal| Value::Bool(!equal)),
        Function::Lt => builtin::less(&args[0], &args[1]).map(Value::Bool),
        Function::Le => builtin::less_or_equal(&args[0], &args[1]).map(Value::Bool),
        Function::Gt => builtin::less_or_equal(&args[0], &args[1]).map(|less| Value::Bool(!less)),
        Function::Ge => builtin::less(&args[0], &args[1]).map(|less| Value::Bool(!less)),
        Function::Index => builtin::index(args),
        Function::Slice => builtin::slice(args),
        Function::Len => builtin::length(&args[0]),
        Function::Call => builtin::call_of(&args[0]),
        Function::Print => Ok(Value::made(super::format::print(&args))),
        Function::Println => Ok(Value::made(super::format::println(&args))),
        Function::Printf => {
            let Value::Text(format) = args.remove(0) else { return Ok(Value::Nil) };
            Ok(Value::made(super::format::printf(&format, &args)))
        }
        Function::Html => Ok(Value::made(builtin::html(&builtin::joined(args)))),
        Function::Js => Ok(Value::made(builtin::js(&builtin::joined(args)))),
        Function::UrlQuery => Ok(Value::made(builtin::query_escape(&builtin::joined(args)))),
        helper => helper::call(helper, args, data),
    }
}

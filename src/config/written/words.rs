//! The texts of the configuration, each kind with a type of its own, so that the schema can say what it is.
//!
//! Nothing is understood here: a [`ZoneText`] is what somebody wrote where a zone belongs.

use crate::diagnostics::{Place, Spanned, Text};
use crate::yaml::DurationText;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use std::borrow::Cow;

/// A duration and where it is written.
pub type Duration = Spanned<DurationText>;

/// A kind of text: its type, its name for people, what it is, and an example.
macro_rules! kinds_of_text {
    ($($kind:ident $name:literal $what:literal $example:literal;)*) => {$(
        #[doc = $what]
        #[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
        #[serde(transparent)]
        pub struct $kind(pub Text);

        impl $kind {
            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0.value
            }

            /// Where it is written.
            #[must_use]
            pub fn place(&self) -> Place {
                self.0.place
            }
        }

        impl JsonSchema for $kind {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($kind).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "x-says": $name, "examples": [$example] })
            }
        }
    )*};
}

kinds_of_text! {
    StepText "a step on the calendar" "A step on the calendar: a whole number with `h`, `d`, `w` or `mo`." "1w";
    MatchersText "label matchers" "Label matchers, separated by commas: `=`, `!=`, `=~`, `!~`." "chain=\"sepolia\", severity=~\"medium|low\"";
    TimeText "a time of day" "A local time of day: `HH:MM`." "09:00";
    DateTimeText "a date and time" "A local date and time: `YYYY-MM-DDTHH:MM`." "2026-01-05T09:00";
    ZoneText "a time zone" "The IANA name of a time zone." "Europe/Berlin";
    SeverityText "a severity" "The name of a configured severity, or an alias of one." "high";
    TargetText "a target" "A channel, or `responder:`, `team:`, `schedule:`, `contact:` and a name." "schedule:primary";
    NameText "a name" "The name of something that is defined elsewhere in the configuration." "primary";
    AddressText "an address" "An address, with its scheme." "https://example.org/path";
    GlobText "a glob" "A path in which `*`, `**` and `?` stand for others." "rules/*.yaml";
    TemplateText "a template" "A Go template, as in annotations." "{{ $labels.instance }}";
    FunctionText "a view function" "The signature of a view function: its name, the types that it takes, and what it returns." "totalSupply() returns (uint256)";
    EventText "an event" "The signature of an event, with `indexed` where the contract has it." "Paused(address account)";
    PlainText "a text" "Any text." "node migration";
}

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
#[expect(missing_docs, reason = "the names of days say it")]
pub enum Day {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

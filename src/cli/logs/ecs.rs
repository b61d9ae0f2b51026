//! Log lines as documents of the Elastic Common Schema: <https://www.elastic.co/docs/reference/ecs/logging/intro>.
//!
//! One JSON object a line, its first keys in the order that the specification asks for. Keys with dots are names, not
//! paths. A field of ours is a label: flat, a keyword, and with `_` where we write a dot, because a label has no insides.

use serde_json::{Map, Value};
use std::fmt::{self, Debug};
use std::panic::PanicHookInfo;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

const VERSION: &str = "8.11.0";
const SERVICE: &str = "watchbell";

/// The layout. We open no spans, so an event is all there is.
pub struct Format;

impl<S, N> FormatEvent<S, N> for Format
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut said = Said::default();
        event.record(&mut said);
        writeln!(writer, "{}", said.document(event.metadata(), jiff::Timestamp::now()))
    }
}

/// A panic is a line like any other: what it would print by itself is no JSON.
pub fn panicked(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    let why = panic.payload_as_str().unwrap_or("it gave no reason");
    tracing::error!(error = why, place, "a task panicked at {place}: {why}");
}

/// What one event says.
#[derive(Default)]
struct Said {
    message: String,
    fields: Map<String, Value>,
}

impl Said {
    fn document(self, event: &tracing::Metadata<'_>, at: jiff::Timestamp) -> Value {
        let mut document = Map::new();
        let mut put = |key: &str, value: String| document.insert(key.to_owned(), Value::String(value));
        put("@timestamp", format!("{at:.3}"));
        put("log.level", event.level().as_str().to_lowercase());
        put("message", self.message);
        put("ecs.version", VERSION.into());
        put("service.name", SERVICE.into());
        put("service.version", env!("CARGO_PKG_VERSION").into());
        put("event.dataset", SERVICE.into());
        put("log.logger", event.target().into());
        document.extend(self.fields);
        Value::Object(document)
    }

    fn note(&mut self, field: &Field, value: String) {
        match field.name() {
            "message" => self.message = value,
            name => {
                self.fields.insert(key(name), Value::String(value));
            }
        }
    }
}

/// The key of a field: the schema's own where it has one, else a label.
fn key(name: &str) -> String {
    match name {
        "error" => "error.message".into(),
        "rule.name" | "rule.id" => name.into(),
        ours => format!("labels.{}", ours.replace('.', "_")),
    }
}

/// Every value is a keyword, whatever it was: the schema allows a label nothing else.
impl Visit for Said {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.note(field, format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.note(field, value.to_owned());
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.note(field, crate::http::chain(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl Write for Page {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_is_a_document_whose_first_keys_stand_in_the_order_of_the_specification() {
        let page = Page::default();
        let writer = page.clone();
        let logs = tracing_subscriber::fmt().event_format(Format).with_writer(move || writer.clone()).finish();
        tracing::subscriber::with_default(logs, || {
            tracing::warn!(channel.name = %"pager", attempts = 3_u32, error = "no \"answer\"\n", "could not deliver");
        });
        let text = String::from_utf8(page.0.lock().unwrap().clone()).unwrap();
        assert_eq!(text.matches('\n').count(), 1, "{text}");
        let document: Map<String, Value> = serde_json::from_str(&text).unwrap();
        let keys: Vec<&str> = document.keys().map(String::as_str).collect();
        assert_eq!(keys[..4], ["@timestamp", "log.level", "message", "ecs.version"]);
        assert_eq!(document["log.level"], "warn");
        assert_eq!(document["labels.channel_name"], "pager");
        assert_eq!(document["labels.attempts"], "3");
        assert_eq!(document["error.message"], "no \"answer\"\n");
        let at = document["@timestamp"].as_str().unwrap();
        assert!(at.len() == "2026-01-05T09:00:00.000Z".len() && at.ends_with('Z'), "{at}");
    }
}

//! What one evaluation costs per series, from the bytes of the answer to the decided alert: `cargo bench --bench evaluate`.
//!
//! Decode, match and decide together, over series that are known already, with a rule of two tiers: all calm, all firing, and
//! with one in a hundred changing its mind at every slot. The target is below 300 ns per series and linear.

#![expect(clippy::print_stdout, clippy::cast_precision_loss, reason = "a bench prints figures")]

use std::hint::black_box;
use std::path::PathBuf;
use std::sync::Arc;
use watchbell::config::Settings;
use watchbell::diagnostics::{Findings, Sources};
use watchbell::engine::evaluate::Reading;
use watchbell::engine::{Engine, Fact, World};
use watchbell::model::{Slot, Span};
use watchbell::prometheus::Decoder;
use watchbell::rules::{self, Context, template::Answers};

const RULES: &str = "
groups:
  - name: disks
    interval: 30s
    rules:
      - alert: DiskFilling
        expr: disk_used_ratio
        tiers:
          high: { above: 0.95, clear: 0.9, for: 1m }
          medium: { above: 0.8, for: 5m }
";
const INTERVAL: Span = Span::from_secs(30);

fn main() {
    for count in [1_000, 10_000, 100_000] {
        // Values of the first and of every second slot after it.
        for (what, one, other) in [
            ("calm", [0.2, 0.2], [0.3, 0.3]),
            ("firing", [0.97, 0.97], [0.98, 0.98]),
            ("1 % turning", [0.2, 0.2], [0.3, 0.97]),
        ] {
            println!("{count:>7} series, {what:<12} {:6.1} ns CPU per series", cost(count, one, other));
        }
    }
}

/// Nanoseconds of processor time per series and evaluation.
fn cost(count: usize, one: [f64; 2], other: [f64; 2]) -> f64 {
    let (first, second) = (body(count, one), body(count, other));
    let (mut engine, mut decoder) = (engine(), Decoder::new());
    let mut slot = Slot::from_millis(1_767_603_600_000);
    let mut evaluate = |body: &[u8]| {
        slot = slot + INTERVAL;
        let answer = decoder.decode(body).expect("it is an answer");
        let (answers, lookups) = ([(decoder.table(), &answer)], Answers::new());
        let readings = [Ok(Reading { answers: &answers, lookups: &lookups })];
        black_box(engine.advance(Fact::Evaluated { group: 0, slot, readings: &readings }, slot.moment(Span::ZERO)));
    };
    for _ in 0..12 {
        evaluate(&first);
    }
    let rounds = (4_000_000 / count).max(20);
    let spent = processor_time(|| {
        for round in 0..rounds {
            evaluate(if round % 2 == 0 { &second } else { &first });
        }
    });
    spent / rounds as f64 / count as f64
}

fn engine() -> Engine {
    let (mut sources, mut findings) = (Sources::default(), Findings::default());
    let files = [(PathBuf::from("rules.yaml"), Arc::from(RULES))];
    let loaded = rules::load_texts(&files, &Context::default(), &mut sources, &mut findings);
    assert!(!findings.has_errors(), "the bench's rules are good");
    Engine::new(Arc::new(World::new(Arc::new(Settings::default()), loaded.set)))
}

/// An answer of `count` series with eight labels; one in a hundred has the second value.
fn body(count: usize, values: [f64; 2]) -> Vec<u8> {
    let items: Vec<_> = (0..count)
        .map(|n| {
            format!(
                r#"{{"metric":{{"__name__":"disk_used_ratio","cluster":"production-eu-central-1","container":"node-exporter","device":"sd{}","environment":"production","instance":"10.{}.{}.{}:9100","job":"kubernetes-node-exporter","pod":"node-exporter-{n:08x}"}},"value":[1735689600.123,"{}"]}}"#,
                n % 4, n / 65536, n / 256 % 256, n % 256, values[usize::from(n % 100 == 0)]
            )
        })
        .collect();
    format!(r#"{{"status":"success","data":{{"resultType":"vector","result":[{}]}}}}"#, items.join(",")).into_bytes()
}

/// Nanoseconds of processor time that `work` takes on this thread, which other load on the machine does not change
/// (Linux only; exact to a few milliseconds, so that short work is repeated).
fn processor_time(work: impl FnOnce()) -> f64 {
    let now = || {
        let stat = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux accounts for threads");
        stat.split_whitespace().next().and_then(|nanos| nanos.parse::<f64>().ok()).expect("it counts nanoseconds")
    };
    let before = now();
    work();
    now() - before
}

//! What ten thousand open incidents cost: `cargo bench --bench escalation`.
//!
//! Each incident stands on a ladder of four levels, some acknowledged, some held back by a silence. The target for a tick is
//! below 50 ms; one in which nothing is due is what the service does most of the time.

#![expect(clippy::print_stdout, reason = "a bench prints figures")]

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use watchbell::config;
use watchbell::diagnostics::{Findings, Sources};
use watchbell::engine::command::{Act, Actor, Command, Deed, NewSilence, Via};
use watchbell::engine::evaluate::Reading;
use watchbell::engine::{Engine, Fact, World};
use watchbell::model::{Answer, Labels, Matchers, Moment, Sample, SeriesTable, Slot, Span};
use watchbell::rules::{self, Context, template::Answers};

const COUNT: u64 = 10_000;

const RULES: &str = "
groups:
  - name: nodes
    interval: 1m
    rules:
      - alert: NodeDown
        expr: up
        tiers: { critical: { below: 1 } }
";

const CONFIG: &str = r#"
prometheus: { main: { url: http://127.0.0.1:9090 } }
rules: [rules.yaml]
channels: { hook: { webhook: { url: "http://127.0.0.1:1/hook" } }, again: { webhook: { url: "http://127.0.0.1:1/again" } } }
policies:
  default:
    group_by: [alertname, node]
    wait: 0s
    matrix:
      critical:
        levels:
          - { notify: [hook] }
          - { after: 5m, notify: [again] }
          - { after: 15m, notify: [hook] }
          - { after: 30m, notify: [again] }
        repeat: { every: 30m, times: 3 }
        ack_expires: 30m
      high: { tell: nobody }
      medium: { tell: nobody }
      low: { tell: nobody }
routes: [{ policy: default }]
response: { critical: { acknowledge: 5m, assess: 15m } }
"#;

fn main() {
    let mut engine = engine();
    let start = Slot::from_millis(1_767_603_600_000);
    println!("{:>9.1} ms  {COUNT} incidents open in one slot", millis(|| fall(&mut engine, start)));
    acknowledge_some(&mut engine, start.moment(Span::ZERO));
    let mut now = start.moment(Span::ZERO) + Span::from_secs(1);
    let idle = millis(|| {
        for _ in 0..100 {
            now = now + Span::from_millis(10);
            engine.advance(Fact::Tick, now);
            std::hint::black_box(engine.next_due());
        }
    });
    println!("{:>9.3} ms  a tick in which nothing is due", idle / 100.0);
    let level = start.moment(Span::ZERO) + Span::from_mins(5);
    let mut told = 0;
    let due = millis(|| told = engine.advance(Fact::Tick, level).drafts.len());
    println!("{due:>9.1} ms  a tick in which all climb a level ({told} messages)");
    let matchers = Matchers::parse(r#"node=~"1.*""#).expect("these are matchers");
    let silence = Deed::Silence(NewSilence::from_now(matchers, Span::from_hours(1), "moving".into()));
    let held = millis(|| command(&mut engine, silence.clone(), level + Span::from_secs(1)));
    println!("{held:>9.1} ms  a silence over a part of them");
}

/// Every node goes down at once, each an incident of its own.
fn fall(engine: &mut Engine, slot: Slot) {
    let mut table = SeriesTable::new();
    let series = (0..COUNT).map(|number| table.intern(Labels::new([("node", number.to_string())])));
    let samples = series.collect::<Vec<_>>().into_iter().map(|series| Sample { series, value: 0.0 }).collect();
    let answer = Answer { samples, ..Answer::default() };
    let (answers, lookups) = ([(&table, &answer)], Answers::new());
    let readings = [Ok(Reading { answers: &answers, lookups: &lookups })];
    let step = engine.advance(Fact::Evaluated { group: 0, slot, readings: &readings }, slot.moment(Span::ZERO));
    assert_eq!(step.drafts.len(), usize::try_from(COUNT).unwrap_or(0), "each incident pages");
}

fn acknowledge_some(engine: &mut Engine, now: Moment) {
    for number in (1..=COUNT).step_by(10) {
        let deed = Deed::Incident { number, generation: None, act: Act::Acknowledge };
        command(engine, deed, now);
    }
}

fn command(engine: &mut Engine, deed: Deed, now: Moment) {
    let actor = Actor { name: "bench".into(), via: Via::Scenario };
    let step = engine.advance(Fact::Command(&Command { id: "1".into(), actor, deed }), now);
    assert_eq!(step.refusal, None, "the bench asks for what can be done");
}

fn engine() -> Engine {
    let folder = std::env::temp_dir().join(format!("watchbell-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("there is room for a file");
    let (path, rules_path) = (folder.join("watchbell.yaml"), PathBuf::from("rules.yaml"));
    std::fs::write(&path, CONFIG).expect("the file can be written");
    std::fs::write(folder.join("rules.yaml"), RULES).expect("the file can be written");
    let (mut sources, mut findings) = (Sources::default(), Findings::default());
    let loaded = config::load(&path, jiff::Timestamp::UNIX_EPOCH, &mut sources, &mut findings);
    let settings = Arc::new(loaded.expect("the bench's configuration is good").settings);
    let context = Context { severities: settings.severities.clone(), ..Context::default() };
    let set = rules::load_texts(&[(rules_path, Arc::from(RULES))], &context, &mut sources, &mut findings).set;
    assert!(!findings.has_errors(), "the bench's files are good");
    std::fs::remove_dir_all(&folder).expect("the folder is ours");
    Engine::new(Arc::new(World::new(settings, set)))
}

fn millis(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    let took: Duration = start.elapsed();
    took.as_secs_f64() * 1e3
}

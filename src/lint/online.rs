//! What a source says of the rules: metrics and labels that are not there, types, refused and slow queries, and what would
//! fire now.
//!
//! Everything is asked at one instant. First the queries themselves; then, of those that returned nothing, each selector, once
//! for all rules; then the types of metrics. A source that cannot be reached, or that lacks an API, is a note: what was not
//! asked is not said to be good.

use super::exprs;
use super::files::{Files, RATES};
use super::raw_counter;
use crate::config::Settings;
use crate::diagnostics::{Findings, Place, Text, codes};
use crate::model::{Labels, Name, Slot, Span};
use crate::prometheus::{Client, Decoder, QueryError};
use crate::promql::tree::{Kind, LabelMatcher, MatchOperator, Node, Selector};
use crate::rules::{Checked, Condition, Kind as RuleKind, Loaded};
use futures_util::StreamExt;
use futures_util::future::join_all;
use futures_util::stream::iter;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Duration, Instant};

/// What every source can answer.
const SMALLEST: &str = "vector(1)";
/// How far back a metric that is gone is looked for.
const BACK: &str = "7d";
/// How many questions are under way at once; a source has a limit of its own besides.
const AT_ONCE: usize = 8;
/// What takes less is never slow.
const QUICK: Duration = Duration::from_secs(1);

/// One query of a rule, and where it is asked.
struct Query<'a> {
    rule: &'a Checked,
    index: usize,
    text: &'a Text,
    root: &'a Node,
    source: &'a str,
}

/// What became of a query.
struct Asked {
    outcome: Result<Vec<(Labels, f64)>, QueryError>,
    took: Duration,
}

/// What a source knows of a selector.
#[derive(Clone, Debug)]
enum Presence {
    There,
    /// There were such series in the last week.
    Gone,
    /// The metric is there, but nothing meets this condition on a label, or all of them together.
    NoMatch(Option<LabelMatcher>),
    Never,
    Unknown,
}

/// Asks the sources of `settings` about all rules, as of `now`.
pub async fn check(loaded: &Loaded, settings: &Settings, now: Slot, findings: &mut Findings) {
    let mut clients = clients(settings, findings);
    let files = Files::new(loaded);
    let named: BTreeSet<String> =
        queries(loaded, settings, &clients).iter().map(|query| query.source.to_owned()).collect();
    clients.retain(|source, _| named.contains(*source));
    drop_silent(&mut clients, now, findings).await;
    let queries = queries(loaded, settings, &clients);
    let asked: Vec<Asked> = iter(&queries)
        .map(|query| ask(&clients[query.source], &query.text.value, now))
        .buffered(AT_ONCE)
        .collect()
        .await;
    let mut silent: BTreeSet<String> = BTreeSet::new();
    let mut empty = Vec::new();
    for (query, asked) in queries.iter().zip(&asked) {
        match &asked.outcome {
            Ok(samples) => {
                tell_answer(query, samples, asked.took, findings);
                if samples.is_empty() {
                    empty.push(query);
                }
            }
            Err(error) => tell_error(query, error, &mut silent, findings),
        }
    }
    tell_absent(&empty, &clients, &files, now, findings).await;
    for (source, client) in clients.iter().filter(|(source, _)| !silent.contains(**source)) {
        let of_source: Vec<&Query<'_>> = queries.iter().filter(|query| query.source == *source).collect();
        if !of_source.is_empty() {
            tell_types(source, client, &of_source, &files, findings).await;
        }
    }
}

/// Drops the sources that do not answer the smallest question, and tells of each: who waited for every query of theirs would
/// wait long.
async fn drop_silent(clients: &mut BTreeMap<&str, Client>, now: Slot, findings: &mut Findings) {
    let asked = clients.iter().map(async |(source, client)| (*source, ask(client, SMALLEST, now).await.outcome));
    for (source, outcome) in join_all(asked).await {
        if let Err(error) = outcome
            && !is_about_the_query(&error)
        {
            clients.remove(source);
            tell_silence(source, &error, findings);
        }
    }
}

/// A client of each source; one that cannot be made is told.
fn clients<'s>(settings: &'s Settings, findings: &mut Findings) -> BTreeMap<&'s str, Client> {
    let mut clients = BTreeMap::new();
    for (name, source) in &settings.sources {
        match Client::new(source) {
            Ok(client) => drop(clients.insert(&**name, client)),
            Err(error) => {
                findings.remark(codes::WB266, format!("the source `{name}` cannot be asked: {}", chain(&error)));
            }
        }
    }
    clients
}

/// The queries of all rules that are switched on and whose source can be asked.
fn queries<'a>(loaded: &'a Loaded, settings: &'a Settings, clients: &BTreeMap<&str, Client>) -> Vec<Query<'a>> {
    let rules = loaded.checked.iter().filter(|rule| rule.rule.disabled.is_none());
    let queries = rules.flat_map(|rule| {
        let source = rule.group.source.as_ref().map_or(&*settings.default_source, |source| source.value.as_str());
        exprs::of_alert(rule).enumerate().map(move |(index, (text, expr))| Query {
            rule,
            index,
            text,
            root: expr.root(),
            source,
        })
    });
    queries.filter(|query| clients.contains_key(query.source)).collect()
}

async fn ask(client: &Client, expression: &str, now: Slot) -> Asked {
    let begun = Instant::now();
    let body = client.query(expression, now, client.deadline()).await;
    let took = begun.elapsed();
    let outcome = body.and_then(|body| {
        let mut decoder = Decoder::new();
        let answer = decoder.decode(&body)?;
        Ok(answer.samples.iter().map(|sample| (decoder.table().labels(sample.series).clone(), sample.value)).collect())
    });
    Asked { outcome, took }
}

fn tell_answer(query: &Query<'_>, samples: &[(Labels, f64)], took: Duration, findings: &mut Findings) {
    let place = whole(query);
    let count = match samples.len() {
        1 => "1 series".to_owned(),
        count => format!("{count} series"),
    };
    findings.remark(codes::WB268, format!("this query returns {count} in {} ms", took.as_millis())).at(place, "");
    let interval = query.rule.interval.to_std();
    if took > QUICK && took > interval / 10 {
        findings
            .warn(
                codes::WB264,
                format!("this query took {:.1} s, of an interval of {} s", took.as_secs_f64(), interval.as_secs()),
            )
            .at(place, "at each evaluation")
            .help("record what it is made of, ask for fewer series, or evaluate less often");
    }
    let firing = fires(query, samples);
    if let Some((severity, count)) = firing
        && let Some(alert) = &query.rule.written.alert
    {
        findings
            .remark(codes::WB265, format!("`{}` would fire now: {count} series at `{severity}`", alert.value))
            .at(alert.place, "without its `for`");
    }
}

/// The highest tier that holds now, and for how many series. Of composite conditions nothing is said.
fn fires(query: &Query<'_>, samples: &[(Labels, f64)]) -> Option<(Name, usize)> {
    let rule = &query.rule.rule;
    if rule.kind == RuleKind::Extended && query.index != rule.value {
        return None;
    }
    let mut counts: BTreeMap<usize, (Name, usize)> = BTreeMap::new();
    for (labels, value) in samples {
        let holds = |condition: &Condition| match condition {
            Condition::Present => true,
            Condition::Bound(bound) => bound.holds(*value),
            Condition::When(_) => false,
        };
        let tiers = rule.tiers_for(labels);
        if let Some(index) = tiers.iter().position(|tier| holds(&tier.condition)) {
            counts.entry(index).or_insert_with(|| (tiers[index].severity.name().clone(), 0)).1 += 1;
        }
    }
    counts.into_iter().next().map(|(_, highest)| highest)
}

fn tell_error(query: &Query<'_>, error: &QueryError, silent: &mut BTreeSet<String>, findings: &mut Findings) {
    if is_about_the_query(error) {
        findings.warn(codes::WB263, error.to_string()).at(whole(query), "asked as it stands here");
    } else if silent.insert(query.source.to_owned()) {
        tell_silence(query.source, error, findings);
    }
}

fn is_about_the_query(error: &QueryError) -> bool {
    match error {
        QueryError::Refused { status, .. } => matches!(status, 400 | 422),
        QueryError::WrongType { .. } | QueryError::TooLarge { .. } => true,
        _ => false,
    }
}

fn tell_silence(source: &str, error: &QueryError, findings: &mut Findings) {
    findings
        .remark(codes::WB266, format!("the source `{source}` does not answer: {}", chain(error)))
        .help("its rules were checked without it");
}

/// Tells of the selectors of queries without an answer what is not there. Each is asked for once.
async fn tell_absent(
    queries: &[&Query<'_>],
    clients: &BTreeMap<&str, Client>,
    files: &Files<'_>,
    now: Slot,
    findings: &mut Findings,
) {
    let mut uses: Vec<(&Query<'_>, &Node, &Selector)> = Vec::new();
    for query in queries {
        selectors(query.root, files, &mut |node, selector| uses.push((query, node, selector)));
    }
    let distinct: BTreeMap<(&str, String), &Selector> = uses
        .iter()
        .map(|(query, _, selector)| ((query.source, written(selector, &selector.matchers)), *selector))
        .collect();
    let known: HashMap<(&str, String), Presence> = iter(distinct)
        .map(|((source, text), selector)| async move {
            let presence = presence(&clients[source], selector, now).await.unwrap_or(Presence::Unknown);
            ((source, text), presence)
        })
        .buffered(AT_ONCE)
        .collect()
        .await;
    for (query, node, selector) in uses {
        if let Some(presence) = known.get(&(query.source, written(selector, &selector.matchers))) {
            tell_presence(presence, selector, query.text.place_of(node.range.clone()), query, findings);
        }
    }
}

/// The selectors whose absence is no plan: not in `absent`, and not of what rules of the same files record.
fn selectors<'n>(node: &'n Node, files: &Files<'_>, found: &mut impl FnMut(&'n Node, &'n Selector)) {
    match &node.kind {
        Kind::Call(function, _) if function.name.starts_with("absent") => {}
        Kind::Selector(selector) => {
            if selector.name().is_some_and(|name| !files.records(name)) {
                found(node, selector);
            }
        }
        _ => node.children().into_iter().for_each(|child| selectors(child, files, found)),
    }
}

fn tell_presence(presence: &Presence, selector: &Selector, place: Place, query: &Query<'_>, findings: &mut Findings) {
    let (name, source) = (selector.name().unwrap_or_default(), query.source);
    match presence {
        Presence::There | Presence::Unknown => {}
        Presence::Never => {
            findings
                .warn(codes::WB260, format!("`{source}` has never heard of `{name}`"))
                .at(place, format!("not now, and not in the last {BACK}"))
                .help("is the name right? What is yet to come can be allowed by a comment");
        }
        Presence::Gone => {
            findings
                .warn(codes::WB261, format!("`{source}` has no such series of `{name}` any more"))
                .at(place, format!("not now, but in the last {BACK}"))
                .help("see what became of what exports it");
        }
        Presence::NoMatch(Some(matcher)) => {
            findings
                .warn(codes::WB262, format!("no series of `{name}` meets the condition on `{}`", matcher.name))
                .at(query.text.place_of(matcher.range.clone()), "matches nothing")
                .help("is the label right, and its value?");
        }
        Presence::NoMatch(None) => {
            findings
                .warn(codes::WB262, format!("no series of `{name}` meets all of these conditions"))
                .at(place, "each alone matches something")
                .help("which of them belong together?");
        }
    }
}

async fn presence(client: &Client, selector: &Selector, now: Slot) -> Result<Presence, QueryError> {
    let whole = written(selector, &selector.matchers);
    let metric = written(selector, &[]);
    if any(client, &whole, now).await? {
        return Ok(Presence::There);
    }
    if any(client, &format!("count_over_time({whole}[{BACK}])"), now).await? {
        return Ok(Presence::Gone);
    }
    if any(client, &metric, now).await? {
        for matcher in selector.matchers.iter().filter(|matcher| matcher.name != "__name__") {
            if !any(client, &written(selector, std::slice::from_ref(matcher)), now).await? {
                return Ok(Presence::NoMatch(Some(matcher.clone())));
            }
        }
        return Ok(Presence::NoMatch(None));
    }
    let was_there = any(client, &format!("count_over_time({metric}[{BACK}])"), now).await?;
    Ok(if was_there { Presence::Gone } else { Presence::Never })
}

async fn any(client: &Client, expression: &str, now: Slot) -> Result<bool, QueryError> {
    let asked = ask(client, &format!("count({expression})"), now).await;
    Ok(!asked.outcome?.is_empty())
}

/// The metric of `selector` with these conditions, as PromQL.
fn written(selector: &Selector, matchers: &[LabelMatcher]) -> String {
    let sign = |operator| match operator {
        MatchOperator::Equal => "=",
        MatchOperator::NotEqual => "!=",
        MatchOperator::Matches => "=~",
        MatchOperator::MatchesNot => "!~",
    };
    let others = matchers.iter().filter(|matcher| matcher.name != "__name__");
    let conditions: String = others
        .map(|matcher| format!(",{}{}{}", label(&matcher.name), sign(matcher.operator), quoted(&matcher.value)))
        .collect();
    format!("{{__name__={}{conditions}}}", quoted(selector.name().unwrap_or_default()))
}

/// A label's name, in quotes only where it needs them: older servers know none.
fn label(name: &str) -> String {
    let is_plain = name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    if is_plain { name.to_owned() } else { quoted(name) }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

/// Holds what queries do with metrics against the types that the source knows.
async fn tell_types(source: &str, client: &Client, queries: &[&Query<'_>], files: &Files<'_>, findings: &mut Findings) {
    let types = match client.metric_types(client.deadline()).await {
        Ok(types) => types,
        Err(error) => {
            findings
                .remark(
                    codes::WB266,
                    format!("the source `{source}` does not tell the types of metrics: {}", chain(&error)),
                )
                .help("whether a counter is one was judged by its name alone");
            return;
        }
    };
    let is = |selector: &Selector, kind: &str| {
        selector.name().is_some_and(|name| !files.records(name) && types.get(name).is_some_and(|known| known == kind))
    };
    for query in queries {
        query.root.walk(&mut |node| {
            let of_gauge = rate_of(node).filter(|(_, selector)| is(selector, "gauge"));
            if let Some((of, name)) = of_gauge.and_then(|(of, selector)| Some((of, selector.name()?))) {
                findings
                    .warn(codes::WB267, format!("`{source}` says that `{name}` is a gauge"))
                    .at(query.text.place_of(of.range.clone()), "its `rate` means nothing")
                    .help("for a gauge use `delta`, `deriv`, or `avg_over_time`");
            }
        });
        let by_name = |selector: &Selector| is(selector, "counter") && !raw_counter::is_told(selector, files);
        for (node, name) in raw_counter::compared(query.root, &by_name) {
            findings
                .warn(codes::WB267, format!("`{source}` says that `{name}` is a counter"))
                .at(query.text.place_of(node.range.clone()), "compared as it stands, and it only grows")
                .help(format!("compare how fast it grows: `rate({name}[5m])`"));
        }
    }
}

/// The selector of which `node` takes the rate.
fn rate_of(node: &Node) -> Option<(&Node, &Selector)> {
    let Kind::Call(function, arguments) = &node.kind else { return None };
    let Some(Kind::Range(of, _)) = arguments.first().map(|argument| &argument.kind) else { return None };
    match &of.kind {
        Kind::Selector(selector) if RATES.contains(&function.name) => Some((of, selector)),
        _ => None,
    }
}

fn whole(query: &Query<'_>) -> Place {
    query.text.place_of(query.root.range.clone())
}

/// An error with its causes, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}

/// The instant that everything is asked for: now, on whole seconds, as a group's slot would be.
#[must_use]
pub fn instant(now_millis: i64) -> Slot {
    Slot::at_or_before(now_millis, Span::from_secs(1), Span::ZERO)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promql::Expr;

    #[test]
    fn a_selector_is_asked_as_it_was_written_and_older_servers_understand_it() {
        let expr = Expr::parse(r#"rate({__name__="x", a!="b\"c\\", d=~"e|\n"}[5m] offset 1h)"#).unwrap();
        let mut texts = Vec::new();
        expr.root().walk(&mut |node| {
            if let Kind::Selector(selector) = &node.kind {
                texts.push(written(selector, &selector.matchers));
            }
        });
        assert_eq!(texts, [r#"{__name__="x",a!="b\"c\\",d=~"e|\n"}"#]);
        assert!(Expr::parse(&texts[0]).is_ok());
    }
}

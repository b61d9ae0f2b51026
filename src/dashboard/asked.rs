//! What Grafana would ask a Prometheus for a dashboard: the same text, with the variables put in as Grafana puts them in.
//!
//! The distances of samples and `$__rate_interval` follow Grafana's backend for Prometheus; so a query that is answered here is
//! answered there. Pure: who asks brings the time and the server.

use super::grafana::{Dashboard, Panel, Variable};
use crate::model::{Slot, Span, duration_text};

/// Grafana asks for about so many samples where it is not told how wide a panel is on the screen.
const SAMPLES: i64 = 1000;

/// From when to when one looks, and how.
#[derive(Clone, Copy, Debug)]
pub struct View {
    /// Until when.
    pub to: Slot,
    /// How long; the dashboard's own stretch where nothing is said.
    pub range: Option<Span>,
    /// How often is scraped, as the datasource says.
    pub scrape: Span,
}

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// A panel, by its row and its title.
    Panel(String, String),
    /// A variable.
    Variable(String),
    /// An annotation.
    Annotation(String),
}

/// When it is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// One instant.
    At(Slot),
    /// Every `step` from an instant to another.
    Over {
        /// The first.
        from: Slot,
        /// The last.
        to: Slot,
        /// Their distance.
        step: Span,
    },
}

/// One question, ready to be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Who asks.
    pub who: Who,
    /// As it stands in the dashboard.
    pub written: String,
    /// As it is asked.
    pub expr: String,
    /// When it is asked about.
    pub when: When,
    /// What is read where nothing comes back, where that is expected.
    pub nothing: Option<String>,
}

/// Everything that a dashboard asks when it is opened, variables first.
#[must_use]
pub fn questions(dashboard: &Dashboard, view: View) -> Vec<Question> {
    let range = view.range.unwrap_or_else(|| stretch(&dashboard.time.from));
    let sight = Sight { view, range, variables: &dashboard.templating.list };
    let mut questions: Vec<Question> = dashboard.templating.list.iter().filter_map(|one| sight.variable(one)).collect();
    questions.extend(dashboard.annotations.list.iter().map(|one| {
        let step = duration_text::parse(&one.step).unwrap_or(Span::from_secs(60));
        let (who, nothing) = (Who::Annotation(one.name.clone()), Some("nothing to mark".to_owned()));
        Question { nothing, ..sight.question(who, &one.expr, step, false) }
    }));
    let mut row = String::new();
    for panel in &dashboard.panels {
        if panel.is_row() {
            row.clone_from(&panel.title);
        }
        questions.extend(sight.panel(&row, panel));
    }
    questions
}

/// One look at a dashboard.
struct Sight<'a> {
    view: View,
    range: Span,
    variables: &'a [Variable],
}

impl Sight<'_> {
    fn panel(&self, row: &str, panel: &Panel) -> Vec<Question> {
        let least = panel.interval.and_then(|text| duration_text::parse(text).ok()).unwrap_or(self.view.scrape);
        let step = step(self.range, least);
        let nothing = panel.field_config.as_ref().and_then(|config| config.defaults.no_value.clone());
        let asks = panel.targets.iter().map(|target| {
            let who = Who::Panel(row.to_owned(), panel.title.clone());
            Question { nothing: nothing.clone(), ..self.question(who, &target.expr, step, target.instant) }
        });
        asks.collect()
    }

    /// `label_values(metric, label)`: Grafana asks for labels, and we for how many series have each value.
    fn variable(&self, variable: &Variable) -> Option<Question> {
        let inside = variable.query.strip_prefix("label_values(")?.strip_suffix(')')?;
        let (metric, label) = inside.split_once(", ")?;
        let expr = format!("count by ({label}) ({metric})");
        let written = variable.query.clone();
        Some(Question { written, ..self.question(Who::Variable(variable.name.clone()), &expr, self.view.scrape, true) })
    }

    fn question(&self, who: Who, written: &str, step: Span, instant: bool) -> Question {
        let expr = self.filled_in(written, step);
        let when = if instant { When::At(self.view.to) } else { over(self.view.to, self.range, step) };
        Question { who, written: written.to_owned(), expr, when, nothing: None }
    }

    /// The longest names first, so that none is taken for the beginning of another.
    fn filled_in(&self, written: &str, step: Span) -> String {
        let seconds = |span: Span| format!("{}s", span.millis() / 1000);
        let rate = (step + self.view.scrape).max(self.view.scrape.times(4));
        let expr = written
            .replace("$__rate_interval", &seconds(rate))
            .replace("$__interval", &seconds(step))
            .replace("$__range", &seconds(self.range));
        let all = self.variables.iter().filter_map(|variable| Some((&variable.name, variable.all_value?)));
        all.fold(expr, |expr, (name, value)| expr.replace(&format!("${name}"), value))
    }
}

/// Grafana asks on a grid that does not move with the clock.
fn over(to: Slot, range: Span, step: Span) -> When {
    let on_grid = |slot: Slot| Slot::at_or_before(slot.millis(), step, Span::ZERO);
    When::Over { from: on_grid(to - range), to: on_grid(to), step }
}

/// The distance of samples over `range`, no less than `least`.
fn step(range: Span, least: Span) -> Span {
    rounded(Span::from_millis(range.millis() / SAMPLES)).max(least)
}

/// The distances that Grafana uses, each up to the limit beside it, in seconds.
const STEPS: [(i64, i64); 18] = [
    (1, 1),
    (3, 2),
    (7, 5),
    (12, 10),
    (17, 15),
    (25, 20),
    (45, 30),
    (90, 60),
    (210, 120),
    (450, 300),
    (750, 600),
    (1050, 900),
    (1500, 1200),
    (2700, 1800),
    (5400, 3600),
    (9000, 7200),
    (16_200, 10_800),
    (32_400, 21_600),
];

fn rounded(span: Span) -> Span {
    let seconds = span.millis() / 1000;
    let step = STEPS.iter().find(|(limit, _)| seconds <= *limit).map_or(43_200, |(_, step)| *step);
    Span::from_secs(step)
}

/// `now-6h` as six hours.
fn stretch(from: &str) -> Span {
    let ago = from.strip_prefix("now-").and_then(|ago| duration_text::parse(ago).ok());
    ago.unwrap_or(Span::from_hours(6))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dashboard::grafana::Dashboard;

    fn asked(written: &str, range: &str) -> (String, When) {
        let mut dashboard = Dashboard::new("x", "x", "", (range, "30s"));
        dashboard.templating.list =
            vec![Variable::datasource(), Variable::values("chain", "block_time_seconds", "Chain")];
        dashboard.panels = vec![Panel::row("Row"), Panel::graph("Panel").ask(written, "")];
        let view = View { to: Slot::from_millis(1_700_000_007_000), range: None, scrape: Span::from_secs(15) };
        let question = questions(&dashboard, view).pop().expect("the panel asks");
        assert_eq!(question.who, Who::Panel("Row".into(), "Panel".into()));
        (question.expr, question.when)
    }

    #[test]
    fn variables_are_put_in_as_grafana_does() {
        let written = r#"rate(x{chain=~"$chain"}[$__rate_interval]) + y[$__range] + z[$__interval]"#;
        let (expr, when) = asked(written, "6h");
        assert_eq!(expr, r#"rate(x{chain=~".*"}[60s]) + y[21600s] + z[20s]"#);
        let (from, to) = (Slot::from_millis(1_699_978_400_000), Slot::from_millis(1_700_000_000_000));
        assert_eq!(when, When::Over { from, to, step: Span::from_secs(20) });
        // A month: samples lie three quarters of an hour apart, and a rate looks at as much and one scrape more.
        assert_eq!(asked("rate(x[$__rate_interval])", "30d").0, "rate(x[1815s])");
    }
}

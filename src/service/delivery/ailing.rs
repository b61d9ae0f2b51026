//! On which lines an Alertmanager could not be told again what fires.

use super::Line;
use crate::model::Name;
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// What has not been told again for so many times is told again no more.
const MISSED_RESENDS: u32 = 3;

/// The lines that ail: their last resend failed.
#[derive(Debug, Default)]
pub(super) struct Ailing(HashMap<Line, Missed>);

#[derive(Debug)]
struct Missed {
    /// How often in a row.
    failures: u32,
    last: Instant,
}

impl Ailing {
    /// It could not be told again; returns how often in a row that is so.
    pub(super) fn missed(&mut self, line: Line, now: Instant) -> u32 {
        let failures = 1 + self.0.get(&line).map_or(0, |missed| missed.failures);
        self.0.insert(line, Missed { failures, last: now });
        failures
    }

    /// It was told again, or its incident has ended there: nothing is told again of what is over.
    pub(super) fn ends(&mut self, line: &Line) {
        self.0.remove(line);
    }

    /// Lines of other channels ail no more.
    pub(super) fn keep_those_of(&mut self, is_channel: impl Fn(&Name) -> bool) {
        self.0.retain(|(_, to), _| is_channel(&to.channel));
    }

    /// Whether something ails on `channel`, which is told again `every` so often. Where nothing is told again any more, nothing
    /// ails: its incident is over, or others are told of it now.
    pub(super) fn ails(&mut self, channel: &Name, every: Duration, now: Instant) -> bool {
        let is_told_again = |missed: &Missed| now.duration_since(missed.last) < every * MISSED_RESENDS;
        self.0.retain(|(_, to), missed| to.channel != *channel || is_told_again(missed));
        self.0.keys().any(|(_, to)| to.channel == *channel)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::incident::Destination;
    use crate::model::IncidentId;

    const MINUTE: Duration = Duration::from_mins(1);

    fn line(incident: &str, channel: &str) -> Line {
        (IncidentId::derive(&[incident]), Destination { channel: channel.into(), to: None })
    }

    #[test]
    fn failures_are_counted_in_a_row_and_one_that_gets_through_ends_them() {
        let (mut ailing, now) = (Ailing::default(), Instant::now());
        assert_eq!([1, 2, 3].map(|_| ailing.missed(line("a", "am"), now)), [1, 2, 3]);
        assert_eq!(ailing.missed(line("b", "am"), now), 1, "each line counts by itself");
        ailing.ends(&line("a", "am"));
        assert_eq!(ailing.missed(line("a", "am"), now), 1);
    }

    #[test]
    fn a_channel_ails_while_one_of_its_lines_does() {
        let (mut ailing, now) = (Ailing::default(), Instant::now());
        ailing.missed(line("a", "am"), now);
        ailing.missed(line("b", "am"), now);
        assert!(!ailing.ails(&"other".into(), MINUTE, now));
        ailing.ends(&line("a", "am"));
        assert!(ailing.ails(&"am".into(), MINUTE, now));
        ailing.ends(&line("b", "am"));
        assert!(!ailing.ails(&"am".into(), MINUTE, now));
    }

    #[test]
    fn what_has_missed_three_resends_is_told_again_no_more_and_ails_no_more() {
        let (mut ailing, now) = (Ailing::default(), Instant::now());
        ailing.missed(line("a", "am"), now);
        ailing.missed(line("a", "other"), now);
        assert!(ailing.ails(&"am".into(), MINUTE, now + 2 * MINUTE));
        assert!(!ailing.ails(&"am".into(), MINUTE, now + 3 * MINUTE));
        assert!(ailing.ails(&"other".into(), 2 * MINUTE, now + 3 * MINUTE), "another channel has a time of its own");
    }

    #[test]
    fn a_channel_that_is_gone_ails_no_more() {
        let (mut ailing, now) = (Ailing::default(), Instant::now());
        ailing.missed(line("a", "am"), now);
        ailing.keep_those_of(|channel| channel != "am");
        assert!(!ailing.ails(&"am".into(), MINUTE, now));
    }
}

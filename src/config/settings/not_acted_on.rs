//! What a configuration asks for and this release only checks. A line is deleted here when its deed is built.

use super::{Channel, ChannelKind, Escalation, Ladder, Level, Reach, Resolve, Settings, Store};

impl Settings {
    /// In words for people, what this configuration uses and this release does not act on yet.
    #[must_use]
    pub fn not_acted_on_yet(&self) -> Vec<&'static str> {
        let questions: [(bool, &'static str); 26] = [
            (self.any_level(|level| !level.after.is_zero()), "levels with `after`"),
            (self.any_level(|level| level.actions), "`actions` of levels"),
            (self.any_ladder(|ladder| ladder.repeat.is_some()), "`repeat`"),
            (self.any_ladder(|ladder| ladder.ack_expires.is_some()), "`ack_expires`"),
            (self.any_ladder(|ladder| ladder.resolve != Resolve::Auto), "`resolve` other than `auto`"),
            (self.any_escalation(|escalation| matches!(escalation, Escalation::Digest(_))), "digests"),
            (!self.schedules.is_empty(), "schedules"),
            (self.responders.values().any(|person| person.quiet_hours.is_some()), "quiet hours"),
            (self.any_reach(|reach| !reach.after.is_zero()), "`after` of `reach`"),
            (!self.actions.is_empty(), "actions"),
            (!self.response.is_empty(), "response deadlines"),
            (self.stakeholders.is_some(), "stakeholders"),
            (!self.silences.is_empty(), "silences"),
            (!self.maintenance.is_empty(), "maintenance"),
            (!self.inhibit.is_empty(), "inhibition"),
            (self.flapping.is_some(), "flapping"),
            (!self.heartbeats.expect.is_empty(), "expected heartbeats"),
            (!self.heartbeats.send.is_empty(), "sent heartbeats"),
            (!self.routines.is_empty(), "routines"),
            (self.budgets.pages_per_rule_per_week.is_some(), "budgets"),
            (self.any_channel(|channel| matches!(channel.kind, ChannelKind::Email { .. })), "email channels"),
            (self.remote_write.is_some(), "remote write"),
            (self.sentry.is_some(), "sentry"),
            (matches!(self.store, Store::Postgres(_)), "the postgres store"),
            (!self.tokens.is_empty(), "access tokens"),
            (self.retention != super::Retention::default(), "retention"),
        ];
        questions.into_iter().filter_map(|(used, words)| used.then_some(words)).collect()
    }

    fn any_channel(&self, claim: impl Fn(&Channel) -> bool) -> bool {
        self.channels.values().any(claim)
    }

    fn any_reach(&self, claim: impl Fn(&Reach) -> bool) -> bool {
        let people = self.responders.values().map(|person| &person.reach);
        people.chain(self.contacts.values()).flatten().any(claim)
    }

    fn any_escalation(&self, claim: impl Fn(&Escalation) -> bool) -> bool {
        self.policies.values().flat_map(|policy| policy.matrix.values()).any(claim)
    }

    fn any_ladder(&self, claim: impl Fn(&Ladder) -> bool) -> bool {
        self.any_escalation(|escalation| match escalation {
            Escalation::Ladder(ladder) => claim(ladder),
            // A digest is not acted on as a whole, and says so itself.
            Escalation::Digest(_) | Escalation::Nobody => false,
        })
    }

    fn any_level(&self, claim: impl Fn(&Level) -> bool) -> bool {
        self.any_ladder(|ladder| ladder.levels.iter().any(&claim))
    }
}

//! What differs between two configurations, by the keys that people know.

use super::Settings;

impl Settings {
    /// The keys whose meaning is another than in `old`, each once.
    #[must_use]
    pub fn differences(&self, old: &Settings) -> Vec<&'static str> {
        // Every field by name: a new one has to be compared as well.
        let Settings {
            sources,
            default_source,
            remote_write,
            rules,
            timezone,
            external_url,
            external_labels,
            store,
            retention,
            listen,
            rule_failure_after,
            history_max_samples,
            sentry,
            severities,
            response,
            stakeholders,
            channels,
            responders,
            contacts,
            teams,
            schedules,
            actions,
            policies,
            routes,
            inhibit,
            inhibit_wait,
            silences,
            maintenance,
            flapping,
            heartbeats,
            routines,
            budgets,
            checks,
            collect,
            tokens,
            links,
        } = self;
        let fields = [
            (sources != &old.sources, "prometheus"),
            (default_source != &old.default_source, "prometheus"),
            (remote_write != &old.remote_write, "remote_write"),
            (rules != &old.rules, "rules"),
            (timezone != &old.timezone, "timezone"),
            (external_url != &old.external_url, "external_url"),
            (external_labels != &old.external_labels, "external_labels"),
            (store != &old.store, "store"),
            (retention != &old.retention, "retention"),
            (listen != &old.listen, "listen"),
            (rule_failure_after != &old.rule_failure_after, "rule_failure_after"),
            (history_max_samples != &old.history_max_samples, "history_max_samples"),
            (sentry != &old.sentry, "sentry"),
            (severities != &old.severities, "severities"),
            (response != &old.response, "response"),
            (stakeholders != &old.stakeholders, "stakeholders"),
            (channels != &old.channels, "channels"),
            (responders != &old.responders, "responders"),
            (contacts != &old.contacts, "contacts"),
            (teams != &old.teams, "teams"),
            (schedules != &old.schedules, "schedules"),
            (actions != &old.actions, "actions"),
            (policies != &old.policies, "policies"),
            (routes != &old.routes, "routes"),
            (inhibit != &old.inhibit, "inhibit"),
            (inhibit_wait != &old.inhibit_wait, "inhibit_wait"),
            (silences != &old.silences, "silences"),
            (maintenance != &old.maintenance, "maintenance"),
            (flapping != &old.flapping, "flapping"),
            (heartbeats != &old.heartbeats, "heartbeats"),
            (routines != &old.routines, "routines"),
            (budgets != &old.budgets, "budgets"),
            (checks != &old.checks, "checks"),
            (collect != &old.collect, "collect"),
            (tokens != &old.tokens, "access"),
            (links != &old.links, "access"),
        ];
        let mut keys: Vec<_> = fields.into_iter().filter_map(|(differs, key)| differs.then_some(key)).collect();
        keys.dedup();
        keys
    }

    /// The base of links in messages, where the configuration names none: where it listens.
    #[must_use]
    pub fn usual_external_url(listen: &str) -> String {
        format!("http://{listen}")
    }

    /// Takes from `running` what holds until a restart: where it listens and where it remembers, and the address of links where that is
    /// where it listens. Returns the keys that say something else.
    pub fn hold_until_restart(&mut self, running: &Settings) -> Vec<&'static str> {
        let mut held = Vec::new();
        if self.listen != running.listen {
            if self.external_url == Settings::usual_external_url(&self.listen) {
                self.external_url = Settings::usual_external_url(&running.listen);
            }
            self.listen.clone_from(&running.listen);
            held.push("listen");
        }
        if self.store != running.store {
            self.store = running.store.clone();
            held.push("store");
        }
        held
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_it_listens_and_remembers_holds_until_a_restart_and_so_do_links_that_lead_there() {
        let at = |listen: &str, url: &str| Settings {
            listen: listen.into(),
            external_url: url.into(),
            ..Settings::default()
        };
        let running = at("127.0.0.1:9095", "http://127.0.0.1:9095");
        let mut moved = at("127.0.0.1:9096", "http://127.0.0.1:9096");
        assert_eq!(moved.hold_until_restart(&running), ["listen"]);
        assert!(moved.differences(&running).is_empty());
        let mut told = at("127.0.0.1:9096", "https://alerts.example");
        assert_eq!(told.hold_until_restart(&running), ["listen"]);
        assert_eq!(told.differences(&running), ["external_url"], "that is somebody's word, and holds now");
        let mut elsewhere = Settings { store: super::super::Store::Sqlite("other.db".into()), ..running.clone() };
        assert_eq!(elsewhere.hold_until_restart(&running), ["store"]);
        assert_eq!(elsewhere, running);
    }

    #[test]
    fn what_differs_is_named_by_its_key_and_once() {
        let old = Settings::default();
        assert!(old.differences(&old).is_empty());
        let new = Settings {
            policies: [("p".into(), super::super::Policy::telling_nobody())].into(),
            default_source: "other".into(),
            ..old.clone()
        };
        assert_eq!(new.differences(&old), ["prometheus", "policies"]);
    }
}

//! What people and actions did, counted where it is decided.

use super::Decider;
use crate::engine::incident::Standing;
use crate::engine::{Event, EventKind, IncidentEvent};

impl Decider {
    /// Counts a deadline of the response procedure that was met or missed.
    pub(super) fn count_response(&self, event: &Event) {
        let EventKind::Incident { key, event, .. } = &event.kind else { return };
        let Some(incident) = self.engine.state.incidents.by_key.get(key) else { return };
        if let IncidentEvent::Missed { stage, .. } = event {
            return self.ways_out.metrics.response(*stage, &incident.severity, "missed");
        }
        let Some((stage, at)) = event.completes() else { return };
        let in_time = incident.response.get(&stage) == Some(&Standing { done: Some(at), missed: None });
        let mut asked_for = incident.deadlines(&self.engine.world.settings);
        if in_time && asked_for.any(|(asked, _)| asked == stage) {
            self.ways_out.metrics.response(stage, &incident.severity, "met");
        }
    }

    /// Counts a run that has ended, or was refused.
    pub(super) fn count_run(&self, event: &Event) {
        let EventKind::Incident { event, .. } = &event.kind else { return };
        match event {
            IncidentEvent::ActionEnded { action, ended, .. } => self.ways_out.metrics.ran(action, ended),
            IncidentEvent::ActionRefused { action, alerts, .. } => {
                self.ways_out.metrics.refused_run(action, alerts.len())
            }
            _ => {}
        }
    }
}

//! Incidents: opened, told what happens, ordered something.

use std::sync::Arc;
use std::time::Instant;

use super::{App, Effect, IncidentEvent, Screen, WorkspaceEvent};
use crate::course::Item;
use crate::course::scenario::Scenario;
use crate::incident::order::Order;
use crate::tui::screens::incident::Incident;

impl App {
    /// Opens an incident.
    pub fn open_incident(
        &mut self,
        item: Arc<Item>,
        scenario: Arc<Scenario>,
        fresh: bool,
        now: Instant,
    ) -> Vec<Effect> {
        let mut effects = self.leave_open(now);
        effects.extend(self.close_replay());
        self.workspace = None;
        self.visits += 1;
        let mut incident = Incident::new(item, scenario, self.visits);
        incident.arrange(self.area);
        effects.push(incident.open(fresh));
        self.incident = Some(incident);
        self.screen = Screen::Incident;
        self.ticked = now;
        effects
    }

    /// The incident, while it is what the screen shows.
    pub(super) fn open_incident_mut(&mut self) -> Option<&mut Incident> {
        self.incident.as_mut().filter(|_| self.screen == Screen::Incident)
    }

    pub(super) fn incident_happened(
        &mut self,
        visit: u64,
        event: IncidentEvent,
        now: Instant,
    ) -> Vec<Effect> {
        let Some(incident) = self.incident.as_mut().filter(|it| it.visit == visit) else {
            return vec![];
        };
        match event {
            IncidentEvent::Shell(event) => self.happened(visit, *event, now),
            event => {
                let outcome = incident.happened(event, self.area, now);
                self.came(outcome)
            }
        }
    }

    /// Something happened to the shell of the open incident.
    pub(super) fn incident_shell_happened(
        &mut self,
        event: WorkspaceEvent,
        now: Instant,
    ) -> Vec<Effect> {
        let Some(incident) = &mut self.incident else { return vec![] };
        if let WorkspaceEvent::Clipboard(text) = event {
            let item = incident.item.id.clone();
            return self.clipboard_wanted(&item, text, now);
        }
        let outcome = incident.shell.happened(event, self.area);
        self.came(outcome)
    }

    /// Orders something of the open incident.
    pub(super) fn order(&mut self, order: Order) -> Vec<Effect> {
        self.incident.as_mut().map(|incident| incident.order(order)).into_iter().collect()
    }
}

//! One opened incident: followed as its director writes it down, looked at through its system's gate,
//! and told what the learner wants. Its shell is that of any [`Visit`].

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::Shared;
use super::visit::Visit;
use crate::course::Item;
use crate::course::scenario::Scenario;
use crate::engine::{Sandbox, SandboxId, Step};
use crate::incident::gate::Gate;
use crate::incident::gate::wire::{After, Question};
use crate::incident::incidents::{self, Begin, Incidents};
use crate::incident::life::{Life, Phase};
use crate::incident::observe::{Request, Seen};
use crate::incident::order::Order;
use crate::incident::postmortem::{Material, Story};
use crate::problem::Problem;
use crate::store::{Attempt, AttemptId};
use crate::tui::app::{ATTEMPT, Event, IncidentEvent};

/// How often the incident is read: a change is on the screen well before its next second.
const LOOK: Duration = Duration::from_millis(300);

/// How many log lines and spans come in one exchange at most.
const LINES: u32 = 1_000;
const SPANS: u32 = 500;

/// An opened incident.
pub(super) struct Follow {
    pub(super) id: u64,
    inner: Arc<Inner>,
}

struct Inner {
    id: u64,
    shared: Shared,
    item: Item,
    visit: Visit,
    cancel: CancellationToken,
    /// Set once it has begun.
    begun: Mutex<Option<Begun>>,
}

#[derive(Clone)]
struct Begun {
    incidents: Incidents,
    attempt: Attempt,
    /// The shell machine and the way in, once it is there.
    gate: Option<(SandboxId, Arc<Gate>)>,
}

impl Follow {
    /// Begins the item's incident, or goes on with the one that there is.
    pub(super) fn begin(
        shared: Shared,
        visit: Visit,
        id: u64,
        item: &str,
        fresh: bool,
    ) -> Option<Self> {
        let item = shared.course().item(item)?.clone();
        let cancel = CancellationToken::new();
        let begun = Mutex::default();
        let inner = Arc::new(Inner { id, shared, item, visit, cancel, begun });
        let this = inner.clone();
        tokio::spawn(async move {
            let follow = this.follow(fresh);
            if let Some(Err(problem)) = this.cancel.clone().run_until_cancelled(follow).await {
                this.send(IncidentEvent::Problem(problem));
            }
        });
        Some(Self { id, inner })
    }

    /// Looks at the system: one exchange. Requests to its parts go by themselves: one that takes its
    /// time keeps no chart waiting.
    pub(super) fn observe(&self, mut request: Request) {
        let http = std::mem::take(&mut request.http);
        for asked in http {
            self.look(Request { http: vec![asked], ..Request::default() });
        }
        if request != Request::default() {
            self.look(request);
        }
    }

    fn look(&self, request: Request) {
        let this = self.inner.clone();
        tokio::spawn(async move {
            let Some(gate) = this.gate() else { return };
            let seen = this.cancel.run_until_cancelled(observe(&gate, request)).await;
            if let Some(Some(seen)) = seen {
                this.send(IncidentEvent::Seen(Box::new(seen)));
            }
        });
    }

    /// Tells the incident what the learner wants. It is written down at once.
    pub(super) fn order(&self, order: Order) {
        let this = self.inner.clone();
        tokio::spawn(async move {
            let Some(begun) = lock(&this.begun).clone() else { return };
            let result = match &order {
                // Nobody waits for these.
                Order::Saw(_) => begun.incidents.order(begun.attempt.id, &order).map(drop),
                _ => begun.incidents.ask(begun.attempt.id, &order).await.map(drop),
            };
            this.send(IncidentEvent::Done(order, result));
        });
    }

    /// Stops following; the incident goes on.
    pub(super) fn end(self) {
        self.inner.cancel.cancel();
    }
}

impl Inner {
    fn send(&self, event: IncidentEvent) {
        self.shared.send(Event::Incident { visit: self.id, event });
    }

    fn gate(&self) -> Option<Arc<Gate>> {
        let begun = lock(&self.begun);
        let (_, gate) = begun.as_ref()?.gate.as_ref()?;
        Some(Arc::clone(gate))
    }

    async fn follow(&self, fresh: bool) -> Result<(), Problem> {
        let incidents = self.shared.context.incidents(self.shared.store.clone()).await?;
        let scenario = incidents::of(&self.item)?;
        let attempt = {
            let _making = self.shared.making.lock().await;
            let tell = |step: Step| self.send(IncidentEvent::Starting(step));
            incidents.begin(&self.item, Begin { fresh, ..Begin::default() }, &tell).await?
        };
        let id = attempt.id;
        let place = self.shared.recall(format!("{ATTEMPT}{id}"));
        self.send(IncidentEvent::Begun { attempt: id.to_string(), place });
        *lock(&self.begun) =
            Some(Begun { incidents: incidents.clone(), attempt: attempt.clone(), gate: None });
        let mut known = String::new();
        let mut told = false;
        loop {
            incidents.ensure(id)?;
            let written = incidents.lab.store.lock().incident(id)?;
            if let Some((text, _)) = written
                && text != known
                && let Ok(life) = serde_json::from_str::<Life>(&text)
            {
                known = text;
                self.machines(&incidents, &attempt, &life).await?;
                if life.is_over() && !std::mem::replace(&mut told, true) {
                    let story = self.story(&incidents, id, &scenario, &life)?;
                    self.send(IncidentEvent::Story(Box::new(story)));
                }
                told &= life.is_over();
                self.send(IncidentEvent::Picture(Box::new(life.picture(&scenario))));
                if life.removed {
                    return Ok(());
                }
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// What happened, from what the store has of it.
    fn story(
        &self,
        incidents: &Incidents,
        id: AttemptId,
        scenario: &Scenario,
        life: &Life,
    ) -> Result<Story, Problem> {
        let store = incidents.lab.store.lock();
        let (attempt, measured) = (store.attempt(id)?, store.incident_values(id)?);
        let commands = store.commands(id)?;
        drop(store);
        let material = Material {
            item: &self.item,
            scenario,
            attempt: &attempt,
            life,
            measured: &measured,
            commands: &commands,
        };
        Ok(material.story())
    }

    /// Finds the shell machine once it is there, or another is.
    async fn machines(
        &self,
        incidents: &Incidents,
        attempt: &Attempt,
        life: &Life,
    ) -> Result<(), Problem> {
        if matches!(life.phase, Phase::Starting { .. }) || life.removed {
            return Ok(());
        }
        let lab = &incidents.lab;
        let attached = lab.store.lock().attempt(attempt.id)?;
        let Some(shell) = attached.sandbox.clone().map(SandboxId) else { return Ok(()) };
        let known = lock(&self.begun).as_ref().and_then(|begun| begun.gate.clone());
        if known.is_some_and(|(id, _)| id == shell) {
            return Ok(());
        }
        let sandbox: Sandbox = lab.engine.inspect(&shell).await?;
        let scenario = incidents::of(&self.item)?;
        let gate = Gate::new(lab.engine.clone(), shell.clone(), scenario.system.gate.clone());
        if let Some(begun) = &mut *lock(&self.begun) {
            begun.gate = Some((shell, Arc::new(gate)));
        }
        self.visit.use_sandbox(lab.clone(), attached, sandbox);
        Ok(())
    }
}

/// Asks a gate for what is wanted; `None` where nothing could be seen.
async fn observe(gate: &Gate, request: Request) -> Option<Seen> {
    let Request { panels, logs_after, spans_after, http, raw } = request;
    let (keys, range): (Vec<_>, Vec<_>) = panels.into_iter().unzip();
    let (http_keys, http): (Vec<_>, Vec<_>) = http.into_iter().unzip();
    let (raw_keys, raw): (Vec<_>, Vec<_>) = raw.into_iter().unzip();
    let question = Question {
        range,
        logs: logs_after.map(|after| After { after, limit: LINES }),
        spans: spans_after.map(|after| After { after, limit: SPANS }),
        http,
        raw,
        ..Question::default()
    };
    match gate.ask(question).await {
        Ok(answer) => Some(Seen {
            now: answer.now,
            panels: keys.into_iter().zip(answer.range).collect(),
            logs: answer.logs,
            spans: answer.spans,
            http: http_keys.into_iter().zip(answer.http).collect(),
            raw: raw_keys.into_iter().zip(answer.raw).collect(),
        }),
        Err(error) => {
            tracing::info!(%error, "the system was not seen");
            None
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

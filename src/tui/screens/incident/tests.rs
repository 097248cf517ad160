//! The whole screen in memory: what is asked, what becomes of the answers, and how it looks.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use serde_json::json;

use super::observe::logs::tests::line;
use super::observe::traces::tests::span;
use super::*;
use crate::course::Item;
use crate::course::scenario::*;
use crate::incident::gate::wire::{self, Http, Line, Reply, Told};
use crate::incident::observe::{Request, Seen};
use crate::incident::picture::*;
use crate::problem::Exit;
use crate::tui::app::driver::Driver;
use crate::tui::app::{Event, IncidentEvent, Layer, WorkspaceEvent};
use crate::tui::screens::shell;
use crate::tui::screens::tests::screen;
use crate::tui::theme::ColorDepth;

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

/// When the tests happen: a moment that every step of the charts divides.
const NOW: f64 = 1_764_151_200.0;

fn machine(name: &str, about: &str, configurable: bool) -> Machine {
    Machine {
        name: name.into(),
        about: about.into(),
        command: vec![],
        memory: 128 << 20,
        cpus: 0.5,
        pids: 256,
        capabilities: vec![],
        tmpfs: vec![],
        shares_processes_with: None,
        configurable,
    }
}

fn panel(id: &str, title: &str, service: &str, unit: Unit, series: &[(&str, &str)]) -> Panel {
    let series = series
        .iter()
        .map(|(query, legend)| Series { query: (*query).into(), legend: (*legend).into() });
    Panel {
        id: id.into(),
        title: title.into(),
        service: service.into(),
        unit,
        series: series.collect(),
        threshold: (unit == Unit::Seconds).then_some(0.3),
    }
}

fn answers(pairs: &[(&str, &str)]) -> Vec<crate::course::scenario::Answer> {
    let answer = |(id, title): &(&str, &str)| crate::course::scenario::Answer {
        id: (*id).into(),
        title: (*title).into(),
    };
    pairs.iter().map(answer).collect()
}

fn system() -> System {
    System {
        database: "shop".to_owned(),
        database_machine: "db".to_owned(),
        id: "shop".into(),
        title: "A small shop".into(),
        about: "Users go through the **gateway** (HAProxy) to the **api**, which asks the **db**.\n\
                \n- `gateway`: lets so many requests at once to the api\n- `api`: 8 workers, a pool \
                of connections\n- `db`: PostgreSQL"
            .into(),
        image: "drydock/shop".into(),
        shell: "ops".into(),
        users: "load".into(),
        prometheus: "prometheus".into(),
        machines: vec![
            machine("ops", "", false),
            machine("gateway", "HAProxy", true),
            machine("api", "the application", true),
            machine("db", "PostgreSQL", true),
        ],
        gate: vec![],
        healthy: Healthy { query: "good".into(), within: Duration::from_mins(1) },
        queries: BTreeMap::new(),
        window: Duration::from_secs(20),
        panels: vec![
            panel(
                "latency",
                "Latency (p95)",
                "users",
                Unit::Seconds,
                &[("gateway_p95", "gateway"), ("api_p95", "api")],
            ),
            panel("rate", "Requests", "users", Unit::Rate, &[("requests", "")]),
            panel("success", "Success", "users", Unit::Percent, &[("ok", "")]),
            panel("queue", "Waiting at the gateway", "gateway", Unit::Number, &[("queue", "")]),
            panel("cpu", "Processor", "api", Unit::Cores, &[("cpu", "{{job}}")]),
            panel("memory", "Memory", "api", Unit::Bytes, &[("memory", "{{job}}")]),
            panel("connections", "Connections", "db", Unit::Number, &[("connections", "")]),
        ],
        endpoints: vec![
            Endpoint {
                name: "A product".into(),
                method: "GET".into(),
                url: "http://gateway/products/17".into(),
                body: None,
            },
            Endpoint {
                name: "Place an order".into(),
                method: "POST".into(),
                url: "http://gateway/orders".into(),
                body: Some("{\"product\": 17}".into()),
            },
        ],
        diagnostics: vec![Diagnostic {
            name: "Slow queries now".into(),
            about: "What the database is working on, the longest first.".into(),
            run: "psql -c 'select pid, state, query from pg_stat_activity'".into(),
        }],
        components: answers(&[("gateway", "Gateway"), ("api", "API"), ("db", "Database")]),
        mechanisms: answers(&[("pool", "Too small a pool or limit"), ("cpu", "Costly computation")]),
        triggers: answers(&[("config", "A configuration change"), ("release", "A release")]),
    }
}

fn scenario() -> Scenario {
    Scenario {
        skills: vec![],
        system: Arc::new(system()),
        load: Load::default(),
        time_limit: Duration::from_mins(20),
        briefing: "Checkout is **slow** since a few minutes. Customers complain; nobody changed \
                   anything, they say."
            .into(),
        inject: vec![],
        symptom: None,
        timeline: vec![],
        criteria: vec![],
        hints: vec![],
        diagnosis: crate::course::scenario::Diagnosis {
            component: "gateway".into(),
            mechanism: "pool".into(),
            trigger: "config".into(),
            explain: "The gateway let **two** requests at once through to the api.".into(),
        },
        replay: None,
        solutions: vec![
            Solution {
                name: "Raise server_maxconn".into(),
                quality: Quality::Root,
                run: String::new(),
                known_by: None,
            },
            Solution {
                name: "Restart".into(),
                quality: Quality::Restart,
                run: String::new(),
                known_by: None,
            },
        ],
        decoys: vec![],
        evidence: vec![
            Evidence::Panel("queue".into()),
            Evidence::Config("gateway".into()),
            Evidence::Query("haproxy".into()),
            Evidence::Command("socat".into()),
        ],
        debrief: Debrief {
            happened: "A deploy lowered `server_maxconn` from 64 to 2.".into(),
            next_time: "Compare the latency at both sides of a queue.".into(),
            outage: Some(Outage {
                title: "Somebody, 2021".into(),
                text: "The same with more zeros.".into(),
                source: Some("https://example.org/outage".into()),
            }),
        },
        files: vec![],
    }
}

fn standing(id: &str, title: &str, unit: Unit, value: f64, op: Op, goal: f64) -> Standing {
    let met = op.holds(value, goal);
    Standing {
        id: id.into(),
        title: title.into(),
        kind: CriterionKind::Slo,
        met: Some(met),
        value: Some(value),
        threshold: Some((op, goal)),
        unit,
        held: if met { 12.0 } else { 0.0 },
        hold: 30.0,
        draining: None,
        recent: (0..30)
            .map(|n| (n != 12).then_some(if n < 15 { goal * 1.01 } else { value }))
            .collect(),
        note: None,
    }
}

fn said(at: f64, kind: FeedKind, level: Level, from: &str, text: &str) -> FeedEntry {
    FeedEntry { at, time: NOW - 222.0 + at, kind, level, from: from.into(), text: text.into() }
}

/// An incident as it stands after a few minutes.
fn picture(phase: Phase) -> Picture {
    let mut slow = standing("fast", "Requests are fast", Unit::Percent, 0.61, Op::AtLeast, 0.95);
    slow.draining = Some(12.0);
    let gateway = json!({
        "server_maxconn": 64, "retries": 0, "retry_on_timeout": false,
        "note": "http://gateway:9000/config",
    });
    let normal = gateway.as_object().map(|config| ("gateway".to_owned(), config.clone()));
    Picture {
        repair: None,
        seed: 7,
        normal: normal.into_iter().collect(),
        phase,
        word: None,
        paused: false,
        elapsed: Duration::from_secs(222),
        remaining: Duration::from_secs(978),
        injected_at: Some(NOW - 240.0),
        criteria: vec![
            standing("success", "Requests succeed", Unit::Percent, 0.971, Op::AtLeast, 0.99),
            slow,
            standing("traffic", "Traffic is kept", Unit::Rate, 40.0, Op::AtLeast, 32.0),
            Standing {
                title: String::new(),
                ..standing("queue", "", Unit::Number, 3.0, Op::Equal, 0.0)
            },
            Standing {
                kind: CriterionKind::Guard,
                value: None,
                threshold: None,
                hold: 0.0,
                recent: vec![],
                met: Some(false),
                note: Some("Rows are missing from orders.".into()),
                ..standing("rows", "No data is lost", Unit::Number, 0.0, Op::Equal, 0.0)
            },
        ],
        users: Users {
            requests: 9600.0,
            failed: 1204.0,
            success: Some(0.971),
            p95: Some(0.182),
            rate: Some(40.0),
        },
        feed: vec![
            said(-1.0, FeedKind::System, Level::Info, "", "It is yours."),
            said(0.0, FeedKind::Stakeholder, Level::Critical, "pager", "Checkout is slow."),
            said(
                120.0,
                FeedKind::Stakeholder,
                Level::Warning,
                "Mara, support",
                "Customers ask *when* it will be over. What may I tell them?",
            ),
            said(
                195.0,
                FeedKind::Hint,
                Level::Info,
                "",
                "Compare the latency that users see with the latency that the api reports.",
            ),
            said(210.0, FeedKind::Learner, Level::Info, "", "gateway: server_maxconn=8"),
        ],
        marks: vec![
            Mark { time: NOW - 240.0 + 2.0, label: "gateway v2".into(), learner: false },
            Mark { time: NOW - 60.0, label: "gateway v3".into(), learner: true },
        ],
        hints: (1, 3),
        hard: false,
        diagnosis: None,
        completable: Err("Two criteria do not hold yet".into()),
        trouble: vec![],
        score: None,
    }
}

/// What a query shows: calm at first, then trouble.
fn values(query: &str, range: &wire::Range) -> Vec<Line> {
    let broken = NOW - 240.0;
    let at = |time: f64, n: usize| {
        let wave = (time / 17.0).sin() * 0.08 + 1.0;
        let trouble = time >= broken;
        wave * match query {
            "gateway_p95" => {
                if trouble {
                    0.18
                } else {
                    0.024
                }
            }
            "api_p95" => 0.022,
            "requests" => 40.0,
            "ok" => return if trouble { 0.971 } else { 1.0 },
            "queue" => {
                if trouble {
                    12.0
                } else {
                    0.0
                }
            }
            "cpu" => 0.1 * (n + 1) as f64,
            "memory" => 40e6 * (n + 1) as f64,
            _ => 17.0,
        }
    };
    let count = if matches!(query, "cpu" | "memory") { 3 } else { 1 };
    (0..count)
        .map(|n| {
            let steps = ((range.end - range.start) / range.step).round() as u32;
            let times = (0..=steps).map(|step| range.start + f64::from(step) * range.step);
            // Nothing was known before ten minutes ago, nor for a moment in between.
            let known = times
                .filter(|time| *time > NOW - 600.0 && !(NOW - 100.0..NOW - 80.0).contains(time));
            Line {
                metric: [("job".to_owned(), ["api", "db", "gateway"][n].to_owned())].into(),
                values: known.map(|time| (time, at(time, n).to_string())).collect(),
            }
        })
        .collect()
}

fn logs() -> Vec<wire::LogLine> {
    (0..60)
        .map(|n| {
            let mut line = match n % 6 {
                0 => line(n, "db", "info", "checkpoint complete"),
                1 => line(n, "api", "warn", &format!("slow request path=/checkout took {n}")),
                2 if n > 40 => line(n, "api", "error", "no connection from the pool"),
                2 | 3 => line(n, "gateway", "info", "200 /checkout"),
                _ => line(n, "users", "info", "page loaded"),
            };
            line.time = jiff::Timestamp::from_second(NOW as i64 - 240 + n * 4).unwrap().to_string();
            if line.service == "users" {
                let fields = match n % 12 {
                    4 => json!({"page": "/checkout", "ms": 5400, "outcome": "timeout"}),
                    5 => json!({"page": "/quote", "ms": 1900, "outcome": "ok"}),
                    _ => json!({"page": "/products", "ms": 180, "outcome": "ok"}),
                };
                let serde_json::Value::Object(fields) = fields else { panic!() };
                line.fields = fields.into_iter().collect();
            }
            line
        })
        .collect()
}

fn spans() -> Vec<wire::Span> {
    let start = NOW - 20.0;
    vec![
        span(1, "7d1c0a", ("a", ""), (start, 420.0), false),
        span(2, "7d1c0a", ("b", "a"), (start + 0.35, 68.0), false),
        span(3, "7d1c0a", ("c", "b"), (start + 0.36, 41.0), true),
        span(4, "9bb210", ("d", ""), (start + 3.0, 12.0), false),
    ]
}

fn config(url: &str) -> String {
    json!({
        "version": 2,
        "config": {"server_maxconn": 2, "retries": 0, "retry_on_timeout": false, "note": url},
        "defaults": {"server_maxconn": 64},
        "fields": {
            "server_maxconn": {"type": "int", "min": 1, "max": 500,
                               "about": "Requests at once to the api"},
            "retries": {"type": "int", "min": 0, "max": 9, "about": "Tries after the first"},
            "retry_on_timeout": {"type": "bool", "about": "Whether a timeout is tried again"},
        },
    })
    .to_string()
}

fn reply(status: u16, body: &str) -> Reply {
    let body = body.to_owned();
    Reply { status: Some(status), headers: BTreeMap::new(), body, error: None, ms: 181.0 }
}

/// What the system answers.
fn answer(request: &Request) -> Seen {
    let told = |http: &Http| match (http.method.as_str(), http.url.as_str()) {
        ("GET", url) if url.ends_with(":9000/config") => reply(200, &config(url)),
        ("POST", url) if url.ends_with(":9000/config") => {
            reply(200, "{\"version\": 3, \"applied\": \"reload\"}")
        }
        _ => reply(200, "{\"id\": 17, \"name\": \"Lamp\"}"),
    };
    let raw = |path: &str| match path {
        "/api/v1/label/__name__/values" => {
            json!(["haproxy_backend_current_queue", "haproxy_up", "api_workers_busy"])
        }
        _ => json!(["job", "proxy"]),
    };
    let panels = request.panels.iter();
    Seen {
        now: NOW,
        panels: panels
            .map(|(key, range)| {
                let result = values(&range.query, range);
                (key.clone(), Told::Result { result })
            })
            .collect(),
        logs: request.logs_after.map(|after| {
            let lines: Vec<_> = logs().into_iter().filter(|line| line.n > after).collect();
            wire::Logs { next: 59, dropped: 0, lines }
        }),
        spans: request.spans_after.map(|_| wire::Spans { next: 4, spans: spans() }),
        http: request.http.iter().map(|(key, http)| (*key, told(http))).collect(),
        raw: request
            .raw
            .iter()
            .map(|(key, it)| (*key, Told::Result { result: raw(&it.path) }))
            .collect(),
    }
}

trait Incidents {
    fn opened(cols: u16, rows: u16) -> Self;
    fn incident(&mut self, event: IncidentEvent) -> Vec<Effect>;
    fn at(&self) -> &Incident;
    fn answered(&mut self, effects: &[Effect]);
    fn looks(&mut self) -> Vec<Effect>;
    fn live(&mut self);
    fn click(&mut self, x: u16, y: u16) -> Vec<Effect>;
    fn uses(&mut self, keys: &str);
}

impl Incidents for Driver {
    /// An incident whose machines are being made.
    fn opened(cols: u16, rows: u16) -> Self {
        let mut driver = Self::new(cols, rows);
        driver.engine();
        let mut item: Item = driver.app.course.item("linux-01").unwrap().clone();
        item.id = "incidents-03".into();
        item.title = "Checkout is sluggish".into();
        item.takeaways = vec!["A queue shows at one side only".into()];
        let now = driver.now;
        let effects = driver.app.open_incident(Arc::new(item), Arc::new(scenario()), false, now);
        let item = "incidents-03".to_owned();
        assert!(effects.contains(&Effect::OpenIncident { visit: 1, item, fresh: false }));
        driver
    }

    fn incident(&mut self, event: IncidentEvent) -> Vec<Effect> {
        self.event(Event::Incident { visit: 1, event })
    }

    fn at(&self) -> &Incident {
        self.app.incident.as_ref().unwrap()
    }

    /// Lets the system answer what was asked.
    fn answered(&mut self, effects: &[Effect]) {
        for effect in effects {
            if let Effect::Observe { request, .. } = effect {
                let seen = answer(request);
                self.incident(IncidentEvent::Seen(Box::new(seen)));
            }
        }
    }

    /// A second goes by, and the system answers.
    fn looks(&mut self) -> Vec<Effect> {
        let effects = self.second();
        self.answered(&effects);
        effects
    }

    /// It is the learner's turn.
    fn live(&mut self) {
        self.incident(IncidentEvent::Picture(Box::new(picture(Phase::Baseline))));
        self.looks();
        self.incident(IncidentEvent::Picture(Box::new(picture(Phase::Live))));
        let screen = crate::session::Screen::new(crate::terminal::Size { columns: 80, rows: 24 });
        let opened = WorkspaceEvent::Shell { screen, lost: None };
        self.incident(IncidentEvent::Shell(Box::new(opened)));
        self.app.layers.clear();
        self.looks();
        self.looks();
        self.app.notice = None;
    }

    /// Presses keys; what they ask for is answered, and the next look too.
    fn uses(&mut self, keys: &str) {
        for key in keys.split(' ') {
            let effects = self.press(key);
            self.answered(&effects);
        }
        self.looks();
    }

    fn click(&mut self, x: u16, y: u16) -> Vec<Effect> {
        self.event(Event::Mouse(MouseEvent {
            kind: MouseEventKind::Down(MouseButton::Left),
            column: x,
            row: y,
            modifiers: KeyModifiers::NONE,
        }))
    }
}

fn requests(effects: &[Effect]) -> Vec<&Request> {
    effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Observe { request, .. } => Some(request),
            _ => None,
        })
        .collect()
}

fn orders(effects: &[Effect]) -> Vec<Order> {
    effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::IncidentDo { order, .. } => Some(order.clone()),
            _ => None,
        })
        .collect()
}

fn snapshots(name: &str, prepare: impl Fn(&mut Driver)) {
    for (cols, rows) in SIZES {
        let mut driver = Driver::opened(cols, rows);
        prepare(&mut driver);
        insta::assert_snapshot!(format!("{name}_{cols}x{rows}"), screen(&driver));
    }
}

#[test]
fn looks() {
    snapshots("starting", |driver| {
        driver.incident(IncidentEvent::Starting(crate::engine::Step {
            step: "Starting db".into(),
            done: 4,
            total: Some(7),
            unit: "machines",
        }));
    });
    snapshots("settling", |driver| {
        let phase = Phase::Settling { held: 12.0, hold: 20.0 };
        driver.incident(IncidentEvent::Picture(Box::new(Picture {
            criteria: vec![],
            feed: vec![],
            ..picture(phase)
        })));
    });
    snapshots("failed", |driver| {
        let problem = Problem::new("engine", Exit::Environment, "There is no room for 7 machines");
        driver.incident(IncidentEvent::Problem(problem.remedy("remove other sandboxes")));
    });
    snapshots("briefing", |driver| {
        driver.incident(IncidentEvent::Picture(Box::new(picture(Phase::Live))));
    });
    snapshots("user", Incidents::live);
    let observe = |driver: &mut Driver, keys: &str| {
        driver.live();
        driver.uses("2");
        if !keys.is_empty() {
            driver.uses(keys);
        }
        driver.app.notice = None;
    };
    snapshots("panels", |driver| observe(driver, ""));
    snapshots("panel_full", |driver| observe(driver, "enter v left left"));
    snapshots("prompt", |driver| {
        observe(driver, "p");
        driver.text("max(hapr");
    });
    snapshots("logs", |driver| observe(driver, "L"));
    snapshots("logs_read", |driver| observe(driver, "L s l l up up"));
    snapshots("traces", |driver| observe(driver, "T"));
    snapshots("trace", |driver| {
        observe(driver, "T");
        driver.press("enter down down");
    });
    snapshots("act", |driver| {
        driver.live();
        let effects = driver.press("3 enter");
        driver.answered(&effects);
        driver.press("down down down enter");
        driver.press("ctrl-u");
        driver.text("16");
        driver.press("enter");
    });
    snapshots("request", |driver| {
        driver.live();
        let effects = driver.press("3 down down down enter");
        driver.answered(&effects);
    });
    snapshots("shell", |driver| {
        driver.live();
        driver.press("4");
    });
    snapshots("diagnosis", |driver| {
        driver.live();
        driver.press("d down tab");
    });
    snapshots("updates", |driver| {
        driver.live();
        driver.press("u");
    });
    snapshots("debrief", |driver| {
        driver.live();
        driver.press("2 down down enter");
        let score = Score {
            bars: vec![
                Bar {
                    title: "Requests served".into(),
                    share: 0.87,
                    words: "8,396 of 9,600".into(),
                },
                Bar { title: "Diagnosis".into(), share: 0.33, words: "1 of 3 right".into() },
            ],
        };
        let mut over = picture(Phase::Over { outcome: Outcome::Resolved });
        over.score = Some(score);
        over.diagnosis = Some(Guess {
            component: "gateway".into(),
            mechanism: "cpu".into(),
            trigger: "release".into(),
        });
        driver.incident(IncidentEvent::Picture(Box::new(over)));
    });
}

#[test]
fn each_look_asks_for_what_is_in_view_and_no_more() {
    let mut driver = Driver::opened(120, 40);
    assert!(driver.second().is_empty(), "there is nothing to look at yet");
    driver.incident(IncidentEvent::Picture(Box::new(picture(Phase::Baseline))));
    let effects = driver.second();
    let [request] = requests(&effects)[..] else { panic!("{effects:?}") };
    assert_eq!((request.logs_after, request.spans_after), (Some(-1), None));
    assert_eq!(request.http, []);
    assert!(driver.second().is_empty(), "the answer is waited for");
    driver.answered(&effects);
    driver.incident(IncidentEvent::Picture(Box::new(picture(Phase::Live))));
    driver.app.layers.clear();
    let effects = driver.press("2");
    let [request] = requests(&effects)[..] else { panic!("what comes into view is asked for") };
    assert_eq!(request.logs_after, Some(59));
    let keys: Vec<_> = request.panels.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(
        keys,
        ["latency/0", "latency/1", "rate/0", "success/0", "queue/0", "cpu/0", "memory/0"],
        "the seventh chart is on the next page"
    );
    let range = &request.panels[0].1;
    assert!(range.step >= 2.0);
    assert!((range.end - range.start) / range.step <= 2.0 * 42.0);
    driver.answered(&effects);
    let effects = driver.looks();
    let [request] = requests(&effects)[..] else { panic!() };
    assert!(request.panels.is_empty(), "nothing new can be known: {request:?}");
    let effects = driver.press("shift-tab");
    let [request] = requests(&effects)[..] else { panic!("at once") };
    assert_eq!(request.panels[0].0, "connections/0");
    assert!(requests(&driver.press("T")).is_empty(), "one look at a time");
    driver.answered(&effects);
    let effects = driver.looks();
    let [request] = requests(&effects)[..] else { panic!() };
    assert_eq!((request.spans_after, request.panels.len()), (Some(-1), 0));
}

#[test]
fn an_answer_that_never_comes_is_not_waited_for() {
    let mut driver = Driver::opened(120, 40);
    driver.live();
    assert!(!driver.second().is_empty());
    for _ in 0..5 {
        assert!(driver.second().is_empty());
    }
    assert!(!driver.second().is_empty());
    let problem = Problem::new("gate", Exit::Environment, "The system cannot be reached");
    driver.incident(IncidentEvent::Problem(problem));
    assert!(screen(&driver).contains("The system cannot be"), "{}", screen(&driver));
    let effects = driver.looks();
    assert!(!effects.is_empty(), "nor one that failed");
    assert!(!screen(&driver).contains("The system cannot be"));
}

#[test]
fn what_was_looked_at_is_noted_once() {
    let mut driver = Driver::opened(120, 40);
    driver.live();
    let saw = |effects: Vec<Effect>| orders(&effects);
    driver.press("2");
    assert!(driver.press("tab tab").is_empty(), "in the grid nothing was looked at");
    let success = Order::Saw(Evidence::Panel("success".into()));
    assert_eq!(saw(driver.press("enter")), [success]);
    assert_eq!(saw(driver.press("enter enter")), []);
    let queue = Order::Saw(Evidence::Panel("queue".into()));
    assert_eq!(saw(driver.press("enter v tab")), [queue], "under the cursor it was");
    assert_eq!(saw(driver.press("T")), [Order::Saw(Evidence::Traces)]);
    assert_eq!(saw(driver.press("L s")), [Order::Saw(Evidence::Logs("api".into()))]);
    driver.press("x p");
    driver.text("up");
    assert_eq!(saw(driver.press("enter")), [Order::Saw(Evidence::Query("up".into()))]);
    driver.press("p enter");
    assert_eq!(saw(driver.press("3 enter")), [Order::Saw(Evidence::Config("gateway".into()))]);
    assert_eq!(saw(driver.press("esc enter")), []);
}

#[test]
fn a_change_is_posted_in_the_learners_name() {
    let mut driver = Driver::opened(120, 40);
    driver.live();
    let effects = driver.press("3 enter");
    driver.answered(&effects);
    assert!(screen(&driver).contains("was 64"), "{}", screen(&driver));
    driver.press("down down down enter ctrl-u");
    driver.text("9999");
    driver.press("enter");
    assert_eq!(driver.app.notice.as_deref(), Some("server_maxconn is at most 500"));
    driver.press("backspace backspace enter");
    let effects = driver.press("a");
    let [request] = requests(&effects)[..] else { panic!("{effects:?}") };
    let http = &request.http[0].1;
    assert_eq!((http.method.as_str(), http.url.as_str()), ("POST", "http://gateway:9000/config"));
    assert_eq!(http.headers["X-By"], "learner");
    assert_eq!(http.body.as_deref(), Some("{\"server_maxconn\":99}"));
    driver.answered(&effects);
    assert_eq!(driver.app.notice.as_deref(), Some("gateway: server_maxconn=99, by a reload"));
    let effects = driver.looks();
    assert_eq!(requests(&effects)[0].http.len(), 1, "what came of it is read at once");
}

#[test]
fn a_refusal_is_said_in_the_managers_words() {
    let mut driver = Driver::opened(120, 40);
    driver.live();
    let effects = driver.press("3 enter");
    driver.answered(&effects);
    driver.press("down down enter");
    let effects = driver.press("a");
    let [request] = requests(&effects)[..] else { panic!("{effects:?}") };
    assert_eq!(request.http[0].1.body.as_deref(), Some("{\"retry_on_timeout\":true}"));
    let refused = reply(422, "{\"error\": \"retries are zero\"}");
    let http = vec![(request.http[0].0, refused)];
    driver.incident(IncidentEvent::Seen(Box::new(Seen { http, ..Seen::default() })));
    assert_eq!(driver.app.notice.as_deref(), Some("gateway: retries are zero"));
}

#[test]
fn a_diagnostic_is_typed_and_left_to_be_run() {
    let mut driver = Driver::opened(120, 40);
    driver.live();
    let effects = driver.press("3 end enter");
    let typed = effects.iter().any(|effect| {
        matches!(effect, Effect::Shell(crate::session::Input::Paste(text))
            if text.starts_with("psql") && !text.ends_with('\n'))
    });
    assert!(typed, "{effects:?}");
    assert_eq!(driver.at().tab, Tab::Shell);
    driver.press("ctrl-]");
    assert_eq!(driver.at().tab, Tab::Act);
}

#[test]
fn the_shell_is_opened_when_it_is_the_learners_turn() {
    let mut driver = Driver::opened(80, 24);
    let opens = |effects: &[Effect]| {
        effects.iter().any(|effect| matches!(effect, Effect::OpenShell { .. }))
    };
    let effects = driver.incident(IncidentEvent::Picture(Box::new(picture(Phase::Baseline))));
    assert!(!opens(&effects));
    let effects = driver.incident(IncidentEvent::Picture(Box::new(picture(Phase::Live))));
    assert!(opens(&effects));
    let effects = driver.incident(IncidentEvent::Picture(Box::new(picture(Phase::Live))));
    assert!(!opens(&effects));
    assert!(matches!(driver.app.layers[..], [Layer::Page(_)]), "the page came");
    driver.press("esc 4");
    let problem = Problem::new("session", Exit::Environment, "No shell");
    let failed = WorkspaceEvent::ShellFailed(problem);
    driver.event(Event::Workspace { visit: 1, event: failed });
    assert!(matches!(driver.at().shell.phase, shell::Phase::Failed(_)));
    assert!(opens(&driver.press("enter")));
}

#[test]
fn keys_of_the_shell_are_the_shells() {
    let mut driver = Driver::opened(120, 40);
    driver.live();
    driver.press("4");
    let effects = driver.press("d");
    assert!(matches!(effects[..], [Effect::Shell(_)]), "{effects:?}");
    driver.press("ctrl-] d");
    assert!(matches!(driver.app.layers[..], [Layer::Diagnosis(_)]));
}

#[test]
fn a_diagnosis_is_given_from_three_lists() {
    let mut driver = Driver::opened(80, 24);
    driver.live();
    driver.press("d down enter");
    assert_eq!(driver.app.layers.len(), 1, "two lists are open");
    driver.press("down right down down");
    let effects = driver.press("enter");
    let guess =
        Guess { component: "gateway".into(), mechanism: "pool".into(), trigger: "release".into() };
    assert_eq!(orders(&effects), [Order::Diagnose(guess.clone())]);
    driver.press("c");
    assert_eq!(driver.app.notice.as_deref(), Some("Two criteria do not hold yet"));
    let mut done = Picture { completable: Ok(()), ..picture(Phase::Live) };
    driver.incident(IncidentEvent::Picture(Box::new(done.clone())));
    driver.press("c");
    assert!(matches!(driver.app.layers[..], [Layer::Diagnosis(_)]), "it was not noted yet");
    driver.press("esc");
    done.diagnosis = Some(guess);
    driver.incident(IncidentEvent::Picture(Box::new(done)));
    let effects = driver.press("c right enter");
    assert_eq!(orders(&effects), [Order::Complete]);
}

#[test]
fn what_cannot_be_undone_is_asked_first() {
    let mut driver = Driver::opened(120, 40);
    driver.live();
    for (key, order) in [("R", Order::Restart { guided: false }), ("e", Order::Escalate)] {
        assert_eq!(orders(&driver.press(&format!("{key} enter"))), []);
        assert_eq!(orders(&driver.press(&format!("{key} right enter"))), [order]);
    }
    assert_eq!(orders(&driver.press("P enter")), [Order::Pause]);
    let paused = Picture { paused: true, ..picture(Phase::Live) };
    driver.incident(IncidentEvent::Picture(Box::new(paused)));
    assert!(screen(&driver).contains("paused"));
    assert_eq!(orders(&driver.press("P")), [Order::Resume]);
    assert_eq!(driver.press("esc enter"), []);
    assert!(driver.app.incident.is_some());
    let effects = driver.press("esc right enter");
    assert_eq!(effects[0], Effect::Leave);
    assert!(driver.app.incident.is_none());
}

#[test]
fn a_hint_is_shown_where_updates_are_not() {
    let mut driver = Driver::opened(80, 24);
    driver.live();
    let effects = driver.press("h");
    assert_eq!(orders(&effects), [Order::Hint]);
    let mut hinted = picture(Phase::Live);
    hinted.hints = (2, 3);
    hinted.feed.push(said(230.0, FeedKind::Hint, Level::Info, "", "Look at the queue."));
    driver.incident(IncidentEvent::Picture(Box::new(hinted.clone())));
    assert!(matches!(&driver.app.layers[..], [Layer::Hint(shown)] if shown.index == 1));
    driver.app.layers.clear();
    driver.incident(IncidentEvent::Picture(Box::new(hinted)));
    assert!(driver.app.layers.is_empty());
}

#[test]
fn a_failed_lab_is_not_the_learners_failure() {
    let mut driver = Driver::opened(120, 40);
    driver.live();
    let why = "the fault did not show\u{1b}[2J".to_owned();
    let over = picture(Phase::Over { outcome: Outcome::LabFailed { why } });
    driver.incident(IncidentEvent::Picture(Box::new(over.clone())));
    let shown = screen(&driver);
    assert!(shown.contains("The lab failed, not you") && shown.contains("did not show"), "{shown}");
    assert!(!shown.contains('\u{1b}'));
    assert_eq!(orders(&driver.press("right enter")), [Order::Restart { guided: false }]);
    let fresh = Picture { feed: vec![], ..picture(Phase::Starting) };
    driver.incident(IncidentEvent::Picture(Box::new(fresh)));
    assert_eq!(driver.at().observe.logs.next(), -1, "another run has other logs");
    assert!(driver.app.next_tick().is_some());
    driver.incident(IncidentEvent::Picture(Box::new(over)));
    assert!(driver.app.next_tick().is_none(), "nothing moves any more");
}

#[test]
fn tabs_charts_and_rows_are_clicked() {
    for (cols, rows) in SIZES {
        let mut driver = Driver::opened(cols, rows);
        driver.live();
        let area = driver.app.area;
        let places = driver.at().places(area);
        let observe = places.tabs()[1].1;
        let effects = driver.click(observe.x + 1, observe.y);
        driver.answered(&effects);
        assert_eq!(driver.at().tab, Tab::Observe);
        let charts = driver.at().charts(driver.at().parts(places.inner).charts).0;
        let (panel, place) = charts[charts.len() - 1];
        let effects = driver.click(place.x + 3, place.y + 3);
        driver.answered(&effects);
        assert_eq!(driver.at().observe.panel, panel);
        let effects = driver.click(place.x + 3, place.y + 3);
        driver.answered(&effects);
        assert!(driver.at().observe.full);
        assert_eq!(orders(&effects).len(), 1);
        driver.uses("T");
        let row_of = |driver: &Driver, text: &str| {
            screen(driver).lines().position(|line| line.contains(text)).unwrap() as u16
        };
        let row = row_of(&driver, "12 ms");
        driver.click(places.inner.x + 9, row);
        driver.click(places.inner.x + 9, row);
        assert_eq!(driver.at().observe.traces.open.as_ref().unwrap().id, "9bb210");
        driver.uses("esc L");
        let row = row_of(&driver, "09:59:44");
        driver.click(places.inner.x + 9, row);
        assert!(screen(&driver).contains("paused, 2 below"), "{}", screen(&driver));
        driver.click(places.inner.x + 9, row_of(&driver, "09:59:44"));
        assert!(matches!(driver.app.layers[..], [Layer::Page(_)]));
        driver.press("esc");
        let act = places.tabs()[2].1;
        driver.click(act.x + 1, act.y);
        let row = (0..rows)
            .find(|y| {
                screen(&driver)
                    .lines()
                    .nth(usize::from(*y))
                    .is_some_and(|l| l.contains("A product"))
            })
            .unwrap();
        driver.click(places.inner.x + 4, row);
        let effects = driver.click(places.inner.x + 4, row);
        assert_eq!(requests(&effects).len(), 1);
    }
}

#[test]
fn charts_look_back_and_come_back() {
    let mut driver = Driver::opened(120, 40);
    driver.live();
    driver.uses("2");
    let first = driver.press("left");
    let range = &requests(&first)[0].panels[0].1;
    assert!(range.end < NOW - 60.0 && range.end - range.start >= 300.0);
    driver.answered(&first);
    let second = driver.press("-");
    let range = &requests(&second)[0].panels[0].1;
    assert!(range.end - range.start >= 600.0);
    driver.answered(&second);
    driver.press("left");
    assert!(screen(&driver).contains("min back, 0 is now"), "{}", screen(&driver));
    driver.press("0");
    assert!(!screen(&driver).contains("min back"));
    driver.press("right right");
    assert_eq!(driver.at().observe.end, None);
}

#[test]
fn what_the_system_says_cannot_touch_the_screen() {
    let mut driver = Driver::opened(120, 40);
    driver.live();
    let mut wild = picture(Phase::Live);
    wild.feed[1].text = "one\u{1b}[2J\ntwo\u{202e}".into();
    wild.marks[0].label = "\u{7}mark".into();
    wild.trouble = vec!["\u{1b}gone".into()];
    driver.incident(IncidentEvent::Picture(Box::new(wild)));
    for tab in ["2", "2 L", "3", "1"] {
        driver.uses(tab);
        let shown = screen(&driver);
        assert!(!shown.chars().any(|c| c != '\n' && crate::tui::widgets::tame::is_wild(c)));
    }
}

#[test]
fn what_is_pasted_is_tamed() {
    let mut driver = Driver::opened(120, 40);
    driver.live();
    driver.uses("2 p");
    driver.event(Event::Paste("up\u{202e}\n{job=\"api\"}".into()));
    assert_eq!(driver.at().observe.prompt.text, "up{job=\"api\"}");
    driver.uses("enter");
    assert!(screen(&driver).contains("up{job=\"api\"}"), "{}", screen(&driver));
}

#[test]
fn ascii_and_no_colours() {
    let mut driver = Driver::opened(120, 40);
    driver.app.signs.ascii = true;
    driver.app.theme.depth = ColorDepth::None;
    driver.live();
    for keys in ["1", "2", "L", "T", "enter", "3", "enter"] {
        driver.uses(keys);
        let shown = screen(&driver);
        let strange = shown.chars().find(|c| !c.is_ascii() && *c != '…');
        assert_eq!(strange, None, "{shown}");
    }
}

#[test]
fn every_size_can_be_drawn() {
    for cols in (1..=220).step_by(13) {
        for rows in [1, 3, 6, 9, 14, 20, 33] {
            let mut driver = Driver::opened(cols, rows);
            screen(&driver);
            driver.live();
            for keys in
                ["1", "2", "enter", "p", "esc", "L", "up", "esc", "T", "enter", "3", "enter", "4"]
            {
                driver.uses(keys);
                screen(&driver);
            }
            driver.press("ctrl-] d");
            screen(&driver);
            driver.press("esc u");
            screen(&driver);
            driver.event(Event::Resize(rows.max(2), cols));
            screen(&driver);
        }
    }
}

/// Whatever is pressed in whatever order, something sensible is drawn.
#[test]
fn any_keys_can_be_pressed() {
    const KEYS: [&str; 44] = [
        "1",
        "2",
        "2",
        "3",
        "4",
        "ctrl-]",
        "tab",
        "shift-tab",
        "enter",
        "enter",
        "esc",
        "up",
        "down",
        "left",
        "right",
        "pageup",
        "pagedown",
        "home",
        "end",
        "+",
        "-",
        "0",
        "v",
        "p",
        "/",
        "L",
        "T",
        "s",
        "l",
        "f",
        "x",
        "a",
        "r",
        "D",
        "h",
        "d",
        "c",
        "P",
        "e",
        "u",
        "b",
        "m",
        "{",
        "\"",
    ];
    for (cols, rows) in SIZES {
        let mut driver = Driver::opened(cols, rows);
        driver.live();
        let mut state = 7_u64;
        for step in 0..500 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let key = KEYS[(state >> 33) as usize % KEYS.len()];
            let effects = driver.press(key);
            if driver.app.incident.is_none() {
                driver = Driver::opened(cols, rows);
                driver.live();
            }
            driver.answered(&effects);
            if step % 7 == 0 {
                driver.looks();
                screen(&driver);
            }
        }
    }
}

/// What is remembered of the open incident.
fn remembered(driver: &mut Driver) -> Option<String> {
    driver.app.remember().into_iter().find_map(|effect| match effect {
        Effect::Remember { key, json } if key.starts_with("place.attempt.") => Some(json),
        _ => None,
    })
}

#[test]
fn it_is_gone_back_to_exactly() {
    for (cols, rows) in [(80, 24), (120, 40), (200, 60)] {
        for keys in ["2 tab tab + z", "2 l i i", "3 down down", "2 t f", "1", "2 - D 3 j"] {
            let begun = |place| IncidentEvent::Begun { attempt: "an-attempt".into(), place };
            let mut driver = Driver::opened(cols, rows);
            driver.incident(begun(None));
            driver.live();
            driver.uses(keys);
            driver.app.notice = None;
            let before = screen(&driver);
            let place = remembered(&mut driver);
            assert!(place.is_some());

            let mut driver = Driver::opened(cols, rows);
            driver.incident(begun(place.clone()));
            driver.incident(IncidentEvent::Picture(Box::new(picture(Phase::Live))));
            let screen_of_shell =
                crate::session::Screen::new(crate::terminal::Size { columns: 80, rows: 24 });
            let opened = WorkspaceEvent::Shell { screen: screen_of_shell, lost: None };
            driver.incident(IncidentEvent::Shell(Box::new(opened)));
            assert!(driver.app.layers.is_empty(), "the call for help was read");
            driver.looks();
            driver.looks();
            driver.app.notice = None;
            assert_eq!(screen(&driver), before, "{keys} at {cols}x{rows}");
            assert_eq!(remembered(&mut driver), place);
        }
    }
}

#[test]
fn a_place_that_is_none_is_forgotten() {
    for odd in [
        "{}",
        "{\"version\":1,\"place\":{\"tab\":\"nowhere\"}}",
        "{\"version\":1,\"place\":{\"tab\":\"observe\",\"panel\":999,\"zoom\":999,\"act\":999,\
          \"updates\":18446744073709551615,\"read\":18446744073709551615,\
          \"logs\":{\"service\":\"\\u001b[2J\",\"text\":\"\\u0007\"}}}",
    ] {
        let mut driver = Driver::opened(120, 40);
        let place = Some(odd.to_owned());
        driver.incident(IncidentEvent::Begun { attempt: "an-attempt".into(), place });
        driver.live();
        driver.uses("2 l");
        assert!(!screen(&driver).contains('\u{1b}'));
    }
}

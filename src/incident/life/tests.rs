//! Lives led in tests: what is measured is given, seconds pass when the test says so.

use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::course::Check;
use crate::course::scenario::{
    Action, Answer, Condition, Debrief, Diagnosis, Event, Healthy, Hint, Injection, Judged, Load,
    Op, Quality, Replay, Solution, Step, Symptom, System, Unit, When,
};
use crate::incident::order::Order;

fn condition(query: &str, op: Op, value: f64) -> Condition {
    Condition { query: query.to_owned(), op, value, of_baseline: false }
}

fn metric(id: &str, kind: CriterionKind, condition: Condition) -> Criterion {
    Criterion {
        id: id.to_owned(),
        title: id.to_owned(),
        kind,
        judged: Judged::Metric(condition),
        unit: Unit::Number,
        hold: Duration::from_secs(30),
        hidden: kind == CriterionKind::Cause,
        fail: None,
    }
}

fn answers(ids: &[&str]) -> Vec<Answer> {
    let answer = |id: &&str| Answer { id: (*id).to_owned(), title: id.to_uppercase() };
    ids.iter().map(answer).collect()
}

fn fault(name: &str) -> Injection {
    let run = |command: String| Step::Run {
        on: "api".to_owned(),
        account: "root".to_owned(),
        command,
        background: false,
    };
    Injection {
        fault: name.to_owned(),
        steps: vec![run(name.to_owned())],
        undo: vec![run(format!("undo {name}"))],
        stronger: vec![vec![run(format!("{name} more"))]],
    }
}

pub(super) fn scenario() -> Scenario {
    let queries = ["ok", "requests", "failures", "traffic"];
    let system = System {
        id: "shop".to_owned(),
        title: String::new(),
        about: String::new(),
        image: String::new(),
        shell: "ops".to_owned(),
        users: "load".to_owned(),
        prometheus: "prometheus".to_owned(),
        database_machine: "db".to_owned(),
        database: "shop".to_owned(),
        machines: Vec::new(),
        gate: Vec::new(),
        healthy: Healthy { query: "good".to_owned(), within: Duration::from_mins(1) },
        queries: queries.map(|name| (name.to_owned(), name.to_owned())).into(),
        window: Duration::from_secs(20),
        panels: Vec::new(),
        endpoints: Vec::new(),
        diagnostics: Vec::new(),
        components: answers(&["gateway", "api", "none"]),
        mechanisms: answers(&["pool", "cpu", "none"]),
        triggers: answers(&["config", "none"]),
    };
    let notify = |text: &str| Event::Notify {
        text: text.to_owned(),
        level: Level::Warning,
        from: "Mara".to_owned(),
    };
    let hint = |text: &str, after: Option<u64>| Hint {
        text: text.to_owned(),
        after: after.map(Duration::from_secs),
        after_wrong_fixes: None,
        unless: Vec::new(),
    };
    let command = Check::new("rows", "true");
    Scenario {
        system: Arc::new(system),
        load: Load::default(),
        time_limit: Duration::from_mins(15),
        briefing: String::new(),
        inject: vec![fault("pool")],
        symptom: Some(Symptom {
            condition: condition("ok", Op::Less, 0.9),
            within: Duration::from_secs(20),
        }),
        timeline: vec![
            Action { when: When::At(Duration::ZERO), what: notify("page") },
            Action { when: When::At(Duration::from_mins(3)), what: notify("when?") },
            Action { when: When::After(Duration::from_secs(30)), what: notify("still?") },
            Action {
                when: When::Condition(condition("ok", Op::Less, 0.2)),
                what: notify("all down"),
            },
        ],
        criteria: vec![
            metric("success", CriterionKind::Slo, condition("ok", Op::AtLeast, 0.99)),
            metric("queue", CriterionKind::Cause, condition("queue", Op::Equal, 0.0)),
            Criterion {
                judged: Judged::Command { on: None, check: command },
                ..metric("rows", CriterionKind::Guard, condition("", Op::Equal, 0.0))
            },
        ],
        hints: vec![hint("look", Some(120)), hint("there", Some(240)), hint("do", None)],
        diagnosis: Diagnosis {
            component: "gateway".to_owned(),
            mechanism: "pool".to_owned(),
            trigger: "config".to_owned(),
            explain: String::new(),
        },
        replay: None,
        solutions: Vec::new(),
        decoys: Vec::new(),
        skills: Vec::new(),
        evidence: Vec::new(),
        debrief: Debrief::default(),
        files: Vec::new(),
    }
}

/// What a system gives that is healthy, or broken.
fn readings(well: bool) -> Readings {
    let metrics = [
        ("good", f64::from(u8::from(well))),
        ("ok", if well { 1.0 } else { 0.5 }),
        ("queue", if well { 0.0 } else { 9.0 }),
    ];
    Readings {
        metrics: metrics.map(|(name, value)| (name.to_owned(), Reading::Value(value))).into(),
        commands: [("rows".to_owned(), CommandReading { met: Some(true), found: String::new() })]
            .into(),
        ..Readings::default()
    }
}

struct Story {
    scenario: Scenario,
    life: Life,
    now: f64,
    number: i64,
}

impl Story {
    fn begin(scenario: Scenario, mode: Mode) -> Self {
        let mut life = Life::new(&scenario, mode, 7, 1000.0);
        life.done(&scenario, Deed::Remake, Ok(()), 1000.0);
        Self { scenario, life, now: 1000.0, number: 0 }
    }

    fn pass(&mut self, seconds: u32, readings: &Readings) {
        for _ in 0..seconds {
            self.now += 1.0;
            self.life.advance(&self.scenario, self.now, readings);
        }
    }

    fn carry_out(&mut self, deed: Deed) {
        assert_eq!(self.life.due(), [deed]);
        self.life.done(&self.scenario, deed, Ok(()), self.now);
    }

    fn ask(&mut self, order: &Order) -> Result<(), String> {
        self.number += 1;
        self.life.order(&self.scenario, self.number, order, self.now);
        self.life.refused.clone().map_or(Ok(()), Err)
    }

    /// To the moment when the learner is called.
    fn live(mode: Mode) -> Self {
        Self::live_with(scenario(), mode)
    }

    fn live_with(scenario: Scenario, mode: Mode) -> Self {
        let mut story = Self::begin(scenario, mode);
        story.pass(32, &readings(true));
        story.carry_out(Deed::Inject(0));
        story.pass(3, &readings(false));
        assert_eq!(story.life.phase, Phase::Live);
        story
    }

    fn said(&self, kind: FeedKind) -> Vec<&str> {
        let all = self.life.feed.iter().filter(|entry| entry.kind == kind);
        all.map(|entry| entry.text.as_str()).collect()
    }
}

fn guess() -> Guess {
    let [component, mechanism, trigger] = ["gateway", "pool", "config"].map(str::to_owned);
    Guess { component, mechanism, trigger }
}

#[test]
fn a_life_goes_from_healthy_to_measured_to_injected_to_live() {
    let mut story = Story::begin(scenario(), Mode::Normal);
    story.pass(10, &readings(true));
    story.pass(1, &readings(false));
    story.pass(19, &readings(true));
    assert!(matches!(story.life.phase, Phase::Settling { .. }), "twenty seconds without a break");
    story.pass(1, &readings(true));
    assert!(matches!(story.life.phase, Phase::Baseline { .. }));
    story.pass(10, &readings(true));
    assert_eq!(story.life.phase, Phase::Injecting { intensity: 0, waiting_since: None });
    assert!((story.life.baseline["ok"] - 1.0).abs() < 1e-9);
    // Nothing counts before the fault is in.
    story.pass(60, &readings(true));
    story.carry_out(Deed::Inject(0));
    story.pass(5, &readings(false));
    assert_eq!(story.life.phase, Phase::Live);
    assert_eq!(story.said(FeedKind::Stakeholder), ["page"]);
}

#[test]
fn a_fault_that_does_not_show_is_made_stronger_and_then_the_labs_failure() {
    let mut story = Story::begin(scenario(), Mode::Normal);
    story.pass(32, &readings(true));
    story.carry_out(Deed::Inject(0));
    story.pass(21, &readings(true));
    story.carry_out(Deed::Inject(1));
    story.pass(21, &readings(true));
    let Phase::Over(Outcome::LabFailed { why }) = &story.life.phase else { panic!() };
    assert!(why.contains("nothing came of it"), "{why}");
    assert_eq!(story.life.picture(&story.scenario).score, None);

    let mut story = Story::begin(scenario(), Mode::Normal);
    story.pass(32, &readings(true));
    story.life.done(&story.scenario, Deed::Inject(0), Err("no such table".to_owned()), story.now);
    let Phase::Over(Outcome::LabFailed { why }) = &story.life.phase else { panic!() };
    assert!(why.contains("no such table"), "{why}");
}

#[test]
fn a_system_that_never_becomes_healthy_is_the_labs_failure() {
    let mut story = Story::begin(scenario(), Mode::Normal);
    story.pass(150, &readings(false));
    assert!(matches!(story.life.phase, Phase::Over(Outcome::LabFailed { .. })));
}

#[test]
fn a_false_alarm_goes_live_with_everything_well() {
    let calm = Scenario { inject: Vec::new(), symptom: None, ..scenario() };
    let mut story = Story::begin(calm, Mode::Normal);
    story.pass(32, &readings(true));
    assert_eq!(story.life.phase, Phase::Live);
}

#[test]
fn criteria_must_hold_and_the_diagnosis_comes_before_the_end() {
    let mut story = Story::live(Mode::Normal);
    assert!(story.ask(&Order::Complete).unwrap_err().contains("2 of 3"));
    story.pass(20, &readings(true));
    let picture = story.life.picture(&story.scenario);
    assert_eq!((picture.criteria[0].met, picture.criteria[0].held), (Some(true), 19.0));
    // A moment of trouble, and the time begins again.
    story.pass(1, &readings(false));
    story.pass(30, &readings(true));
    assert!(story.ask(&Order::Complete).unwrap_err().contains("not met for long enough"));
    story.pass(1, &readings(true));
    assert!(story.ask(&Order::Complete).unwrap_err().contains("diagnosis"));
    let wrong = Guess { component: "moon".to_owned(), ..guess() };
    assert!(story.ask(&Order::Diagnose(wrong)).unwrap_err().contains("gateway, api, none"));
    story.ask(&Order::Diagnose(guess())).unwrap();
    story.ask(&Order::Complete).unwrap();
    assert_eq!(story.life.phase, Phase::Over(Outcome::Resolved));
    let score = story.life.score.clone().unwrap();
    let bars: Vec<_> =
        score.bars.iter().map(|bar| (bar.title.as_str(), bar.words.as_str())).collect();
    assert!(bars.contains(&("Diagnosis", "all of it")), "{bars:?}");
    assert!(bars.contains(&("Collateral", "nothing else was touched")), "{bars:?}");
    // What is over stays as it is.
    let feed = story.life.feed.len();
    story.pass(2000, &readings(false));
    assert_eq!((story.life.feed.len(), &story.life.phase), (feed, &Phase::Over(Outcome::Resolved)));
}

#[test]
fn the_repair_is_known_by_what_is_true_after_it() {
    let solution = |quality, limit: f64| Solution {
        name: format!("{quality:?}"),
        quality,
        run: String::new(),
        known_by: Some(condition("limit", Op::AtLeast, limit)),
    };
    for (limit, name, share) in [
        (Some(64.0), Some("Root"), 1.0),
        (Some(8.0), Some("Mitigation"), 0.75),
        // Somebody thought of something else.
        (Some(2.0), None, 0.75),
        (None, None, 0.75),
    ] {
        let mut scenario = scenario();
        scenario.solutions =
            vec![solution(Quality::Root, 64.0), solution(Quality::Mitigation, 8.0)];
        let mut story = Story::live_with(scenario, Mode::Normal);
        let mut well = readings(true);
        let limit = limit.map_or(Reading::Nothing(String::new()), Reading::Value);
        well.metrics.insert("limit".to_owned(), limit);
        story.pass(40, &well);
        assert_eq!(story.life.picture(&story.scenario).repair, None, "it is not over");
        story.ask(&Order::Diagnose(guess())).unwrap();
        story.ask(&Order::Complete).unwrap();
        let picture = story.life.picture(&story.scenario);
        assert_eq!(picture.repair.as_deref(), name);
        let bars = picture.score.unwrap().bars;
        let bar = bars.iter().find(|bar| bar.title == "Quality of the repair").unwrap();
        assert!((bar.share - share).abs() < 1e-9, "{}: {}", bar.share, bar.words);
    }
}

#[test]
fn no_data_is_never_success() {
    let mut story = Story::live(Mode::Normal);
    story.pass(40, &readings(true));
    assert!(story.life.passed(&story.scenario));
    story.pass(1, &Readings::default());
    assert!(!story.life.passed(&story.scenario));
    let picture = story.life.picture(&story.scenario);
    assert_eq!(picture.criteria[0].met, Some(false));
    assert!(picture.criteria[0].note.is_some());
}

#[test]
fn the_cause_is_not_told_before_it_is_gone() {
    let mut story = Story::live(Mode::Normal);
    let hidden = |story: &Story| story.life.picture(&story.scenario).criteria[1].clone();
    assert_eq!((hidden(&story).title.as_str(), hidden(&story).value), ("", None));
    story.pass(1, &readings(true));
    assert_eq!(hidden(&story).title, "queue");
}

#[test]
fn the_timeline_and_the_hints_come_in_the_incidents_own_time() {
    let mut story = Story::live(Mode::Normal);
    story.pass(170, &readings(false));
    assert_eq!(story.said(FeedKind::Stakeholder), ["page"]);
    assert_eq!(story.said(FeedKind::Hint), ["look"]);
    // Paused time is nobody's.
    story.ask(&Order::Pause).unwrap();
    story.carry_out(Deed::Hold);
    story.pass(1000, &Readings::default());
    story.ask(&Order::Resume).unwrap();
    story.carry_out(Deed::Release);
    assert_eq!(story.said(FeedKind::Stakeholder), ["page"]);
    story.pass(10, &readings(false));
    assert_eq!(story.said(FeedKind::Stakeholder), ["page", "when?"]);
    story.pass(31, &readings(false));
    assert_eq!(story.said(FeedKind::Stakeholder), ["page", "when?", "still?"]);
    let mut down = readings(false);
    down.metrics.insert("ok".to_owned(), Reading::Value(0.0));
    story.pass(1, &down);
    assert_eq!(story.said(FeedKind::Stakeholder).last(), Some(&"all down"));
    story.pass(60, &down);
    assert_eq!(story.said(FeedKind::Stakeholder).len(), 4, "each comes once");
    assert_eq!(story.said(FeedKind::Hint), ["look", "there"]);
    story.pass(300, &readings(false));
    assert_eq!(story.said(FeedKind::Hint).len(), 2, "the last comes only when asked for");
    story.ask(&Order::Hint).unwrap();
    assert_eq!(story.said(FeedKind::Hint), ["look", "there", "do"]);
    assert!(story.ask(&Order::Hint).unwrap_err().contains("no more hints"));
}

#[test]
fn nobody_complains_or_hints_once_it_is_repaired() {
    let mut story = Story::live(Mode::Normal);
    story.pass(100, &readings(false));
    story.pass(200, &readings(true));
    assert_eq!(story.said(FeedKind::Stakeholder), ["page"]);
    assert_eq!(story.said(FeedKind::Hint), Vec::<&str>::new());
    // It breaks again, and so does their peace.
    story.pass(2, &readings(false));
    assert_eq!(story.said(FeedKind::Hint), ["look"]);
    // An alarm about nothing goes on.
    let mut alarm = scenario();
    alarm.inject.clear();
    alarm.symptom = None;
    let mut story = Story::begin(alarm, Mode::Normal);
    story.pass(300, &readings(true));
    assert_eq!(story.said(FeedKind::Stakeholder), ["page", "when?", "still?"]);
    assert_eq!(story.said(FeedKind::Hint), ["look", "there"]);
}

#[test]
fn what_was_seen_makes_a_hint_needless_and_wrong_fixes_bring_it() {
    let mut with = scenario();
    with.hints[0].unless = vec![Evidence::Query("queue".to_owned())];
    with.hints[1].after_wrong_fixes = Some(1);
    let mut story = Story::live_with(with, Mode::Normal);
    story.ask(&Order::Saw(Evidence::Query("max(haproxy_queue)".to_owned()))).unwrap();
    story.pass(200, &readings(false));
    assert_eq!(story.said(FeedKind::Hint), Vec::<&str>::new());
    // Its next has a time of its own.
    story.pass(45, &readings(false));
    assert_eq!(story.said(FeedKind::Hint), ["there"]);

    let mut with = scenario();
    with.hints[0].after = None;
    with.hints[0].after_wrong_fixes = Some(1);
    let mut story = Story::live_with(with, Mode::Normal);
    let changed = |number: f64| {
        let version = Version { number, by: Some("learner".to_owned()) };
        Readings { versions: [("api".to_owned(), version)].into(), ..readings(false) }
    };
    story.pass(1, &changed(1.0));
    story.pass(50, &changed(1.0));
    assert_eq!(story.life.wrong_fixes, 0, "the first version is no change");
    story.pass(50, &changed(2.0));
    assert_eq!((story.life.wrong_fixes, story.said(FeedKind::Hint)), (1, vec!["look"]));
    assert!(story.life.marks.iter().any(|mark| mark.learner && mark.label == "api v2"));
}

#[test]
fn hard_mode_has_no_hints_and_a_guided_one_has_all() {
    let mut story = Story::live(Mode::Hard);
    story.pass(600, &readings(false));
    assert_eq!(story.said(FeedKind::Hint), Vec::<&str>::new());
    assert!(story.ask(&Order::Hint).is_err());

    let mut story = Story::live(Mode::Guided);
    story.pass(1200, &readings(false));
    assert_eq!(story.life.phase, Phase::Live, "it has no time gate");
    let said = story.said(FeedKind::Hint);
    assert_eq!((said.len(), &said[..3]), (4, &["look", "there", "do"][..]));
    assert!(said[3].contains("GATEWAY · POOL · CONFIG"), "{said:?}");
}

#[test]
fn when_time_is_up_it_is_escalated_and_can_be_begun_again() {
    let mut story = Story::live(Mode::Normal);
    story.pass(900, &readings(false));
    assert_eq!(story.life.phase, Phase::Over(Outcome::Escalated));
    assert!(story.life.score.is_some());
    story.ask(&Order::Restart { guided: true }).unwrap();
    assert_eq!((story.life.mode, story.life.due()), (Mode::Guided, &[Deed::Remake][..]));
    assert!(story.life.feed.is_empty());
    story.life.done(&story.scenario, Deed::Remake, Ok(()), story.now);
    assert!(matches!(story.life.phase, Phase::Settling { .. }));
}

fn with_replay() -> Scenario {
    let replay = Replay {
        injection: fault("blip"),
        lasts: Duration::from_secs(12),
        recover_within: Duration::from_mins(1),
    };
    Scenario { replay: Some(replay), ..scenario() }
}

#[test]
fn the_trigger_is_fired_again_before_a_repair_counts() {
    let mut story = Story::live_with(with_replay(), Mode::Normal);
    let repaired = |story: &mut Story| {
        story.pass(40, &readings(true));
        story.ask(&Order::Diagnose(guess())).unwrap();
        story.ask(&Order::Complete).unwrap();
        story.carry_out(Deed::Fire);
        story.pass(13, &readings(false));
        story.carry_out(Deed::Unfire);
    };
    repaired(&mut story);
    story.pass(61, &readings(false));
    assert_eq!((&story.life.phase, story.life.wrong_fixes), (&Phase::Live, 1));
    repaired(&mut story);
    story.pass(30, &readings(false));
    story.pass(1, &readings(true));
    assert_eq!(story.life.phase, Phase::Over(Outcome::Resolved));
}

#[test]
fn a_broken_guard_is_remembered() {
    let mut story = Story::live(Mode::Normal);
    let mut lost = readings(true);
    let gone = CommandReading { met: Some(false), found: "no rows".to_owned() };
    lost.commands.insert("rows".to_owned(), gone);
    story.pass(1, &lost);
    story.pass(40, &readings(true));
    story.ask(&Order::Diagnose(guess())).unwrap();
    story.ask(&Order::Complete).unwrap();
    let score = story.life.score.unwrap();
    assert!(score.bars.iter().any(|bar| bar.title == "Collateral" && bar.words.contains("rows")));
}

#[test]
fn failed_requests_are_counted_over_a_generators_new_beginning() {
    let mut story = Story::live(Mode::Normal);
    let counted = |requests: f64, failures: f64| {
        let mut readings = readings(false);
        readings.metrics.insert("requests".to_owned(), Reading::Value(requests));
        readings.metrics.insert("failures".to_owned(), Reading::Value(failures));
        readings
    };
    story.pass(1, &counted(100.0, 10.0));
    story.pass(1, &counted(140.0, 20.0));
    story.pass(1, &counted(5.0, 5.0));
    let users = story.life.users;
    assert_eq!((users.requests, users.failed), (45.0, 15.0));
}

#[test]
fn a_life_that_was_written_down_goes_on_the_same() {
    let mut story = Story::live(Mode::Normal);
    story.pass(100, &readings(false));
    story.pass(15, &readings(true));
    let text = serde_json::to_string(&story.life).unwrap();
    let mut other = Story {
        life: serde_json::from_str(&text).unwrap(),
        scenario: scenario(),
        now: story.now,
        number: story.number,
    };
    assert_eq!(other.life, story.life);
    for story in [&mut story, &mut other] {
        story.pass(200, &readings(true));
    }
    assert_eq!(other.life, story.life);
}

#[test]
fn an_order_is_carried_out_once() {
    let mut story = Story::live(Mode::Normal);
    for _ in 0..3 {
        story.life.order(&story.scenario, 7, &Order::Hint, story.now);
    }
    assert_eq!(story.said(FeedKind::Hint).len(), 1);
}

#[test]
fn a_window_that_drains_is_told() {
    let mut story = Story::live(Mode::Normal);
    story.pass(30, &readings(false));
    let mut better = readings(false);
    for value in [0.6, 0.7, 0.8] {
        better.metrics.insert("ok".to_owned(), Reading::Value(value));
        story.pass(1, &better);
    }
    let standing = &story.life.picture(&story.scenario).criteria[0];
    assert!(standing.draining.is_some_and(|left| (15.0..20.0).contains(&left)), "{standing:?}");
}

#[test]
fn a_clock_that_is_set_or_a_sleep_is_nobodys_time() {
    for jump in [3.0, 3600.0, -3.0, -86400.0] {
        let mut story = Story::live_with(with_replay(), Mode::Normal);
        story.pass(10, &readings(false));
        let (elapsed, limit) = (story.life.elapsed, story.life.now + 60.0);
        story.life.phase = Phase::Replaying(Replaying::Recovering(limit));
        story.life.now = limit - 60.0;
        let now = story.life.now + jump + 1.0;
        story.life.leave_out(now, 1.0);
        story.life.advance(&story.scenario, now, &readings(false));
        assert!((story.life.elapsed - elapsed - 1.0).abs() < 0.001, "{jump}");
        let Phase::Replaying(Replaying::Recovering(by)) = story.life.phase else {
            panic!("{jump}")
        };
        assert!((by - now - 59.0).abs() < 0.001, "{jump}");
    }
}

#[test]
fn a_second_that_comes_late_is_counted_in_full() {
    let mut story = Story::live(Mode::Normal);
    let (elapsed, now) = (story.life.elapsed, story.life.now + 3.2);
    story.life.leave_out(now, 3.0);
    story.life.advance(&story.scenario, now, &readings(false));
    assert!((story.life.elapsed - elapsed - 3.2).abs() < 0.001);
}

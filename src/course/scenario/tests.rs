//! A whole set of files, read to the exact model; faults in it, told with their places.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use tempfile::TempDir;

use super::*;
use crate::course::{Body, Catalogue, Check, Difficulty, Expect, Item, Source, TmpfsMount, load};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/course/scenario/fixtures")
}

/// Every file of the fixtures below scenarios/: `load/peak.yaml` and its text.
fn files() -> Vec<(String, String)> {
    let mut files = Vec::new();
    for folder in ["systems", "load", "config", "faults", "incidents"] {
        for entry in fs::read_dir(fixtures().join("scenarios").join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            files.push((format!("{folder}/{name}"), fs::read_to_string(&path).unwrap()));
        }
    }
    files.sort();
    files
}

/// The fixtures in a folder of their own, with one file replaced or added.
fn folder(changed: &str, text: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (path, text) in files().into_iter().chain([(changed.to_owned(), text.to_owned())]) {
        write(folder.path(), &path, &text);
    }
    folder
}

fn write(folder: &Path, path: &str, text: &str) {
    let path = folder.join("scenarios").join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn load_folder(folder: &Path) -> Catalogue {
    load(&[Source::folder(folder).unwrap()])
}

fn scenario(item: &Item) -> &Scenario {
    let Body::Scenario(scenario) = &item.body else { panic!("{} is no scenario", item.id) };
    scenario
}

/// What is told of a file: `7:3: message (help)` a line.
fn told(catalogue: &Catalogue, file: &str) -> String {
    let mut text = String::new();
    for d in catalogue.problems.iter().filter(|d| d.file.ends_with(file)) {
        let help = d.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
        writeln!(text, "{}:{}: {}{help}", d.line, d.column, d.message).unwrap();
    }
    text
}

fn object(value: Value) -> Map<String, Value> {
    let Value::Object(map) = value else { panic!("{value}") };
    map
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn push(machine: &str, config: Value, by: &str) -> Step {
    Step::Push { machine: machine.into(), config: object(config), by: by.into() }
}

const OK: &str =
    "sum(rate(user_requests_total{outcome=\"ok\"}[20s])) / sum(rate(user_requests_total[20s]))";
const FAST: &str = "sum(rate(user_request_duration_seconds_bucket{le=\"0.3\"}[20s])) / \
                    sum(rate(user_requests_total[20s]))";

#[test]
fn a_system_is_read() {
    let catalogue = load_folder(&fixtures());
    assert_eq!(catalogue.problems, []);
    let system = catalogue.parts.systems().next().unwrap();
    assert_eq!((system.id.as_str(), system.title.as_str()), ("shop", "A small shop"));
    assert!(system.about.starts_with("Users come"));
    assert_eq!(system.image, "drydock/shop");
    assert_eq!(
        (&*system.shell, &*system.users, &*system.prometheus),
        ("ops", "load", "prometheus")
    );
    assert_eq!((&*system.database_machine, &*system.database), ("db", "shop"));
    let names: Vec<_> = system.machines.iter().map(|machine| machine.name.as_str()).collect();
    assert_eq!(names, ["ops", "gateway", "api", "db", "prometheus", "load"]);
    let ops = Machine {
        name: "ops".into(),
        about: "Your shell".into(),
        command: vec!["python3".into(), "/opt/shop/ops.py".into()],
        memory: 128 << 20,
        cpus: 0.5,
        pids: 256,
        capabilities: vec!["SYS_PTRACE".into()],
        tmpfs: vec![TmpfsMount { path: "/scratch".into(), size: 16 << 20 }],
        shares_processes_with: None,
        configurable: false,
    };
    assert_eq!(system.machines[0], ops);
    let api = Machine {
        name: "api".into(),
        about: String::new(),
        command: ["python3", "/opt/shop/manage.py", "api"].map(String::from).into(),
        memory: 192 << 20,
        cpus: 1.0,
        pids: 256,
        capabilities: vec![],
        tmpfs: vec![],
        shares_processes_with: Some("ops".into()),
        configurable: true,
    };
    assert_eq!(system.machines[2], api);
    assert!(!system.machines[4].configurable);
    assert_eq!(system.gate, ["python3", "/opt/shop/gate.py"]);
    let good = "min(ok_share) > bool 0.99".to_owned();
    assert_eq!(system.healthy, Healthy { query: good, within: seconds(90) });
    assert_eq!(system.queries["ok"], OK);
    assert_eq!(system.window, seconds(20));
    let latency = Panel {
        id: "user-latency".into(),
        title: "Latency (p95)".into(),
        service: "users".into(),
        unit: Unit::Seconds,
        series: vec![
            Series { query: FAST.into(), legend: "users".into() },
            Series {
                query: "histogram_quantile(0.95, sum by (le) \
                        (rate(user_request_duration_seconds_bucket[20s])))"
                    .into(),
                legend: "{{le}}".into(),
            },
        ],
        threshold: Some(0.3),
    };
    assert_eq!(system.panels[0], latency);
    assert_eq!((system.panels[1].unit, system.panels[1].threshold), (Unit::Number, None));
    let order = Endpoint {
        name: "An order".into(),
        method: "POST".into(),
        url: "http://api:8000/orders".into(),
        body: Some("{}".into()),
    };
    assert_eq!((&*system.endpoints[0].method, &system.endpoints[1]), ("GET", &order));
    let slow = Diagnostic {
        name: "Slow queries now".into(),
        about: "What the database does".into(),
        run: "psql -c 'select 1'".into(),
    };
    assert_eq!(system.diagnostics, [slow]);
    // In the order written.
    let words = |answers: &[Answer]| {
        answers.iter().map(|answer| format!("{}={}", answer.id, answer.title)).collect::<Vec<_>>()
    };
    assert_eq!(
        words(&system.components),
        ["gateway=Gateway", "api=API", "db=Database", "none=Nothing is wrong"]
    );
    assert_eq!(words(&system.mechanisms)[0], "pool=Too small a pool or limit");
    assert_eq!(words(&system.triggers)[1], "config=A configuration change");
    assert_eq!(catalogue.parts.loads().count(), 2);
    let states: Vec<_> = catalogue.parts.states().collect();
    assert_eq!(states, [("release-1.1", "The release of the day")]);
    let faults: Vec<_> = catalogue.parts.faults().collect();
    assert_eq!(faults, [("blip", ""), ("gateway-pool", "Too few connections to a server.")]);
}

#[test]
fn a_scenario_is_read() {
    let catalogue = load_folder(&fixtures());
    let item = catalogue.item("incidents-01").unwrap();
    assert_eq!((item.kind(), item.order, &*item.module), ("scenario", 1, "incidents"));
    assert_eq!(item.title, "Checkout is sluggish");
    assert_eq!(item.difficulty, Difficulty::Intermediate);
    assert_eq!(item.estimated_time, Duration::from_mins(25));
    assert_eq!(item.objectives, ["Read a queue"]);
    let scenario = scenario(item);
    assert_eq!(scenario.system.id, "shop");
    assert_eq!(scenario.skills, ["queues", "HAProxy"]);
    let steady = Load { id: "steady".into(), config: object(json!({"rate": 40})) };
    assert_eq!(scenario.load, steady);
    assert_eq!(scenario.time_limit, Duration::from_mins(20));
    assert!(scenario.briefing.starts_with("# Page\n"));

    let pool = |to: i64| {
        let note = format!("capacity: {to}");
        push("gateway", json!({"server_maxconn": to, "note": note}), "deploy")
    };
    let injection = Injection {
        fault: "gateway-pool".into(),
        steps: vec![pool(2)],
        undo: vec![push("gateway", json!({"server_maxconn": 64}), "deploy")],
        stronger: vec![vec![pool(1)]],
    };
    assert_eq!(scenario.inject, [injection]);
    let metric =
        |query: &str, op, value| Condition { query: query.into(), op, value, of_baseline: false };
    let symptom = Symptom { condition: metric(FAST, Op::Less, 0.85), within: seconds(30) };
    assert_eq!(scenario.symptom, Some(symptom));

    let say = |text: &str, level, from: &str| Event::Notify {
        text: text.into(),
        level,
        from: from.into(),
    };
    let peak = Load {
        id: "peak".into(),
        config: object(json!({
            "rate": 62.5, "timeout_ms": 3000, "mix": {"products": 60, "quote": 40}
        })),
    };
    let release = json!({
        "release": "1.1", "algorithm": "recursive", "tags": ["a", 1, true, null]
    });
    let release = Event::Push {
        state: "release-1.1".into(),
        steps: vec![push("gateway", json!({"retries": 2}), "Jo"), push("api", release, "Jo")],
    };
    let run = |command: &str, account: &str| Step::Run {
        on: "db".into(),
        account: account.into(),
        command: command.into(),
        background: true,
    };
    let blip = |machine: &str, cores: f64| {
        let machine = machine.to_owned();
        let command = format!("echo {cores} $HOME ${{HOME}} > /tmp/x");
        Injection {
            fault: "blip".into(),
            steps: vec![
                Step::Limit { machine: machine.clone(), cpus: Some(cores), memory: Some(64 << 20) },
                Step::Pause { machine: machine.clone() },
                Step::Cut { machine: "api".into() },
                run(
                    "psql -v ON_ERROR_STOP=1 -qAt -d shop -c 'update orders set note = \
                     '\\''it'\\'''\\''s late'\\'' where id = 1\n'",
                    "postgres",
                ),
                Step::Run {
                    on: machine.clone(),
                    account: "postgres".into(),
                    command,
                    background: true,
                },
            ],
            undo: vec![
                Step::Join { machine: "api".into() },
                Step::Resume { machine },
                Step::Restart { machine: "api".into() },
            ],
            stronger: vec![],
        }
    };
    let minutes = |minutes| When::At(Duration::from_mins(minutes));
    let slower = Condition { of_baseline: true, ..metric(FAST, Op::More, 1.5) };
    let expected = [
        (When::At(Duration::ZERO), say("Checkout is sluggish", Level::Critical, "pager")),
        (minutes(3), say("Customers complain", Level::Info, "Mara, support")),
        (minutes(6), Event::Load(peak)),
        (When::After(seconds(30)), release),
        (When::Condition(metric(OK, Op::Less, 0.5)), Event::State("worse".into())),
        (When::Condition(slower), Event::Inject(blip("db", 0.1))),
        (minutes(20), Event::End),
    ];
    let expected: Vec<_> = expected.into_iter().map(|(when, what)| Action { when, what }).collect();
    assert_eq!(scenario.timeline, expected);

    let criterion = |id: &str, title: &str, kind, judged, unit, hold| Criterion {
        id: id.into(),
        title: title.into(),
        kind,
        judged,
        unit,
        hold: seconds(hold),
        hidden: false,
        fail: None,
    };
    let check = |name: &str, cmd: &str, user: &str, expect| Check {
        expect,
        user: Some(user.into()),
        ..Check::new(name, cmd)
    };
    let (slo, guard) = (CriterionKind::Slo, CriterionKind::Guard);
    let rows = check(
        "No order is lost",
        "psql -Atc 'select count(*) > 0 from orders'",
        "root",
        Expect::Contains("t".into()),
    );
    let fail = Some("There is no note.".to_owned());
    let note = Check {
        timeout: seconds(3),
        fail: fail.clone(),
        ..check("A note is written", "cat note", "postgres", Expect::Matches("^fixed".into()))
    };
    let queue = "max_over_time(haproxy_backend_current_queue{proxy=\"api\"}[20s])";
    let there =
        Condition { of_baseline: true, ..metric("sum(user_load_target)", Op::AtLeast, 0.9) };
    let expected = [
        criterion(
            "success",
            "Requests succeed",
            slo,
            Judged::Metric(metric(OK, Op::AtLeast, 0.99)),
            Unit::Percent,
            20,
        ),
        criterion(
            "fast",
            "Pages are fast",
            slo,
            Judged::Metric(metric(FAST, Op::AtLeast, 0.9)),
            Unit::Percent,
            60,
        ),
        criterion(
            "rows",
            "No order is lost",
            guard,
            Judged::Command { on: None, check: rows },
            Unit::Number,
            0,
        ),
        Criterion {
            hidden: true,
            ..criterion(
                "queue",
                "Nothing waits at the gateway",
                CriterionKind::Cause,
                Judged::Metric(metric(queue, Op::Equal, 0.0)),
                Unit::Number,
                0,
            )
        },
        criterion("load", "The users are there", guard, Judged::Metric(there), Unit::Rate, 20),
        Criterion {
            fail,
            ..criterion(
                "note",
                "A note is written",
                guard,
                Judged::Command { on: Some("db".into()), check: note },
                Unit::Number,
                0,
            )
        },
        criterion(
            "again",
            "It holds",
            CriterionKind::Replay,
            Judged::Metric(metric(OK, Op::AtLeast, 0.95)),
            Unit::Percent,
            20,
        ),
    ];
    assert_eq!(scenario.criteria, expected);

    let hint = |text: &str, after, after_wrong_fixes, unless| Hint {
        text: text.into(),
        after,
        after_wrong_fixes,
        unless,
    };
    let unless = vec![
        Evidence::Panel("gateway-queue".into()),
        Evidence::Query("haproxy_backend_current_queue".into()),
        Evidence::Command("haproxy".into()),
        Evidence::Config("gateway".into()),
        Evidence::Logs("users".into()),
        Evidence::Traces,
    ];
    let hints = [
        hint("Begin with what users see.", None, None, vec![]),
        hint("Where do requests wait?", Some(seconds(120)), None, unless),
        hint("More workers do not help.", None, Some(2), vec![]),
    ];
    assert_eq!(scenario.hints, hints);
    let diagnosis = Diagnosis {
        component: "gateway".into(),
        mechanism: "pool".into(),
        trigger: "config".into(),
        explain: "The pool is too small.".into(),
    };
    assert_eq!(scenario.diagnosis, diagnosis);
    let replay =
        Replay { injection: blip("api", 0.2), lasts: seconds(12), recover_within: seconds(90) };
    assert_eq!(scenario.replay, Some(replay));
    let names: Vec<_> =
        scenario.solutions.iter().map(|solution| (&*solution.name, solution.quality)).collect();
    let best = [("A larger pool", Quality::Root), ("Back to the defaults", Quality::Mitigation)];
    assert_eq!(names, best);
    let restart = WrongFix {
        name: "Restart the API".into(),
        run: "curl -X POST http://api:9000/restart".into(),
        fails: vec!["success".into(), "queue".into()],
        why: Some("It is not the API.".into()),
    };
    assert_eq!(scenario.decoys[0], restart);
    assert_eq!(scenario.decoys.len(), 2);
    let evidence = [Evidence::Panel("user-latency".into()), Evidence::Logs("gateway".into())];
    assert_eq!(scenario.evidence, evidence);
    let debrief = Debrief {
        happened: "The pool was made smaller.".into(),
        next_time: "Look at queues first.".into(),
        outage: Some(Outage {
            title: "Somebody, 2019".into(),
            text: "The same.".into(),
            source: Some("https://example.com/outage".into()),
        }),
    };
    assert_eq!(scenario.debrief, debrief);
    let files: Vec<_> = scenario.files.iter().map(|file| file.relative().to_owned()).collect();
    let names = [
        "systems/shop",
        "load/steady",
        "faults/gateway-pool",
        "load/peak",
        "config/release-1.1",
        "faults/blip",
    ];
    assert_eq!(files, names.map(|name| format!("scenarios/{name}.yaml")));
}

#[test]
fn a_false_alarm_has_neither_fault_nor_symptom() {
    let catalogue = load_folder(&fixtures());
    let scenario = scenario(catalogue.item("incidents-02").unwrap());
    assert!(scenario.inject.is_empty() && scenario.symptom.is_none());
    assert_eq!(scenario.diagnosis.component, "none");
    assert_eq!(scenario.time_limit, Duration::from_mins(20));
}

#[test]
fn the_hash_changes_with_every_part() {
    let folder = folder("load/other.yaml", "rate: 1");
    let hash = || load_folder(folder.path()).item("incidents-01").unwrap().hash().unwrap();
    let mut seen = vec![hash()];
    for (path, text) in files() {
        write(folder.path(), &path, &format!("{text}# changed\n"));
        let same = path == "incidents/02-quiet.yaml";
        assert_eq!(seen.contains(&hash()), same, "{path}");
        seen.push(hash());
    }
}

#[test]
fn a_later_source_uses_the_parts_of_earlier_ones_and_changes_nothing_below() {
    let above = TempDir::new().unwrap();
    let mine = fs::read_to_string(fixtures().join("scenarios/incidents/02-quiet.yaml")).unwrap();
    let mine = mine.replace("incidents-02", "mine-01").replace("order: 2", "order: 9");
    write(above.path(), "incidents/mine.yaml", &mine);
    write(above.path(), "load/peak.yaml", "rate: 7");
    let sources = [fixtures(), above.path().to_owned()].map(|path| Source::folder(&path).unwrap());
    let catalogue = load(&sources);
    assert_eq!(catalogue.problems, []);
    let rate = |id: &str| scenario(catalogue.item(id).unwrap()).load.config["rate"].clone();
    assert_eq!((rate("incidents-02"), rate("mine-01")), (json!(62.5), json!(7)));
    assert_eq!(catalogue.items().count(), 3);
}

#[test]
fn a_faulty_part_is_told_where_it_is_used() {
    let folder = folder("load/steady.yaml", "rate: 4000");
    let catalogue = load_folder(folder.path());
    assert_eq!(
        told(&catalogue, "steady.yaml"),
        "1:7: 4000 is not a usable rate: 1000 a second at most\n"
    );
    let seen = told(&catalogue, "01-sluggish.yaml");
    assert!(
        seen.starts_with("14:7: the load pattern \"steady\" has errors of its own (see "),
        "{seen}"
    );
    let ids: Vec<_> = catalogue.items().map(|item| item.id.as_str()).collect();
    assert_eq!(ids, ["incidents-02"]);
}

/// A file, what is written in it, what is written there instead, and what is told of it.
type Fault = (&'static str, &'static str, &'static str, &'static str);

const FAULTS: &[Fault] = &[
    (
        "systems/shop.yaml",
        "shell: ops\n",
        "shell: opps\n",
        r#"5:8: the system "shop" has no machine "opps" (did you mean "ops"?)"#,
    ),
    (
        "systems/shop.yaml",
        "shares_processes_with: ops",
        "shares_processes_with: db",
        r#"18:111: "db" is not an earlier machine"#,
    ),
    (
        "systems/shop.yaml",
        "shares_processes_with: ops",
        "shares_processes_with: oops",
        r#"18:111: there is no earlier machine "oops" (did you mean "ops"?)"#,
    ),
    (
        "systems/shop.yaml",
        "name: gateway, about",
        "name: Gateway, about",
        "17:12: \"Gateway\" is not the name of a machine: use lower-case letters, digits and \"-\"\n42:67: the system \"shop\" has no machine \"gateway\" (did you mean \"Gateway\"?)\n44:30: the system \"shop\" has no machine \"gateway\" (did you mean \"Gateway\"?)",
    ),
    (
        "systems/shop.yaml",
        "memory: 256m, cpus: 1}",
        "memory: 9g, cpus: 1}",
        r#"19:69: "9g" is too much memory: 4096m at most"#,
    ),
    (
        "systems/shop.yaml",
        "memory: 256m, cpus: 1}",
        "memory: 4g, cpus: 7}",
        "9:3: the machines have 4800m of memory together: 4096m at most",
    ),
    (
        "systems/shop.yaml",
        "capabilities: [SYS_PTRACE]",
        "capabilities: [SYS_ADMIN]",
        r#"15:20: "SYS_ADMIN" is not given to content: it is as good as root on the machine"#,
    ),
    (
        "systems/shop.yaml",
        "good: min(ok_share) > bool 0.99",
        "good: min(ok_share > bool 0.99",
        r#"27:9: "min(ok_share > bool 0.99" is not a query: unclosed left parenthesis"#,
    ),
    (
        "systems/shop.yaml",
        "{query: good, within: 90s}",
        "{query: goood, within: 90s}",
        r#"23:18: there is no query "goood" (did you mean "good"? A metric of this name is written goood{})"#,
    ),
    (
        "systems/shop.yaml",
        "{query: good, within: 90s}",
        "{query: good, within: 90}",
        r#"23:32: "90" is not a duration: write, for example, 90s, 15m or 1h30m"#,
    ),
    ("systems/shop.yaml", "window: 20s", "window: 6m", r#"28:9: "6m" is too long: 5m at most"#),
    (
        "systems/shop.yaml",
        "service: gateway, series",
        "service: gatway, series",
        r#"42:67: the system "shop" has no machine "gatway" (did you mean "gateway"?)"#,
    ),
    (
        "systems/shop.yaml",
        "http://api:8000/orders",
        "http://apii:8000/orders",
        r#"45:43: the system "shop" has no machine "apii" (did you mean "api"?)"#,
    ),
    (
        "systems/shop.yaml",
        "http://api:8000/orders",
        "https://example.com/",
        r#"45:43: "https://example.com/" is not an address in the system (write, for example, http://gateway/products/17)"#,
    ),
    (
        "systems/shop.yaml",
        "components: {gateway: Gateway, api",
        "components: {gateway: Gateway, gateway: API, api",
        r#"48:32: "gateway" is written twice (the first is on line 48)"#,
    ),
    (
        "systems/shop.yaml",
        "{id: success, kind",
        "{use: x, id: fast, kind",
        "30:6: a system's criterion cannot use another\n31:10: \"fast\" is used twice",
    ),
    (
        "systems/shop.yaml",
        "machines:\n",
        "machins:\n",
        r#"8:1: unknown key "machins" (did you mean "machines"?)"#,
    ),
    (
        "load/steady.yaml",
        "rate: 40",
        "rates: 40",
        r#"1:1: unknown key "rates" (did you mean "rate"?)"#,
    ),
    ("load/peak.yaml", "{timeout_ms", "{rate: 1, timeout_ms", r#"3:10: "rate" is used twice"#),
    (
        "config/release-1.1.yaml",
        "algorithm: recursive",
        "algorithm: ",
        r#"4:25: "algorithm" has no value (write the value ("" for an empty text), or remove the key)"#,
    ),
    (
        "config/release-1.1.yaml",
        "  gateway: {retries: 2}\n",
        "  gateway: {}\n",
        r#"3:12: nothing is pushed to "gateway""#,
    ),
    (
        "faults/gateway-pool.yaml",
        r#""${to}", note"#,
        r#""${tu}", note"#,
        r#"6:39: there is no argument "tu" (did you mean "to"?)"#,
    ),
    (
        "faults/gateway-pool.yaml",
        "default: 4,",
        "default: 0,",
        r#"3:46: "default" must be a whole number from 1 to 500, not 0"#,
    ),
    (
        "faults/gateway-pool.yaml",
        "type: text",
        "type: string",
        r#"4:15: "type" must be int, number, text, bool or machine, not "string""#,
    ),
    (
        "faults/gateway-pool.yaml",
        ", by: deploy}",
        r#", run: "true"}"#,
        r#"6:73: a step has either "push" or "run", not both"#,
    ),
    ("faults/gateway-pool.yaml", ", by: deploy}", ", on: ops}", r#"6:73: "on" belongs to "run""#),
    (
        "faults/blip.yaml",
        "{restart: api}",
        "{on: api}",
        "15:5: a step must have one of push, sql, run, restart, pause, resume, cut, join, limit",
    ),
    (
        "faults/blip.yaml",
        "memory: 64m",
        "memory: 64q",
        r#"5:63: "64q" is not a size: write, for example, 512m or 1g"#,
    ),
    (
        "faults/blip.yaml",
        "{cut: api}",
        "{limit: {machine: api}}",
        r#"7:13: "limit" must have "cpus" or "memory""#,
    ),
    (
        "incidents/02-quiet.yaml",
        "system: shop",
        "system: shp",
        r#"5:9: there is no system "shp" (did you mean "shop"?)"#,
    ),
    (
        "incidents/02-quiet.yaml",
        "load: peak",
        "load: peek",
        r#"6:7: there is no load pattern "peek" (did you mean "peak"?)"#,
    ),
    (
        "incidents/02-quiet.yaml",
        "use: success",
        "use: succes",
        r#"9:10: the system "shop" has no criterion "succes" (did you mean "success"?)"#,
    ),
    (
        "incidents/02-quiet.yaml",
        "use: success",
        "{use: rows}",
        r#"9:3: none of the criteria is of the kind slo (add what the users must get, of "kind: slo")"#,
    ),
    (
        "incidents/02-quiet.yaml",
        "mechanism: pool",
        "mechanism: pol",
        r#"11:41: "pol" is none of the system's mechanisms (did you mean "pool"?)"#,
    ),
    (
        "incidents/02-quiet.yaml",
        r#"hints: ["Look before you act."]"#,
        "hints: []",
        r#"10:8: "hints" has no hints"#,
    ),
    (
        "incidents/02-quiet.yaml",
        r#"briefing: "Is it?""#,
        r#"briefing: """#,
        r#"7:11: "briefing" must not be empty"#,
    ),
    (
        "incidents/02-quiet.yaml",
        "criteria:",
        "symptom: {query: ok, op: \"<\", value: 0.5}\ncriteria:",
        r#"8:1: there is a "symptom", but "inject" has no faults (a false alarm has neither)"#,
    ),
    (
        "incidents/02-quiet.yaml",
        "  - {name: \"Look\", quality: mitigation, run: \"drydock-query ok\"}\n",
        "",
        "13:3: a scenario has two solutions at least (what can be repaired in one way only is a riddle)",
    ),
    (
        "incidents/02-quiet.yaml",
        "quality: root",
        "quality: perfect",
        r#"13:33: "quality" must be root, mitigation or restart, not "perfect""#,
    ),
    (
        "incidents/01-sluggish.yaml",
        "symptom: {query: fast, op: \"<\", value: 0.85, within: 30s}\n",
        "",
        r#"1:1: missing key "symptom" (add what shows that the faults did something)"#,
    ),
    (
        "incidents/01-sluggish.yaml",
        r#"symptom: {query: fast, op: "<""#,
        r#"symptom: {query: fast, op: "=<""#,
        r#"22:28: "op" must be <, <=, >, >=, == or !=, not "=<" (did you mean "<="?)"#,
    ),
    (
        "incidents/01-sluggish.yaml",
        "symptom: {query: fast",
        r#"symptom: {query: "rate(fast""#,
        r#"22:18: "rate(fast" is not a query: unclosed left parenthesis"#,
    ),
    (
        "incidents/01-sluggish.yaml",
        "with: {to: 2}, stronger",
        "with: {two: 2}, stronger",
        r#"21:34: the fault "gateway-pool" has no argument "two" (did you mean "to"?)"#,
    ),
    (
        "incidents/01-sluggish.yaml",
        "with: {to: 2}, stronger",
        r#"with: {to: "2"}, stronger"#,
        r#"21:38: "to" must be a whole number from 1 to 500, not "2" (remove the quotes)"#,
    ),
    (
        "incidents/01-sluggish.yaml",
        "stronger: [{to: 1}]",
        "stronger: [{to: 1}, {to: 501}]",
        r#"21:67: "to" must be a whole number from 1 to 500, not 501"#,
    ),
    (
        "incidents/01-sluggish.yaml",
        "fault: blip, with: {machine: db}",
        "fault: blip, with: {machine: dbb}",
        r#"29:94: the system "shop" has no machine "dbb" (did you mean "db"?)"#,
    ),
    (
        "incidents/01-sluggish.yaml",
        "fault: blip, with: {machine: db}",
        "fault: blip",
        r#"29:72: the fault "blip" needs the argument "machine" (add "with: {machine: …}")"#,
    ),
    (
        "incidents/01-sluggish.yaml",
        "fault: blip, with: {machine: db}",
        "fault: blop",
        r#"29:72: there is no fault "blop" (did you mean "blip"?)"#,
    ),
    (
        "incidents/01-sluggish.yaml",
        "{at: 3m, notify",
        "{at: 3m, after: 1s, notify",
        r#"25:14: an action has either "at" or "after", not both"#,
    ),
    (
        "incidents/01-sluggish.yaml",
        "{at: 3m, notify",
        "{notify",
        "25:5: an action must have one of at, after, when",
    ),
    (
        "incidents/01-sluggish.yaml",
        "{at: 6m, load: peak}",
        "{at: 6m, load: peak, state: x}",
        r#"26:26: an action has either "load" or "state", not both"#,
    ),
    (
        "incidents/01-sluggish.yaml",
        "{at: 6m, load: peak}",
        "{at: 6m, load: peak, level: info}",
        r#"26:26: "level" belongs to "notify""#,
    ),
    (
        "incidents/01-sluggish.yaml",
        "{at: 6m, load: peak}",
        "{at: 21m, load: peak}",
        r#"26:10: "21m" is after the time limit"#,
    ),
    (
        "incidents/01-sluggish.yaml",
        "push: release-1.1",
        "push: release-1.2",
        r#"27:24: there is no configuration state "release-1.2" (did you mean "release-1.1"?)"#,
    ),
    (
        "incidents/01-sluggish.yaml",
        "{at: 20m, end: true}",
        "{at: 20m, end: false}",
        r#"30:20: "end" must be true"#,
    ),
    (
        "incidents/01-sluggish.yaml",
        "time_limit: 20m",
        "time_limit: 20 parsecs",
        r#"15:13: "20 parsecs" is not a duration: write, for example, 90s, 15m or 1h30m"#,
    ),
    (
        "incidents/01-sluggish.yaml",
        "id: queue\n    kind",
        "id: fast\n    kind",
        "35:9: \"fast\" is used twice\n56:93: there is no criterion \"queue\"",
    ),
    (
        "incidents/01-sluggish.yaml",
        "    op: \"==\"\n    value: 0\n",
        "",
        r#"35:5: missing keys "op", "value" (add "op: …")"#,
    ),
    (
        "incidents/01-sluggish.yaml",
        "    hold: 0s\n",
        "    hold: 1h\n",
        r#"41:11: "1h" is too long: 10m at most"#,
    ),
    (
        "incidents/01-sluggish.yaml",
        r#"expect_matches: "^fixed""#,
        r#"expect_matches: "^(fixed""#,
        r#"44:112: "^(fixed" is not a regular expression: unclosed group"#,
    ),
    (
        "incidents/01-sluggish.yaml",
        r#"expect_matches: "^fixed""#,
        r#"expect_matches: "^fixed", op: "<""#,
        r#"44:122: "op" belongs to "query""#,
    ),
    (
        "incidents/01-sluggish.yaml",
        r#"run: "cat note", on: db"#,
        r#"run: "cat note", on: d"#,
        r#"44:78: the system "shop" has no machine "d" (its machines are ops, gateway, api, db, prometheus, load)"#,
    ),
    (
        "incidents/01-sluggish.yaml",
        r#""config:gateway""#,
        r#""config:ops""#,
        r#"48:148: the machine "ops" has no configuration to change"#,
    ),
    (
        "incidents/01-sluggish.yaml",
        r#""panel:gateway-queue""#,
        r#""panel:gateway-que""#,
        r#"48:67: the system "shop" has no panel "gateway-que" (did you mean "gateway-queue"?)"#,
    ),
    (
        "incidents/01-sluggish.yaml",
        r#"unless: ["panel:gateway-queue""#,
        r#"unless: ["pannel:gateway-queue""#,
        r#"48:67: "pannel:gateway-queue" is nothing to look at (did you mean "panel"?)"#,
    ),
    (
        "incidents/01-sluggish.yaml",
        "fails: [success, queue]",
        "fails: [success, queu]",
        r#"56:93: there is no criterion "queu" (did you mean "queue"?)"#,
    ),
    (
        "incidents/01-sluggish.yaml",
        "replay: {fault: blip, with: {machine: api, cores: 0.2}, for: 12s, recover_within: 90s}\n",
        "",
        r#"45:23: nothing is replayed here: there is no "replay""#,
    ),
    (
        "incidents/01-sluggish.yaml",
        "cores: 0.2}, for: 12s",
        "cores: 0.01}, for: 12m",
        "51:51: \"cores\" must be a number from 0.05, not 0.01\n51:63: \"12m\" is too long: 5m at most",
    ),
];

#[test]
fn faults_are_told_with_their_place() {
    let mut wrong = String::new();
    for (file, old, new, expected) in FAULTS {
        let text = fs::read_to_string(fixtures().join("scenarios").join(file)).unwrap();
        assert_eq!(text.matches(old).count(), 1, "{file}: {old:?}");
        let folder = folder(file, &text.replacen(old, new, 1));
        let told = told(&load_folder(folder.path()), file);
        if told.trim_end() != *expected {
            write!(wrong, "== {file}: {new:?}\n-- expected\n{expected}\n-- told\n{told}").unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// What one file repeats of another is bounded, and so is what that takes.
#[test]
fn repetitions_have_an_end() {
    let path = "incidents/01-sluggish.yaml";
    let text = fs::read_to_string(fixtures().join("scenarios").join(path)).unwrap();
    let line = |key: &str, entry: &str, times: usize| {
        let entries = format!("  - {entry}\n").repeat(times);
        text.replacen(&format!("\n{key}:\n"), &format!("\n{key}:\n{entries}"), 1)
    };
    for (key, entry, times, what) in [
        ("inject", "{fault: gateway-pool, with: {to: 3}}", 2000, "8 faults"),
        ("timeline", "{at: 1s, fault: blip, with: {machine: db}}", 1500, "100 actions"),
        ("criteria", "use: rows", 6000, "32 criteria"),
    ] {
        let catalogue = load_folder(folder(path, &line(key, entry, times)).path());
        let told = told(&catalogue, path);
        assert!(told.contains(&format!("there are {what} at most")), "{key}: {told}");
    }
    let path = "faults/gateway-pool.yaml";
    let text = fs::read_to_string(fixtures().join("scenarios").join(path)).unwrap();
    for (script, what) in [
        ("x".repeat(70_000), "the steps have more than 64 KiB of text"),
        ("${why}".repeat(200), "the steps use arguments more than 100 times"),
    ] {
        let text = text.replacen("do:\n", &format!("do:\n  - run: {script}\n"), 1);
        let catalogue = load_folder(folder(path, &text).path());
        assert_eq!(told(&catalogue, path), format!("6:3: {what}\n"));
    }
}

#[test]
fn a_file_name_that_is_no_name_is_told_and_not_repeated() {
    let folder = folder("load/pea\u{1b}[2Jk.yaml", "rate: 1");
    write(folder.path(), "incidents/02-quiet.yaml", &{
        let path = fixtures().join("scenarios/incidents/02-quiet.yaml");
        fs::read_to_string(path).unwrap().replace("load: peak", "load: none-such")
    });
    let catalogue = load_folder(folder.path());
    let told: Vec<_> = catalogue.problems.iter().map(|d| (&*d.message, d.help.clone())).collect();
    let (message, help) = &told[0];
    assert_eq!(*message, "there is no load pattern \"none-such\"");
    assert_eq!(help.as_deref(), Some("there are peak, steady"));
    assert!(told[1].0.contains("is not an id"), "{told:?}");
}

#[test]
fn built_in_scenarios_have_no_problem() {
    let catalogue = load(&[Source::built_in()]);
    let problems: Vec<_> =
        catalogue.problems.iter().filter(|d| d.file.starts_with("scenarios/")).collect();
    assert!(problems.is_empty(), "{problems:?}");
}

#[test]
fn no_query_is_too_deep_or_too_strange() {
    let named = std::collections::BTreeMap::new();
    for text in [
        "(".repeat(499) + "1" + &")".repeat(499),
        "-".repeat(999) + "1",
        "1".to_owned() + &"+1".repeat(499),
        "1".to_owned() + &"^1".repeat(499),
        "abs(".repeat(199) + "up" + &")".repeat(199),
        "é".repeat(400),
        "\"\\".to_owned(),
        "up[".to_owned(),
        "{".to_owned(),
    ] {
        let mut problems = Problems::new("x");
        let node = crate::course::yaml::Node::empty();
        query::query(&mut problems, At::root(&node), &text, &named);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn no_query_panics(text in "[-+*/^(){}\\[\\]\"'`\\\\:,=~!<>@a-z0-9 .µ\n]{0,60}|\\PC{0,30}") {
        let mut problems = Problems::new("x");
        let node = crate::course::yaml::Node::empty();
        query::query(&mut problems, At::root(&node), &text, &std::collections::BTreeMap::new());
    }

    /// However a good file is damaged, loading ends.
    #[test]
    fn a_damaged_file_never_panics(
        file in 0..9_usize,
        at in 0..10_000_usize,
        length in 0..40_usize,
        junk in "[ -~\n\t]{0,8}|\\PC{0,4}",
    ) {
        let files = files();
        let (path, text) = &files[file % files.len()];
        let mut text = text.clone();
        let start = at % text.len();
        let end = (start + length).min(text.len());
        if text.is_char_boundary(start) && text.is_char_boundary(end) {
            text.replace_range(start..end, &junk);
        }
        let catalogue = load_folder(folder(path, &text).path());
        prop_assert!(catalogue.items().count() == 2 || !catalogue.problems.is_empty());
    }
}

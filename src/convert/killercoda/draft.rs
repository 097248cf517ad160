//! From a scenario to an exercise of ours, but for its name: what is kept, what is left out and why.

use super::assets::{Setup, setup};
use super::checks::checks;
use super::lesson::{hints, lesson};
use super::markdown::{Page as Lesson, one_line};
use super::needs::{Needs, goes_elsewhere, is_of_containers, lacking, sets_kernel};
use super::prepare::{Before, Stage, script};
use super::programs::Programs;
use super::said::Said;
use super::scenario::{Kind, Page, Scenario, Text};
use super::shell::Command;
use super::solution;
use crate::course::yaml::{Mark, quote};
use crate::course::{Difficulty, Source};

/// What the machines with Kubernetes have.
const CLUSTER: &str = "a Kubernetes cluster";

/// What a lesson for several machines says first.
const OTHERS: &str = "> This was written for several machines (`controlplane` and `node01`, or `host01` and `host02`). Here \
    all these names lead to one and the same, also by ssh.";

/// What a lesson with containers says first.
const CONTAINERS: &str = "> This was written for Docker. Here Podman stands in for it, by the same commands. Images come \
    from the network; limits of memory and processors are not applied to containers.";

/// What a learner makes to say that a scenario without checks is done.
pub(super) const DONE: &str = "/root/done";

/// An exercise without an id.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) title: String,
    pub(super) description: String,
    pub(super) difficulty: Option<Difficulty>,
    pub(super) time: Option<u32>,
    pub(super) needs: Needs,
    pub(super) setup: Vec<Setup>,
    pub(super) prepare: Option<String>,
    pub(super) checks: Vec<Check>,
    pub(super) hints: Vec<Hint>,
    pub(super) lesson: String,
    /// What solves it, if the pages tell.
    pub(super) solution: Option<String>,
}

/// A check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Check {
    pub(super) name: String,
    pub(super) cmd: String,
}

/// A hint, and the check that it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hint {
    pub(super) text: String,
    pub(super) check: Option<String>,
}

/// A page on its way.
pub(super) struct Leaf<'a> {
    pub(super) page: &'a Page,
    pub(super) lesson: Lesson,
    /// What it asks of the learner, as far as code tells.
    pub(super) code: Vec<Command>,
    pub(super) check: Option<Check>,
    /// What of it cannot be done in a sandbox: the command, and what it lacks.
    pub(super) lacks: Option<(String, &'static str)>,
}

/// What becomes of a scenario; `None` if it is refused.
pub(super) fn draft(
    scenario: &Scenario,
    source: &Source,
    folder: &str,
    said: &mut Said,
) -> Option<Draft> {
    let setup = setup(source, folder, &scenario.assets, said);
    let programs = Programs::of(&setup);
    let leaf = |page| leaf(page, &programs);
    let mut leaves: Vec<Leaf<'_>> = scenario.pages.iter().map(leaf).collect();
    machine(scenario, &programs, said);
    let mut needs = Needs::default();
    let others = others(scenario, &leaves, &programs);
    if others {
        needs.serve_ssh();
        let message = "it has several machines: here all their names lead to one";
        said.note(Mark::default(), message, None);
    }
    let before = scripts(scenario, &programs, &mut needs, said);
    let fetches = needs.network.is_some();
    checks(&mut leaves, &programs, said);
    for leaf in &leaves {
        let verify = leaf.page.verify.as_ref().filter(|_| leaf.check.is_some());
        let verify = verify.map(|verify| programs.commands(&verify.text)).unwrap_or_default();
        let can = |command: &&Command| lacking(command).is_none();
        for command in leaf.code.iter().chain(&verify).filter(can) {
            needs.add(command);
        }
    }
    if scenario.playground && named(scenario, |word| is_of_containers(word).then_some(())).is_some()
    {
        needs.run_containers();
    }
    if said.refused() {
        return None;
    }
    if needs.containers {
        let message = "it runs containers: Podman stands in for Docker";
        said.note(Mark::default(), message, None);
    }
    if let Some(command) = &needs.network {
        let message = format!("it needs a network, {} for one", quote(command));
        said.note(Mark::default(), message, None);
    }
    let packages: Vec<_> = needs.packages().collect();
    if !packages.is_empty() {
        let message = format!(
            "our images lack {}: installed over the network when the exercise is launched",
            packages.join(", ")
        );
        said.note(Mark::default(), message, None);
    }
    let solution = solution::of(&parts(&leaves));
    if solution.is_none() && leaves.iter().any(|leaf| leaf.check.is_some()) {
        let message = "its pages do not say how each step is done: there is no solution to prove";
        said.note(Mark::default(), message, None);
    }
    let hints = hints(&mut leaves, solution.as_deref());
    let mut all: Vec<_> = leaves.iter().filter_map(|leaf| leaf.check.clone()).collect();
    let marked = all.is_empty();
    if scenario.playground {
        let message =
            "it has no pages: a machine to try things on, with its description as the lesson";
        said.note(Mark::default(), message, None);
    }
    if marked {
        let message = "no step has a check: the learner says when it is done";
        said.note(Mark::default(), message, None);
        let name = format!("Said to be done: touch {DONE}");
        all.push(Check { name, cmd: format!("test -e {DONE}") });
    }
    let host_file = scenario.pages.iter().any(reads_host_file);
    let installs = needs.installs;
    let stages = stages(&before);
    let containers = needs.containers;
    let first = Before { packages: &packages, installs, fetches, host_file, others, containers };
    let empty = stages.is_empty() && packages.is_empty() && !installs && !host_file;
    let title = one_line(&scenario.title);
    let about = [
        (scenario.playground, scenario.description.as_str()),
        (others && !scenario.playground, OTHERS),
        (containers, CONTAINERS),
    ];
    let about: Vec<_> = about.iter().filter_map(|(is, text)| is.then_some(*text)).collect();
    Some(Draft {
        lesson: lesson(&title, &about.join("\n\n"), &leaves, marked),
        title,
        description: scenario.description.clone(),
        difficulty: scenario.difficulty,
        time: scenario.time,
        setup,
        prepare: (!empty).then(|| script(&stages, first)),
        checks: all,
        hints,
        solution: if marked { Some(format!("touch {DONE}\n")) } else { solution },
        needs,
    })
}

fn leaf<'a>(page: &'a Page, programs: &Programs) -> Leaf<'a> {
    let text = page.text.as_ref().map_or("", |text| text.text.as_str());
    let lesson = Lesson::read(text, shift(text));
    let lines = |code: &super::markdown::Code| {
        let from = code.line;
        let move_to = move |command: Command| Command { line: command.line + from - 1, ..command };
        let found = programs.commands(&without_prompts(&code.text));
        found.into_iter().map(move_to).collect::<Vec<_>>()
    };
    let mut code: Vec<_> = lesson.code.iter().flat_map(lines).collect();
    // A solution has no line of its own.
    code.extend(lesson.solving().into_iter().flat_map(|text| {
        let found = programs.commands(&without_prompts(text));
        found.into_iter().map(|command| Command { line: 0, ..command })
    }));
    Leaf { page, lesson, code, check: None, lacks: None }
}

/// Code as it is typed: `$ ls` is `ls`.
pub(super) fn without_prompts(code: &str) -> String {
    let lines = code.lines().map(|line| line.strip_prefix("$ ").unwrap_or(line));
    lines.collect::<Vec<_>>().join("\n")
}

/// How many levels a page's headings sink, so that they are below those of the lesson's chapters.
fn shift(text: &str) -> usize {
    let levels = text.lines().filter_map(|line| {
        let level = line.chars().take_while(|c| *c == '#').count();
        line.get(level..)?.starts_with(' ').then_some(level).filter(|level| *level > 0)
    });
    3_usize.saturating_sub(levels.min().unwrap_or(3))
}

/// What the name of its machine says.
fn machine(scenario: &Scenario, programs: &Programs, said: &mut Said) {
    let image = scenario.image.to_lowercase();
    let cluster =
        ["kube", "k8s", "k3s", "openshift", "minikube"].iter().any(|it| image.contains(it));
    let texts = scenario.pages.iter().flat_map(|page| {
        [&page.text, &page.background, &page.foreground, &page.verify].into_iter().flatten()
    });
    let says = |word: &str| texts.clone().any(|text| text.text.to_lowercase().contains(word));
    // Where checks tell what is asked for, the word alone does not.
    let checked = scenario.pages.iter().any(|page| page.verify.is_some());
    let runs =
        |text: &Text| programs.commands(&text.text).iter().any(|it| lacking(it) == Some(CLUSTER));
    let asks = if checked {
        says("kubectl") || says("kubeadm") || says("kubelet") || texts.clone().any(runs)
    } else {
        scenario.playground || says("kube")
    };
    if cluster && asks {
        let message = format!("it needs a Kubernetes cluster: its machine is {}", quote(&image));
        said.refuse(Mark::default(), message, None);
    } else if cluster {
        let message = "it was written for a machine with Kubernetes, which nothing in it uses";
        said.note(Mark::default(), message, None);
    }
    if scenario.playground
        && let Some((word, what)) = named(scenario, lacks)
    {
        let message = format!("it is for trying {word}, and no sandbox has {what}");
        said.refuse(Mark::default(), message, None);
    }
    let known = image.is_empty() || image.starts_with("ubuntu") || cluster;
    if !known {
        let message = format!("its machine is {}: Debian stands in for it", quote(&image));
        said.note(Mark::default(), message, None);
    }
}

/// Whether it goes to another machine. What is asked for there can mostly be done on one with all the names.
fn others(scenario: &Scenario, leaves: &[Leaf<'_>], programs: &Programs) -> bool {
    let scripts = scenario
        .pages
        .iter()
        .flat_map(|page| [&page.background, &page.foreground, &page.verify].into_iter().flatten());
    let mut scripts = scripts.flat_map(|script| programs.commands(&script.text));
    let mut pages = leaves.iter().flat_map(|leaf| &leaf.code);
    // An inventory of Ansible names machines without a command.
    let named = || {
        let mut pages = scenario.pages.iter().filter_map(|page| page.text.as_ref());
        pages.any(|text| text.text.contains("node01"))
    };
    leaves.iter().any(|leaf| leaf.lesson.elsewhere)
        || pages.any(goes_elsewhere)
        || scripts.any(|command| goes_elsewhere(&command))
        || scenario.image.contains("2node") && named()
}

/// The first word about a machine to try things on that is a program of some kind, and which.
fn named<T>(scenario: &Scenario, kind: impl Fn(&str) -> Option<T>) -> Option<(String, T)> {
    let words = format!("{} {}", scenario.title, scenario.description).to_lowercase();
    words
        .split(|c: char| !c.is_alphanumeric())
        .find_map(|word| Some((word.to_owned(), kind(word)?)))
}

/// What a sandbox lacks to run a program by the name.
fn lacks(word: &str) -> Option<&'static str> {
    let command = Command { words: vec![word.to_owned()], line: 0 };
    if word == "kubernetes" { Some(CLUSTER) } else { lacking(&command) }
}

/// The pages with scripts that are run before the learner enters, and what those need.
fn scripts<'a>(
    scenario: &'a Scenario,
    programs: &Programs,
    needs: &mut Needs,
    said: &mut Said,
) -> Vec<&'a Page> {
    let mut run: Vec<&Page> = Vec::new();
    for page in &scenario.pages {
        let scripts: Vec<&Text> =
            [&page.background, &page.foreground].into_iter().flatten().collect();
        if page.kind == Kind::Finish {
            for script in scripts {
                said.note_in(
                    &script.file,
                    Mark::default(),
                    "it would run after the end: left out",
                    None,
                );
            }
            continue;
        }
        for script in &scripts {
            let found = programs.commands(&script.text);
            let stops = found.iter().any(stops_at_failures) || first_line_stops(&script.text);
            for (command, what) in found.iter().filter_map(|it| Some((it, lacking(it)?))) {
                let mark = Mark { line: command.line, column: 1 };
                let message = format!("it runs {}, and no sandbox has {what}", command.name());
                if sets_kernel(command) && !stops {
                    let message =
                        format!("{message}: this fails, and the rest of the script goes on");
                    said.note_in(&script.file, mark, message, None);
                } else {
                    said.refuse_in(&script.file, mark, message, None);
                    break;
                }
            }
            for command in &found {
                needs.add(command);
            }
            if let Kind::Step(number) = page.kind
                && number > 1
                && !again(&run, script)
            {
                let message =
                    format!("it runs before the learner enters, and not at step {number}");
                said.note_in(&script.file, Mark::default(), message, None);
            }
        }
        if scripts.iter().any(|script| !again(&run, script)) {
            run.push(page);
        }
    }
    run
}

/// Whether a command makes its script end at the first failure: `set -e`.
fn stops_at_failures(command: &Command) -> bool {
    let short = |word: &str| word.starts_with('-') && !word.starts_with("--") && word.contains('e');
    command.name() == "set" && command.arguments().any(|word| short(word) || word == "errexit")
}

fn first_line_stops(script: &str) -> bool {
    let first = script.lines().next().and_then(|line| line.strip_prefix("#!"));
    first.is_some_and(|line| {
        line.split_whitespace().any(|word| word.starts_with('-') && word.contains('e'))
    })
}

/// Whether an earlier page runs the same script.
fn again(run: &[&Page], script: &Text) -> bool {
    let mut earlier =
        run.iter().flat_map(|page| [&page.background, &page.foreground].into_iter().flatten());
    earlier.any(|earlier| earlier.file == script.file)
}

fn stages<'a>(pages: &[&'a Page]) -> Vec<Stage<'a>> {
    let mut stages: Vec<Stage<'a>> = Vec::new();
    for (index, page) in pages.iter().enumerate() {
        let earlier = pages.get(..index).unwrap_or_default();
        let new = |script: &'a Option<Text>| script.as_ref().filter(|it| !again(earlier, it));
        let name = match (page.kind, index) {
            (Kind::Step(number), _) => format!("step{number}"),
            (_, 0) => "intro".to_owned(),
            // An introduction may have several pages.
            (_, index) => format!("intro{}", index + 1),
        };
        stages.push(Stage {
            name,
            background: new(&page.background),
            foreground: new(&page.foreground),
        });
    }
    stages
}

fn parts<'a>(leaves: &'a [Leaf<'_>]) -> Vec<solution::Part<'a>> {
    let part = |leaf: &'a Leaf<'_>| solution::Part {
        check: leaf.check.as_ref().map(|check| check.name.as_str()),
        page: &leaf.lesson,
        // Of a step whose check was left out nothing can be done either.
        runs: leaf.check.is_some() || leaf.page.verify.is_none(),
    };
    leaves.iter().map(part).collect()
}

/// Whether a page's scripts or code look up the machine's address where only its own platform keeps it.
fn reads_host_file(page: &Page) -> bool {
    let texts = [&page.text, &page.background, &page.foreground, &page.verify];
    texts.into_iter().flatten().any(|text| text.text.contains("/etc/killercoda/host"))
}

//! From a scenario to an exercise of ours, but for its name: what is kept, what is left out and why.

use super::assets::{Setup, setup};
use super::checks::checks;
use super::lesson::{hints, lesson};
use super::markdown::{Page as Lesson, one_line};
use super::needs::{Needs, lacking};
use super::prepare::{Before, Stage, script};
use super::said::Said;
use super::scenario::{Kind, Page, Scenario, Text};
use super::shell::{Command, commands};
use super::solution;
use crate::course::yaml::{Mark, quote};
use crate::course::{Difficulty, Source};

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
}

/// What becomes of a scenario; `None` if it is refused.
pub(super) fn draft(
    scenario: &Scenario,
    source: &Source,
    folder: &str,
    said: &mut Said,
) -> Option<Draft> {
    let mut leaves: Vec<Leaf<'_>> = scenario.pages.iter().map(leaf).collect();
    machine(scenario, &leaves, said);
    let mut needs = Needs::default();
    let before = scripts(scenario, &mut needs, said);
    let fetches = needs.network.is_some();
    checks(&mut leaves, said);
    for leaf in &leaves {
        let verify = leaf.page.verify.as_ref().filter(|_| leaf.check.is_some());
        let verify = verify.map(|verify| commands(&verify.text)).unwrap_or_default();
        for command in leaf.code.iter().chain(&verify) {
            needs.add(command);
        }
    }
    let setup = setup(source, folder, &scenario.assets, said);
    if said.refused() {
        return None;
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
    if marked {
        let message = "no step has a check: the learner says when it is done";
        said.note(Mark::default(), message, None);
        let name = format!("Said to be done: touch {DONE}");
        all.push(Check { name, cmd: format!("test -e {DONE}") });
    }
    let host_file = scenario.pages.iter().any(reads_host_file);
    let installs = needs.installs;
    let stages = stages(&before);
    let first = Before { packages: &packages, installs, fetches, host_file };
    let empty = stages.is_empty() && packages.is_empty() && !installs && !host_file;
    let title = one_line(&scenario.title);
    Some(Draft {
        lesson: lesson(&title, &leaves, marked),
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

fn leaf(page: &Page) -> Leaf<'_> {
    let text = page.text.as_ref().map_or("", |text| text.text.as_str());
    let lesson = Lesson::read(text, shift(text));
    let lines = |code: &super::markdown::Code| {
        let from = code.line;
        let move_to = move |command: Command| Command { line: command.line + from - 1, ..command };
        commands(&without_prompts(&code.text)).into_iter().map(move_to).collect::<Vec<_>>()
    };
    let mut code: Vec<_> = lesson.code.iter().flat_map(lines).collect();
    // A solution has no line of its own.
    code.extend(lesson.solving().into_iter().flat_map(|text| {
        commands(&without_prompts(text)).into_iter().map(|command| Command { line: 0, ..command })
    }));
    Leaf { page, lesson, code, check: None }
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
fn machine(scenario: &Scenario, leaves: &[Leaf<'_>], said: &mut Said) {
    let image = scenario.image.to_lowercase();
    let cluster =
        ["kube", "k8s", "k3s", "openshift", "minikube"].iter().any(|it| image.contains(it));
    let texts = scenario.pages.iter().flat_map(|page| {
        [&page.text, &page.background, &page.foreground, &page.verify].into_iter().flatten()
    });
    if cluster && texts.clone().any(|text| text.text.to_lowercase().contains("kube")) {
        let message = format!("it needs a Kubernetes cluster: its machine is {}", quote(&image));
        said.refuse(Mark::default(), message, None);
    } else if cluster {
        let message = "it was written for a machine with Kubernetes, of which nothing in it speaks";
        said.note(Mark::default(), message, None);
    }
    let known = image.is_empty() || image.starts_with("ubuntu") || cluster;
    if !known {
        let message = format!("its machine is {}: Debian stands in for it", quote(&image));
        said.note(Mark::default(), message, None);
    }
    let ssh = |command: &Command| {
        command.name() == "ssh"
            && command.arguments().any(|word| {
                let host = word.rsplit('@').next().unwrap_or(word);
                matches!(host, "node01" | "node02" | "host02" | "controlplane")
            })
    };
    if leaves.iter().flat_map(|leaf| &leaf.code).any(ssh) {
        said.refuse(Mark::default(), "it needs several machines: it goes to another by ssh", None);
    }
}

/// The pages with scripts that are run before the learner enters, and what those need.
fn scripts<'a>(scenario: &'a Scenario, needs: &mut Needs, said: &mut Said) -> Vec<&'a Page> {
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
            let found = commands(&script.text);
            let no_sandbox = found.iter().find_map(|it| Some((it, lacking(it)?)));
            if let Some((command, what)) = no_sandbox {
                let mark = Mark { line: command.line, column: 1 };
                let message = format!("it runs {}, and no sandbox has {what}", command.name());
                said.refuse_in(&script.file, mark, message, None);
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
        let name = match page.kind {
            Kind::Intro | Kind::Finish => "intro".to_owned(),
            Kind::Step(number) => format!("step{number}"),
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

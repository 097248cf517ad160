//! Building one image with the engine's classic builder, and telling how far it is.

use std::collections::HashMap;

use bollard::query_parameters::{BuildImageOptionsBuilder, TagImageOptionsBuilder};
use futures_util::StreamExt;

use super::super::{Docker, fault};
use super::stage::Stage;
use crate::engine::image::definition::Definition;
use crate::engine::{EngineError, Result};

/// How many of the build's last lines an error carries.
const LAST_LINES: usize = 6;

/// The longest piece of a line that is shown as progress.
const WORDS_LIMIT: usize = 60;

/// Lines in which the builder speaks of itself.
const BUILDERS_OWN: [&str; 3] = ["--->", "Removing intermediate", "Successfully"];

/// How much longer than any other step a `RUN` takes.
const RUN_WEIGHT: f64 = 20.0;

impl Docker {
    /// Builds an image and gives it its tags; the one with the digest first, when it is whole.
    pub(super) async fn build(
        &self,
        image: &Definition,
        base: &str,
        afresh: bool,
        stage: &Stage<'_>,
    ) -> Result<()> {
        let reference = &image.reference;
        // By its number: Podman's builder would look for a name of ours in a registry.
        let found = self.api.inspect_image(base).await.map_err(fault::of_image(base))?;
        let arguments = HashMap::from([("BASE", found.id.unwrap_or_else(|| base.to_owned()))]);
        let options = BuildImageOptionsBuilder::new()
            .t(reference)
            .buildargs(&arguments)
            .rm(true)
            .forcerm(true)
            .nocache(afresh)
            .build();
        let archive = bollard::body_full(image.archive()?.into());
        let mut log = Log::new(&image.name, &image.instructions());
        stage.report(0.0, &format!("Building {}", log.name));
        let mut events = self.api.build_image(options, None, Some(archive));
        while let Some(event) = events.next().await {
            let event =
                event.map_err(|error| log.failure(reference, fault::of_image(base)(error)))?;
            for line in event.stream.as_deref().unwrap_or_default().lines() {
                tracing::debug!(target: "drydock::images", image = %image.name, "{line}");
                if let Some((fraction, words)) = log.hear(line) {
                    stage.report(fraction, &words);
                }
            }
        }
        let latest = image.latest();
        let (repository, tag) = latest.rsplit_once(':').unwrap_or((&latest, "latest"));
        let options = TagImageOptionsBuilder::new().repo(repository).tag(tag).build();
        let tagged = self.api.tag_image(reference, Some(options)).await;
        tagged.map_err(fault::of_image(reference))
    }
}

/// What a build prints, understood as far as it tells about progress.
struct Log {
    name: String,
    weights: Vec<f64>,
    /// The present step, from 0.
    step: usize,
    instruction: String,
    packages: Packages,
    last: Vec<String>,
}

impl Log {
    fn new(name: &str, instructions: &[String]) -> Self {
        let weight = |name: &String| if name == "RUN" { RUN_WEIGHT } else { 1.0 };
        Self {
            name: format!("drydock/{name}"),
            weights: instructions.iter().map(weight).collect(),
            step: 0,
            instruction: String::new(),
            packages: Packages::default(),
            last: Vec::new(),
        }
    }

    /// Takes a line; the fraction done and what is going on, if it tells something.
    fn hear(&mut self, line: &str) -> Option<(f64, String)> {
        let line: String = line.chars().filter(|c| !c.is_control()).collect();
        let line = line.trim();
        if line.is_empty() || BUILDERS_OWN.iter().any(|words| line.starts_with(words)) {
            return None;
        }
        self.last.push(line.to_owned());
        let excess = self.last.len().saturating_sub(LAST_LINES);
        self.last.drain(..excess);

        let (inside, words) = if let Some((number, count, instruction)) = step(line) {
            // Podman does not count what precedes the first `FROM`.
            self.step = number - 1 + self.weights.len().saturating_sub(count);
            instruction.clone_into(&mut self.instruction);
            self.packages = Packages::default();
            (0.0, instruction.to_owned())
        } else {
            match self.packages.hear(line) {
                Heard::Progress(words) => (self.packages.fraction(), words),
                Heard::Chatter => return None,
                Heard::Nothing => (self.packages.fraction(), line.to_owned()),
            }
        };
        let all: f64 = self.weights.iter().sum::<f64>().max(1.0);
        let before: f64 = self.weights.iter().take(self.step).sum();
        let present = self.weights.get(self.step).copied().unwrap_or(0.0);
        let words: String = words.chars().take(WORDS_LIMIT).collect();
        let place = format!("step {} of {}", self.step + 1, self.weights.len().max(self.step + 1));
        Some((
            (before + inside * present) / all,
            format!("Building {} ({place}): {words}", self.name),
        ))
    }

    /// The error of a build that ended at the present step.
    fn failure(&self, image: &str, error: EngineError) -> EngineError {
        match error {
            EngineError::Refused { detail } => {
                let last = self.last.join("\n");
                let full = last.to_lowercase().contains("no space left on device");
                if full {
                    return EngineError::DiskFull { detail };
                }
                EngineError::BuildFailed {
                    image: image.to_owned(),
                    step: self.instruction.clone(),
                    detail: if last.is_empty() { detail } else { format!("{last}\n{detail}") },
                }
            }
            other => other,
        }
    }
}

/// `Step 3/7 : RUN …`, in Podman's words `STEP 3/7: RUN …`: the number, their count, and the
/// instruction.
fn step(line: &str) -> Option<(usize, usize, &str)> {
    let (head, rest) = line.split_at_checked(5)?;
    if !head.eq_ignore_ascii_case("step ") {
        return None;
    }
    let (numbers, instruction) = rest.split_once(':')?;
    let (number, count) = numbers.trim().split_once('/')?;
    let (number, count): (usize, usize) = (number.parse().ok()?, count.parse().ok()?);
    (number > 0).then_some((number, count, instruction.trim()))
}

/// How far apt is: each package is fetched, unpacked and set up.
#[derive(Default)]
struct Packages {
    expected: f64,
    fetched: f64,
    unpacked: f64,
    set_up: f64,
}

/// What a line means to [`Packages`].
enum Heard {
    /// A package got further; in words.
    Progress(String),
    /// More about the same.
    Chatter,
    /// Nothing of apt's.
    Nothing,
}

impl Packages {
    fn hear(&mut self, line: &str) -> Heard {
        let mut words = line.split_whitespace();
        let (first, second) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        if line.contains(" newly installed") {
            // Upgraded, newly installed; "to remove" comes later and is never asked for.
            let numbers = line.split(',').filter_map(|part| part.split_whitespace().next());
            self.expected +=
                numbers.take(2).filter_map(|number| number.parse::<f64>().ok()).sum::<f64>();
            return Heard::Chatter;
        }
        let (count, doing) = match first {
            _ if self.expected == 0.0 => return Heard::Nothing,
            "Unpacking" => (&mut self.unpacked, format!("unpacking {second}")),
            "Setting" => {
                (&mut self.set_up, format!("setting up {}", words.next().unwrap_or_default()))
            }
            _ if first.starts_with("Get:") => {
                (&mut self.fetched, "downloading packages".to_owned())
            }
            "Selecting" | "Preparing" | "(Reading" | "Processing" | "update-alternatives:" => {
                return Heard::Chatter;
            }
            _ => return Heard::Nothing,
        };
        *count += 1.0;
        Heard::Progress(format!("{doing}, {count} of {}", self.expected))
    }

    fn fraction(&self) -> f64 {
        let done = self.fetched + self.unpacked + self.set_up;
        if self.expected > 0.0 { (done / (3.0 * self.expected)).min(1.0) } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log() -> Log {
        Log::new("base", &["ARG", "FROM", "RUN", "CMD"].map(str::to_owned))
    }

    #[test]
    fn steps_of_both_builders_are_understood() {
        assert_eq!(step("Step 3/7 : RUN a : b"), Some((3, 7, "RUN a : b")));
        assert_eq!(step("STEP 3/7: RUN a"), Some((3, 7, "RUN a")));
        for line in ["Stepping", "Step x/7 : RUN", "Step 0/7 : RUN", "Step 1/7", "größer"] {
            assert_eq!(step(line), None, "{line}");
        }
    }

    #[test]
    fn progress_grows_through_steps_and_packages() {
        let mut log = log();
        let lines = [
            "Step 1/4 : ARG BASE",
            " ---> 0123",
            "Step 3/4 : RUN sh /tmp/install.sh",
            "Get:1 http://mirror.example/debian bookworm InRelease [151 kB]",
            "0 upgraded, 2 newly installed, 0 to remove and 0 not upgraded.",
            "Get:2 http://mirror.example/debian bookworm/main amd64 vim [1 kB]",
            "Unpacking vim (2:9.0) ...",
            "Setting up vim (2:9.0) ...",
            "Step 4/4 : CMD bash",
        ];
        let told: Vec<_> = lines.iter().filter_map(|line| log.hear(line)).collect();
        let fractions: Vec<_> = told.iter().map(|(fraction, _)| *fraction).collect();
        assert!(fractions.is_sorted(), "{fractions:?}");
        assert!((fractions[fractions.len() - 1] - 22.0 / 23.0).abs() < 1e-9, "{fractions:?}");
        let words: Vec<_> = told.iter().map(|(_, words)| words.as_str()).collect();
        assert!(words[1].starts_with("Building drydock/base (step 3 of 4): RUN"), "{words:?}");
        assert!(words.iter().any(|words| words.ends_with("setting up vim, 1 of 2")), "{words:?}");
    }

    #[test]
    fn podmans_steps_begin_at_from() {
        let (fraction, words) = log().hear("STEP 2/3: RUN x").unwrap();
        assert!((fraction - 2.0 / 23.0).abs() < 1e-9, "{fraction}");
        assert!(words.contains("step 3 of 4"), "{words}");
    }

    #[test]
    fn a_failure_names_its_step_and_last_words() {
        let mut log = log();
        for line in ["Step 3/4 : RUN false", "E: Unable to locate package nonsense"] {
            log.hear(line);
        }
        let refused = EngineError::Refused { detail: "returned a non-zero code: 100".to_owned() };
        let EngineError::BuildFailed { step, detail, .. } = log.failure("x", refused.clone())
        else {
            panic!()
        };
        assert_eq!(step, "RUN false");
        assert!(detail.contains("nonsense") && detail.contains("100"), "{detail}");
        log.hear("write /var/x: No space left on device");
        assert!(matches!(log.failure("x", refused), EngineError::DiskFull { .. }));
    }
}

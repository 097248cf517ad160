//! What the learner asks of an incident, carried out or refused with a sentence.

use super::{Deed, Life, Mode, Phase, Replaying, timeline};
use crate::course::scenario::{Level, Scenario};
use crate::incident::order::Order;
use crate::incident::picture::{FeedKind, Outcome};

impl Life {
    /// Carries out what the learner asks. `number` is the order's own.
    pub fn order(&mut self, scenario: &Scenario, number: i64, order: &Order, now: f64) {
        if number <= self.handled {
            return;
        }
        self.handled = number;
        self.refused = self.obey(scenario, order, now).err();
    }

    fn obey(&mut self, scenario: &Scenario, order: &Order, now: f64) -> Result<(), String> {
        let live = matches!(self.phase, Phase::Live);
        let needs_life = |what: &str| match self.phase {
            Phase::Live => Ok(()),
            Phase::Over(_) => Err(format!("{what}: it is over")),
            _ => Err(format!("{what}: the incident has not begun yet")),
        };
        match order {
            Order::Hint => {
                needs_life("There is no hint now")?;
                if self.mode == Mode::Hard {
                    return Err("Hard mode has no hints".to_owned());
                }
                self.give_hint(scenario, true)
            }
            Order::Pause => {
                needs_life("It cannot be paused now")?;
                if !self.paused {
                    self.paused = true;
                    self.deeds.push(Deed::Hold);
                    self.say(FeedKind::System, Level::Info, "", "Paused".to_owned());
                }
                Ok(())
            }
            Order::Resume => {
                self.release();
                Ok(())
            }
            Order::Diagnose(guess) => {
                needs_life("It cannot be diagnosed now")?;
                timeline::known(scenario, guess)?;
                let text =
                    format!("Your diagnosis: {}", timeline::words(scenario, guess).join(" · "));
                self.diagnosis = Some((guess.clone(), self.elapsed));
                self.say(FeedKind::Learner, Level::Info, "", text);
                Ok(())
            }
            Order::Complete => {
                self.completable(scenario)?;
                if scenario.replay.is_some() {
                    self.phase = Phase::Replaying(Replaying::Firing);
                    self.deeds.push(Deed::Fire);
                    let text =
                        "All criteria hold. The trigger is fired again: does the repair last?";
                    self.say(FeedKind::System, Level::Info, "", text.to_owned());
                } else {
                    self.say(FeedKind::System, Level::Info, "", "Resolved".to_owned());
                    self.end(scenario, Outcome::Resolved);
                }
                Ok(())
            }
            Order::Escalate => {
                needs_life("It cannot be escalated now")?;
                self.release();
                self.escalate(scenario, "You hand it over");
                Ok(())
            }
            Order::Restart { guided } => {
                if self.phase == Phase::Over(Outcome::Resolved) {
                    return Err(
                        "It is resolved, and that stays: begin another run of it".to_owned()
                    );
                }
                let mode = match (guided, self.mode) {
                    (true, _) => Mode::Guided,
                    (false, Mode::Guided) => Mode::Normal,
                    (false, mode) => mode,
                };
                let handled = self.handled;
                *self = Self::new(scenario, mode, self.seed, now);
                self.handled = handled;
                Ok(())
            }
            Order::Saw(what) => {
                if live {
                    self.saw(scenario, what);
                }
                Ok(())
            }
            Order::Close => {
                if self.is_over() && !self.deeds.contains(&Deed::Remove) {
                    self.deeds.push(Deed::Remove);
                }
                Ok(())
            }
        }
    }
}

//! What a learner asks of a running incident.

use serde::{Deserialize, Serialize};

use super::picture::Guess;
use crate::course::scenario::Evidence;

/// One thing that is asked. It is written to the store and carried out by whoever directs the
/// incident, so it is not lost with the program that asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Order {
    /// Give the next hint.
    Hint,
    /// Hold everything: load, time and hints.
    Pause,
    /// Go on.
    Resume,
    /// Say what is wrong.
    Diagnose(Guess),
    /// It is repaired.
    Complete,
    /// Give up: hand it over.
    Escalate,
    /// Begin again, on fresh machines.
    Restart {
        /// With every step explained.
        guided: bool,
    },
    /// The learner looked at something.
    Saw(Evidence),
    /// The debrief was read: the machines may go.
    Close,
}

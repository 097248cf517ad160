//! Setup: which engine works here and why not, the images, the theme.

mod view;

pub use view::draw;

use crate::engine::Step;
use crate::problem::Problem;

/// Setup's state; the default is before anything was done.
#[derive(Debug, Default)]
pub struct Setup {
    /// The selected row.
    pub row: Row,
    /// How building the images goes.
    pub images: Images,
}

/// The rows, from top to bottom.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Row {
    /// The engine.
    #[default]
    Engine,
    /// The images.
    Images,
    /// The theme.
    Theme,
    /// Done.
    Finish,
}

impl Row {
    const ALL: [Self; 4] = [Self::Engine, Self::Images, Self::Theme, Self::Finish];
}

/// How building the images goes.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Images {
    /// Not asked for.
    #[default]
    Idle,
    /// Under way; the last step told.
    Building(Option<Step>),
    /// Stopped by the user.
    Cancelled,
    /// Built.
    Built,
    /// Not built, and why.
    Failed(Problem),
}

impl Setup {
    /// Whether images are being built.
    pub fn building(&self) -> bool {
        matches!(self.images, Images::Building(_))
    }

    /// Moves the selection.
    pub fn move_by(&mut self, by: isize) {
        let at = Row::ALL.iter().position(|row| *row == self.row).unwrap_or(0);
        self.row = Row::ALL[at.saturating_add_signed(by).min(Row::ALL.len() - 1)];
    }

    /// Building was asked for.
    pub fn begin_build(&mut self) {
        self.images = Images::Building(None);
    }

    /// Building was stopped.
    pub fn cancelled(&mut self) {
        self.images = Images::Cancelled;
    }

    /// Building got further.
    pub fn step(&mut self, step: Step) {
        if self.building() {
            self.images = Images::Building(Some(step));
        }
    }

    /// Building ended.
    pub fn built(&mut self, result: Result<(), Problem>) {
        if self.building() {
            self.images = match result {
                Ok(()) => Images::Built,
                Err(problem) => Images::Failed(problem),
            };
        }
    }
}

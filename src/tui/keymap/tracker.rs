//! The keys of Tracker and of History.

use super::{Binding, bind};
use crate::tui::app::Action;
use crate::tui::screens::tracker::PaneId;

pub(super) const TRACKER: &[Binding] = &[
    bind(&["enter"], Action::Open, "practise", "Practise the selected item, or unfold the module"),
    bind(&["tab"], Action::NextPane, "pane", "The next pane"),
    bind(&["shift-tab"], Action::PreviousPane, "", "The pane before"),
    bind(&["H"], Action::OpenHistory, "history", "Show the attempts at the selected item, or all"),
    bind(&["left", "h"], Action::Collapse, "", "Fold the module"),
    bind(&["right", "l"], Action::Expand, "", "Unfold the module"),
    bind(&["1"], Action::Pane(PaneId::Progress), "", "To the modules"),
    bind(&["2"], Action::Pane(PaneId::Due), "", "To what is to be practised again"),
    bind(&["3"], Action::Pane(PaneId::Milestones), "", "To the milestones"),
    bind(&["4"], Action::Pane(PaneId::Days), "", "To the days"),
    bind(&["r"], Action::Refresh, "", "Look at the progress again"),
    bind(&["esc"], Action::Back, "home", "Back to Home"),
];

pub(super) const HISTORY: &[Binding] = &[
    bind(&["enter"], Action::Open, "what happened", "Show what happened in the selected attempt"),
    bind(&["/"], Action::Search, "search", "Search items and what was typed"),
    bind(&["tab"], Action::NextState, "filter", "Show all, completed, active or abandoned ones"),
    bind(&["r"], Action::Refresh, "", "Look again"),
    bind(&["esc"], Action::Back, "back", "End the search, or go back"),
];

pub(super) const SEARCH: &[Binding] = &[
    bind(&["enter"], Action::Open, "open", "Show what happened in the selected attempt"),
    bind(&["up", "ctrl-p"], Action::Up, "", "Up"),
    bind(&["down", "ctrl-n"], Action::Down, "", "Down"),
    bind(&["esc"], Action::Back, "to the list", "To the list of what was found"),
];

pub(super) const STORY: &[Binding] = &[
    bind(&["enter", "p"], Action::Open, "play", "Play the recording from here on"),
    bind(&["n"], Action::NextMoment, "next check", "To the next change of a check"),
    bind(&["N"], Action::PreviousMoment, "", "To the change of a check before"),
    bind(&["esc"], Action::Back, "attempts", "Back to the attempts"),
];

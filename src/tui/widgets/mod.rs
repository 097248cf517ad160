//! What screens are drawn with: each draws what it is given and knows no screen.

pub mod editor;
pub mod highlight;
pub mod input;
pub mod list;
pub mod markdown;
pub mod numbers;
pub mod pane;
pub mod popup;
pub mod severity;
pub mod shell_pane;
pub mod sparkline;
pub mod step;
pub mod tame;
pub mod text;
pub mod time_series;
pub mod waterfall;

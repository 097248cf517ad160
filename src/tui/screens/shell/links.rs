//! The links that a shell's pane shows, and where they lead.

use ratatui::layout::Rect;

use super::Shell;
use crate::problem::Problem;
use crate::terminal::links::{self, Link, Target};
use crate::tui::app::{Choice, Effect, FileContent, Layer, Palette, PaletteRow};
use crate::tui::screens::outcome::Outcome;
use crate::tui::screens::viewer::Viewer;
use crate::tui::widgets::shell_pane::first_row;

impl Shell {
    /// The links in view, the newest last.
    pub(super) fn links(&self) -> Vec<Link> {
        let Some(screen) = self.screen() else { return vec![] };
        let view = screen.lock();
        let first = usize::from(first_row(&view, self.size.rows));
        let live = || &view.rows[first.min(view.rows.len())..];
        let rows = self.looking.as_ref().map_or_else(live, |looking| looking.copy.in_view());
        links::find(&rows[..rows.len().min(self.size.rows.into())])
    }

    /// Opens the one link in view, or lists them, the newest first.
    pub(super) fn open_links(&self) -> Outcome {
        let mut links = Vec::<Link>::new();
        for link in self.links().into_iter().rev() {
            if links.iter().all(|known| known.target != link.target) {
                links.push(link);
            }
        }
        match links.len() {
            0 => Outcome::notice("No address or file name is in view"),
            1 => self.follow(links.remove(0).target),
            _ => {
                let rows = links.into_iter().map(|link| PaletteRow {
                    text: link.text,
                    keys: String::new(),
                    choice: Choice::Follow(link.target),
                });
                Outcome::layer(Layer::Palette(Palette::new("Links", rows.collect())))
            }
        }
    }

    /// Opens a link.
    pub fn follow(&self, target: Target) -> Outcome {
        match target {
            Target::Url(address) => Outcome {
                notice: Some(format!("Opening {address}")),
                ..Outcome::effects(vec![Effect::OpenUrl(address)])
            },
            Target::File { path, line } => {
                let folder = self.screen().and_then(|screen| screen.lock().state.folder.clone());
                let path = match folder {
                    Some(folder) if !path.starts_with(['/', '~']) => {
                        format!("{}/{path}", folder.trim_end_matches('/'))
                    }
                    _ => path,
                };
                Outcome::effects(vec![Effect::ReadFile { visit: self.visit, path, line }])
            }
        }
    }
}

/// A file came that a link led to.
pub fn file(
    path: String,
    line: Option<u32>,
    content: Result<FileContent, Problem>,
    area: Rect,
) -> Outcome {
    Outcome::layer(match content {
        Ok(content) => Layer::File(Viewer::new(path, &content, line, area)),
        Err(problem) => Layer::Problem(problem),
    })
}

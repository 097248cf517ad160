//! The mouse: everything it does can be done with keys too.

use std::time::Instant;

use crossterm::event::{KeyCode, MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Position;

use super::{Action, App, Effect, Screen};
use crate::tui::screens::{footer, home};

impl App {
    pub(super) fn mouse(&mut self, mouse: MouseEvent, now: Instant) -> Vec<Effect> {
        if matches!(mouse.kind, MouseEventKind::Down(_)) {
            self.notice = None;
            self.stay();
        }
        let at = Position::new(mouse.column, mouse.row);
        let click = mouse.kind == MouseEventKind::Down(MouseButton::Left);
        if !self.layers.is_empty() {
            let key = match mouse.kind {
                MouseEventKind::ScrollDown => KeyCode::Down,
                MouseEventKind::ScrollUp => KeyCode::Up,
                _ => return vec![],
            };
            return self.layer_key(key.into(), now);
        }
        if click && let Some(action) = footer::action_at(self, at) {
            return self.act(action, now);
        }
        match self.screen {
            Screen::Home => {
                let row = home::row_at(self, at);
                match mouse.kind {
                    MouseEventKind::ScrollDown => self.home.move_by(3),
                    MouseEventKind::ScrollUp => self.home.move_by(-3),
                    _ if click => {
                        if let Some(row) = row {
                            if self.home.cursor == row {
                                return self.act(Action::Open, now);
                            }
                            self.home.cursor = row;
                        }
                    }
                    _ => {}
                }
                vec![]
            }
            Screen::Replay if click => self.replay_clicked(at),
            Screen::Tracker => {
                match mouse.kind {
                    MouseEventKind::ScrollDown => self.tracker_wheeled(at, 3),
                    MouseEventKind::ScrollUp => self.tracker_wheeled(at, -3),
                    _ if click => return self.tracker_clicked(at, now),
                    _ => {}
                }
                vec![]
            }
            Screen::History => match mouse.kind {
                MouseEventKind::ScrollDown => self.act_history(Action::Down),
                MouseEventKind::ScrollUp => self.act_history(Action::Up),
                _ if click => self.history_clicked(at),
                _ => vec![],
            },
            Screen::Report => match mouse.kind {
                MouseEventKind::ScrollDown => self.act_report(Action::Down),
                MouseEventKind::ScrollUp => self.act_report(Action::Up),
                _ => vec![],
            },
            Screen::Setup | Screen::Replay => vec![],
            Screen::Shell => match &mut self.bare {
                Some(bare) => {
                    bare.touched |= matches!(mouse.kind, MouseEventKind::Down(_));
                    let outcome = bare.shell.mouse(mouse, bare.place(self.area), self.area, now);
                    self.came(outcome)
                }
                None => vec![],
            },
            Screen::Incident => match &mut self.incident {
                Some(incident) => {
                    incident.present(self.area);
                    let outcome = incident.mouse(mouse, self.area, now);
                    self.came(outcome)
                }
                None => vec![],
            },
            Screen::Author => match &mut self.author {
                Some(author) => {
                    let outcome = author.mouse(mouse, &self.course, self.area);
                    self.came(outcome)
                }
                None => vec![],
            },
            Screen::Workspace => {
                self.present(now);
                match &mut self.workspace {
                    Some(workspace) => {
                        let outcome = workspace.mouse(mouse, self.area, now);
                        self.came(outcome)
                    }
                    None => vec![],
                }
            }
        }
    }
}

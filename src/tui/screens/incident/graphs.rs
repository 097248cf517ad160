//! What was measured in an incident that is over, as charts in a page.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use crate::incident::picture::Picture;
use crate::incident::postmortem::{Graph, Story};
use crate::tui::theme::{Signs, Theme};
use crate::tui::widgets::tame::tame;
use crate::tui::widgets::time_series::{Chart, Dots, Event, Look, Series};

/// How many rows a chart has.
const HEIGHT: u16 = 9;

/// How far apart values are, in seconds: as often as they were kept.
const STEP: f64 = 2.0;

/// Charts of the whole incident, one below the other.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Graphs {
    /// Each with its points as one line.
    all: Vec<(Graph, Vec<(f64, f64)>)>,
    /// When, what, and whether the learner did it.
    marks: Vec<(f64, String, bool)>,
    span: (f64, f64),
}

impl Graphs {
    pub(super) fn new(story: &Story, picture: &Picture) -> Self {
        let times = || story.graphs.iter().flat_map(|graph| graph.lines.iter().flatten());
        let from = times().map(|point| point.0).fold(f64::INFINITY, f64::min);
        let to = times().map(|point| point.0).fold(f64::NEG_INFINITY, f64::max);
        if from >= to {
            return Self::default();
        }
        let graphs = story.graphs.iter().cloned().map(|mut graph| {
            graph.title = tame(&graph.title);
            let points = graph.lines.concat();
            (graph, points)
        });
        let marks = picture.marks.iter().map(|mark| (mark.time, mark.label.clone(), mark.learner));
        Self { all: graphs.collect(), marks: marks.collect(), span: (from, to) }
    }

    /// The charts as lines of a page this wide.
    pub(super) fn lines(&self, theme: &Theme, signs: Signs, width: u16) -> Vec<Line<'static>> {
        let events: Vec<_> = self
            .marks
            .iter()
            .map(|(time, label, own)| Event { time: *time, label, own: *own })
            .collect();
        let mut lines = Vec::new();
        for (graph, points) in &self.all {
            let area = Rect::new(0, 0, width, HEIGHT);
            let mut buffer = Buffer::empty(area);
            let chart = Chart {
                look: Look { theme, signs, dots: Dots::default() },
                title: &graph.title,
                unit: graph.unit,
                series: vec![Series { name: "", points }],
                front: None,
                threshold: graph.threshold,
                events: &events,
                span: self.span,
                now: self.span.1,
                step: STEP,
                cursor: None,
                focused: false,
                note: None,
            };
            chart.render(area, &mut buffer);
            lines.push(Line::default());
            lines.extend((0..HEIGHT).map(|y| {
                let cells = (0..width).filter_map(|x| buffer.cell((x, y)));
                cells.map(|cell| Span::styled(cell.symbol().to_owned(), cell.style())).collect()
            }));
        }
        lines
    }
}

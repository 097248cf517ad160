//! How fast charts are drawn: `cargo bench --bench charts`.

#![allow(missing_docs, reason = "criterion's macros make public functions")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use drydock::course::scenario::Unit;
use drydock::tui::color::ColorDepth;
use drydock::tui::theme::{Signs, Theme};
use drydock::tui::widgets::time_series::{Chart, Dots, Event, Look, Series};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::Widget;

/// As many points as a chart of this size asks for.
fn points(phase: f64) -> Vec<(f64, f64)> {
    let value = |n: u32| (f64::from(n) / 9.0 + phase).sin().mul_add(0.08, 0.1);
    (0..=150).map(|n| (f64::from(n) * 2.0, if n == 70 { f64::NAN } else { value(n) })).collect()
}

/// Six charts of three lines each on a screen of 200x60.
fn charts(criterion: &mut Criterion) {
    let Some(theme) = Theme::find("harbour", ColorDepth::True) else { return };
    let lines = [points(0.0), points(1.0), points(2.0)];
    let names = ["gateway", "api", "db"];
    let events = [Event { time: 120.0, label: "api v2", own: false }];
    let mut buffer = Buffer::empty(Rect::new(0, 0, 200, 60));
    criterion.bench_function("charts/six", |bencher| {
        bencher.iter(|| {
            for index in 0..6_u16 {
                let series = names.iter().zip(&lines);
                let chart = Chart {
                    look: Look {
                        theme: &theme,
                        signs: Signs { ascii: false },
                        dots: Dots::Braille,
                    },
                    title: "Latency (p95)",
                    unit: Unit::Seconds,
                    series: series.map(|(name, points)| Series { name, points }).collect(),
                    front: None,
                    threshold: Some(0.15),
                    events: &events,
                    span: (0.0, 300.0),
                    now: 300.0,
                    step: 2.0,
                    cursor: None,
                    focused: index == 0,
                    note: None,
                };
                let place = Rect::new(index % 3 * 66, index / 3 * 29, 66, 29);
                chart.render(place, &mut buffer);
            }
            black_box(&buffer);
        });
    });
}

criterion_group!(benches, charts);
criterion_main!(benches);

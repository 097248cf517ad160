use super::*;
use crate::tui::theme::ColorDepth;

fn theme() -> Theme {
    Theme::find("harbour", ColorDepth::True).unwrap()
}

fn chart<'a>(theme: &'a Theme, series: Vec<Series<'a>>) -> Chart<'a> {
    Chart {
        look: Look { theme, signs: Signs { ascii: false }, dots: Dots::Braille },
        title: "Latency",
        unit: Unit::Seconds,
        series,
        front: None,
        threshold: None,
        events: &[],
        span: (1000.0, 1120.0),
        now: 1120.0,
        step: 2.0,
        cursor: None,
        focused: false,
        note: None,
    }
}

fn shown(chart: Chart<'_>, width: u16, height: u16) -> Vec<String> {
    let area = Rect::new(0, 0, width, height);
    let mut buffer = Buffer::empty(area);
    chart.render(area, &mut buffer);
    let row = |y| (0..width).map(|x| buffer[(x, y)].symbol()).collect::<String>();
    (0..height).map(row).collect()
}

fn wave(from: u32, to: u32, value: impl Fn(f64) -> f64) -> Vec<(f64, f64)> {
    (from..=to).step_by(2).map(|t| (f64::from(t), value(f64::from(t)))).collect()
}

#[test]
fn lines_labels_threshold_and_events_are_where_they_belong() {
    let theme = theme();
    let rising = wave(1000, 1120, |t| if t < 1060.0 { 0.024 } else { 0.180 });
    let low = wave(1000, 1120, |_| 0.010);
    let events = [Event { time: 1060.0, label: "api v2", own: false }];
    let series =
        vec![Series { name: "gateway", points: &rising }, Series { name: "db", points: &low }];
    let chart =
        Chart { threshold: Some(0.2), events: &events, focused: true, ..chart(&theme, series) };
    insta::assert_snapshot!(shown(chart, 62, 12).join("\n"));
}

#[test]
fn blocks_and_ascii_show_the_same() {
    let theme = theme();
    let points = wave(1000, 1120, |t| 0.1 + 0.08 * ((t - 1000.0) / 15.0).sin());
    let series = || vec![Series { name: "", points: &points }];
    let mut blocks = chart(&theme, series());
    blocks.look.dots = Dots::Blocks;
    let mut ascii = chart(&theme, series());
    ascii.look.signs.ascii = true;
    ascii.threshold = Some(0.15);
    let ascii = shown(ascii, 40, 8);
    assert!(ascii.iter().all(|row| row.is_ascii()), "{ascii:#?}");
    insta::assert_snapshot!([shown(blocks, 40, 8), ascii].concat().join("\n"));
}

#[test]
fn a_gap_is_empty_and_what_is_no_number_is_no_plateau() {
    let theme = theme();
    let mut points = wave(1000, 1030, |_| 0.1);
    points.extend(wave(1032, 1060, |_| f64::NAN));
    points.extend(wave(1090, 1120, |_| 0.1));
    let rows = shown(chart(&theme, vec![Series { name: "", points: &points }]), 62, 8);
    let drawn: Vec<usize> = (0..62)
        .filter(|x| {
            rows[1..7].iter().any(|row| {
                row.chars().nth(*x).is_some_and(|c| ('\u{2801}'..='\u{28ff}').contains(&c))
            })
        })
        .collect();
    let left = rows[1].find(' ').unwrap();
    assert!(left > 0 && !drawn.is_empty());
    let first_gap = drawn.windows(2).find(|pair| pair[1] > pair[0] + 1).unwrap();
    assert!(first_gap[1] - first_gap[0] > 20, "{drawn:?}");
    assert_eq!(drawn.windows(2).filter(|pair| pair[1] > pair[0] + 1).count(), 1, "{rows:#?}");
}

#[test]
fn the_cursor_reads_values() {
    let theme = theme();
    let points = wave(1000, 1120, |t| (t - 1000.0) / 1000.0);
    let chart = Chart {
        cursor: Some(1060.0),
        ..chart(&theme, vec![Series { name: "api", points: &points }])
    };
    let rows = shown(chart, 62, 8);
    assert!(rows[0].contains("Latency · at -1m · api 60 ms"), "{}", rows[0]);
    // The middle of the time is the middle of the plot.
    let label = rows[7].find("-1m").map(|at| rows[7][..at].chars().count() + 1);
    let column = rows[1].chars().skip(1).position(|c| c == '│').map(|at| at + 1);
    assert_eq!(column, label, "{rows:#?}");
}

#[test]
fn a_value_is_read_only_where_one_is_near() {
    let points = [(10.0, 1.0), (12.0, 2.0), (30.0, f64::NAN)];
    assert_eq!(value_at(&points, 11.9, 2.0), Some(2.0));
    assert_eq!(value_at(&points, 16.0, 2.0), Some(2.0));
    assert_eq!(value_at(&points, 20.0, 2.0), None);
    assert_eq!(value_at(&points, 30.0, 2.0), None);
    assert_eq!(value_at(&[], 0.0, 2.0), None);
}

#[test]
fn four_lines_are_drawn_and_the_rest_is_counted() {
    let theme = theme();
    let points = wave(1000, 1120, |_| 0.1);
    let names = ["a", "b", "c", "d", "e", "f"];
    let series = names.map(|name| Series { name, points: &points }).to_vec();
    let rows = shown(Chart { front: Some(0), ..chart(&theme, series) }, 80, 8);
    assert!(rows[0].contains("4 d 100 ms · +2 "), "{}", rows[0]);
    let numbers: Vec<_> = rows[1..7].iter().filter_map(|row| row.chars().nth(78)).collect();
    assert!(['1', '2', '3', '4'].iter().all(|number| numbers.contains(number)), "{rows:#?}");
}

#[test]
fn a_threshold_out_of_the_picture_is_said() {
    let theme = theme();
    let points = wave(1000, 1120, |_| 0.02);
    let series = vec![Series { name: "", points: &points }];
    let rows = shown(Chart { threshold: Some(0.3), ..chart(&theme, series) }, 60, 8);
    assert!(rows[0].contains("limit 300 ms") && !rows.concat().contains('┄'), "{rows:#?}");
}

#[test]
fn nothing_and_a_failed_query_say_so() {
    let theme = theme();
    let empty = shown(chart(&theme, vec![]), 40, 6);
    assert!(empty.concat().contains("no data"));
    let note = Some(("prometheus cannot be reached: connection refused", true));
    let failed = shown(Chart { note, ..chart(&theme, vec![]) }, 40, 6).join("\n");
    assert!(failed.contains("prometheus cannot be"), "{failed}");
}

#[test]
fn every_size_can_be_drawn() {
    let theme = theme();
    let points = wave(1000, 1120, |t| t);
    for width in 0..70 {
        for height in 0..14 {
            let series = vec![Series { name: "a", points: &points }; 3];
            let events = [Event { time: 1119.0, label: "a long label", own: true }];
            let chart = Chart {
                events: &events,
                cursor: Some(1000.0),
                threshold: Some(1050.0),
                ..chart(&theme, series)
            };
            shown(chart, width, height);
        }
    }
}

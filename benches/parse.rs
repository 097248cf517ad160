//! How fast output becomes a screen: `cargo bench --bench parse`.

#![allow(missing_docs, reason = "criterion's macros make public functions")]

#[path = "support/streams.rs"]
mod streams;

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use drydock::terminal::{Emulator, Size};
use streams::mixed;

const LENGTH: usize = 8 << 20;
const PIECE: usize = 64 << 10;

/// `LENGTH` bytes of `line(0)`, `line(1)` …
fn stream(line: impl Fn(usize) -> String) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(LENGTH + PIECE);
    for n in 0.. {
        bytes.extend_from_slice(line(n).as_bytes());
        if bytes.len() >= LENGTH {
            break;
        }
    }
    bytes
}

fn parse(criterion: &mut Criterion) {
    let streams = [
        ("mixed", stream(mixed)),
        ("lines", stream(|n| format!("{n:0>118}\r\n"))),
        ("short", stream(|n| format!("{n}\r\n"))),
        ("y", stream(|_| "y\r\n".to_owned())),
        ("dense", stream(|n| format!("\x1b[38;5;{}m\x1b[48;5;{}mx", n % 256, n % 255))),
    ];
    let mut group = criterion.benchmark_group("parse");
    group.throughput(Throughput::Bytes(LENGTH as u64)).sample_size(10);
    for (name, bytes) in &streams {
        group.bench_function(*name, |bencher| {
            bencher.iter(|| {
                let mut emulator = Emulator::new(Size { columns: 120, rows: 40 }, 10_000);
                for piece in bytes.chunks(PIECE) {
                    emulator.advance(piece);
                }
                black_box(emulator.size())
            });
        });
    }
    group.finish();
}

criterion_group!(benches, parse);
criterion_main!(benches);

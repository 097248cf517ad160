//! What may be written to the terminal that drydock runs in: a list, and a parser that lets nothing
//! else pass.

use std::collections::BTreeMap;

/// Switched on when the terminal is taken and off when it is given back, once: the alternate
/// screen, pastes, the focus, the mouse.
const TAKEN: [&str; 5] = ["1049", "2004", "1004", "1000", "1006"];

/// Switched as drydock sees fit: the cursor, updates, moves of the mouse.
const SWITCHED: [&str; 4] = ["25", "2026", "1002", "1003"];

/// Checks all that was written from the first byte to the last, and says what was wrong.
pub fn check(written: &[u8]) -> Result<(), String> {
    let mut text = std::str::from_utf8(written)
        .map_err(|error| format!("no UTF-8 at {}", error.valid_up_to()))?;
    let mut modes: BTreeMap<&str, Vec<char>> = BTreeMap::new();
    while let Some(first) = text.chars().next() {
        let here = || text.chars().take(40).collect::<String>();
        if let Some(sequence) = text.strip_prefix("\x1b[") {
            let is_inside = |c: char| matches!(c, ' '..='?');
            let end = sequence.find(|c| !is_inside(c)).ok_or("it ends within a sequence")?;
            let (inside, rest) = sequence.split_at(end);
            let last = rest.chars().next().unwrap_or_default();
            if let (Some(mode), 'h' | 'l') = (inside.strip_prefix('?'), last) {
                modes.entry(mode).or_default().push(last);
            } else if !is_allowed(inside, last) {
                return Err(format!("{:?}", here()));
            }
            text = &rest[last.len_utf8()..];
        } else if is_plain(first) || (matches!(first, '\r' | '\n') && is_given_back(&modes)) {
            text = &text[first.len_utf8()..];
        } else {
            return Err(format!("{:?}", here()));
        }
    }
    for (mode, switches) in modes {
        let once = TAKEN.contains(&mode) && switches == ['h', 'l'];
        if !once && !SWITCHED.contains(&mode) {
            return Err(format!("mode {mode}: {switches:?}"));
        }
    }
    Ok(())
}

/// Whether the terminal is no longer drydock's, which then may say a last word.
fn is_given_back(modes: &BTreeMap<&str, Vec<char>>) -> bool {
    modes.get("1049").is_some_and(|switches| switches.ends_with(&['l']))
}

/// Whether a control sequence but a mode's is one of those that draw, or give the cursor its look.
fn is_allowed(inside: &str, last: char) -> bool {
    let numbers = inside.chars().all(|c| c.is_ascii_digit() || matches!(c, ';' | ':'));
    match last {
        // Looks, places, clearing.
        'm' | 'H' | 'J' | 'K' => numbers,
        'q' => matches!(inside.strip_suffix(' '), Some("0" | "1" | "2" | "3" | "4" | "5" | "6")),
        _ => false,
    }
}

/// Whether a character does nothing but be shown: no control, and none that turns the order around,
/// joins its neighbours or is a sign for other programs.
fn is_plain(c: char) -> bool {
    !c.is_control()
        && !matches!(
            c,
            '\u{ad}' | '\u{61c}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}'
                | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{1f1e6}'..='\u{1f1ff}'
                | '\u{1f3fb}'..='\u{1f3ff}' | '\u{e0000}'..='\u{e0fff}'
        )
}

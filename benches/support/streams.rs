//! Output to be parsed and shown: what programs of all kinds print, mixed.

/// The `n`th line of logs, colours, other scripts, progress bars and repaints in turn.
pub(crate) fn mixed(n: usize) -> String {
    match n % 6 {
        0 | 1 => format!(
            "10:03:{:02} \x1b[32mINFO\x1b[0m gateway path=/checkout/{n} ms={}\r\n",
            n % 60,
            n % 500
        ),
        2 => format!(
            "\x1b[38;2;{};90;200mtruecolor\x1b[0m \x1b[1;4mbold\x1b[22;24m and plain words\r\n",
            n % 256
        ),
        3 => "日本語テキスト 한국어 and more\r\n".to_owned(),
        4 => format!("\rprogress [{:<40}]\x1b[K", "#".repeat(n % 40)),
        _ => format!(
            "\x1b[{};{}H\x1b[44mrepaint of a status line\x1b[0m\r\n",
            n % 40 + 1,
            n % 90 + 1
        ),
    }
}

//! Reads a file of a sandbox, to be shown.

use futures_util::StreamExt;

use crate::engine::{Engine, ExecSpec, Output, Sandbox};
use crate::problem::{Exit, Problem};
use crate::tui::app::{FileContent, MAX_FILE};

/// `$1` the path, `$2` how much at most. First the whole size on a line of its own, then the bytes.
/// As the learner, from their home: what they may not read is not shown.
const READ: &str = r#"
cd 2>/dev/null
case $1 in "~/"*) file=$HOME/${1#"~/"} ;; *) file=$1 ;; esac
[ ! -d "$file" ] || { echo "it is a folder" >&2; exit 1; }
[ ! -e "$file" ] || [ -f "$file" ] || { echo "it is no file to be read" >&2; exit 1; }
wc -c < "$file" && head -c "$2" < "$file"
"#;

/// What is kept of an error's words.
const MAX_WORDS: usize = 400;

/// Reads the beginning of a file.
pub(super) async fn read(
    engine: &dyn Engine,
    sandbox: &Sandbox,
    path: &str,
) -> Result<FileContent, Problem> {
    let most = MAX_FILE.to_string();
    let argv = ["sh", "-c", READ, "sh", path, &most].map(str::to_owned).into();
    let spec = ExecSpec { argv, user: Some(sandbox.user.clone()), env: [].into() };
    let mut stream = engine.exec(&sandbox.id, &spec).await?;
    let (mut bytes, mut words) = (Vec::new(), Vec::new());
    while let Some(output) = stream.output.next().await {
        let output = output.map_err(|error| not_read(path, &error.to_string()))?;
        match output {
            Output::Stdout(piece) if bytes.len() <= MAX_FILE => bytes.extend_from_slice(&piece),
            Output::Stderr(piece) if words.len() < MAX_WORDS => words.extend_from_slice(&piece),
            Output::Stdout(_) | Output::Stderr(_) => {}
        }
    }
    let line = bytes.iter().position(|byte| *byte == b'\n');
    let size = line.and_then(|end| std::str::from_utf8(&bytes[..end]).ok()?.trim().parse().ok());
    let (Some(line), Some(size)) = (line, size) else {
        let words = String::from_utf8_lossy(&words);
        let last = words.lines().last().unwrap_or("it cannot be read");
        return Err(not_read(path, last.rsplit(": ").next().unwrap_or(last)));
    };
    bytes.drain(..=line);
    bytes.truncate(MAX_FILE);
    Ok(FileContent { bytes, size })
}

fn not_read(path: &str, words: &str) -> Problem {
    Problem::new("file", Exit::Environment, format!("{path} cannot be shown: {words}"))
}

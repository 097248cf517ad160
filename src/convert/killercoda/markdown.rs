//! A page of a scenario as a part of a lesson.
//!
//! Pages are Markdown with marks for a browser: code that runs when it is clicked (`` `ls`{{exec}} ``), parts
//! that unfold (`<details>`), links to ports of the machine. What remains is Markdown that a lesson can have;
//! what a learner should not see at once, hints and solutions, comes out by itself.

mod code;
mod prose;
mod quiz;

use code::{Fence, is_other, is_shell};
pub(super) use prose::one_line;
use prose::{Tag, pieces, prose};
use quiz::Question;

/// Parts that unfold inside each other; what is deeper stays where it is.
const MAX_DEPTH: usize = 8;

/// The longest line of text that is taken apart, in bytes: what that takes grows with its square. A longer
/// one is no author's, and stays as it is.
const MAX_LINE: usize = 4 << 10;

/// A page, taken apart.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Page {
    /// What the lesson has of it.
    pub(super) lesson: String,
    /// Code that a shell is to run, in order, the solution's apart.
    pub(super) code: Vec<Code>,
    /// What a click on it runs, of the above: what the author would have typed.
    pub(super) typed: Vec<String>,
    /// Hints that unfold.
    pub(super) hints: Vec<String>,
    /// What unfolds as the solution: its words, and its code.
    pub(super) solution: Vec<Solution>,
    /// Questions with their answers, of which the lesson has only the questions.
    pub(super) answers: Vec<String>,
    /// Whether something is to be run on a second machine.
    pub(super) elsewhere: bool,
}

/// Code for a shell, and the line of the page in which it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Code {
    pub(super) text: String,
    pub(super) line: u32,
}

/// A piece of a solution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Solution {
    /// Words about it.
    Words(String),
    /// What to run.
    Code(String),
}

impl Page {
    /// Takes a page apart. `shift` is how many levels its headings sink below those of the lesson.
    pub(super) fn read(text: &str, shift: usize) -> Self {
        let text = prose::addresses(text);
        let mut reader = Reader { shift, ..Reader::default() };
        let lines: Vec<&str> = text.lines().collect();
        let mut index = 0;
        while let Some(line) = lines.get(index) {
            let number = index as u32 + 1;
            let rest = lines.get(index..).unwrap_or_default();
            let prose = reader.fence.is_none() && !reader.comment;
            let span = prose.then(|| Fence::span(rest, number)).flatten();
            if let Some((block, long)) = span {
                reader.block(&block);
                index += long;
            } else {
                reader.line(line, number);
                index += 1;
            }
        }
        reader.end()
    }

    /// What solves its step, as far as the page tells: the solution's code, else what its clicks run.
    pub(super) fn solving(&self) -> Vec<&str> {
        let code = |piece: &'_ Solution| matches!(piece, Solution::Code(_));
        if !self.solution.iter().any(code) {
            return self.typed.iter().map(String::as_str).collect();
        }
        let code = self.solution.iter().filter_map(|piece| match piece {
            Solution::Code(text) => Some(text.as_str()),
            Solution::Words(_) => None,
        });
        code.collect()
    }
}

/// A part that unfolds, while it is read.
#[derive(Debug, Default)]
struct Detail {
    /// What is there to be clicked.
    summary: String,
    /// Whether it is being read.
    in_summary: bool,
    /// What is in it, as the lesson would have it.
    text: String,
    /// The same, for a solution.
    pieces: Vec<Solution>,
    /// As in [`Page`].
    code: Vec<Code>,
    typed: Vec<String>,
}

/// What a part that unfolds is for, told by what is there to be clicked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Hint,
    Solution,
    More,
}

fn kind_of(summary: &str) -> Kind {
    const SOLUTIONS: [&str; 11] = [
        "solution",
        "answer",
        "lösung",
        "solución",
        "solucion",
        "solução",
        "solucao",
        "respuesta",
        "resposta",
        "réponse",
        "soluzione",
    ];
    const HINTS: [&str; 9] =
        ["hint", "tip", "hinweis", "tipp", "pista", "dica", "indice", "suggerimento", "help"];
    let summary = summary.to_lowercase();
    let word = |words: &[&str]| {
        let mut said = summary.split(|c: char| !c.is_alphanumeric());
        said.any(|said| words.iter().any(|word| said.strip_suffix('s').unwrap_or(said) == *word))
    };
    if word(&SOLUTIONS) {
        Kind::Solution
    } else if word(&HINTS) {
        Kind::Hint
    } else {
        Kind::More
    }
}

#[derive(Debug, Default)]
struct Reader {
    shift: usize,
    page: Page,
    open: Vec<Detail>,
    fence: Option<Fence>,
    /// Whether this is within a comment.
    comment: bool,
    /// The question whose answers come next.
    question: Option<Question>,
}

impl Reader {
    fn line(&mut self, line: &str, number: u32) {
        if let Some(fence) = &mut self.fence {
            if !fence.line(line)
                && let Some(fence) = self.fence.take()
            {
                self.block(&fence);
            }
        } else if let Some(fence) = Fence::open(line, number) {
            self.fence = Some(fence);
        } else if line.len() > MAX_LINE {
            self.add(line);
            self.add("\n");
        } else if self.comment || !self.asked(line) {
            self.text(line, number);
        }
    }

    /// Takes a line of a quiz; whether it was one.
    fn asked(&mut self, line: &str) -> bool {
        if let Some(question) = Question::begun(line) {
            self.answered();
            self.add(&format!("{}\n", question.shown()));
            self.question = Some(question);
            return true;
        }
        let Some(question) = &mut self.question else { return false };
        let Some(shown) = question.answer(line) else {
            self.answered();
            return false;
        };
        self.add(&shown);
        true
    }

    /// A question has all its answers.
    fn answered(&mut self) {
        let answer = self.question.take().and_then(Question::told);
        self.page.answers.extend(answer);
    }

    fn text(&mut self, line: &str, number: u32) {
        for piece in pieces(line, &mut self.comment) {
            match piece {
                Tag::Text(text) => self.words(&text, number),
                Tag::Details if self.open.len() < MAX_DEPTH => self.open.push(Detail::default()),
                Tag::EndDetails => self.close(),
                Tag::Summary | Tag::EndSummary => {
                    if let Some(detail) = self.open.last_mut() {
                        detail.in_summary = piece == Tag::Summary;
                    }
                }
                Tag::Pre => self.fence = Some(Fence::pre(number)),
                Tag::Details => {}
            }
        }
        self.add("\n");
    }

    /// A line's text, or a part of it.
    fn words(&mut self, text: &str, number: u32) {
        if let Some(fence) = &mut self.fence {
            if !fence.line(text)
                && let Some(fence) = self.fence.take()
            {
                self.block(&fence);
            }
            return;
        }
        let found = prose(text, self.shift);
        self.page.elsewhere |= found.elsewhere;
        if let Some(detail) = self.open.last_mut().filter(|detail| detail.in_summary) {
            detail.summary.push_str(&found.text);
            return;
        }
        let code = found.run.iter().map(|text| Code { text: text.clone(), line: number });
        if let Some(detail) = self.open.last_mut() {
            detail.code.extend(code);
            detail.typed.extend(found.run.clone());
            detail.pieces.extend(found.run.into_iter().map(Solution::Code));
            if !found.text.trim().is_empty() {
                detail.pieces.push(Solution::Words(found.text.trim().to_owned()));
            }
        } else {
            self.page.code.extend(code);
            self.page.typed.extend(found.run);
        }
        self.add(&found.text);
    }

    /// A block of code.
    fn block(&mut self, fence: &Fence) {
        let text = fence.text();
        let clicked = fence.runs && !is_other(&fence.language);
        let shell = clicked || is_shell(&fence.language, &text);
        self.page.elsewhere |= fence.elsewhere;
        let code = shell.then(|| Code { text: text.clone(), line: fence.begins + 1 });
        let typed = clicked.then(|| text.clone());
        if let Some(detail) = self.open.last_mut() {
            detail.code.extend(code);
            detail.typed.extend(typed);
            let piece = if shell { Solution::Code(text) } else { Solution::Words(text) };
            detail.pieces.push(piece);
        } else {
            self.page.code.extend(code);
            self.page.typed.extend(typed);
        }
        let shown = fence.shown();
        self.add(&shown);
    }

    fn add(&mut self, text: &str) {
        match self.open.last_mut() {
            Some(detail) if detail.in_summary => detail.summary.push_str(text.trim_end()),
            Some(detail) => detail.text.push_str(text),
            None => self.page.lesson.push_str(text),
        }
    }

    /// A part that unfolds has ended.
    fn close(&mut self) {
        let Some(detail) = self.open.pop() else { return };
        let summary = one_line(&detail.summary);
        let text = detail.text.trim().to_owned();
        match kind_of(&summary) {
            Kind::Solution => self.page.solution.extend(detail.pieces),
            Kind::Hint if !text.is_empty() => {
                self.page.hints.push(text);
                self.page.code.extend(detail.code);
            }
            _ => {
                let title =
                    if summary.is_empty() { String::new() } else { format!("**{summary}**\n\n") };
                self.add(&format!("\n\n{title}{text}\n\n"));
                if let Some(outer) = self.open.last_mut() {
                    outer.code.extend(detail.code);
                    outer.typed.extend(detail.typed);
                    outer.pieces.extend(detail.pieces);
                } else {
                    self.page.code.extend(detail.code);
                    self.page.typed.extend(detail.typed);
                }
            }
        }
    }

    fn end(mut self) -> Page {
        if let Some(fence) = self.fence.take() {
            self.block(&fence);
        }
        while !self.open.is_empty() {
            self.close();
        }
        self.answered();
        self.page.lesson = tidy(&self.page.lesson);
        self.page
    }
}

/// Without blank lines at the ends, and no more than one between others. Code keeps its own.
fn tidy(text: &str) -> String {
    let (mut tidied, mut blank, mut fence) = (String::new(), true, None::<usize>);
    for line in text.lines() {
        let marks = line.trim_start().chars().take_while(|c| *c == '`').count();
        match fence {
            None if marks >= 3 => fence = Some(marks),
            Some(open) if marks >= open && line.trim().len() == marks => fence = None,
            _ => {}
        }
        let empty = line.trim().is_empty();
        if fence.is_none() && empty && blank {
            continue;
        }
        blank = empty;
        tidied.push_str(line.trim_end());
        tidied.push('\n');
    }
    let end = tidied.trim_end().len();
    tidied.truncate(end);
    tidied
}

#[cfg(test)]
mod tests;

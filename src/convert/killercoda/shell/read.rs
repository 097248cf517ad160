//! A script as commands of words.

use std::iter::Peekable;
use std::str::Chars;

use super::MOST;

/// A command that goes on after another one within it.
#[derive(Debug, Default)]
struct Outside {
    /// Whether a backtick ends what is within it, and not `)`.
    tick: bool,
    word: Option<String>,
    words: Vec<String>,
    begins: u32,
    target: bool,
    quoted: bool,
}

/// Reads a script character by character.
pub(super) struct Reader<'a> {
    text: Peekable<Chars<'a>>,
    line: u32,
    /// The word that is being read.
    word: Option<String>,
    /// Those of the command so far.
    words: Vec<String>,
    /// The line in which the command begins.
    begins: u32,
    /// Whether the next word is the file of a redirection.
    target: bool,
    /// Whether this is within double quotes.
    quoted: bool,
    /// What was being read when each `(` or backtick that is open began.
    outside: Vec<Outside>,
    /// What ends the documents (`<<`) that begin with the next line.
    documents: Vec<String>,
    found: Vec<(Vec<String>, u32)>,
}

impl<'a> Reader<'a> {
    /// A reader of a script that begins in this line.
    pub(super) fn of(script: &'a str, line: u32) -> Self {
        Self {
            text: script.chars().peekable(),
            line,
            word: None,
            words: Vec::new(),
            begins: line,
            target: false,
            quoted: false,
            outside: Vec::new(),
            documents: Vec::new(),
            found: Vec::new(),
        }
    }

    /// The words of each command, and the line in which it begins.
    pub(super) fn read(mut self) -> Vec<(Vec<String>, u32)> {
        while let Some(c) = self.text.next() {
            if self.found.len() > MOST {
                break;
            }
            match c {
                '\\' => self.escaped(),
                '"' => {
                    self.word.get_or_insert_default();
                    self.quoted = !self.quoted;
                }
                '$' if self.text.peek() == Some(&'(') => {
                    self.text.next();
                    self.begin_inner(false);
                }
                '`' if self.outside.last().is_some_and(|outside| outside.tick) => self.end_inner(),
                '`' => self.begin_inner(true),
                '\n' => self.end_line(),
                c if self.quoted => self.push(c),
                '\'' => self.single_quotes(),
                '#' if self.word.is_none() => while self.text.next_if(|c| *c != '\n').is_some() {},
                ')' => self.end_inner(),
                '(' => {
                    self.end_command();
                    self.begin_inner(false);
                }
                ';' | '|' | '&' => self.end_command(),
                '<' if self.text.peek() == Some(&'<') => self.document(),
                '<' | '>' => {
                    // The number before it is no word: `2>`.
                    if self.word.as_deref().is_some_and(|w| w.chars().all(|c| c.is_ascii_digit())) {
                        self.word = None;
                    }
                    self.end_word();
                    while self.text.next_if(|c| matches!(c, '<' | '>' | '&' | '|')).is_some() {}
                    self.target = true;
                }
                c if c.is_whitespace() => self.end_word(),
                c => self.push(c),
            }
        }
        self.end_command();
        while !self.outside.is_empty() {
            self.end_inner();
        }
        self.end_command();
        self.found
    }

    fn push(&mut self, c: char) {
        self.word.get_or_insert_default().push(c);
    }

    /// A command within this one begins.
    fn begin_inner(&mut self, tick: bool) {
        self.outside.push(Outside {
            tick,
            word: self.word.take(),
            words: std::mem::take(&mut self.words),
            begins: self.begins,
            target: std::mem::take(&mut self.target),
            quoted: std::mem::take(&mut self.quoted),
        });
    }

    /// It has ended, and the one around it goes on. Without one, a pattern of `case` has.
    fn end_inner(&mut self) {
        self.end_command();
        let Some(outside) = self.outside.pop() else { return };
        self.word = outside.word;
        self.words = outside.words;
        self.begins = outside.begins;
        self.target = outside.target;
        self.quoted = outside.quoted;
    }

    fn escaped(&mut self) {
        match self.text.next() {
            Some('\n') => self.line += 1,
            Some(c) => self.push(c),
            None => {}
        }
    }

    fn single_quotes(&mut self) {
        self.word.get_or_insert_default();
        for c in self.text.by_ref() {
            match c {
                '\'' => return,
                '\n' => self.line += 1,
                _ => {}
            }
            self.word.get_or_insert_default().push(c);
        }
    }

    fn end_word(&mut self) {
        let Some(word) = self.word.take() else { return };
        if std::mem::take(&mut self.target) {
            return;
        }
        if self.words.is_empty() {
            self.begins = self.line;
        }
        self.words.push(word);
    }

    fn end_command(&mut self) {
        self.end_word();
        self.target = false;
        if !self.words.is_empty() {
            self.found.push((std::mem::take(&mut self.words), self.begins));
        }
    }

    fn end_line(&mut self) {
        if self.quoted {
            self.push('\n');
        } else {
            self.end_command();
        }
        self.line += 1;
        if !self.quoted {
            self.pass_documents();
        }
    }

    /// `<<` was met: what ends the document, unless it is a word by itself (`<<<`).
    fn document(&mut self) {
        self.text.next();
        self.end_word();
        if self.text.next_if_eq(&'<').is_some() {
            self.target = true;
            return;
        }
        self.text.next_if_eq(&'-');
        while self.text.next_if(|c| matches!(c, ' ' | '\t')).is_some() {}
        let mut end = String::new();
        while let Some(c) = self.text.next_if(|c| !c.is_whitespace() && !";|&)<>".contains(*c)) {
            if !matches!(c, '"' | '\'' | '\\') {
                end.push(c);
            }
        }
        // Shifts in arithmetic look alike.
        if !end.is_empty() && !end.starts_with(|c: char| c.is_ascii_digit()) {
            self.documents.push(end);
        }
    }

    fn pass_documents(&mut self) {
        for end in std::mem::take(&mut self.documents) {
            loop {
                let mut line = String::new();
                let mut over = true;
                for c in self.text.by_ref() {
                    if c == '\n' {
                        over = false;
                        break;
                    }
                    line.push(c);
                }
                self.line += 1;
                if over || line.trim() == end {
                    break;
                }
            }
        }
    }
}

//! From blocks to lines.

use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr as _;

use super::code::code_lines;
use super::style::LayoutSigns;
use super::table::{self, row_lines};
use super::wrap::{columns, wrap};
use super::{
    Admonition, Block, CodeBlock, Document, Heading, Item, Layout, Link, MarkdownStyle, Run, Table,
    Text,
};

/// What is nested is no longer indented where less than this would be left for it.
const MIN_CONTENT: usize = 5;

pub(super) fn layout(document: &Document, width: usize, style: &MarkdownStyle) -> Layout {
    let mut page = Page {
        document,
        width,
        style,
        signs: style.signs(),
        base: style.text,
        margins: Vec::new(),
        depth: 0,
        layout: Layout::default(),
    };
    page.blocks(&document.blocks, true);
    page.layout
}

/// What stands left of a block's lines: a bullet, a quotation's bar.
struct Margin {
    first: Span<'static>,
    rest: Span<'static>,
    begun: bool,
}

struct Page<'a> {
    document: &'a Document,
    width: usize,
    style: &'a MarkdownStyle,
    signs: &'static LayoutSigns,
    /// Running text here: muted in quotations.
    base: Style,
    margins: Vec<Margin>,
    /// How many lists are around.
    depth: usize,
    layout: Layout,
}

impl Page<'_> {
    /// The width that is left for content.
    fn room(&self) -> usize {
        let taken: usize = self.margins.iter().map(|margin| margin.rest.width()).sum();
        self.width.saturating_sub(taken).max(1)
    }

    /// Lays out `inside` with a margin of spans as wide as each other; without room for it, with the
    /// first of them in a line of its own.
    fn within(
        &mut self,
        first: Span<'static>,
        rest: Span<'static>,
        inside: impl FnOnce(&mut Self),
    ) {
        let fits = self.room() >= first.width() + MIN_CONTENT;
        if fits {
            self.margins.push(Margin { first, rest, begun: false });
        } else if first.width() <= self.room() {
            self.push(vec![first]);
        }
        inside(self);
        if fits {
            self.margins.pop();
        }
    }

    fn push(&mut self, content: Vec<Span<'static>>) {
        let mut spans = Vec::with_capacity(self.margins.len() + content.len());
        for margin in &mut self.margins {
            let begun = std::mem::replace(&mut margin.begun, true);
            spans.push(if begun { margin.rest.clone() } else { margin.first.clone() });
        }
        spans.extend(content);
        while spans.last().is_some_and(|span| span.content.trim().is_empty() && is_bare(span.style))
        {
            spans.pop();
        }
        self.layout.lines.push(Line::from(spans));
    }

    fn blocks(&mut self, blocks: &[Block], loose: bool) {
        for (n, block) in blocks.iter().enumerate() {
            // In a tight list, what belongs to an item follows it without air.
            let joined = !loose && matches!(block, Block::List { .. } | Block::Paragraph(_));
            if n > 0 && !joined {
                self.push(Vec::new());
            }
            self.block(block);
        }
    }

    fn block(&mut self, block: &Block) {
        match block {
            Block::Heading { level, text } => self.heading(*level, text),
            Block::Paragraph(text) => self.text(text, self.base),
            Block::Code(index) => self.code(*index),
            Block::List { first, loose, items } => self.list(*first, *loose, items),
            Block::Quote { note, blocks } => self.quote(*note, blocks),
            Block::Table(table) => self.table(table),
            Block::Rule => {
                let rule = self.signs.rule.repeat(self.room());
                self.push(vec![Span::styled(rule, self.style.faint)]);
            }
        }
    }

    fn heading(&mut self, level: u8, text: &Text) {
        let style = self.style.headings[usize::from(level.clamp(1, 3)) - 1];
        let plain = text.iter().map(|run| run.text.as_str()).collect();
        let line = self.layout.lines.len();
        self.layout.headings.push(Heading { level, text: plain, line });
        self.text(text, style);
        if level == 1 {
            let rule = self.signs.rule.repeat(self.room());
            self.push(vec![Span::styled(rule, self.style.faint)]);
        }
    }

    fn text(&mut self, text: &Text, base: Style) {
        for line in wrap(&self.marked(text), self.room()) {
            let left = self.margins.iter().map(|margin| margin.rest.width()).sum();
            let spans = self.spans(line, base, left);
            self.push(spans);
        }
    }

    /// The text with backticks around code that would not be told apart otherwise.
    fn marked(&self, text: &Text) -> Text {
        let mut text = text.clone();
        if self.style.marks_code() {
            for run in text.iter_mut().filter(|run| run.look.code) {
                run.text = format!("`{}`", run.text);
            }
        }
        text
    }

    /// A line's spans; its links, which begin at column `left`, are noted for the line that comes
    /// next.
    fn spans(&mut self, line: Text, base: Style, left: usize) -> Vec<Span<'static>> {
        let mut at = left;
        let mut spans = Vec::with_capacity(line.len());
        for Run { text, look, link } in line {
            let width = columns(&text);
            if let Some(target) = link.and_then(|link| self.document.targets.get(link)) {
                self.layout.links.push(Link {
                    target: target.clone(),
                    line: self.layout.lines.len(),
                    columns: at as u16..(at + width) as u16,
                });
            }
            at += width;
            spans.push(Span::styled(text, self.style.run(base, look, link.is_some())));
        }
        spans
    }

    fn code(&mut self, index: usize) {
        let Some(code) = self.document.code.get(index) else { return };
        let highlights = self.document.highlights.get(index).and_then(Option::as_ref);
        let first_line = self.layout.lines.len();
        for line in code_lines(code, highlights, self.room(), self.style) {
            self.push(line.spans);
        }
        let last_line = self.layout.lines.len().saturating_sub(1);
        self.layout.code.push(CodeBlock { index, first_line, last_line });
    }

    fn list(&mut self, first: Option<u64>, loose: bool, items: &[Item]) {
        let bullet = self.signs.bullets[self.depth % self.signs.bullets.len()];
        let last = first.map(|first| first.saturating_add(items.len() as u64).saturating_sub(1));
        let digits = last.map_or(0, |last| last.to_string().len());
        self.depth += 1;
        for (n, item) in items.iter().enumerate() {
            if n > 0 && loose {
                self.push(Vec::new());
            }
            let number =
                first.map(|first| format!("{:>digits$}. ", first.saturating_add(n as u64)));
            let mut sign = number.unwrap_or_else(|| format!("{bullet} "));
            match item.done {
                Some(true) => sign = format!("{} ", self.signs.done),
                Some(false) => sign = format!("{} ", self.signs.open),
                None => {}
            }
            let space = Span::raw(" ".repeat(sign.width()));
            self.within(Span::styled(sign, self.style.muted), space, |page| {
                if item.blocks.is_empty() {
                    page.push(Vec::new());
                }
                page.blocks(&item.blocks, loose);
            });
        }
        self.depth -= 1;
    }

    fn quote(&mut self, note: Option<Admonition>, blocks: &[Block]) {
        let look = note.map(|note| self.style.note(note));
        let bar_style =
            look.map_or(self.style.faint, |(style, ..)| style.remove_modifier(Modifier::BOLD));
        let bar = Span::styled(format!("{} ", self.signs.quote), bar_style);
        let outside = self.base;
        if note.is_none() {
            self.base = self.style.muted;
        }
        self.within(bar.clone(), bar, |page| {
            if let Some((style, sign, name)) = look {
                let text = format!("{sign} {name}");
                page.text(&vec![Run { text, ..Run::default() }], style);
            }
            page.blocks(blocks, true);
        });
        self.base = outside;
    }

    fn table(&mut self, table: &Table) {
        let marked = Table {
            alignments: table.alignments.clone(),
            head: table.head.iter().map(|text| self.marked(text)).collect(),
            rows: table
                .rows
                .iter()
                .map(|row| row.iter().map(|t| self.marked(t)).collect())
                .collect(),
        };
        match table::columns(&marked, self.room()) {
            Some(widths) => self.columns(&marked, &widths),
            None => self.stacked(&marked),
        }
    }

    fn columns(&mut self, table: &Table, widths: &[usize]) {
        let head_style = self.base.add_modifier(Modifier::BOLD);
        let tall = |row: &Vec<Text>| row_lines(row, &table.alignments, widths).len() > 1;
        let separated = table.rows.iter().any(tall);
        if table.head.iter().any(|text| !text.is_empty()) {
            self.row(&table.head, table, widths, head_style);
            self.crossing(widths);
        }
        for (n, row) in table.rows.iter().enumerate() {
            if n > 0 && separated {
                self.crossing(widths);
            }
            self.row(row, table, widths, self.base);
        }
    }

    fn row(&mut self, row: &[Text], table: &Table, widths: &[usize], base: Style) {
        for line in row_lines(row, &table.alignments, widths) {
            let mut at: usize = self.margins.iter().map(|margin| margin.rest.width()).sum();
            let mut spans = Vec::new();
            for (column, (before, text, after)) in line.into_iter().enumerate() {
                if column > 0 {
                    let line = format!(" {} ", self.signs.column);
                    spans.push(Span::styled(line, self.style.faint));
                    at += table::GAP;
                }
                spans.push(Span::raw(" ".repeat(before)));
                spans.extend(self.spans(text, base, at + before));
                spans.push(Span::raw(" ".repeat(after)));
                at += widths[column];
            }
            spans.retain(|span| !span.content.is_empty());
            self.push(spans);
        }
    }

    fn crossing(&mut self, widths: &[usize]) {
        let LayoutSigns { rule, crossing, .. } = self.signs;
        let rules: Vec<_> = widths.iter().map(|width| rule.repeat(*width)).collect();
        let line = rules.join(&format!("{rule}{crossing}{rule}"));
        self.push(vec![Span::styled(line, self.style.faint)]);
    }

    /// A table that is too narrow for its columns: each row's cells one below the other.
    fn stacked(&mut self, table: &Table) {
        for (n, row) in table.rows.iter().enumerate() {
            if n > 0 {
                self.push(Vec::new());
            }
            for (column, cell) in row.iter().enumerate() {
                if let Some(head) = table.head.get(column).filter(|head| !head.is_empty()) {
                    self.text(head, self.base.add_modifier(Modifier::BOLD));
                }
                self.text(cell, self.base);
            }
        }
    }
}

fn is_bare(style: Style) -> bool {
    style.bg.is_none() && style.add_modifier.is_empty()
}

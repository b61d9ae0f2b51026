//! A page written out: two spaces for each level, lists set in, one space where one belongs.

use super::{Collection, Document, Entry, Kind, Node, Page, Remark, Scalar, Shape, Written};

impl Page {
    /// The text of the page.
    #[must_use]
    pub fn print(&self) -> String {
        let mut out = Out::default();
        for (index, document) in self.documents.iter().enumerate() {
            if index > 0 || document.is_marked {
                out.line(0, "---");
            }
            out.document(document);
        }
        out.text
    }
}

#[derive(Default)]
struct Out {
    text: String,
    /// The last value keeps the blank lines after it, so that none may be added.
    is_keeping: bool,
}

impl Out {
    fn line(&mut self, indent: usize, text: &str) {
        self.text.push_str(&" ".repeat(indent));
        self.text.push_str(text);
        self.text.push('\n');
    }

    fn blank(&mut self) {
        if !self.is_keeping && !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    fn remarks(&mut self, remarks: &[Remark], indent: usize) {
        for remark in remarks {
            if remark.after_blank {
                self.blank();
            }
            self.is_keeping = false;
            self.line(indent, &remark.text);
        }
    }

    fn document(&mut self, document: &Document) {
        self.remarks(&document.lead, 0);
        match &document.content.shape {
            Shape::Collection(collection) if !collection.is_flow => {
                if let Some(anchor) = &document.content.anchor {
                    // Only behind the marker can an anchor of the whole document stand.
                    let marker = if self.text.ends_with("---\n") { "" } else { "---\n" };
                    self.text.push_str(marker);
                    self.text.pop();
                    self.text.push_str(&format!(" &{anchor}\n"));
                }
                self.collection(collection, 0, false);
            }
            _ => {
                let text = inline(&document.content, 0);
                if !text.is_empty() {
                    self.line(0, &text);
                }
            }
        }
        self.remarks(&document.tail, 0);
    }

    /// The entries. With `goes_on` the first one goes on a line that has begun, and what is said before it is said already.
    fn collection(&mut self, collection: &Collection, indent: usize, goes_on: bool) {
        for (index, entry) in collection.entries.iter().enumerate() {
            if index > 0 || !goes_on {
                self.lead(entry, index == 0, indent);
                self.text.push_str(&" ".repeat(indent));
            }
            self.is_keeping = false;
            match collection.kind {
                Kind::Mapping => self.pair(entry, indent),
                Kind::Sequence => self.item(entry, indent),
            }
        }
        self.remarks(&collection.tail, indent);
    }

    /// What stands before an entry. A remark that a first key of an item has stands before the item.
    fn lead(&mut self, entry: &Entry, is_first: bool, indent: usize) {
        let hoisted = first_keys_lead(entry);
        let all: Vec<Remark> = entry.lead.iter().cloned().chain(beside_item(entry)).chain(hoisted.to_vec()).collect();
        let is_apart = entry.is_apart && !is_first;
        let Some(first) = all.first() else {
            if is_apart || (entry.after_blank && !is_first) {
                self.blank();
            }
            return;
        };
        if is_apart || (first.after_blank && !is_first) {
            self.blank();
        }
        let first = Remark { after_blank: false, ..first.clone() };
        self.remarks(&[first], indent);
        self.remarks(&all[1..], indent);
        if entry.after_blank && hoisted.is_empty() {
            self.blank();
        }
    }

    fn pair(&mut self, entry: &Entry, indent: usize) {
        if let Some(key) = &entry.key {
            self.text.push_str(&format!("{}:", inline(key, indent)));
        }
        self.value(entry, indent);
    }

    fn item(&mut self, entry: &Entry, indent: usize) {
        self.text.push('-');
        match goes_on(entry) {
            Some(collection) => {
                self.text.push(' ');
                self.collection(collection, indent + 2, true);
            }
            None => self.value(entry, indent),
        }
    }

    /// What stands behind a key or a dash, to the end of its last line.
    fn value(&mut self, entry: &Entry, indent: usize) {
        match &entry.value.shape {
            Shape::Collection(collection) if !collection.is_flow => {
                self.text.push_str(&anchor(&entry.value));
                self.end_line(entry);
                self.collection(collection, indent + 2, false);
            }
            Shape::Scalar(Scalar { written: Written::Block { header, lines }, .. }) => {
                self.text.push_str(&format!("{} {}", anchor(&entry.value), header_of(header, lines)));
                self.end_line(entry);
                for line in lines {
                    let indent = if line.is_empty() { 0 } else { indent + 2 };
                    self.line(indent, line);
                }
                self.is_keeping = header.contains('+');
            }
            _ => {
                let text = inline(&entry.value, indent);
                if !text.is_empty() {
                    self.text.push_str(&format!(" {text}"));
                }
                self.end_line(entry);
            }
        }
    }

    /// The end of the line of a key or a dash. A value that got other lines leaves here what stood behind it.
    fn end_line(&mut self, entry: &Entry) {
        for comment in [&entry.head, &entry.trailing].into_iter().flatten() {
            self.text.push_str(&format!(" {comment}"));
        }
        self.text.push('\n');
    }
}

/// What stood behind an item in brackets that is written in lines now: on the line of its dash its first key stands.
fn beside_item(entry: &Entry) -> Option<Remark> {
    let text = entry.trailing.clone().filter(|_| goes_on(entry).is_some())?;
    Some(Remark { text, after_blank: false })
}

/// The collection that begins on the line of its dash, if the item is one.
fn goes_on(entry: &Entry) -> Option<&Collection> {
    let inner = entry.value.collection().filter(|inner| !inner.is_flow)?;
    (entry.key.is_none() && entry.value.anchor.is_none()).then_some(inner)
}

/// The remarks before the first key of a mapping that starts on the line of its dash.
fn first_keys_lead(entry: &Entry) -> &[Remark] {
    goes_on(entry).and_then(|inner| inner.entries.first()).map_or(&[], |first| &first.lead)
}

fn anchor(node: &Node) -> String {
    node.anchor.as_ref().map(|anchor| format!(" &{anchor}")).unwrap_or_default()
}

/// A first line that begins with a space needs to be told from the indentation.
fn header_of(header: &str, lines: &[String]) -> String {
    let needs = lines.iter().find(|line| !line.is_empty()).is_some_and(|line| line.starts_with(' '));
    let (style, chomping) = header.split_at(1);
    format!("{style}{}{chomping}", if needs { "2" } else { "" })
}

/// A value that needs no line of its own. Lines after its first are set in.
fn inline(node: &Node, indent: usize) -> String {
    let text = match &node.shape {
        Shape::Alias(name) => format!("*{name}"),
        Shape::Scalar(Scalar { written: Written::Inline(raw), .. }) => set_in(raw, indent),
        Shape::Scalar(Scalar { text, .. }) => text.clone(),
        Shape::Collection(collection) => match &collection.verbatim {
            Some(text) => set_in(text, indent),
            None => set_in(&in_brackets(collection), indent),
        },
    };
    match &node.anchor {
        Some(anchor) if text.is_empty() => format!("&{anchor}"),
        Some(anchor) => format!("&{anchor} {text}"),
        None => text,
    }
}

fn set_in(text: &str, indent: usize) -> String {
    let mut lines = text.lines();
    let mut out = lines.next().unwrap_or_default().to_owned();
    for line in lines.map(|line| line.trim_start_matches([' ', '\t'])) {
        out.push('\n');
        if !line.trim().is_empty() {
            out.push_str(&" ".repeat(indent + 2));
            out.push_str(line);
        }
    }
    out
}

fn in_brackets(collection: &Collection) -> String {
    let entries = collection.entries.iter().map(|entry| {
        let value = inline(&entry.value, 0);
        match &entry.key {
            Some(key) if value.is_empty() => format!("{}:", inline(key, 0)),
            Some(key) => format!("{}: {value}", inline(key, 0)),
            None => value,
        }
    });
    let entries: Vec<String> = entries.collect();
    match (collection.kind, entries.is_empty()) {
        (Kind::Sequence, _) => format!("[{}]", entries.join(", ")),
        (Kind::Mapping, true) => "{}".into(),
        (Kind::Mapping, false) => format!("{{ {} }}", entries.join(", ")),
    }
}

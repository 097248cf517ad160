//! An item from elsewhere is told about before it first starts, and starts when the learner agreed.

use std::time::Instant;

use super::{App, Choice, Dialog, Effect, Layer};
use crate::pack::consent::Sheet;

impl App {
    /// It is known what an item may do, which is to be opened or only to be told about.
    pub(super) fn consent_known(
        &mut self,
        sheet: Sheet,
        opens: Option<bool>,
        now: Instant,
    ) -> Vec<Effect> {
        match opens {
            Some(fresh) if !sheet.asks() => {
                self.agreed.insert(sheet.item.clone());
                self.open(&sheet.item, fresh, now)
            }
            opens => {
                self.layers.push(Layer::Dialog(told(sheet, opens)));
                vec![]
            }
        }
    }

    /// The learner agrees.
    pub(super) fn agree(&mut self, sheet: Box<Sheet>, fresh: bool, now: Instant) -> Vec<Effect> {
        self.agreed.insert(sheet.item.clone());
        let opened = self.open(&sheet.item.clone(), fresh, now);
        let mut effects = vec![Effect::Agree { sheet }];
        effects.extend(opened);
        effects
    }
}

/// What it may do; with a question if it is to be opened.
fn told(sheet: Sheet, opens: Option<bool>) -> Dialog {
    let text = sheet.lines().join("\n");
    let (title, answers) = match opens {
        None => {
            (format!("{} on this machine", sheet.item), vec![("Close".to_owned(), Choice::Close)])
        }
        Some(fresh) => (
            format!("{} comes from elsewhere", sheet.item),
            vec![
                ("Not now".to_owned(), Choice::Close),
                ("Start it".to_owned(), Choice::Agree { sheet: Box::new(sheet), fresh }),
            ],
        ),
    };
    Dialog { title, text, answers, selected: 0 }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use super::super::driver::Driver;
    use super::super::{Event, Screen};
    use super::*;
    use crate::course::{self, Source};
    use crate::engine::Limits;
    use crate::pack::install::Packs;
    use crate::store::Store;
    use crate::tui::screens::tests::screen;

    const MANIFEST: &str =
        "id: my-01\nmodule: my\norder: 1\ntitle: Mine\nverify:\n  - {name: a, cmd: \"true\"}\n";

    /// A program with one item, which is from a pack, and what is told of it.
    fn elsewhere(folder: &Path) -> (Driver, Sheet) {
        let (pack, packs) = (folder.join("boats"), Packs::at(folder.to_owned()));
        std::fs::create_dir_all(&pack).unwrap();
        std::fs::write(pack.join("one.yaml"), MANIFEST).unwrap();
        let manifest = serde_json::json!({
            "format": 1, "name": "boats", "program": "drydock 0", "made": "2026-01-01T00:00:00Z",
            "modules": [], "images": [], "proofs": [], "files": [],
        });
        std::fs::write(pack.join("manifest.json"), manifest.to_string()).unwrap();
        let source = Source::folder(&pack).unwrap().from_pack("boats");
        let mut driver = Driver::new(80, 24);
        driver.app.course = Arc::new(course::load(&[source]));
        driver.app.home.renew(&driver.app.course);
        let store = Store::open(&folder.join("progress.db")).unwrap();
        let item = driver.app.course.item("my-01").unwrap();
        let sheet = Sheet::of(item, &packs, &[], &store, Limits::default()).unwrap();
        (driver, sheet)
    }

    #[test]
    fn an_item_from_elsewhere_starts_when_the_learner_agreed() {
        let folder = tempfile::tempdir().unwrap();
        let (mut driver, sheet) = elsewhere(folder.path());
        let asked = Effect::LookUpConsent { item: "my-01".to_owned(), opens: Some(false) };
        let told =
            |sheet: &Sheet| Event::Consent { sheet: Box::new(sheet.clone()), opens: Some(false) };
        let now = driver.now;
        assert_eq!(driver.app.open("my-01", false, now), std::slice::from_ref(&asked));
        assert_eq!(driver.event(told(&sheet)), []);
        let shown = screen(&driver);
        for words in ["comes from elsewhere", "the pack boats", "network: none", "memory: 512 MiB"]
        {
            assert!(shown.contains(words), "{words}: {shown}");
        }
        // The first answer starts nothing.
        driver.press("enter");
        assert_eq!(driver.app.screen, Screen::Home);
        assert_eq!(driver.app.open("my-01", false, now), [asked]);
        driver.event(told(&sheet));
        let effects = driver.press("right enter");
        assert!(matches!(effects.first(), Some(Effect::Agree { .. })), "{effects:?}");
        assert!(effects.iter().any(|it| matches!(it, Effect::Provision { .. })), "{effects:?}");
        assert_eq!(driver.app.screen, Screen::Workspace);
    }

    #[test]
    fn what_an_item_may_do_is_told_on_request() {
        let folder = tempfile::tempdir().unwrap();
        let (mut driver, sheet) = elsewhere(folder.path());
        driver.press("j");
        let asked = Effect::LookUpConsent { item: "my-01".to_owned(), opens: None };
        assert_eq!(driver.press("i"), [asked]);
        driver.event(Event::Consent { sheet: Box::new(sheet), opens: None });
        let shown = screen(&driver);
        assert!(shown.contains("my-01 on this machine") && shown.contains("Close"), "{shown}");
        assert_eq!(driver.press("enter"), []);
        assert!(driver.app.layers.is_empty());
    }

    #[test]
    fn what_was_agreed_to_is_not_asked_again() {
        let folder = tempfile::tempdir().unwrap();
        let (mut driver, sheet) = elsewhere(folder.path());
        let store = Store::open(&folder.path().join("progress.db")).unwrap();
        sheet.agree(&store).unwrap();
        let item = driver.app.course.item("my-01").unwrap();
        let packs = Packs::at(folder.path().to_owned());
        let sheet = Sheet::of(item, &packs, &[], &store, Limits::default()).unwrap();
        assert!(!sheet.asks());
        let effects = driver.event(Event::Consent { sheet: Box::new(sheet), opens: Some(false) });
        assert!(effects.iter().any(|it| matches!(it, Effect::Provision { .. })), "{effects:?}");
    }
}

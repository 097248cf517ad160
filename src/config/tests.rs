use std::os::unix::fs::{PermissionsExt, symlink};
use std::thread;

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;

fn parse(text: &str) -> Result<Config, Vec<String>> {
    let told = |found: Vec<Diagnostic>| found.iter().map(Diagnostic::to_string).collect();
    Config::parse("config.yaml", text).map_err(told)
}

struct Home {
    folder: TempDir,
}

impl Home {
    fn new(text: &str) -> Self {
        let home = Self { folder: TempDir::new().unwrap() };
        fs::write(home.file(), text).unwrap();
        home
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("config.yaml")
    }

    fn text(&self) -> String {
        fs::read_to_string(self.file()).unwrap()
    }
}

#[test]
fn no_file_and_an_empty_file_are_the_defaults() {
    let missing = Path::new("/nonexistent/config.yaml");
    assert_eq!(Config::load(missing).unwrap(), Config::default());
    for text in ["", "# nothing\n", "version: 1\n", "limits:\n"] {
        assert_eq!(parse(text), Ok(Config::default()), "{text}");
    }
}

#[test]
fn the_seeds_own_keys_are_read() {
    let config =
        parse("version: 1\nbackend: local  # or 'aws'\n\nlocal:\n  runtime: docker\n").unwrap();
    assert_eq!(config.backend, Backend::Local);
}

#[test]
fn all_that_is_wrong_is_told() {
    let text = "version: 2\nbackend: aws\naws:\n  profile: default\nauth: {token: x}\nteme: dark\nmouse: maybe\nleave_key: ctrl-c\nscrollback: -1\ncontent: here\nlimits: {memory: much, cpu: 2}\n";
    assert_eq!(
        parse(text).unwrap_err(),
        [
            "config.yaml:1:10: this is version 2; drydock reads 1 (use the drydock that wrote it, or start again with: drydock config reset)",
            "config.yaml:2:10: \"backend\" must be auto, docker, native or local, not \"aws\"",
            "config.yaml:3:1: unknown key \"aws\" (drydock works on this machine only: there is no cloud account to configure, remove it)",
            "config.yaml:5:1: unknown key \"auth\" (there is nothing to log in to: progress stays on this machine, remove it)",
            "config.yaml:6:1: unknown key \"teme\" (did you mean \"theme\"?)",
            "config.yaml:7:8: \"mouse\" must be on or off, not \"maybe\"",
            "config.yaml:8:12: \"ctrl-c\" cannot be the key to leave with (write ctrl-] (or another sign that shells leave free), or f1 to f12)",
            "config.yaml:9:13: \"scrollback\" must be a whole number from 0 to 100000, not \"-1\"",
            "config.yaml:10:10: \"content\" must be a list, not \"here\" (write [\"here\"] for a list of one)",
            "config.yaml:11:18: \"much\" is not a size: write, for example, 512m or 1g",
            "config.yaml:11:24: unknown key \"cpu\" (did you mean \"cpus\"?)",
        ]
    );
}

#[test]
fn a_wrong_file_becomes_a_problem_with_its_place() {
    let home = Home::new("theme: x\nmose: on\nmouse: 3\n");
    let problem = Problem::from(Config::load(&home.file()).unwrap_err());
    assert_eq!(problem.message, "unknown key \"mose\" (and 1 more)");
    assert_eq!((problem.line, problem.column), (Some(2), Some(1)));
    assert_eq!(problem.file, Some(home.file().display().to_string()));
    assert_eq!(problem.remedy.as_deref(), Some("did you mean \"mouse\"?"));
    assert_eq!(problem.exit, Exit::Usage);
}

#[test]
fn values_can_be_asked_for() {
    let config = parse("limits: {memory: 1g, cpus: 0.5}\ncontent: [a, b]").unwrap();
    for (key, value) in [
        ("theme", "harbour"),
        ("backend", "auto"),
        ("scrollback", "10000"),
        ("recording", "on"),
        ("limits.memory", "1g"),
        ("limits.cpus", "0.5"),
        ("limits.pids", ""),
        ("content", "[\"a\",\"b\"]"),
    ] {
        assert_eq!(config.get(key).unwrap(), value, "{key}");
    }
    assert_eq!(config.limits().memory, Some(1 << 30));
    for (key, help) in [
        ("them", "did you mean theme?"),
        ("limits.memry", "did you mean limits.memory?"),
        ("memory", "did you mean limits.memory?"),
        (
            "zzz",
            "the settings are ascii, backend, content, leave_key, limits.cpus, limits.memory, limits.pids, local.runtime, mouse, offline, recording, scrollback, sync.auto, sync.folder, sync.remote, theme, version",
        ),
    ] {
        let Err(ConfigError::UnknownKey { help: told, .. }) = config.get(key) else { panic!() };
        assert_eq!(told, help);
    }
}

#[test]
fn content_folders_are_found_from_the_file() {
    let config = parse("content: [/a, b, ~/c]").unwrap();
    let folders = config.content_folders(Path::new("/etc/drydock/config.yaml"));
    assert_eq!(folders[..2], [PathBuf::from("/a"), PathBuf::from("/etc/drydock/b")]);
    assert!(folders[2].is_absolute() && folders[2].ends_with("c"));
}

#[test]
fn setting_changes_one_value_and_nothing_else() {
    for (before, key, value, after) in [
        ("", "theme", "light", "theme: light\n"),
        ("", "sync.remote", "git@h:me/x.git", "sync: {remote: \"git@h:me/x.git\"}\n"),
        ("sync: {auto: on}\n", "sync.folder", "~/x", "sync: {folder: \"~/x\", auto: on}\n"),
        ("# mine\n", "theme", "light", "# mine\ntheme: light\n"),
        (
            "# mine\ntheme: dark # at night\nmouse: on\n",
            "theme",
            "light",
            "# mine\ntheme: light # at night\nmouse: on\n",
        ),
        ("theme: dark", "mouse", "off", "theme: dark\nmouse: off\n"),
        (
            "limits:\n    # little\n    pids: 64\n",
            "limits.memory",
            "1g",
            "limits:\n    # little\n    memory: 1g\n    pids: 64\n",
        ),
        ("limits: {pids: 64}\n", "limits.memory", "1g", "limits: {memory: 1g, pids: 64}\n"),
        ("limits: {}\n", "limits.memory", "1g", "limits: {memory: 1g}\n"),
        (
            "limits: # none\nmouse: on\n",
            "limits.cpus",
            "2",
            "limits: {cpus: 2} # none\nmouse: on\n",
        ),
        ("", "limits.cpus", "0.5", "limits: {cpus: 0.5}\n"),
        (
            "content:\n  - a\n  - b # two\nmouse: on\n",
            "content",
            "[c, d]",
            "content:\n  [c, d] # two\nmouse: on\n",
        ),
        ("", "content", "my folder", "content: [\"my folder\"]\n"),
        ("content: [a]\n", "content", "", "content: []\n"),
        ("leave_key: 'f2'\n", "leave_key", "ctrl-]", "leave_key: \"ctrl-]\"\n"),
        ("theme: dark\r\nmouse: on\r\n", "theme", "light", "theme: light\r\nmouse: on\r\n"),
        // The key that is wrong can be put right this way.
        ("mouse: maybe\n", "mouse", "off", "mouse: off\n"),
    ] {
        let home = Home::new(before);
        let config = set(&home.file(), key, value).unwrap();
        assert_eq!(home.text(), after, "{before:?}");
        assert_eq!(Config::load(&home.file()).unwrap(), config);
    }
}

#[test]
fn what_cannot_be_edited_is_written_anew() {
    let home = Home::new("theme: dark\nlimits: {memory: 1g}\n...\n");
    set(&home.file(), "mouse", "off").unwrap();
    let config = Config::load(&home.file()).unwrap();
    let limits = ResourceLimits { memory: Some("1g".into()), ..ResourceLimits::default() };
    let expected = Config { theme: "dark".into(), mouse: Switch::Off, limits, ..Config::default() };
    assert_eq!(config, expected);
}

#[test]
fn wrong_values_and_files_are_left_alone() {
    let home = Home::new("theme: dark\n");
    for (key, value, message) in [
        ("mouse", "maybe", "\"mouse\" must be on or off, not \"maybe\""),
        ("recording", "no", "\"recording\" must be on or off, not \"no\""),
        (
            "scrollback",
            "lots",
            "\"scrollback\" must be a whole number from 0 to 100000, not \"lots\"",
        ),
        ("limits.memory", "1x", "\"1x\" is not a size: write, for example, 512m or 1g"),
        ("theme", "a\nb", "\"a\\nb\" is not the name of a theme"),
        ("theme", "", "\"\" is not the name of a theme"),
        ("content", "[a", "this is not valid YAML"),
        ("sync.remote", "--upload-pack=x", "\"--upload-pack=x\" is no address of a repository"),
        ("sync.auto", "sometimes", "\"auto\" must be on or off, not \"sometimes\""),
        ("leave_key", "x", "\"x\" cannot be the key to leave with"),
    ] {
        let error = set(&home.file(), key, value).unwrap_err();
        assert!(error.to_string().starts_with(message), "{key}: {error}");
    }
    assert!(matches!(set(&home.file(), "limits", "1"), Err(ConfigError::UnknownKey { .. })));
    assert_eq!(home.text(), "theme: dark\n");
    // Nor is a file with another fault touched.
    let home = Home::new("teme: dark\n");
    assert!(matches!(set(&home.file(), "mouse", "off"), Err(ConfigError::Invalid(_))));
    assert_eq!(home.text(), "teme: dark\n");
}

#[test]
fn the_file_is_private_and_links_are_kept() {
    let home = Home { folder: TempDir::new().unwrap() };
    let deep = home.folder.path().join("a/b/config.yaml");
    set(&deep, "theme", "light").unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&deep), 0o600);
    assert_eq!(mode(deep.parent().unwrap()), 0o700);

    symlink(&deep, home.file()).unwrap();
    set(&home.file(), "theme", "dark").unwrap();
    assert!(fs::symlink_metadata(home.file()).unwrap().is_symlink());
    assert_eq!(fs::read_to_string(&deep).unwrap(), "theme: dark\n");
    reset(&home.file()).unwrap();
    assert_eq!(Config::load(&home.file()).unwrap(), Config::default());
    reset(&home.file()).unwrap();
}

#[test]
fn writers_at_the_same_time_lose_nothing() {
    let home = Home::new("");
    let file = home.file();
    let settings = [
        ("theme", "light"),
        ("mouse", "off"),
        ("recording", "off"),
        ("ascii", "on"),
        ("scrollback", "7"),
        ("limits.pids", "99"),
    ];
    thread::scope(|scope| {
        for (key, value) in settings {
            let file = &file;
            scope.spawn(move || (0..20).for_each(|_| drop(set(file, key, value).unwrap())));
        }
    });
    let config = Config::load(&file).unwrap();
    for (key, value) in settings {
        assert_eq!(config.get(key).unwrap(), value);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Whatever is set to whatever, the file is right afterwards or untouched.
    #[test]
    fn a_set_value_is_read_back(
        before in prop_oneof![
            Just(""), Just("# c\ntheme: dark # c\n"), Just("{theme: dark}"), Just("limits:\n  pids: 20\n"),
            Just("theme: &t dark\ncontent: [*t]\n"), Just("theme:\n  dark\n"), Just("theme: |-\n  dark\n\nmouse: on"),
        ],
        key in prop_oneof![Just("theme"), Just("content"), Just("limits.memory"), Just("mouse"), Just("version")],
        value in "\\PC{0,12}|1g|off|[a-z#:&*]{1,6}|\\[[a-z, ]{0,6}\\]",
    ) {
        let home = Home::new(before);
        if let Ok(config) = set(&home.file(), key, &value) { prop_assert_eq!(Config::load(&home.file()).unwrap(), config) } else { prop_assert_eq!(home.text(), before) }
    }
}

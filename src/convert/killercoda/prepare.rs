//! The scripts of a scenario as one that prepares the exercise.
//!
//! On their own platform they run beside the learner, whatever becomes of them. Here they are run before: so
//! none may keep the learner out, be it that it fails, asks or has no end.

use std::fmt::Write;

use super::scenario::Text;

/// Seconds that a script may take which nothing tells to take long.
const USUAL: u32 = 25;

/// The same for one that fetches something.
const FETCHING: u32 = 240;

/// The same for one that has no end by itself.
const ENDLESS: u32 = 3;

/// Seconds for all of them together, well below what an exercise may take to be prepared.
const TOGETHER: u32 = 100;

/// The same where something is fetched.
const TOGETHER_FETCHING: u32 = 540;

/// Where what the scripts say is kept: where their authors expect it.
const LOG: &str = "/var/log/killercoda";

/// Tells apt not to ask, for as long as scripts run.
const ASSUME_YES: &str = "/etc/apt/apt.conf.d/90-assume-yes";

/// With a terminal's name, since `clear` fails without, and ends a script that stops at failures.
const BEGIN: &str = r#"export HOME=/root USER=root LOGNAME=root SHELL=/bin/bash TERM=xterm DEBIAN_FRONTEND=noninteractive
export PATH="$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
cd /root || exit
scripts=$(mktemp -d /var/tmp/setup.XXXXXX) || exit
"#;

/// For scripts of the foreground, which run in the learner's own shell on their platform. What they leave in it
/// (its folder, exported variables, whose shell it is) the learner's gets.
const LEFT: &str = r#"
mkdir "$scripts/bin"
cat >"$scripts/bin/su" <<'END_OF_SU'
#!/bin/sh
# A shell of somebody else would end here at once, since nobody types: the learner's becomes one.
for word; do
    case $word in -c* | --command*) exec /bin/su "$@" ;; esac
done
echo "su $*" >"${0%/*}/../su"
END_OF_SU
chmod +x "$scripts/bin/su"
cat >"$scripts/shell" <<'END_OF_SHELL'
# shell FILE: runs a script as a shell does into which it is typed.
state() {
    export -p
    printf 'cd -- %q\n' "$PWD"
}
state >"${0%/*}/before"
PATH=${0%/*}/bin:$PATH
trap 'PATH=${PATH#"${0%/*}/bin:"}; state >"${0%/*}/after"' EXIT
. "$1"
END_OF_SHELL
# left: what the script left.
left() {
    if [ -s "$scripts/after" ]; then
        kept=$(grep -vxFf "$scripts/before" "$scripts/after" |
            grep -E '^(declare -x [A-Za-z_][A-Za-z_0-9]*=".*"|cd -- .*)$' |
            grep -vE '^declare -x (PWD|OLDPWD|SHLVL|_)=')
        [ -z "$kept" ] || printf '%s\n' "$kept" >>.bashrc
    fi
    if [ -s "$scripts/su" ]; then
        echo "[ -t 0 ] && $(cat "$scripts/su")" >>.bashrc
    fi
    rm -f "$scripts/before" "$scripts/after" "$scripts/su"
}
"#;

/// The names of several machines for one, which comes into itself by ssh without being asked.
const SEVERAL: &str = r#"
names='controlplane node01 node02 host01 host02'
echo "127.0.0.1 $names" >>/etc/hosts
mkdir -p -m 700 .ssh
ssh-keygen -q -t ed25519 -N '' -f .ssh/id_ed25519 </dev/null
cat .ssh/id_ed25519.pub >>.ssh/authorized_keys
printf 'Host %s\n    StrictHostKeyChecking accept-new\n' "$names" >>.ssh/config
systemctl enable --now ssh
"#;

/// Podman with the commands, the service and the socket of Docker. Networks of containers are settings of the
/// kernel below /proc/sys/net, which are the sandbox's own and are read-only there until then.
const CONTAINERS: &str = r#"
mkdir -p /etc/containers/registries.conf.d
cat >/etc/containers/containers.conf <<'END_OF_FILE'
[containers]
cgroups = "disabled"
default_ulimits = ["nofile=4096:4096", "nproc=1000:1000"]
keyring = false
[network]
network_backend = "netavark"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
helper_binaries_dir = ["/usr/lib/podman"]
END_OF_FILE
cat >/etc/containers/storage.conf <<'END_OF_FILE'
[storage]
driver = "vfs"
runroot = "/run/containers/storage"
graphroot = "/var/lib/containers/storage"
END_OF_FILE
echo 'unqualified-search-registries = ["docker.io"]' >/etc/containers/registries.conf.d/docker.conf
cat >/usr/local/bin/podman <<'END_OF_FILE'
#!/bin/sh
export BUILDAH_ISOLATION=chroot
case $1 in compose) shift && exec podman-compose "$@" ;; esac
exec /usr/bin/podman "$@"
END_OF_FILE
printf '#!/bin/sh\nexec podman-compose "$@"\n' >/usr/local/bin/docker-compose
chmod +x /usr/local/bin/podman /usr/local/bin/docker-compose
ln -s podman /usr/local/bin/docker
cat >/etc/systemd/system/docker.service <<'END_OF_FILE'
[Unit]
Description=Podman in the place of Docker
[Service]
ExecStartPre=/bin/sh -c 'mountpoint -q /proc/sys/net || { mount -t proc proc /mnt && mount --bind /mnt/sys/net /proc/sys/net && umount -l /mnt; }'
ExecStart=/usr/bin/podman system service --time=0 unix:///run/docker.sock
[Install]
WantedBy=multi-user.target
END_OF_FILE
systemctl daemon-reload
systemctl enable --now docker 2>>"$log/apt.log"
"#;

const FUNCTIONS: &str = r#"
# begin NAME PROGRAM...: starts a script beside this one.
begin() {
    name=$1
    shift
    setsid "$@" "$scripts/$name" </dev/null >"$log/$name.log" 2>&1 &
}
# await PID SECONDS: until it has ended, or so long.
await() {
    left=$(($2 * 5))
    while kill -0 "$1" 2>/dev/null; do
        [ "$left" -gt 0 ] && [ "$(date +%s)" -lt "$deadline" ] || return 1
        sleep 0.2
        left=$((left - 1))
    done
}
"#;

/// What runs with a page.
#[derive(Debug)]
pub(super) struct Stage<'a> {
    /// Of its files: `intro`, `step2`.
    pub(super) name: String,
    pub(super) background: Option<&'a Text>,
    pub(super) foreground: Option<&'a Text>,
}

/// What else is to be done before the learner enters.
#[derive(Debug, Clone, Copy, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each says that there is one thing to do")]
pub(super) struct Before<'a> {
    /// Packages that are installed, without which nobody is let in.
    pub(super) packages: &'a [&'a str],
    /// Whether the scenario installs packages itself.
    pub(super) installs: bool,
    /// Whether its scripts fetch something.
    pub(super) fetches: bool,
    /// Whether they look up the machine's address in a file.
    pub(super) host_file: bool,
    /// Whether the machine is reached by the names of several.
    pub(super) others: bool,
    /// Whether it runs containers.
    pub(super) containers: bool,
}

/// The whole script.
pub(super) fn script(stages: &[Stage<'_>], before: Before<'_>) -> String {
    let Before { packages, installs, fetches, host_file, others, containers } = before;
    let mut script =
        "# Made of the scripts with which a scenario of Killercoda sets itself up.\n".to_owned();
    script.push_str(BEGIN);
    let _ = write!(script, "log={LOG}\nmkdir -p \"$log\"\n");
    if host_file {
        script.push_str(
            "mkdir -p /etc/killercoda\necho http://localhost:PORT >/etc/killercoda/host\n",
        );
    }
    if !packages.is_empty() || installs {
        script.push_str("apt-get update -q >\"$log/apt.log\" 2>&1\n");
    }
    if !packages.is_empty() {
        let names = packages.join(" ");
        let _ = write!(
            script,
            "if ! apt-get install -yq --no-install-recommends {names} >>\"$log/apt.log\" 2>&1; then\n    \
            tail -n 3 \"$log/apt.log\"\n    \
            echo \"These packages could not be installed, which takes a network: {names}.\"\n    \
            exit 1\nfi\n"
        );
    }
    if others {
        script.push_str(SEVERAL);
    }
    if containers {
        script.push_str(CONTAINERS);
    }
    if stages.is_empty() {
        return script + "rmdir \"$scripts\"\n";
    }
    if installs {
        // Nobody is there to be asked.
        let _ = writeln!(script, "echo 'APT::Get::Assume-Yes \"true\";' >{ASSUME_YES}");
    }
    script.push_str(FUNCTIONS);
    let shell =
        |stage: &Stage<'_>| stage.foreground.is_some_and(|it| interpreter(&it.text) == "bash");
    if stages.iter().any(shell) {
        script.push_str(LEFT);
    }
    let together = if fetches { TOGETHER_FETCHING } else { TOGETHER };
    let _ = write!(script, "deadline=$(($(date +%s) + {together}))\nrunning=\n");
    for stage in stages {
        script.push_str(&part(stage, fetches));
    }
    script.push_str("# A shell reads its script while it runs it.\n");
    let assumed = if installs { ASSUME_YES } else { "" };
    let _ = write!(script, "[ -n \"$running\" ] || rm -rf \"$scripts\" {assumed}\nexit 0\n");
    script
}

fn part(stage: &Stage<'_>, fetches: bool) -> String {
    let mut part = String::new();
    let name = |kind: &str| format!("{}-{kind}", stage.name);
    if let Some(text) = stage.background {
        part.push_str(&put(&name("background"), &text.text, &interpreter(&text.text)));
        part.push_str("background=$!\n");
    }
    if let Some(text) = stage.foreground {
        let interpreter = interpreter(&text.text);
        let shell = interpreter == "bash";
        let program = if shell { "bash \"$scripts/shell\"" } else { &interpreter };
        part.push_str(&put(&name("foreground"), &text.text, program));
        // It often waits for the other one.
        let both = seconds(&text.text, fetches)
            .max(stage.background.map_or(0, |other| seconds(&other.text, fetches)));
        let _ = write!(
            part,
            "foreground=$!\nawait \"$foreground\" {both} || kill -s KILL -- \"-$foreground\" 2>/dev/null\n"
        );
        if shell {
            part.push_str("left\n");
        }
    }
    if let Some(text) = stage.background {
        let limit = seconds(&text.text, fetches);
        let _ = writeln!(part, "await \"$background\" {limit} || running=yes");
    }
    part
}

/// Shell that writes a script down and starts it.
fn put(name: &str, text: &str, interpreter: &str) -> String {
    let mut end = "END_OF_SCRIPT".to_owned();
    while text.lines().any(|line| line == end) {
        end.push('_');
    }
    let newline = if text.ends_with('\n') || text.is_empty() { "" } else { "\n" };
    format!(
        "\ncat >\"$scripts/{name}\" <<'{end}'\n{text}{newline}{end}\nbegin {name} {interpreter}\n"
    )
}

/// What runs a script: what its first line says, bash if it says nothing that is known.
pub(super) fn interpreter(text: &str) -> String {
    let first = text.lines().next().unwrap_or_default();
    let words = first.strip_prefix("#!").unwrap_or_default();
    let program = words.split_whitespace().find_map(|word| {
        let name = word.rsplit('/').next()?;
        (name != "env" && !name.starts_with('-')).then_some(name)
    });
    match program {
        Some(program @ ("sh" | "dash" | "python3" | "perl" | "node" | "ruby")) => {
            program.to_owned()
        }
        Some("python") => "python3".to_owned(),
        _ => "bash".to_owned(),
    }
}

/// How long a script is waited for.
fn seconds(text: &str, fetches: bool) -> u32 {
    let endless =
        ["while true", "while :", "sleep infinity", "tail -f", "tail -F", "serve_forever"];
    if fetches {
        FETCHING
    } else if endless.iter().any(|words| text.contains(words)) && !text.contains("break") {
        ENDLESS
    } else {
        USUAL
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};
    use std::time::Instant;

    use super::*;

    fn text(text: &str) -> Text {
        Text { file: "x".to_owned(), text: text.to_owned() }
    }

    /// Runs it as the lab does, with its places below a folder of its own.
    fn run(script: &str, root: &std::path::Path) -> (bool, String) {
        use std::io::Write as _;
        let below = |path: &str| root.join(path.trim_start_matches('/')).display().to_string();
        for folder in ["root", "var/tmp"] {
            std::fs::create_dir_all(root.join(folder)).unwrap();
        }
        let script = script
            .replace("cd /root", &format!("cd {}", below("/root")))
            .replace("/var/tmp", &below("/var/tmp"))
            .replace(LOG, &below(LOG));
        let mut shell = Command::new("sh");
        shell.arg("-s").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = shell.spawn().unwrap();
        child.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
    }

    #[test]
    fn a_script_that_waits_for_the_other_gets_it_and_failures_keep_nobody_out() {
        let folder = tempfile::tempdir().unwrap();
        let background = text("#!/bin/bash\necho \"$0\" >a; false\nexit 7");
        let foreground =
            text("while [ ! -f a ]; do sleep 0.1; done\necho END_OF_SCRIPT\ncp a b\nread x");
        let stage = Stage {
            name: "intro".to_owned(),
            background: Some(&background),
            foreground: Some(&foreground),
        };
        let (done, said) = run(&script(&[stage], Before::default()), folder.path());
        assert!(done && said.is_empty(), "{said}");
        assert!(folder.path().join("root/b").exists());
        // Nothing is left where the learner looks.
        assert_eq!(std::fs::read_dir(folder.path().join("var/tmp")).unwrap().count(), 0);
        let log = folder.path().join("var/log/killercoda/intro-foreground.log");
        assert_eq!(std::fs::read_to_string(log).unwrap(), "END_OF_SCRIPT\n");
    }

    #[test]
    fn what_a_foreground_script_leaves_in_its_shell_the_learner_gets() {
        let folder = tempfile::tempdir().unwrap();
        let foreground = text(
            "#!/bin/bash\nset -e\nexport PROMPT_COMMAND='history -a' A=\"x y\"\nB=no\nmkdir -p 'a b'\n\
            export PATH=$PATH:/opt/x/bin\nclear\ncd 'a b'\n",
        );
        let stage =
            Stage { name: "intro".to_owned(), background: None, foreground: Some(&foreground) };
        assert!(run(&script(&[stage], Before::default()), folder.path()).0);
        let left = std::fs::read_to_string(folder.path().join("root/.bashrc")).unwrap();
        assert!(left.contains("declare -x PROMPT_COMMAND=\"history -a\"\n"), "{left}");
        assert!(left.contains("declare -x A=\"x y\"\n") && !left.contains("B="), "{left}");
        assert!(left.contains(":/opt/x/bin\"\n") && !left.contains("/var/tmp"), "{left}");
        assert!(left.contains("\\ b\n"), "{left}");

        let folder = tempfile::tempdir().unwrap();
        let other = text("user=bob\nsu - bob -c true\nexec su - \"$user\"\n");
        let stage = Stage { name: "intro".to_owned(), background: None, foreground: Some(&other) };
        assert!(run(&script(&[stage], Before::default()), folder.path()).0);
        let left = std::fs::read_to_string(folder.path().join("root/.bashrc")).unwrap();
        assert_eq!(left, "[ -t 0 ] && su - bob\n");

        let folder = tempfile::tempdir().unwrap();
        let plain = text("touch x\ncd /nowhere\nsu -c 'touch y'\n");
        let stage = Stage { name: "intro".to_owned(), background: None, foreground: Some(&plain) };
        assert!(run(&script(&[stage], Before::default()), folder.path()).0);
        assert!(!folder.path().join("root/.bashrc").exists());
    }

    #[test]
    fn a_script_without_an_end_goes_on_beside_the_learner() {
        let folder = tempfile::tempdir().unwrap();
        let endless = text("echo $$ >pid\nwhile true; do sleep 1; done\n");
        let stage =
            Stage { name: "intro".to_owned(), background: Some(&endless), foreground: None };
        let begun = Instant::now();
        assert!(run(&script(&[stage], Before::default()), folder.path()).0);
        assert!(begun.elapsed().as_secs() < u64::from(USUAL));
        let pid = std::fs::read_to_string(folder.path().join("root/pid")).unwrap();
        let kill = Command::new("kill").args(["-KILL", "--", &format!("-{}", pid.trim())]).status();
        assert!(kill.unwrap().success(), "it had ended");
    }

    #[test]
    fn the_first_line_says_what_runs_a_script() {
        for (first, program) in [
            ("#!/bin/bash -e", "bash"),
            ("#!/usr/bin/env -S python3", "python3"),
            ("#! /bin/sh", "sh"),
            ("echo", "bash"),
            ("#!/opt/own; rm", "bash"),
            ("", "bash"),
        ] {
            assert_eq!(interpreter(first), program, "{first}");
        }
    }
}

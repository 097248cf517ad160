//! What commands need that not every sandbox has: told from their names and arguments.
//!
//! The machines that these scenarios were written for have a network, an init system, Docker
//! and many programs more than our images. Programs are installed when the exercise is prepared, Podman in
//! the place of Docker; what a sandbox cannot have at all keeps that from being converted which runs it.

mod programs;

use std::collections::BTreeSet;

use super::shell::Command;
use programs::{
    CAPABILITIES, CONTAINERS, DISKS, HERE, INIT, LACKING, OTHERS, PACKAGES, SERVICES, SWARM, USERS,
};

/// What an exercise needs, all of its scripts and steps taken together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is one thing that is needed or not")]
pub(super) struct Needs {
    /// An init system as PID 1.
    pub(super) init: bool,
    /// A container engine.
    pub(super) containers: bool,
    /// Accounts besides the learner's.
    pub(super) users: bool,
    /// The first command that uses the network.
    pub(super) network: Option<String>,
    /// Whether packages are installed by the scenario itself.
    pub(super) installs: bool,
    /// Capabilities beyond the usual ones.
    pub(super) capabilities: BTreeSet<&'static str>,
    /// Debian's packages of programs that our images do not have.
    packages: BTreeSet<&'static str>,
    /// What the scenario installs itself: words after `apt-get install`.
    installed: BTreeSet<String>,
}

/// What a sandbox lacks to run this command; `None` if it can have all of it.
pub(super) fn lacking(command: &Command) -> Option<&'static str> {
    let name = command.name();
    let disks = match name {
        "sysctl" => command
            .arguments()
            .any(|word| matches!(word, "-w" | "-p" | "--system") || word.contains('=')),
        "mount" => command
            .arguments()
            .any(|word| word.starts_with("/dev/") || word.split(',').any(|it| it == "loop")),
        name if name.starts_with("mkfs") => {
            command.arguments().any(|word| word.starts_with("/dev/"))
        }
        _ => false,
    };
    if only_shows(command) {
        return None;
    }
    if name == "docker" && command.arguments().next().is_some_and(|word| SWARM.contains(&word)) {
        return Some("what Docker has and Podman has not");
    }
    let found = LACKING.iter().find(|(_, names)| names.contains(&name)).map(|(what, _)| *what);
    found.or_else(|| disks.then_some(DISKS))
}

/// Whether a command shows the machine's disks, which works where there are none.
fn only_shows(command: &Command) -> bool {
    let shows: &[&str] = match command.name() {
        "fdisk" | "sfdisk" | "parted" => &["-l", "--list"],
        "losetup" => &["-a", "-l", "--all", "--list"],
        "swapon" => &["-s", "--show", "--summary"],
        _ => return false,
    };
    command.arguments().any(|word| shows.contains(&word))
        && !command.arguments().any(|word| word.starts_with("/dev/"))
}

/// Whether a command sets the kernel up. Where a script does that along with other things, these are worth
/// having without it.
pub(super) fn sets_kernel(command: &Command) -> bool {
    matches!(command.name(), "modprobe" | "sysctl" | "swapoff")
}

/// Whether a command goes to another of the machines that those scenarios have, by its name.
pub(super) fn goes_elsewhere(command: &Command) -> bool {
    goes_by_ssh(command, &OTHERS)
}

/// Whether it goes by ssh to one of these machines.
fn goes_by_ssh(command: &Command, machines: &[&str]) -> bool {
    let host = |word: &str| {
        let host = word.rsplit('@').next().unwrap_or(word);
        machines.contains(&host.split(':').next().unwrap_or(host))
    };
    matches!(command.name(), "ssh" | "scp" | "sftp" | "rsync" | "ssh-copy-id" | "ssh-keyscan")
        && command.arguments().any(host)
}

impl Needs {
    /// Adds what a command needs. A program that is on none of those machines either is what the scenario
    /// or the learner installs; it is not added.
    pub(super) fn add(&mut self, command: &Command) {
        let name = command.name();
        let inits = SERVICES.contains(&name)
            || name == "ip" && command.arguments().any(|word| word == "netns");
        self.init |= INIT.contains(&name) || inits;
        self.users |= USERS.contains(&name);
        if goes_elsewhere(command) || goes_by_ssh(command, &HERE) {
            self.serve_ssh();
        }
        let serves = |word: &str| matches!(word, "docker" | "docker.service" | "docker.socket");
        if is_of_containers(name) || INIT.contains(&name) && command.arguments().any(serves) {
            self.run_containers();
        }
        for (capability, names) in CAPABILITIES {
            // Networks of names of its own come with an init system.
            let link = name == "ip" && capability == "NET_ADMIN";
            if names.contains(&name) || link && changes_network(command) {
                self.capabilities.insert(capability);
            }
        }
        for (package, names) in PACKAGES {
            if names.contains(&name) {
                self.packages.insert(package);
            }
        }
        if installs(command) {
            self.installs = true;
            self.installed.extend(command.arguments().map(str::to_owned));
        }
        if self.network.is_none() && uses_network(command) {
            self.network = Some(shown(command));
        }
    }

    /// Adds what it takes to be reached by ssh.
    pub(super) fn serve_ssh(&mut self) {
        self.init = true;
        self.packages.extend(["openssh-client", "openssh-server"]);
        self.capabilities.insert("SYS_CHROOT");
    }

    /// Adds what it takes to run containers. Their namespaces, mounts and devices are made with what an init
    /// system is given too.
    pub(super) fn run_containers(&mut self) {
        self.containers = true;
        self.init = true;
        self.packages.extend([
            "aardvark-dns",
            "ca-certificates",
            "crun",
            "iptables",
            "netavark",
            "podman",
            "podman-compose",
        ]);
        self.capabilities.extend(["MKNOD", "NET_ADMIN", "NET_RAW", "SETFCAP", "SYS_CHROOT"]);
    }

    /// What is to be installed before the learner enters.
    pub(super) fn packages(&self) -> impl Iterator<Item = &'static str> {
        let own = |package: &&str| self.installed.contains(*package);
        self.packages.iter().copied().filter(move |package| !own(package))
    }

    /// Whether anything of it needs a network.
    pub(super) fn any_network(&self) -> bool {
        self.network.is_some() || self.packages().next().is_some()
    }
}

/// Whether a program is one that runs containers here.
pub(super) fn is_of_containers(name: &str) -> bool {
    CONTAINERS.contains(&name)
}

fn changes_network(command: &Command) -> bool {
    command.arguments().any(|word| {
        matches!(word, "add" | "del" | "delete" | "set" | "flush" | "replace" | "change")
    })
}

/// Whether it installs packages.
fn installs(command: &Command) -> bool {
    matches!(command.name(), "apt" | "apt-get" | "aptitude")
        && command.arguments().any(|word| word == "install")
}

fn uses_network(command: &Command) -> bool {
    let has = |words: &[&str]| command.arguments().any(|word| words.contains(&word));
    let elsewhere = |word: &str| !HERE.iter().any(|here| word.contains(here));
    let address = |word: &str| word.contains("://") && elsewhere(word);
    match command.name() {
        "apt" | "apt-get" | "aptitude" => has(&[
            "install",
            "update",
            "upgrade",
            "full-upgrade",
            "dist-upgrade",
            "source",
            "download",
        ]),
        "pip" | "pip3" | "pipx" | "gem" | "cargo" | "ansible-galaxy" => has(&["install"]),
        "npm" | "yarn" | "pnpm" => has(&["install", "i", "ci", "add"]),
        "npx" | "add-apt-repository" | "docker-compose" | "podman-compose" => true,
        "docker" | "podman" | "buildah" | "skopeo" => {
            has(&["pull", "push", "run", "create", "build", "compose", "from", "copy"])
        }
        "go" => has(&["get", "install", "mod"]),
        "terraform" => has(&["init"]),
        "git" => {
            has(&["clone", "pull", "fetch", "push"])
                && command.arguments().any(|word| address(word) || word.starts_with("git@"))
        }
        "curl" | "wget" => command
            .arguments()
            .any(|word| address(word) || word.starts_with("www.") || word.contains(".com/")),
        "ping" | "dig" | "nslookup" | "host" | "traceroute" | "mtr" | "whois" => {
            command.arguments().any(|word| word.contains('.') && elsewhere(word))
        }
        _ => false,
    }
}

/// A command as a message shows it.
fn shown(command: &Command) -> String {
    const MOST: usize = 60;
    let line = command.words.join(" ");
    let mut short: String = line.chars().filter(|c| !c.is_control()).take(MOST).collect();
    if line.chars().count() > MOST {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::super::shell::commands;
    use super::*;

    fn needs(script: &str) -> Needs {
        let mut needs = Needs::default();
        commands(script).iter().for_each(|command| needs.add(command));
        needs
    }

    #[test]
    fn what_no_sandbox_has_is_told_by_the_command() {
        for (script, what) in [
            ("echo lxc; lxc list", Some("a container engine but Podman")),
            ("docker ps; podman build .; docker compose up", None),
            ("docker swarm init", Some("what Docker has and Podman has not")),
            ("kubectl get pods | grep x", Some("a Kubernetes cluster")),
            ("x=$(sudo losetup -f)", Some("disks and kernel settings of its own")),
            ("sysctl -w net.ipv4.ip_forward=1", Some("disks and kernel settings of its own")),
            ("sysctl net.ipv4.ip_forward", None),
            ("mount -o ro,loop disk.img /mnt", Some(DISKS)),
            ("mkfs.ext4 /dev/vdb; ls", Some(DISKS)),
            ("mkfs.ext4 disk.img; mount -t tmpfs none /mnt", None),
            ("command -v docker", None),
            ("sudo fdisk -l; losetup -a; swapon --show", None),
            ("fdisk -l /dev/sda", Some(DISKS)),
            ("ls", None),
        ] {
            assert_eq!(commands(script).iter().find_map(lacking), what, "{script}");
        }
    }

    #[test]
    fn what_a_sandbox_can_have_is_asked_for() {
        assert_eq!(needs("ls -l; echo x > y; curl localhost:80; grep -r x /etc"), Needs::default());
        let all = needs("systemctl start x; useradd bob; iptables -L; ip link add d type dummy");
        assert!(all.init && all.users && all.capabilities.contains("NET_ADMIN"));
        for ssh in ["ssh -i k bob@localhost", "scp x node01:/tmp/", "ssh-copy-id root@controlplane"]
        {
            let ssh = needs(ssh);
            assert!(ssh.init && ssh.packages().any(|it| it == "openssh-server"), "{ssh:?}");
        }
        assert!(!needs("ssh bob@example.org; ssh-keygen; curl node01").init);
        let docker = needs("docker ps");
        assert!(docker.containers && docker.init && docker.capabilities.contains("MKNOD"));
        assert!(docker.packages().any(|it| it == "podman") && docker.network.is_none());
        assert_eq!(needs("docker run nginx").network.as_deref(), Some("docker run nginx"));
        let git = needs("git init");
        assert!(git.network.is_none() && git.any_network());
        assert_eq!(git.packages().collect::<Vec<_>>(), ["git"]);
        let own = needs("apt-get install -y git nginx\ngit clone https://example.org/x");
        assert!(own.installs && own.packages().next().is_none());
        assert_eq!(own.network.as_deref(), Some("apt-get install -y git nginx"));
    }

    #[test]
    fn the_network_is_what_is_not_this_machine() {
        for (script, uses) in [
            ("curl -s http://localhost:8080/x", false),
            ("curl http://127.0.0.1", false),
            ("curl https://example.org", true),
            ("wget -q \"$URL\"", false),
            ("git push origin main", false),
            ("git clone git@example.org:x.git", true),
            ("ping -c1 8.8.8.8", true),
            ("ping localhost", false),
            ("pip install flask", true),
            ("npm run build", false),
        ] {
            assert_eq!(needs(script).network.is_some(), uses, "{script}");
        }
    }
}

//! A learner who means harm, with sudo, in a sandbox of every engine: nothing of the machine is to be
//! seen or reached, and what is used without measure ends with a sentence while all else goes on.
//!
//! Each case is a script that looks for a way out and prints what it found; it must print nothing.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::format_push_string,
    reason = "a test that cannot go on fails, and need not be fast"
)]

mod contract;
mod support;

use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use contract::systems::{IDLE, System};
use contract::{Lab, within};
use drydock::engine::{Limits, Output, Sandbox, SandboxState, ShellSpec, Size};
use futures_util::StreamExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Makes a test of each case on an engine.
macro_rules! hostile {
    ($engine:ident, $connect:path, $($case:ident)*) => {
        mod $engine {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let name = concat!("hostile::", stringify!($engine), "::", stringify!($case));
                crate::contract::run(name, $connect, crate::$case).await;
            })*
        }
    };
}

/// What every engine must withstand.
macro_rules! everywhere {
    ($engine:ident, $connect:path) => {
        hostile! {
            $engine, $connect,
            nothing_of_the_host_is_to_be_seen
            nothing_of_the_host_is_to_be_written
            raw_devices_and_kernel_logs_are_out_of_reach
            forbidden_calls_are_refused
            links_lead_nowhere_outside
            a_fork_bomb_ends
            a_memory_bomb_ends
            a_full_memory_disk_ends
            a_private_network_leads_nowhere
        }
    };
}

everywhere!(docker, crate::support::engine);
everywhere!(native, crate::support::native);
everywhere!(unpacked, crate::support::unpacked);

// A Docker engine's first process is one of the container's own, and what its filter says of young
// calls is its version's.
hostile! {
    native_only, crate::support::native,
    young_calls_are_refused
    the_first_process_is_out_of_reach
    a_terminal_takes_no_typing_from_inside
    limits_are_told_on_the_terminal
    who_has_an_init_system_finds_nothing_more
}

/// Runs a script as the learner and as root: neither may print anything.
async fn finds_nothing(lab: &Lab, script: &str) {
    let sandbox = lab.sandbox().await;
    for shell in ["sh", "sudo sh"] {
        let told = lab.sh(&sandbox.id, &format!("{shell} <<'SCRIPT'\n{script}\nSCRIPT")).await;
        assert_eq!(told.1, "", "{shell}");
    }
}

/// With an init system root may mount, and make namespaces: over what is its own anyway.
async fn who_has_an_init_system_finds_nothing_more(lab: Lab) {
    if !lab.has(|offers| offers.init_system) {
        return;
    }
    let bait = Bait::new("/tmp");
    let path = bait.folder.path().display();
    let mut spec = lab.spec().await;
    spec.init = drydock::engine::Init::System;
    spec.limits = Limits { memory: 256 << 20, ..Limits::default() };
    let sandbox = lab.started(&spec).await;
    let script = format!(
        "umount -l /proc/kcore /proc/keys /proc/timer_list /proc/sys /proc/sysrq-trigger 2>/dev/null\n\
         head -c 1 /proc/kcore 2>/dev/null\n\
         {{ echo x > /proc/sys/kernel/core_pattern; }} 2>/dev/null && echo core_pattern\n\
         {{ echo b > /proc/sysrq-trigger; }} 2>/dev/null && echo sysrq\n\
         mkdir -p /m && mount -t proc proc /m 2>/dev/null && cat /m/*/root{path}/word 2>/dev/null\n\
         umount /m 2>/dev/null; mount -t devtmpfs dev /m 2>/dev/null && ls /m\n\
         for disk in /sys/class/block/*; do mknod /d b $(tr : ' ' < $disk/dev) 2>/dev/null && \
            mount /d /m 2>/dev/null && ls /m; rm -f /d; done\n\
         for kind in memory pids devices; do \
            mount -t cgroup -o $kind none /m 2>/dev/null && \
            {{ echo max > /m/memory.limit_in_bytes; }} 2>/dev/null && echo $kind; umount /m 2>/dev/null; done\n\
         for limit in memory.max pids.max; do \
            {{ echo max > /sys/fs/cgroup/$limit; }} 2>/dev/null && echo $limit; done\n\
         nsenter -t 1 -a cat {path}/word 2>/dev/null\n\
         dmesg 2>/dev/null | head -1\n\
         cat {path}/word 2>/dev/null; true"
    );
    let told = lab.sh(&sandbox.id, &format!("sudo sh <<'SCRIPT'\n{script}\nSCRIPT")).await;
    assert_eq!(told.1, "");
    let (status, _) = lab.sh(&sandbox.id, "python3 -c 'x = bytearray(400 << 20)'").await;
    assert_ne!(status, Some(0), "400 MB where 256 are allowed");
}

/// A file that only this machine's user can read, and one that anybody can, at places of the machine's.
struct Bait {
    folder: tempfile::TempDir,
    word: String,
}

impl Bait {
    fn new(place: &str) -> Self {
        let folder = tempfile::Builder::new().prefix("drydock-bait-").tempdir_in(place).unwrap();
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
        let word = format!("bait-{}", uuid::Uuid::now_v7().simple());
        std::fs::write(folder.path().join("word"), &word).unwrap();
        Self { folder, word }
    }
}

async fn nothing_of_the_host_is_to_be_seen(lab: Lab) {
    let home = std::env::var("HOME").unwrap_or_else(|_| "/root".to_owned());
    let baits = [Bait::new("/tmp"), Bait::new("/var/tmp"), Bait::new(&home)];
    let pid = std::process::id();
    let mut script = String::new();
    for bait in &baits {
        let path = bait.folder.path().display();
        script.push_str(&format!("cat {path}/word 2>/dev/null; ls -d {path} 2>/dev/null\n"));
        script.push_str(&format!("cat /proc/*/root{path}/word 2>/dev/null\n"));
    }
    // This test's own process, by its words and by its number; sockets; keys; other users.
    script.push_str(
        "cat /proc/*/cmdline 2>/dev/null | tr '\\0' ' ' | grep -o 'hostile-[0-9a-f]\\{9\\}'\n\
         find / -xdev -type s 2>/dev/null\n\
         ls /run/docker.sock /var/run/docker.sock /run/systemd /run/user /run/dbus 2>/dev/null\n\
         find / -xdev \\( -name 'ssh_host_*' -o -name 'id_ed25519*' -o -name 'id_rsa*' \
            -o -name authorized_keys \\) -not -path '/usr/*' 2>/dev/null\n\
         ls /boot /home | grep -v -e learner -e : -e '^$'\n\
         ls /sys/class/net | grep -v -x lo\n\
         grep -v -e 'lo:' -e Inter -e face /proc/net/dev | grep :\n\
         cat /sys/class/dmi/id/product_serial 2>/dev/null\n",
    );
    finds_nothing(&lab, &script).await;
    let sandbox = lab.sandbox().await;
    let list = lab.said(&sandbox.id, "cat /proc/*/cmdline | tr '\\0' ' '").await;
    let own = std::env::current_exe().unwrap().display().to_string();
    assert!(!list.contains(&own), "{list}");
    let numbers = lab.said(&sandbox.id, "ls -d /proc/[0-9]* | wc -l").await;
    assert!(numbers.parse::<u32>().unwrap() < 12, "{numbers} processes, and {pid} is one outside");
    let word: Vec<_> = baits.iter().map(|bait| bait.word.clone()).collect();
    let everything = "sudo grep -rls bait- /etc /home /root /tmp /var /run /srv /opt /mnt; true";
    let told = lab.said(&sandbox.id, everything).await;
    assert_eq!(told, "", "{word:?}");
}

async fn nothing_of_the_host_is_to_be_written(lab: Lab) {
    let bait = Bait::new("/tmp");
    let path = bait.folder.path().display();
    let sandbox = lab.sandbox().await;
    let script = format!(
        "mkdir -p {path}; echo gotcha > {path}/word; echo x > /usr/local/bin/drydock-was-here; \
         echo x > /etc/drydock-was-here; rm -rf /usr/bin/ls /etc/passwd; \
         chmod 777 /usr/bin/env; true"
    );
    lab.said(&sandbox.id, &format!("sudo sh -c '{script}' 2>/dev/null; true")).await;
    assert_eq!(std::fs::read_to_string(bait.folder.path().join("word")).unwrap(), bait.word);
    for path in ["/usr/local/bin/drydock-was-here", "/etc/drydock-was-here"] {
        assert!(!std::path::Path::new(path).exists(), "{path}");
    }
    assert!(std::path::Path::new("/usr/bin/ls").exists());
    assert!(std::fs::metadata("/etc/passwd").unwrap().len() > 0);
    // Kernel settings, whose files look the same inside and outside.
    finds_nothing(
        &lab,
        "for f in /proc/sys/kernel/hostname /proc/sys/kernel/core_pattern /proc/sys/vm/drop_caches \
            /proc/sysrq-trigger /sys/kernel/mm/ksm/run /proc/sys/kernel/modprobe \
            /proc/sys/net/ipv4/ip_forward; do\n\
         { echo 1 > $f; } 2>/dev/null && echo $f\ndone",
    )
    .await;
}

async fn raw_devices_and_kernel_logs_are_out_of_reach(lab: Lab) {
    finds_nothing(
        &lab,
        "find /dev -type b 2>/dev/null\n\
         mknod /tmp/disk b 254 0 2>/dev/null && head -c 1 /tmp/disk >/dev/null 2>&1 && echo disk\n\
         mknod /tmp/mem c 1 1 2>/dev/null && head -c 1 /tmp/mem >/dev/null 2>&1 && echo memory\n\
         dmesg 2>/dev/null | head -1\n\
         timeout 1 head -c 1 /proc/kmsg 2>/dev/null\n\
         timeout 1 head -c 1 /dev/kmsg 2>/dev/null\n\
         head -c 1 /proc/kcore 2>/dev/null\n\
         cat /proc/keys 2>/dev/null\n\
         for f in /dev/mem /dev/kmem /dev/port /dev/fuse /dev/kvm /dev/net/tun /dev/loop-control; do\n\
         { : < $f; } 2>/dev/null && echo $f\ndone; true",
    )
    .await;
}

/// Makes calls that a filter must refuse, each with arguments that would do no harm if it did not.
const CALLS: &str = r#"
import ctypes, os, platform, fcntl
libc = ctypes.CDLL(None, use_errno=True)
x86 = platform.machine() == "x86_64"
numbers = {
    "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "setns": (308, 268),
    "unshare": (272, 97), "bpf": (321, 280), "keyctl": (250, 219), "add_key": (248, 217),
    "request_key": (249, 218), "perf_event_open": (298, 241), "kexec_load": (246, 104),
    "init_module": (175, 105), "finit_module": (313, 273), "delete_module": (176, 106),
    "userfaultfd": (323, 282), "open_by_handle_at": (304, 265), "reboot": (169, 142),
    "swapon": (167, 224), "quotactl": (179, 60),
    "acct": (163, 89), "settimeofday": (170, 170), "fsopen": (430, 430), "move_mount": (429, 429),
}
for name, pair in numbers.items():
    number = pair[0 if x86 else 1]
    args = [0x10000000] if name == "unshare" else [-1, 0, 0, 0, 0]
    if libc.syscall(number, *args) >= 0:
        print(name, "was allowed")
    elif ctypes.get_errno() not in (1, 38):
        print(name, "was looked at:", os.strerror(ctypes.get_errno()))
clone = 56 if x86 else 220
child = libc.syscall(clone, 0x10000000 | 17, 0, 0, 0, 0)
if child == 0:
    os._exit(0)
if child > 0:
    print("clone made a user namespace")
if x86 and libc.syscall(0x40000000 | 165, -1, 0, 0, 0, 0) >= 0 or ctypes.get_errno() not in (1, 38):
    print("x32:", os.strerror(ctypes.get_errno()))
"#;

async fn forbidden_calls_are_refused(lab: Lab) {
    finds_nothing(&lab, &format!("python3 - <<'CALLS'\n{CALLS}\nCALLS")).await;
}

async fn young_calls_are_refused(lab: Lab) {
    let young = "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n\
                 for number in (425, 426, 427, 442, 467, 4000):\n \
                 if libc.syscall(number, -1, 0, 0, 0, 0) >= 0 or ctypes.get_errno() not in (1, 38):\n  \
                 print(number, ctypes.get_errno())";
    finds_nothing(&lab, &format!("python3 - <<'CALLS'\n{young}\nCALLS")).await;
}

async fn the_first_process_is_out_of_reach(lab: Lab) {
    finds_nothing(
        &lab,
        "kill -9 1 2>/dev/null; kill -STOP 1 2>/dev/null\n\
         head -c 1 /proc/1/mem 2>/dev/null\n\
         cat /proc/1/environ 2>/dev/null | tr '\\0' '\\n' | grep -v -e ^PATH= -e ^HOSTNAME= \
            -e ^HOME= -e ^LANG= -e '^$' -e ^TERM=\n\
         readlink /proc/1/fd/* /proc/1/map_files/* /proc/1/exe /proc/1/cwd /proc/1/root 2>/dev/null \
            | grep -v -e /dev/null -e '^/$' -e '^/usr/bin/dash$' -e '^/usr/lib'\n\
         for f in /proc/1/fd/*; do { : < $f; } 2>/dev/null && [ ! $f -ef /dev/null ] && echo $f; done\n\
         python3 -c 'import ctypes; l = ctypes.CDLL(None); print(\"traced\") \
            if l.ptrace(16, 1, 0, 0) == 0 else None'\n\
         true",
    )
    .await;
    let sandbox = lab.sandbox().await;
    assert_eq!(lab.engine.inspect(&sandbox.id).await.unwrap().state, SandboxState::Running);
}

/// Types a line into a login shell and reads until `text` is shown.
async fn typed(lab: &Lab, sandbox: &Sandbox, line: &str, text: &str) -> String {
    let spec = ShellSpec { size: Size { cols: 120, rows: 24 }, user: None };
    let mut shell = lab.engine.shell(&sandbox.id, &spec).await.unwrap();
    shell.input.write_all(line.as_bytes()).await.unwrap();
    let mut shown = String::new();
    within(async {
        while !shown.contains(text) {
            let mut bytes = [0; 4096];
            let length = shell.output.read(&mut bytes).await.unwrap();
            assert!(length > 0, "{shown}");
            shown.push_str(&String::from_utf8_lossy(&bytes[..length]));
        }
    })
    .await;
    shown
}

async fn a_terminal_takes_no_typing_from_inside(lab: Lab) {
    let sandbox = lab.sandbox().await;
    let push = "python3 -c 'import fcntl\nfor c in b\"typed\": fcntl.ioctl(0, 0x5412, bytes([c]))' \
                2>/dev/null; echo st''atus $?\n";
    let shown = typed(&lab, &sandbox, push, "status ").await;
    assert!(shown.contains("status 1"), "{shown}");
}

async fn limits_are_told_on_the_terminal(lab: Lab) {
    let mut spec = lab.spec().await;
    spec.limits = Limits { memory: 96 << 20, pids: 30, ..Limits::default() };
    let sandbox = lab.started(&spec).await;
    // Together, none of them alone.
    let eat = "for i in 1 2 3 4 5 6 7 8; do python3 -c \"x = bytearray(b'x' * (20 << 20)); import time; \
               time.sleep(9)\" & done\n";
    typed(&lab, &sandbox, eat, "96 MB of memory").await;
    is_alive(&lab, &sandbox.id).await;
    let crowd = "for i in $(seq 60); do sleep 30 & done\n";
    typed(&lab, &sandbox, crowd, "no process more can be started: 30").await;
}

async fn links_lead_nowhere_outside(lab: Lab) {
    let bait = Bait::new("/tmp");
    let sandbox = lab.sandbox().await;
    let path = bait.folder.path().display().to_string();
    let plant = format!(
        "ln -s {path} ~/a; ln -s ../../../../../../../..{path} ~/b; ln -s /proc/1/root{path} ~/c; \
         ln -s /proc/1/cwd{path} ~/d; ln -s /proc/self/exe ~/e"
    );
    lab.said(&sandbox.id, &plant).await;
    for name in ["a", "b", "c", "d"] {
        let out = format!("/home/learner/{name}/word");
        assert!(lab.engine.copy_out(&sandbox.id, &out, 1000).await.is_err(), "{name}");
        let planted = contract::file(&format!("/home/learner/{name}/planted"), b"x");
        // Where it lands, if anywhere, is inside.
        let _ = lab.engine.copy_in(&sandbox.id, &[planted]).await;
        assert!(!bait.folder.path().join("planted").exists(), "{name}");
    }
    // Nor does the first process read what has no end.
    for list in ["ln -sf /dev/zero /etc/passwd", "rm /etc/passwd; mkfifo /etc/passwd"] {
        let spoiled = lab.sandbox().await;
        lab.said(&spoiled.id, &format!("sudo sh -c '{list}'")).await;
        let began = Instant::now();
        let _ = within(lab.engine.exec(&spoiled.id, &contract::program(&["true"]))).await;
        assert!(began.elapsed() < Duration::from_secs(10));
        assert_eq!(lab.engine.inspect(&spoiled.id).await.unwrap().state, SandboxState::Running);
    }
    // A pipe makes nobody wait.
    lab.said(&sandbox.id, "mkfifo ~/pipe").await;
    let waited = within(lab.engine.copy_out(&sandbox.id, "/home/learner/pipe", 10)).await;
    assert!(waited.is_err());
}

/// That the sandbox and the machine still answer.
async fn is_alive(lab: &Lab, id: &drydock::engine::SandboxId) {
    let began = Instant::now();
    within(async { while lab.sh(id, "true").await.0 != Some(0) {} }).await;
    assert_eq!(lab.engine.inspect(id).await.unwrap().state, SandboxState::Running);
    assert!(began.elapsed() < Duration::from_secs(30));
}

async fn a_fork_bomb_ends(lab: Lab) {
    let mut spec = lab.spec().await;
    spec.limits = Limits { pids: 40, ..Limits::default() };
    let sandbox = lab.started(&spec).await;
    let bomb = "bomb() { bomb | bomb & }; bomb; sleep 1";
    let run = contract::program(&["timeout", "-s", "KILL", "3", "bash", "-c", bomb]);
    let mut running = lab.engine.exec(&sandbox.id, &run).await.unwrap();
    // Until one of them may not have a child.
    let mut said = String::new();
    within(async {
        while !said.contains("fork") {
            let (Output::Stdout(bytes) | Output::Stderr(bytes)) =
                running.output.next().await.unwrap().unwrap();
            said.push_str(&String::from_utf8_lossy(&bytes));
        }
    })
    .await;
    // Not even now does it reach what is outside.
    assert!(std::process::Command::new("true").status().unwrap().success());
    drop(running);
    // What is asked of it meanwhile is refused with a sentence, if it cannot be done.
    match lab.engine.exec(&sandbox.id, &contract::program(&["true"])).await {
        Ok(_) => {}
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    within(lab.engine.destroy(&sandbox.id)).await.unwrap();
}

async fn a_memory_bomb_ends(lab: Lab) {
    let mut spec = lab.spec().await;
    spec.limits = Limits { memory: 96 << 20, ..Limits::default() };
    let sandbox = lab.started(&spec).await;
    let script = "x = []\nwhile True: x.append(bytearray(b'x' * (8 << 20)))";
    let (status, _, _) = lab.exec(&sandbox.id, &["python3", "-c", script], b"").await;
    assert_ne!(status, Some(0));
    is_alive(&lab, &sandbox.id).await;
    // Many small ones together.
    let many = "for i in $(seq 12); do python3 -c \"x = bytearray(b'x' * (20 << 20)); \
                import time; time.sleep(3)\" & done; wait";
    lab.sh(&sandbox.id, many).await;
    is_alive(&lab, &sandbox.id).await;
}

async fn a_full_memory_disk_ends(lab: Lab) {
    let sandbox = lab.sandbox().await;
    let (status, text) = lab.sh(&sandbox.id, "head -c 10G /dev/zero > /dev/shm/all; echo $?").await;
    assert!(status.is_some() && !text.is_empty(), "{text}");
    is_alive(&lab, &sandbox.id).await;
}

/// Tries to connect to each `address port` of its input, and to learn an address of each name.
const REACH: &str = r#"
import socket, sys
from concurrent.futures import ThreadPoolExecutor
def reach(line):
    host, port = line.split()
    try:
        if port == "name":
            socket.gethostbyname(host)
        else:
            socket.create_connection((host, int(port)), 2)
    except OSError as error:
        # Who refuses a connection is there.
        return line if isinstance(error, ConnectionRefusedError) else None
    return line
def route():
    for line in open("/proc/net/route").read().splitlines()[1:]:
        for field in line.split()[1:3]:
            address = socket.inet_ntoa(bytes.fromhex(field)[::-1])
            yield address
            yield address.rsplit(".", 1)[0] + ".1"
lines = sys.stdin.read().splitlines()
ports = {line.split()[1] for line in lines if line.startswith("127.0.0.1 ")}
lines = [line for line in lines if not line.startswith("127.0.0.1 ")]
lines += [f"{host} {port}" for host in set(route()) - {"0.0.0.0"} for port in ports]
with ThreadPoolExecutor(32) as pool:
    for line in filter(None, pool.map(reach, lines)):
        print(line)
for kind, protocol in ((socket.AF_PACKET, socket.SOCK_RAW), (socket.AF_INET, socket.SOCK_RAW)):
    try:
        socket.socket(kind, protocol, socket.IPPROTO_ICMP)
        print("a raw socket")
    except OSError:
        pass
"#;

/// This machine's own addresses.
fn own_addresses() -> Vec<String> {
    let routes = std::fs::read_to_string("/proc/net/fib_trie").unwrap();
    let mut last = "";
    let mut found = Vec::new();
    for line in routes.lines() {
        match line.trim().strip_prefix("|-- ") {
            Some(address) => last = address,
            None if line.contains("/32 host LOCAL") => found.push(last.to_owned()),
            None => {}
        }
    }
    found.sort();
    found.dedup();
    found.retain(|address| !address.starts_with("127."));
    found
}

async fn a_private_network_leads_nowhere(lab: Lab) {
    let Some(mut system) = System::new(&lab).await else { return };
    let machine = system.start("ops", IDLE).await;
    // Something of this machine's that anybody may reach, and another attempt's.
    let listener = std::net::TcpListener::bind("0.0.0.0:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut other = System::new(&lab).await.unwrap();
    let serve = ["python3", "-m", "http.server", "8000", "--directory", "/etc"];
    let web = other.start("web", &serve).await;
    let ask =
        "python3 -c 'import socket; socket.create_connection((\"web\", 8000), 2)' 2>/dev/null";
    within(async { while lab.sh(&web.id, ask).await.0 != Some(0) {} }).await;
    let address = lab.said(&web.id, "hostname -i").await;

    let mut places = format!(
        "127.0.0.1 {port}\n127.0.0.1 22\n{address} 8000\nweb 8000\nweb name\n\
         deb.debian.org name\ndeb.debian.org 80\n1.1.1.1 53\n8.8.8.8 53\n169.254.169.254 80\n"
    );
    let own = own_addresses();
    assert!(!own.is_empty());
    for address in own {
        places.push_str(&format!("{address} {port}\n{address} 22\n"));
    }
    for sudo in [&[][..], &["sudo"]] {
        let argv = [sudo, &["python3", "-c", REACH]].concat();
        let (status, found, errors) = lab.exec(&machine.id, &argv, places.as_bytes()).await;
        let errors = String::from_utf8_lossy(&errors);
        assert_eq!((status, &*errors), (Some(0), ""), "{sudo:?}");
        assert_eq!(String::from_utf8_lossy(&found), "", "{sudo:?}");
    }
    lab.engine.destroy(&web.id).await.unwrap();
    drop(listener);
}

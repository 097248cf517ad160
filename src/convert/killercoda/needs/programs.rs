//! Programs by name: what each needs, and where it comes from.

/// Something that no sandbox has: what it is, and the commands that need it.
type Lacking = (&'static str, &'static [&'static str]);

/// What disks and the kernel are for.
pub(super) const DISKS: &str = "disks and kernel settings of its own";

/// What no sandbox has, and the commands that need it.
pub(super) const LACKING: [Lacking; 5] = [
    (
        "a Kubernetes cluster",
        &[
            "kubectl",
            "kubeadm",
            "kubelet",
            "crictl",
            "etcdctl",
            "etcdutl",
            "helm",
            "istioctl",
            "argocd",
            "flux",
            "oc",
            "k3s",
            "kubens",
            "kubectx",
            "k9s",
            "tkn",
            "linkerd",
            "vcluster",
            "cilium",
            "calicoctl",
            "velero",
            "kn",
            "kubebuilder",
            "operator-sdk",
            "kind",
            "minikube",
            "k3d",
        ],
    ),
    (
        "a container engine but Podman",
        &["dockerd", "nerdctl", "ctr", "containerd", "lxc", "lxd", "incus", "runc", "dive"],
    ),
    (
        DISKS,
        &[
            "losetup",
            "fdisk",
            "sfdisk",
            "gdisk",
            "sgdisk",
            "cfdisk",
            "parted",
            "partprobe",
            "pvcreate",
            "vgcreate",
            "vgextend",
            "lvcreate",
            "lvextend",
            "lvreduce",
            "lvresize",
            "mdadm",
            "cryptsetup",
            "modprobe",
            "insmod",
            "rmmod",
            "swapon",
            "swapoff",
            "quotaon",
            "quotacheck",
            "auditctl",
            "zpool",
            "kexec",
        ],
    ),
    ("the packages of snap", &["snap"]),
    ("virtual machines", &["virsh", "virt-install", "vagrant", "qemu-system-x86_64", "multipass"]),
];

/// Commands of a container engine. Podman stands in for Docker's own.
pub(super) const CONTAINERS: [&str; 6] =
    ["docker", "docker-compose", "podman", "podman-compose", "buildah", "skopeo"];

/// What Docker has and Podman has not: Swarm, and what belongs to the program itself.
pub(super) const SWARM: [&str; 7] =
    ["swarm", "service", "stack", "node", "config", "plugin", "scout"];

/// Commands that ask an init system.
pub(super) const INIT: [&str; 14] = [
    "systemctl",
    "journalctl",
    "service",
    "hostnamectl",
    "timedatectl",
    "localectl",
    "loginctl",
    "systemd-analyze",
    "systemd-run",
    "systemd-cgls",
    "mount",
    "umount",
    "unshare",
    "nsenter",
];

/// Commands with accounts.
pub(super) const USERS: [&str; 16] = [
    "useradd", "adduser", "usermod", "userdel", "deluser", "groupadd", "addgroup", "groupmod",
    "groupdel", "gpasswd", "passwd", "chpasswd", "su", "runuser", "visudo", "newgrp",
];

/// Commands, and the capability that they need.
pub(super) const CAPABILITIES: [(&str, &[&str]); 8] = [
    (
        "NET_ADMIN",
        &["iptables", "ip6tables", "nft", "ufw", "tc", "ipset", "brctl", "wg", "ethtool"],
    ),
    ("NET_RAW", &["ping", "tcpdump", "traceroute", "arping", "nmap", "mtr", "hping3", "tshark"]),
    ("SYS_PTRACE", &["strace", "ltrace", "gdb", "perf"]),
    ("SETFCAP", &["setcap"]),
    ("MKNOD", &["mknod"]),
    ("SYS_NICE", &["renice", "nice", "chrt", "ionice"]),
    ("LINUX_IMMUTABLE", &["chattr"]),
    ("SYS_CHROOT", &["chroot", "debootstrap"]),
];

/// Programs that are there from the beginning on those machines and not in our images, with Debian's
/// package of each.
pub(super) const PACKAGES: [(&str, &[&str]); 48] = [
    ("git", &["git"]),
    ("wget", &["wget"]),
    ("bind9-dnsutils", &["dig", "nslookup", "nsupdate"]),
    ("bind9-host", &["host"]),
    ("netcat-openbsd", &["nc", "netcat"]),
    ("cron", &["crontab", "cron"]),
    (
        "openssh-client",
        &["ssh", "scp", "sftp", "ssh-keygen", "ssh-copy-id", "ssh-agent", "ssh-add", "ssh-keyscan"],
    ),
    ("openssh-server", &["sshd"]),
    ("gcc", &["gcc", "cc"]),
    ("g++", &["g++"]),
    ("make", &["make"]),
    ("libc6-dev", &["gcc", "cc", "g++"]),
    ("iptables", &["iptables", "ip6tables", "iptables-save", "iptables-restore"]),
    ("nftables", &["nft"]),
    ("ufw", &["ufw"]),
    ("tcpdump", &["tcpdump"]),
    ("iputils-ping", &["ping"]),
    ("traceroute", &["traceroute"]),
    ("mtr-tiny", &["mtr"]),
    ("strace", &["strace"]),
    ("bc", &["bc"]),
    ("zip", &["zip"]),
    ("unzip", &["unzip"]),
    ("rsync", &["rsync"]),
    ("gnupg", &["gpg"]),
    ("acl", &["setfacl", "getfacl"]),
    ("libcap2-bin", &["setcap", "getcap"]),
    ("at", &["at", "atq", "atrm", "batch"]),
    ("net-tools", &["ifconfig", "netstat", "route", "arp"]),
    ("telnet", &["telnet"]),
    ("screen", &["screen"]),
    ("xxd", &["xxd"]),
    ("logrotate", &["logrotate"]),
    ("plocate", &["locate", "updatedb"]),
    ("patch", &["patch"]),
    ("bzip2", &["bzip2", "bunzip2", "bzcat"]),
    ("xz-utils", &["xz", "unxz", "xzcat"]),
    ("cpio", &["cpio"]),
    ("lsb-release", &["lsb_release"]),
    ("uuid-runtime", &["uuidgen"]),
    ("gettext-base", &["envsubst"]),
    ("python3-pip", &["pip", "pip3"]),
    ("rsyslog", &["rsyslogd"]),
    ("python-is-python3", &["python"]),
    ("busybox", &["busybox"]),
    ("fdisk", &["fdisk", "sfdisk"]),
    ("parted", &["parted"]),
    ("sysstat", &["iostat", "mpstat", "sar", "pidstat"]),
];

/// What of a program works only with an init system that starts its service.
pub(super) const SERVICES: [&str; 3] = ["crontab", "sshd", "at"];

/// Names of the other machines, where there are several.
pub(super) const OTHERS: [&str; 5] = ["controlplane", "node01", "node02", "host01", "host02"];

/// Names of this machine, for whoever asks the network.
pub(super) const HERE: [&str; 5] = ["localhost", "127.0.0.1", "0.0.0.0", "::1", "$"];

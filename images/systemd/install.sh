# Adds systemd to the base image. Run by sh as root inside the build.
set -eu
export DEBIAN_FRONTEND=noninteractive

apt-get update
apt-get install -y --no-install-recommends \
    dbus libpam-systemd systemd systemd-sysv
apt-get clean
rm -rf /var/lib/apt/lists/* /var/cache/debconf/*-old /var/lib/dpkg/*-old
rm -rf /usr/share/locale/*
find /usr/share/man -mindepth 1 -maxdepth 1 -type d ! -name 'man*' -exec rm -rf {} +
find /usr/share/doc -mindepth 1 ! -type d ! -name copyright -delete
find /usr/share/doc -mindepth 1 -type d -empty -delete
find /var/log -type f -delete

# Units for hardware, disks, kernels and consoles, which a sandbox has not.
systemctl mask \
    apt-daily.timer apt-daily-upgrade.timer \
    console-getty.service \
    dev-hugepages.mount \
    dpkg-db-backup.timer e2scrub_all.timer fstrim.timer man-db.timer \
    getty.target getty-static.service \
    kmod-static-nodes.service modprobe@.service \
    sys-fs-fuse-connections.mount sys-kernel-config.mount \
    sys-kernel-debug.mount sys-kernel-tracing.mount \
    proc-sys-fs-binfmt_misc.automount \
    systemd-binfmt.service systemd-boot-system-token.service \
    systemd-firstboot.service systemd-hwdb-update.service \
    systemd-modules-load.service systemd-pcrphase.service \
    systemd-pcrphase-initrd.service systemd-pcrphase-sysinit.service \
    systemd-pstore.service systemd-random-seed.service \
    systemd-remount-fs.service systemd-sysctl.service \
    systemd-udev-trigger.service systemd-udevd.service \
    systemd-udevd-control.socket systemd-udevd-kernel.socket \
    systemd-networkd-wait-online.service systemd-timesyncd.service
systemctl set-default multi-user.target

# A small journal on disk, readable by the learner with "sudo journalctl"
# and, as a member of the group, without it.
mkdir -p /etc/systemd/journald.conf.d /var/log/journal
cat > /etc/systemd/journald.conf.d/drydock.conf <<'CONF'
[Journal]
Storage=persistent
SystemMaxUse=16M
ForwardToSyslog=no
CONF
usermod -aG systemd-journal learner

# Each sandbox writes its own machine id when it starts.
: > /etc/machine-id
rm -f /var/lib/dbus/machine-id

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
xargs systemctl mask < /tmp/masked
systemctl set-default multi-user.target

# A small journal on disk, readable by the learner with "sudo journalctl"
# and, as a member of the group, without it.
mkdir -p /etc/systemd/journald.conf.d /var/log/journal
cp /tmp/journald.conf /etc/systemd/journald.conf.d/drydock.conf
usermod -aG systemd-journal learner

# Each sandbox writes its own machine id when it starts.
: > /etc/machine-id
rm -f /var/lib/dbus/machine-id

# Installs the tools of the base image. Run by sh as root inside the build.
set -eu
export DEBIAN_FRONTEND=noninteractive

# Slim images leave out manual pages. A learner without a network needs them.
rm -f /etc/dpkg/dpkg.cfg.d/docker
# The index of manual pages costs minutes on each installation and is only
# used by apropos; man finds its pages without it.
echo 'man-db man-db/auto-update boolean false' | debconf-set-selections

# libnss-myhostname: a sandbox has no name server, and sudo wants to know the
# address of its own host name.
apt-get update
apt-get install -y --no-install-recommends \
    bash bash-completion ca-certificates coreutils curl file htop iproute2 \
    jq less libnss-myhostname lsof man-db mc nano ncurses-term procps psmisc python3 sudo tmux \
    tree util-linux vim

# Packages that were there before have lost their pages: unpack them again.
if [ ! -e /usr/share/man/man1/ls.1.gz ]; then
    apt-get install -y --reinstall --no-install-recommends \
        bash coreutils findutils grep gzip login mount passwd sed tar util-linux
fi

# What nobody opens in a sandbox: translations of texts and of manual pages,
# the change logs of packages, spare copies of the downloaded archives.
apt-get clean
rm -rf /var/lib/apt/lists/* /var/cache/debconf/*-old /var/lib/dpkg/*-old
rm -rf /usr/share/locale/* /usr/share/info/*
find /usr/share/man -mindepth 1 -maxdepth 1 -type d ! -name 'man*' -exec rm -rf {} +
find /usr/share/doc -mindepth 1 ! -type d ! -name copyright -delete
find /usr/share/doc -mindepth 1 -type d -empty -delete
find / -xdev -type d -name __pycache__ -prune -exec rm -rf {} +
find /var/log -type f -delete

# Every interactive bash, root's and those within others too, says where its
# prompts and commands are.
echo '. /etc/drydock/marks.bash' >> /etc/bash.bashrc

# The learner: an ordinary account that may become root without a password.
useradd --uid 1000 --create-home --shell /bin/bash learner
echo 'learner ALL=(ALL:ALL) NOPASSWD: ALL' > /etc/sudoers.d/learner
chmod 0440 /etc/sudoers.d/learner
rm -f /home/learner/.bash_logout

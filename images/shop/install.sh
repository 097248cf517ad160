# Installs what the shop is made of. Run by sh as root inside the build.
set -eu
export DEBIAN_FRONTEND=noninteractive

# What is never opened here is never unpacked. Prometheus brings 217 MB of
# JavaScript for a web page nobody can see, PostgreSQL a compiler (LLVM) that
# only long queries would gain from: it runs with jit=off.
cat > /etc/dpkg/dpkg.cfg.d/shop <<'END'
path-exclude=/usr/share/man/*
path-exclude=/usr/share/doc/*
path-include=/usr/share/doc/*/copyright
path-exclude=/usr/share/info/*
path-exclude=/usr/share/locale/*
path-exclude=/usr/share/javascript/*
path-exclude=/usr/share/nodejs/*
path-exclude=/usr/share/fonts-*
path-exclude=/usr/share/fonts/*
path-exclude=/usr/lib/*/libLLVM*
path-exclude=/usr/lib/*/libz3*
path-exclude=/usr/lib/postgresql/15/lib/bitcode/*
path-exclude=/usr/lib/postgresql/15/lib/llvmjit*
path-exclude=/usr/lib/llvm-*
path-exclude=/usr/bin/promtool
END

# The packages would make a database of their own, with their own settings.
mkdir -p /etc/postgresql-common
echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.conf
# And start their services: there is no init system here.
printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d
chmod 0755 /usr/sbin/policy-rc.d

# libnss-myhostname: a name for the machine itself where there is no server.
apt-get update
apt-get install -y --no-install-recommends \
    bash ca-certificates curl iproute2 jq less libcap2-bin libnss-myhostname \
    lsof nano procps psmisc socat strace vim-tiny \
    haproxy postgresql-15 prometheus prometheus-postgres-exporter \
    python3 python3-flask python3-psycopg2 gunicorn
ln -sf vim.tiny /usr/bin/vim

apt-get clean
rm -rf /var/lib/apt/lists/* /var/cache/debconf/*-old /var/lib/dpkg/*-old
rm -rf /usr/share/locale/* /usr/share/info/* /usr/share/man/*
rm -rf /usr/share/postgresql/15/man
rm -f /usr/sbin/policy-rc.d
# Parts of packages that nothing here calls.
rm -rf /usr/lib/python3/dist-packages/babel/locale-data \
    /usr/lib/python3/dist-packages/*/tests /usr/lib/python3.11/test \
    /usr/share/perl/5*/unicore/lib /usr/lib/udev/hwdb.d
rm -rf /usr/lib/python3.11/ensurepip /usr/lib/python3.11/lib2to3 \
    /usr/lib/python3.11/pydoc_data /usr/lib/python3.11/idlelib
# Debian's psql is a Perl script that finds the right version. There is one, and
# without it Perl's library is not needed: 25 MB.
for tool in pg_dump pg_isready pgbench; do
    ln -sf ../lib/postgresql/15/bin/$tool /usr/bin/$tool
done
rm -f /usr/bin/psql
rm -rf /usr/share/perl /usr/lib/*/perl /usr/lib/*/libperl.so*
find /var/log -type f -delete

# Every interactive bash says where its prompts and commands are.
echo '. /etc/drydock/marks.bash' >> /etc/bash.bashrc

# The learner: an ordinary account. The API runs under the same number, so its
# processes may be looked into from the learner's shell.
useradd --uid 1000 --create-home --shell /bin/bash learner
rm -f /home/learner/.bash_logout
# Many hosts let only relatives be traced (yama): strace may trace the API too,
# on machines that are given this capability.
setcap cap_sys_ptrace+ep /usr/bin/strace

# Where the machines keep their configuration and speak to their managers.
install -d -m 0755 /var/lib/shop /var/log/shop /var/lib/prometheus
install -d -m 1777 /run/shop
install -d -m 1777 /var/spool/shop
chown prometheus:prometheus /var/lib/prometheus

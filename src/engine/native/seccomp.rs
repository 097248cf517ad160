//! The system calls that no program in a sandbox may make: what Docker's default profile refuses.
//!
//! Written out as the kernel reads it, since the crate that was looked at (`seccompiler`) gives up the
//! setuid bit for every filter, does not tell the x32 calls apart, and has one answer for a filter.
//! The filter refuses a call with EPERM, as Docker's does, and calls that are newer than this list
//! with ENOSYS, as the kernel that lacks them would.

use super::sys::Instruction;

/// Refused to everybody.
const REFUSED: &[i64] = &[
    // Kernel and machine.
    libc::SYS_acct,
    libc::SYS_bpf,
    libc::SYS_delete_module,
    libc::SYS_finit_module,
    libc::SYS_init_module,
    libc::SYS_kexec_file_load,
    libc::SYS_kexec_load,
    libc::SYS_lookup_dcookie,
    libc::SYS_nfsservctl,
    libc::SYS_perf_event_open,
    libc::SYS_quotactl,
    libc::SYS_quotactl_fd,
    libc::SYS_reboot,
    libc::SYS_swapoff,
    libc::SYS_swapon,
    libc::SYS_syslog,
    libc::SYS_userfaultfd,
    libc::SYS_vhangup,
    // Time is the machine's.
    libc::SYS_adjtimex,
    libc::SYS_clock_adjtime,
    libc::SYS_clock_settime,
    libc::SYS_settimeofday,
    // Keys.
    libc::SYS_add_key,
    libc::SYS_keyctl,
    libc::SYS_request_key,
    // Files by number, and what belongs to other processes.
    libc::SYS_fanotify_init,
    libc::SYS_kcmp,
    libc::SYS_open_by_handle_at,
    libc::SYS_pidfd_getfd,
    libc::SYS_process_madvise,
    // A large and young part of the kernel that filters do not see into.
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_io_uring_setup,
    // Memory of other processors.
    libc::SYS_get_mempolicy,
    libc::SYS_mbind,
    libc::SYS_migrate_pages,
    libc::SYS_move_pages,
    libc::SYS_set_mempolicy,
    libc::SYS_set_mempolicy_home_node,
];

/// Newer than the crate that has the other numbers; the same everywhere.
const OPEN_TREE_ATTR: i64 = 467;

/// Refused unless the sandbox has `CAP_SYS_ADMIN`.
const MOUNTING: &[i64] = &[
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fsopen,
    libc::SYS_fspick,
    libc::SYS_mount,
    libc::SYS_mount_setattr,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    OPEN_TREE_ATTR,
    libc::SYS_pivot_root,
    libc::SYS_setns,
    libc::SYS_umount2,
    libc::SYS_unshare,
];

#[cfg(target_arch = "x86_64")]
const REFUSED_HERE: &[i64] = &[
    libc::SYS__sysctl,
    libc::SYS_ioperm,
    libc::SYS_iopl,
    libc::SYS_sysfs,
    libc::SYS_uselib,
    libc::SYS_ustat,
];
#[cfg(not(target_arch = "x86_64"))]
const REFUSED_HERE: &[i64] = &[];

/// Calls from here on are newer than this list: `listns`, of Linux 6.18, was the last looked at.
const NEWER: u32 = 471;

#[cfg(target_arch = "x86_64")]
const ARCHITECTURE: u32 = 0xc000_003e;
#[cfg(target_arch = "aarch64")]
const ARCHITECTURE: u32 = 0xc000_00b7;
#[cfg(target_arch = "riscv64")]
const ARCHITECTURE: u32 = 0xc000_00f3;

/// `CLONE_NEW*`, all of them.
const NAMESPACES: u32 = 0x7e02_0000;
/// Types another's line, and pastes into another's terminal.
const TIOCSTI: u32 = 0x5412;
const TIOCLINUX: u32 = 0x541c;
/// What `personality` may be asked for: Linux, 32 bit, either with short names, and what it is now.
const PERSONALITIES: [u32; 5] = [0, 8, 0x2_0000, 0x2_0008, u32::MAX];
/// Kinds of sockets that reach past the network namespace, or into the kernel's cryptography.
const SOCKETS: [u32; 2] = [libc::AF_ALG as u32, libc::AF_VSOCK as u32];

const ALLOW: u32 = 0x7fff_0000;
const FORBIDDEN: u32 = 0x0005_0000 | libc::EPERM as u32;
/// Nothing is done, and no error is told.
const DONE: u32 = 0x0005_0000;
const UNKNOWN: u32 = 0x0005_0000 | libc::ENOSYS as u32;

const LOAD: u16 = 0x20;
const EQUAL: u16 = 0x15;
const AT_LEAST: u16 = 0x35;
const ANY_BIT: u16 = 0x45;
const RETURN: u16 = 0x06;

/// Where the kernel's description of a call has what.
const NUMBER: u32 = 0;
const ARCH: u32 = 4;
const fn argument(index: u32) -> u32 {
    16 + 8 * index
}

/// The filter for a sandbox; `mounts` if it has `CAP_SYS_ADMIN`, `several` if it has several users.
pub(super) fn filter(mounts: bool, several: bool) -> Vec<Instruction> {
    let mut filter = Filter(Vec::new());
    filter.load(ARCH);
    // Calls of 32-bit programs have other numbers.
    filter.unless(EQUAL, ARCHITECTURE, UNKNOWN);
    filter.load(NUMBER);
    // Those of x32 too: bit 30.
    filter.when(AT_LEAST, NEWER, UNKNOWN);
    // Its flags are in memory, where no filter sees them: programs fall back to `clone`.
    filter.when(EQUAL, libc::SYS_clone3 as u32, UNKNOWN);
    if !several {
        // There are no groups to set, which programs that become somebody (`su`, `setpriv`) take for a
        // reason to fail, even where that somebody is who they are already.
        filter.when(EQUAL, libc::SYS_setgroups as u32, DONE);
    }
    let mounting = if mounts { &[][..] } else { MOUNTING };
    for call in [REFUSED, REFUSED_HERE, mounting].concat() {
        filter.when(EQUAL, call as u32, FORBIDDEN);
    }
    if !mounts {
        filter.arguments(libc::SYS_clone, 0, ANY_BIT, &[NAMESPACES]);
    }
    filter.arguments(libc::SYS_ioctl, 1, EQUAL, &[TIOCSTI, TIOCLINUX]);
    filter.arguments(libc::SYS_socket, 0, EQUAL, &SOCKETS);
    filter.personality();
    filter.answer(ALLOW);
    filter.0
}

struct Filter(Vec<Instruction>);

impl Filter {
    fn add(&mut self, code: u16, k: u32, jt: u8, jf: u8) {
        self.0.push(Instruction { code, jt, jf, k });
    }
    fn load(&mut self, offset: u32) {
        self.add(LOAD, offset, 0, 0);
    }
    fn answer(&mut self, answer: u32) {
        self.add(RETURN, answer, 0, 0);
    }
    fn when(&mut self, test: u16, value: u32, answer: u32) {
        self.add(test, value, 0, 1);
        self.answer(answer);
    }
    fn unless(&mut self, test: u16, value: u32, answer: u32) {
        self.add(test, value, 1, 0);
        self.answer(answer);
    }

    /// Forbids a call whose argument (its lower half: all that these calls look at) passes a test.
    fn arguments(&mut self, call: i64, index: u32, test: u16, values: &[u32]) {
        let body = 2 * values.len() + 2;
        self.add(EQUAL, call as u32, 0, body as u8);
        self.load(argument(index));
        for value in values {
            self.when(test, *value, FORBIDDEN);
        }
        self.load(NUMBER);
    }

    /// Forbids all but the listed personalities.
    fn personality(&mut self) {
        let count = PERSONALITIES.len();
        self.add(EQUAL, libc::SYS_personality as u32, 0, count as u8 + 2);
        self.load(argument(0));
        for (index, value) in PERSONALITIES.iter().enumerate() {
            // To the end, past the refusal.
            self.add(EQUAL, *value, (count - index) as u8, 0);
        }
        self.answer(FORBIDDEN);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the kernel would do.
    fn judge(program: &[Instruction], arch: u32, number: u32, arguments: [u32; 2]) -> u32 {
        let (mut at, mut value) = (0, 0);
        loop {
            let Instruction { code, jt, jf, k } = program[at];
            at += 1;
            let test = match code {
                LOAD => {
                    value = match k {
                        NUMBER => number,
                        ARCH => arch,
                        16 => arguments[0],
                        24 => arguments[1],
                        other => panic!("a load of {other}"),
                    };
                    continue;
                }
                RETURN => return k,
                EQUAL => value == k,
                AT_LEAST => value >= k,
                ANY_BIT => value & k != 0,
                other => panic!("{other}"),
            };
            at += usize::from(if test { jt } else { jf });
        }
    }

    fn here(number: i64, arguments: [u32; 2]) -> u32 {
        judge(&filter(false, true), ARCHITECTURE, number as u32, arguments)
    }

    #[test]
    fn ordinary_calls_pass_and_listed_ones_do_not() {
        for call in [libc::SYS_read, libc::SYS_execve, libc::SYS_ptrace, libc::SYS_chroot] {
            assert_eq!(here(call, [0; 2]), ALLOW);
        }
        for call in [REFUSED, REFUSED_HERE, MOUNTING].concat() {
            assert_eq!(here(call, [0; 2]), FORBIDDEN, "{call}");
        }
        let mounts = filter(true, true);
        assert_eq!(judge(&mounts, ARCHITECTURE, libc::SYS_mount as u32, [0; 2]), ALLOW);
        assert_eq!(judge(&mounts, ARCHITECTURE, libc::SYS_bpf as u32, [0; 2]), FORBIDDEN);
        assert_eq!(here(libc::SYS_clone3, [0; 2]), UNKNOWN);
        assert_eq!(here(9999, [0; 2]), UNKNOWN);
        let one = filter(false, false);
        assert_eq!(judge(&one, ARCHITECTURE, libc::SYS_setgroups as u32, [0; 2]), DONE);
        assert_eq!(here(libc::SYS_setgroups, [0; 2]), ALLOW);
    }

    #[test]
    fn other_architectures_have_no_calls() {
        let program = filter(false, true);
        let read = libc::SYS_read as u32;
        assert_eq!(judge(&program, 0x4000_0003, read, [0; 2]), UNKNOWN);
        assert_eq!(judge(&program, ARCHITECTURE, read | 0x4000_0000, [0; 2]), UNKNOWN);
    }

    #[test]
    fn arguments_are_looked_at() {
        let new_user = libc::CLONE_NEWUSER as u32;
        assert_eq!(here(libc::SYS_clone, [17, 0]), ALLOW);
        assert_eq!(here(libc::SYS_clone, [0x11 | new_user, 0]), FORBIDDEN);
        assert_eq!(here(libc::SYS_ioctl, [0, TIOCSTI]), FORBIDDEN);
        assert_eq!(here(libc::SYS_ioctl, [0, 0x5413]), ALLOW);
        assert_eq!(here(libc::SYS_socket, [libc::AF_UNIX as u32, 0]), ALLOW);
        assert_eq!(here(libc::SYS_socket, [libc::AF_VSOCK as u32, 0]), FORBIDDEN);
        for value in PERSONALITIES {
            assert_eq!(here(libc::SYS_personality, [value, 0]), ALLOW, "{value}");
        }
        assert_eq!(here(libc::SYS_personality, [4, 0]), FORBIDDEN);
    }
}

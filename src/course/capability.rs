//! Which Linux capabilities content may ask for.
//!
//! Content is untrusted. What is given acts only on what the sandbox has of its own (its processes,
//! its files, its network); whatever reaches the machine around it is refused, with the reason.

use super::nearest;

/// Without the `CAP_` prefix.
const ALLOWED: &[&str] = &[
    "AUDIT_WRITE",      // what su and sshd log
    "CHOWN",            //
    "DAC_OVERRIDE",     // its own files only: no host folder is mounted
    "FOWNER",           //
    "FSETID",           //
    "IPC_LOCK",         // memory it locks counts against its limit
    "KILL",             // its own processes
    "LINUX_IMMUTABLE",  // chattr +i, in lessons on files
    "MKNOD",            // opening a device is refused by the control group
    "NET_ADMIN",        // addresses, routes and filters of its own network namespace
    "NET_BIND_SERVICE", //
    "NET_RAW",          // ping and packet captures in its own network namespace
    "SETFCAP",          //
    "SETGID",           //
    "SETPCAP",          //
    "SETUID",           //
    "SYS_CHROOT",       //
    "SYS_NICE",         // priorities: its share of the processor is limited anyhow
    "SYS_PTRACE",       // strace and debuggers on its own processes
];

/// Without the `CAP_` prefix, with what they would allow.
const REFUSED: &[(&str, &str)] = &[
    ("AUDIT_CONTROL", "it switches off the machine's audit"),
    ("AUDIT_READ", "it reads the machine's audit log"),
    ("BLOCK_SUSPEND", "it keeps the machine awake"),
    ("BPF", "it loads programs into the machine's kernel"),
    ("CHECKPOINT_RESTORE", "it acts on processes outside the sandbox"),
    ("DAC_READ_SEARCH", "it opens files outside the sandbox"),
    ("IPC_OWNER", "no lesson needs it"),
    ("LEASE", "it can hold up other programs' files"),
    ("MAC_ADMIN", "it changes the machine's security policy"),
    ("MAC_OVERRIDE", "it gets around the machine's security policy"),
    ("NET_BROADCAST", "the kernel does not use it"),
    ("PERFMON", "it observes the whole machine"),
    ("SYSLOG", "it reads and clears the machine's kernel log"),
    ("SYS_ADMIN", "it is as good as root on the machine"),
    ("SYS_BOOT", "it restarts the machine"),
    ("SYS_MODULE", "it loads code into the machine's kernel"),
    ("SYS_PACCT", "it changes the machine's accounting"),
    ("SYS_RAWIO", "it reaches the machine's hardware"),
    ("SYS_RESOURCE", "it gets around the sandbox's limits"),
    ("SYS_TIME", "it sets the machine's clock"),
    ("SYS_TTY_CONFIG", "it hangs up the machine's terminals"),
    ("WAKE_ALARM", "it wakes the machine"),
];

/// The capability's name without `CAP_`, if content may have it; else what is wrong, to follow the
/// text, and what to write instead.
pub(crate) fn allowed(text: &str) -> Result<String, (String, Option<String>)> {
    let name = text.to_ascii_uppercase();
    let name = name.strip_prefix("CAP_").unwrap_or(&name);
    if ALLOWED.contains(&name) {
        return Ok(name.to_owned());
    }
    if let Some((_, why)) = REFUSED.iter().find(|(refused, _)| *refused == name) {
        return Err((format!("is not given to content: {why}"), None));
    }
    let help = match nearest(name, ALLOWED.iter().copied()) {
        Some(near) => format!("did you mean {near}?"),
        None => format!("content may have {}", ALLOWED.join(", ")),
    };
    Err(("is not a capability".to_owned(), Some(help)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn harmless_ones_are_given_in_any_spelling() {
        assert_eq!(allowed("NET_ADMIN"), Ok("NET_ADMIN".to_owned()));
        assert_eq!(allowed("cap_sys_ptrace"), Ok("SYS_PTRACE".to_owned()));
    }

    #[test]
    fn dangerous_ones_are_refused_with_the_reason() {
        for name in ["SYS_ADMIN", "CAP_SYS_MODULE", "sys_rawio", "DAC_READ_SEARCH", "BPF", "ALL"] {
            assert!(allowed(name).is_err(), "{name}");
        }
        let (why, _) = allowed("SYS_ADMIN").unwrap_err();
        assert_eq!(why, "is not given to content: it is as good as root on the machine");
        let (_, help) = allowed("SYS_PTRAC").unwrap_err();
        assert_eq!(help.as_deref(), Some("did you mean SYS_PTRACE?"));
    }

    #[test]
    fn none_is_on_both_lists() {
        assert!(REFUSED.iter().all(|(name, _)| !ALLOWED.contains(name)));
    }
}

//! The native engine: namespaces, users, limits, a network and sudo.

use super::Finding;
use crate::engine::native::{Limiter, Native};
use crate::problem::Problem;

/// What gives a user that is not root a control group of its own.
const DELEGATE: &str = "log in by a session of systemd (not by su), which lets systemd-run --user hold \
    them; or run drydock as root";

/// What there is of it, where it is the one that is used.
pub(super) async fn findings(native: &Native) -> Vec<Finding> {
    let namespaces = match native.possible().await {
        Ok(()) => Finding::good("namespaces", "this user may make them"),
        Err(error) => Finding::fatal("namespaces", &Problem::from(error)),
    };
    let facts = native.facts();
    let users = format!("{}: {}", facts.users, facts.numbers);
    let users = match native.one_user() {
        None => Finding::good("sandbox users", users),
        Some(lack) => Finding::poor(
            "sandbox users",
            format!("{users}; {}, so exercises with several users are not offered", lack.reason),
            lack.remedy,
        ),
    };
    let sudo = if facts.users > 1 {
        "drydock's own, by the sandbox's /etc/sudoers; none needs to be installed"
    } else {
        "drydock's own; there is nobody but root to become"
    };
    let limits = facts.limiter.to_string();
    let limits = if facts.limiter == Limiter::Processes {
        Finding::poor("limits", limits, DELEGATE)
    } else {
        Finding::good("limits", limits)
    };
    let network = match facts.network {
        Ok(path) => {
            let by = format!("by {}, where an exercise asks for one", path.display());
            Finding::good("sandbox network", by)
        }
        Err(lack) => Finding::poor(
            "sandbox network",
            format!("none, so exercises that ask for one are not offered: {}", lack.reason),
            lack.remedy,
        ),
    };
    vec![namespaces, users, limits, network, Finding::good("sudo", sudo)]
}

/// That it could be used too, or why not, where another one is.
pub(super) async fn other(native: &Native) -> Finding {
    const NAME: &str = "native engine";
    match native.possible().await {
        Ok(()) => Finding::good(NAME, "works here too: drydock config set backend native"),
        Err(error) => Finding::good(NAME, format!("not used, and does not work here: {error}")),
    }
}

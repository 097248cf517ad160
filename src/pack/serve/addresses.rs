//! Under which addresses others in the room reach this machine.

use std::io;
use std::net::{IpAddr, SocketAddr};

/// How the networks that containers and virtual machines have within this machine are called.
const INNER: [&str; 8] = ["docker", "br-", "veth", "virbr", "cni", "podman", "lxc", "vmnet"];

/// What is typed to reach a server that listens at `listening`: each address of a network, best first; those
/// of networks within this machine only where there is no other, and the loopback only where there is nothing
/// else.
pub fn addresses(listening: SocketAddr) -> io::Result<Vec<String>> {
    if !listening.ip().is_unspecified() {
        return Ok(vec![address(listening.ip(), listening.port())]);
    }
    let all = if_addrs::get_if_addrs()?;
    let v6_too = listening.is_ipv6();
    let mut found: Vec<(Kind, IpAddr)> = all
        .iter()
        // One of IPv6 that is no link's own: those need the name of an interface, each machine's another.
        .filter(|one| one.ip().is_ipv4() || (v6_too && !one.is_link_local()))
        .map(|one| (kind(&one.name, one.is_loopback(), one.is_link_local()), one.ip()))
        .collect();
    found.sort_unstable();
    found.dedup();
    let best = found.first().map_or(Kind::Loopback, |(kind, _)| (*kind).max(Kind::Link));
    let shown = found.into_iter().filter(|(kind, _)| *kind <= best);
    Ok(shown.map(|(_, ip)| address(ip, listening.port())).collect())
}

/// The better, the smaller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Network,
    /// A network without anybody who gives addresses: two machines and a cable.
    Link,
    Inner,
    Loopback,
}

fn kind(name: &str, loopback: bool, link: bool) -> Kind {
    match () {
        () if loopback => Kind::Loopback,
        () if INNER.iter().any(|start| name.starts_with(start)) => Kind::Inner,
        () if link => Kind::Link,
        () => Kind::Network,
    }
}

fn address(ip: IpAddr, port: u16) -> String {
    format!("http://{}/", SocketAddr::new(ip, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_was_chosen_is_the_one() {
        let told = |text: &str| addresses(text.parse().unwrap()).unwrap();
        assert_eq!(told("127.0.0.1:7070"), ["http://127.0.0.1:7070/"]);
        assert_eq!(told("[::1]:80"), ["http://[::1]:80/"]);
    }

    #[test]
    fn of_all_the_best_are_told() {
        let told = addresses("0.0.0.0:7070".parse().unwrap()).unwrap();
        assert!(!told.is_empty());
        let outside = if_addrs::get_if_addrs().unwrap().iter().any(|one| {
            one.ip().is_ipv4() && kind(&one.name, one.is_loopback(), false) == Kind::Network
        });
        assert_eq!(told.iter().any(|it| it.contains("127.")), !outside, "{told:?}");
        assert!(kind("eth0", false, false) < kind("eth0", false, true));
        assert!(kind("eth0", false, true) < kind("docker0", false, false));
        assert!(kind("veth12", false, false) < kind("lo", true, false));
    }
}

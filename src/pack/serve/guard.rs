//! Who may have the file: who knows the code, and how often it may be guessed.
//!
//! Wrong codes are paid from two purses that fill again with time: the address's own, and one for the whole
//! room. Whose purse is empty waits, and what it sends meanwhile is not even compared. An address that gave
//! the right code once does not depend on the room's purse: who guesses from many addresses keeps newcomers
//! waiting, and nobody who was in already.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::code::Code;

/// Wrong codes of one address, and how long until it has one more.
const OF_ONE: Rate = Rate { burst: 8.0, each: 20.0 };

/// Wrong codes of all addresses: a class that mistypes, and 360 an hour; a code of six digits is found in an
/// afternoon of eight hours with a chance of one in 340.
const OF_ALL: Rate = Rate { burst: 60.0, each: 10.0 };

/// Addresses that are remembered to know the code; of more, the newest are treated as newcomers.
const MAX_KNOWN: usize = 4096;

/// What is said of a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is the one.
    Right,
    /// It is another.
    Wrong,
    /// It was not looked at: too many were wrong. It may be tried again after this time.
    Wait(Duration),
}

/// Compares codes.
#[derive(Debug)]
pub(super) struct Guard {
    code: Code,
    seen: Mutex<Seen>,
}

#[derive(Debug)]
struct Seen {
    known: HashSet<IpAddr>,
    /// Of addresses that gave wrong codes. The room's purse keeps it short.
    purses: HashMap<IpAddr, Purse>,
    room: Purse,
}

/// How many at once, and the seconds that one more takes.
#[derive(Debug, Clone, Copy)]
struct Rate {
    burst: f64,
    each: f64,
}

#[derive(Debug)]
struct Purse {
    rate: Rate,
    left: f64,
    at: Instant,
}

impl Guard {
    /// One that lets this code in.
    pub(super) fn new(code: Code) -> Self {
        let room = Purse::new(OF_ALL, Instant::now());
        let seen = Seen { known: HashSet::new(), purses: HashMap::new(), room };
        Self { code, seen: Mutex::new(seen) }
    }

    /// Looks at a code that came from an address.
    pub(super) fn ask(&self, from: IpAddr, given: &Code, now: Instant) -> Verdict {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let Seen { known, purses, room } = &mut *seen;
        purses.retain(|_, purse| !purse.is_full(now));
        let own = purses.get_mut(&from).map_or(Duration::ZERO, |purse| purse.wait(now));
        let shared = if known.contains(&from) { Duration::ZERO } else { room.wait(now) };
        let wait = own.max(shared);
        if !wait.is_zero() {
            return Verdict::Wait(wait);
        }
        if given.is(&self.code) {
            if known.len() < MAX_KNOWN {
                known.insert(from);
            }
            return Verdict::Right;
        }
        room.pay(now);
        purses.entry(from).or_insert_with(|| Purse::new(OF_ONE, now)).pay(now);
        Verdict::Wrong
    }

    /// How many addresses gave the right code.
    pub(super) fn known(&self) -> usize {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).known.len()
    }
}

impl Purse {
    fn new(rate: Rate, at: Instant) -> Self {
        Self { rate, left: rate.burst, at }
    }

    fn fill(&mut self, now: Instant) {
        let more = now.saturating_duration_since(self.at).as_secs_f64() / self.rate.each;
        self.left = (self.left + more).min(self.rate.burst);
        self.at = now;
    }

    /// How long until a code may be tried.
    fn wait(&mut self, now: Instant) -> Duration {
        self.fill(now);
        Duration::from_secs_f64((1.0 - self.left).max(0.0) * self.rate.each)
    }

    fn pay(&mut self, now: Instant) {
        self.fill(now);
        self.left = (self.left - 1.0).max(0.0);
    }

    fn is_full(&mut self, now: Instant) -> bool {
        self.fill(now);
        self.left >= self.rate.burst
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(number: u8) -> IpAddr {
        IpAddr::from([192, 168, 1, number])
    }

    fn guard() -> (Guard, Code, Code) {
        let right = Code::parse("482913").unwrap();
        (Guard::new(right.clone()), right, Code::parse("000000").unwrap())
    }

    #[test]
    fn who_guesses_waits_and_nobody_else_does() {
        let (guard, right, wrong) = guard();
        let now = Instant::now();
        for _ in 0..8 {
            assert_eq!(guard.ask(address(1), &wrong, now), Verdict::Wrong);
        }
        // Not even the right one is looked at, or guessing would go on.
        let Verdict::Wait(wait) = guard.ask(address(1), &right, now) else { panic!("no wait") };
        assert!(wait > Duration::from_secs(19) && wait <= Duration::from_secs(20), "{wait:?}");
        assert_eq!(guard.ask(address(2), &right, now), Verdict::Right);
        let later = now + wait;
        assert_eq!(guard.ask(address(1), &right, later), Verdict::Right);
        assert_eq!(guard.known(), 2);
    }

    #[test]
    fn guesses_from_many_addresses_are_limited_and_those_who_are_in_stay_in() {
        let (guard, right, wrong) = guard();
        let now = Instant::now();
        assert_eq!(guard.ask(address(250), &right, now), Verdict::Right);
        let tried = (0..200).filter(|i| guard.ask(address(*i), &wrong, now) == Verdict::Wrong);
        assert_eq!(tried.count(), 60);
        assert!(matches!(guard.ask(address(240), &right, now), Verdict::Wait(_)));
        assert_eq!(guard.ask(address(250), &right, now), Verdict::Right);
        assert_eq!(guard.ask(address(240), &right, now + Duration::from_secs(10)), Verdict::Right);
    }

    #[test]
    fn an_afternoon_of_guessing_tries_few_codes_and_fills_no_memory() {
        let (guard, _, wrong) = guard();
        let start = Instant::now();
        let mut tried = 0;
        for second in 0..8 * 3600 {
            let now = start + Duration::from_secs(second);
            let from = IpAddr::from((u128::from(second)).to_be_bytes());
            tried += u32::from(guard.ask(from, &wrong, now) == Verdict::Wrong);
        }
        assert!((2900..=2945).contains(&tried), "{tried}");
        assert!(guard.seen.lock().unwrap().purses.len() < 70);
    }
}

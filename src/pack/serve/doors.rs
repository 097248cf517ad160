//! How many connections there are, in all and from each address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// Counts who is in.
#[derive(Debug)]
pub(super) struct Doors {
    most: usize,
    most_of_one: usize,
    inside: Mutex<HashMap<IpAddr, usize>>,
}

/// A connection's place; given back when it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    doors: Arc<Doors>,
    from: IpAddr,
}

impl Doors {
    /// Nobody is in.
    pub(super) fn new(most: usize, most_of_one: usize) -> Self {
        Self { most, most_of_one, inside: Mutex::default() }
    }

    /// A place, if there is one.
    pub(super) fn enter(doors: &Arc<Self>, from: IpAddr) -> Option<Place> {
        let mut inside = doors.inside.lock().unwrap_or_else(PoisonError::into_inner);
        let from = from.to_canonical();
        let own = inside.get(&from).copied().unwrap_or(0);
        if own >= doors.most_of_one || inside.values().sum::<usize>() >= doors.most {
            return None;
        }
        inside.insert(from, own + 1);
        Some(Place { doors: doors.clone(), from })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut inside = self.doors.inside.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = inside.get_mut(&self.from) {
            *own -= 1;
            if *own == 0 {
                inside.remove(&self.from);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_cannot_take_all_places_and_all_are_given_back() {
        let doors = Arc::new(Doors::new(3, 2));
        let enter = |number: u8| Doors::enter(&doors, IpAddr::from([10, 0, 0, number]));
        let (first, second) = (enter(1), enter(1));
        assert!(first.is_some() && second.is_some() && enter(1).is_none());
        let third = enter(2);
        assert!(third.is_some() && enter(3).is_none());
        drop(first);
        assert!(enter(3).is_some());
        drop((second, third));
        assert!(doors.inside.lock().unwrap().is_empty());
    }
}

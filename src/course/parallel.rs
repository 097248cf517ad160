//! The same work for many files, on all cores.

use std::num::NonZero;
use std::panic::resume_unwind;
use std::thread;

/// So few are done sooner than a thread is started for them.
const FEW: usize = 64;

/// The results of `work` for each of `all`, in their order.
pub(super) fn map<T: Sync, R: Send>(all: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let share = all.len().div_ceil(cores).max(FEW);
    if all.len() <= share {
        return all.iter().map(work).collect();
    }
    let work = &work;
    thread::scope(|scope| {
        let threads: Vec<_> = all
            .chunks(share)
            .map(|share| scope.spawn(move || share.iter().map(work).collect::<Vec<_>>()))
            .collect();
        let done = threads.into_iter().map(|it| it.join().unwrap_or_else(|it| resume_unwind(it)));
        done.flatten().collect()
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn results_come_in_the_order_of_what_they_are_of() {
        for count in [0, 1, 63, 64, 65, 1000] {
            let all: Vec<usize> = (0..count).collect();
            let doubled: Vec<usize> = all.iter().map(|n| n * 2).collect();
            assert_eq!(super::map(&all, |n| n * 2), doubled);
        }
    }
}

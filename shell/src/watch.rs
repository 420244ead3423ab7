//! A value that tasks wait on until it is what they want.

use std::fmt;
use std::future::poll_fn;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// A value, and who waits for it to change.
pub(crate) struct Watch<T> {
    inner: Mutex<(T, Vec<Waker>)>,
}

impl<T> Watch<T> {
    pub(crate) fn new(value: T) -> Self {
        Self { inner: Mutex::new((value, Vec::new())) }
    }

    /// Changes the value and wakes everyone.
    pub(crate) fn change<U>(&self, change: impl FnOnce(&mut T) -> U) -> U {
        let mut inner = self.lock();
        let changed = change(&mut inner.0);
        let wakers = core::mem::take(&mut inner.1);
        drop(inner);
        wakers.into_iter().for_each(Waker::wake);
        changed
    }

    /// Looks at the value.
    pub(crate) fn look<U>(&self, look: impl FnOnce(&T) -> U) -> U {
        look(&self.lock().0)
    }

    /// Waits until `wanted` finds something.
    pub(crate) async fn until<U>(&self, mut wanted: impl FnMut(&T) -> Option<U>) -> U {
        self.until_mut(|value| wanted(value)).await
    }

    /// Waits until `wanted` finds something, and may change the value where it does.
    async fn until_mut<U>(&self, mut wanted: impl FnMut(&mut T) -> Option<U>) -> U {
        poll_fn(|cx| self.poll_mut(cx, &mut wanted)).await
    }

    /// Ready with what `wanted` finds; where it finds nothing, the task is woken at the next
    /// change.
    pub(crate) fn poll<U>(
        &self,
        cx: &Context<'_>,
        wanted: impl FnOnce(&T) -> Option<U>,
    ) -> Poll<U> {
        self.poll_mut(cx, |value| wanted(value))
    }

    fn poll_mut<U>(&self, cx: &Context<'_>, wanted: impl FnOnce(&mut T) -> Option<U>) -> Poll<U> {
        let mut inner = self.lock();
        if let Some(found) = wanted(&mut inner.0) {
            return Poll::Ready(found);
        }
        if !inner.1.iter().any(|waker| waker.will_wake(cx.waker())) {
            inner.1.push(cx.waker().clone());
        }
        Poll::Pending
    }

    fn lock(&self) -> MutexGuard<'_, (T, Vec<Waker>)> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Watch<Option<T>> {
    /// Waits until there is something, and takes it.
    pub(crate) async fn take(&self) -> T {
        self.until_mut(Option::take).await
    }
}

impl<T: fmt::Debug> fmt::Debug for Watch<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.look(|value| f.debug_tuple("Watch").field(value).finish())
    }
}

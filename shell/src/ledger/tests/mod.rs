//! What the ledger does, beside what [`Memory`](bowline_core::ask::Memory) says that it must.

mod acts;
mod crash;
mod keys;
mod migration;
mod model;
mod restored;
mod storage;

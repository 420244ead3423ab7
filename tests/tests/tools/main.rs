//! The small tools of the program, beside a hub that runs.

mod tls_info;
mod whoami;

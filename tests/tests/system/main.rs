//! The whole system on real sockets with real TLS and real processes: one hub, its peers and
//! operators, all of them by the public face that an application embeds.

mod admission;
mod blocking;
mod calling;
mod drain;
mod dropping;
mod ending;
mod failing;
mod fanout;
mod faults;
mod forget;
mod found;
mod joined;
mod joins;
mod links;
mod local;
mod middle;
mod output;
mod overtaken;
mod paths;
mod preauth;
mod programs;
mod reload;
mod restart;
mod rotate;
mod silence;
mod states;
mod streams;
mod waiting;

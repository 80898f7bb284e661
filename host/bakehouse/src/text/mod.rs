//! Text for people, escaped: the only thing that [`printer`](crate::printer),
//! reporters and the log write.
//!
//! Recipes, upstream, registries and build steps decide what much of it says.
//! Whatever they say is one line where one line was meant, has no control or
//! invisible characters, and is no command to the machine that runs the job. It
//! is decided where text is written, so that no message has to think of it.

mod amount;
mod escape;
mod event_line;
mod html;
mod lines;
mod page;
mod row;
pub mod shell;
mod table;
pub mod width;

pub use amount::{age, bytes, count, short_digest, some};
pub use escape::{json, json_line, line};
#[cfg(test)]
pub(crate) use event_line::Line as EventLine;
pub use event_line::event_line;
pub use html::Html;
pub use lines::Text;
pub use page::Page;
pub use row::{Row, Style};
pub use table::{Cell, Table};

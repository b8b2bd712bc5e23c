//! Changed signatures: what becomes of calls and other declarations.

mod python;
mod rust;
mod typescript;
mod various;

use super::check_finish;

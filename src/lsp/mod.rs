//! The rim: the language server on stdio. LSP types and client quirks stop here.
//!
//! What arrives is applied in order by the [`front`] before anything awaits; requests are answered from memory
//! ([`catalogue`], [`commands`]) and never do model work; turns run in their session's actor and reach the editor
//! through a [`host`], whose edits go out by [`apply`].

mod abilities;
mod aftermath;
mod answer;
mod apply;
mod catalogue;
mod client;
mod commands;
mod comments;
mod confirm;
mod consent;
mod desk;
mod editor;
mod from_proto;
mod front;
mod host;
mod links;
mod parent;
mod progress;
mod server;
mod shown;
mod status;
pub mod stdin;
mod stdout;
mod to_proto;
mod waiting;

pub use server::{Options, serve};
pub use stdout::Stdout;

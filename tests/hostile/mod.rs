//! Recipes, modules and Dockerfiles that try to get out, each with the refusal
//! that it must meet.
//!
//! All cases of a file are targets of one run, beside an app that means well:
//! none may hang, crash the host, show a secret, write outside of its tree, or
//! keep the good app from being published.

mod dockerfiles;
mod layers;
mod modules;
mod mounts;
mod recipes;
mod run;
mod upstream;

//! The built programs, driven from outside as a person would: in a terminal, in a browser, and killed half-way.
//!
//! Nothing of the product is linked in; what is tested is what ships.

pub mod browser;
pub mod cost;
pub mod pages;
pub mod programs;
pub mod screen;

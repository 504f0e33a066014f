//! The page's rules, without a page.

use screens::{samples, *};

use super::*;

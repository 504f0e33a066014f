//! What must hold after the weather cleared. Each is a function of its own, and each is shown to fail with a broken build.

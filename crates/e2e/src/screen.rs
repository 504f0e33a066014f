//! The full-screen program in a pseudo-terminal: keys go in, the picture is read as a terminal would show it.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::num::NonZero;
use std::path::Path;
use std::process::{Child, Command, ExitStatus};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::programs::program;

/// `valise` on a terminal of its own, killed with the value.
pub struct Screen {
    child: Child,
    terminal: File,
    picture: vt100::Parser,
    printed: Receiver<Vec<u8>>,
}

impl Screen {
    /// Starts it on a home, with a terminal of so many columns and rows.
    ///
    /// # Panics
    /// When there is no terminal, or the program does not start.
    #[must_use]
    pub fn start(home: &Path, columns: u16, rows: u16) -> Self {
        let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a pseudo-terminal");
        grantpt(&ours).and_then(|()| unlockpt(&ours)).expect("it may be used");
        let name = ptsname(&ours, Vec::new()).expect("it has a name");
        let name = name.to_str().expect("a path").to_owned();
        tcsetwinsize(&ours, size(columns, rows)).expect("it has a size");
        let theirs = || OpenOptions::new().read(true).write(true).open(&name).expect("its other end");
        // Only in a session of its own is the terminal the program's, and told when its size changes.
        let mut command = Command::new("setsid");
        command.arg("--ctty").arg(program("valise")).arg("--home").arg(home);
        command.env("TERM", "xterm-256color").env_remove("NO_COLOR").env_remove("VALISE_HOME");
        command.stdin(theirs()).stdout(theirs()).stderr(theirs());
        let child = command.spawn().expect("valise runs (setsid, of util-linux, starts it)");
        let terminal = File::from(ours);
        let mut reader = terminal.try_clone().expect("a second handle");
        let (prints, printed) = channel();
        std::thread::spawn(move || {
            let mut bytes = [0; 4_096];
            // It is an error to read what nobody has open any more: then it ended.
            while let Ok(read @ 1..) = reader.read(&mut bytes) {
                if prints.send(bytes[..read].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self { child, terminal, picture: vt100::Parser::new(cells(rows), cells(columns), 0), printed }
    }

    /// Types, byte for byte as a terminal sends it.
    ///
    /// # Panics
    /// When nobody reads it.
    pub fn types(&mut self, keys: &str) {
        self.terminal.write_all(keys.as_bytes()).expect("it is read");
    }

    /// Types a text and Enter, once the text stands on the screen.
    pub fn enters(&mut self, text: &str) {
        self.types(text);
        self.waits_for(text);
        self.types("\r");
    }

    /// Pastes, as a terminal says that something is pasted.
    pub fn pastes(&mut self, text: &str) {
        self.types(&format!("\x1b[200~{text}\x1b[201~"));
    }

    /// Waits until these words stand somewhere in one row.
    pub fn waits_for(&mut self, words: &str) {
        self.waits_until(words, |picture| picture.lines().any(|row| row.contains(words)));
    }

    /// Waits until the picture is as wanted.
    ///
    /// # Panics
    /// When it is not within half a minute, with the picture.
    pub fn waits_until(&mut self, what: &str, is: impl Fn(&str) -> bool) {
        let give_up = Instant::now() + PATIENCE;
        while !is(&self.picture()) {
            match self.printed.recv_timeout(give_up.saturating_duration_since(Instant::now())) {
                Ok(bytes) => self.picture.process(&bytes),
                Err(_) => panic!("{what} did not come; the screen shows:\n{}", self.picture()),
            }
        }
    }

    /// The rows of the screen.
    #[must_use]
    pub fn picture(&self) -> String {
        self.picture.screen().contents()
    }

    /// One cell, without what has no width.
    #[must_use]
    pub fn cell(&self, column: u16, row: u16) -> String {
        let cell = self.picture.screen().cell(row, column);
        cell.map_or_else(String::new, |cell| cell.contents().replace('\u{200e}', ""))
    }

    /// Makes the window another size.
    ///
    /// # Panics
    /// When it cannot be.
    pub fn resizes(&mut self, columns: u16, rows: u16) {
        tcsetwinsize(&self.terminal, size(columns, rows)).expect("it can have a size");
        self.picture.screen_mut().set_size(cells(rows), cells(columns));
    }

    /// Its process, for measuring.
    #[must_use]
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// Waits until it ends by itself.
    ///
    /// # Panics
    /// When it does not.
    pub fn ends(&mut self) -> ExitStatus {
        // Reading goes on until the other end is closed, which is when it ended.
        let give_up = Instant::now() + PATIENCE;
        while let Ok(bytes) = self.printed.recv_timeout(give_up.saturating_duration_since(Instant::now())) {
            self.picture.process(&bytes);
        }
        assert!(Instant::now() < give_up, "it does not end; the screen shows:\n{}", self.picture());
        self.child.wait().expect("it ended")
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // Ended already is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn cells(count: u16) -> NonZero<u16> {
    NonZero::new(count).unwrap_or(NonZero::<u16>::MIN)
}

fn size(columns: u16, rows: u16) -> Winsize {
    Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }
}

/// Memory that a process holds at this moment, in KiB; of this system's own figure.
///
/// # Panics
/// When there is no such process.
#[must_use]
pub fn resident_kib(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("the process runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory is known");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

/// What does not come by then does not come.
const PATIENCE: Duration = Duration::from_secs(30);

//! The built programs as processes: the server on a free port, and terminals with a home folder each.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use serde_json::Value;

/// Where the programs are: `VALISE_PROGRAMS`, or the folder two above a test's own program.
///
/// # Panics
/// When they are not built; the message says how.
#[must_use]
pub fn program(name: &str) -> PathBuf {
    let folder = std::env::var_os("VALISE_PROGRAMS").map(PathBuf::from).or_else(|| {
        let own = std::env::current_exe().ok()?;
        Some(own.parent()?.parent()?.to_owned())
    });
    let path = folder.map(|folder| folder.join(name)).unwrap_or_default();
    assert!(path.exists(), "{} is not built: run `cargo xtask build`", path.display());
    path
}

/// A server with its own data, gone with the value.
pub struct Server {
    folder: tempfile::TempDir,
    child: Option<Child>,
    /// Its port on loopback.
    pub port: u16,
    tls: bool,
}

impl Server {
    /// Starts one without TLS, as on loopback it may.
    #[must_use]
    pub fn start() -> Self {
        Self::start_in(tempfile::tempdir().expect("a temporary folder"), false)
    }

    /// Starts one with a certificate of its own; terminals are given it as their authority.
    #[must_use]
    pub fn start_with_tls() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
        std::fs::write(folder.path().join("cert.pem"), made.cert.pem()).expect("the certificate is written");
        std::fs::write(folder.path().join("tls-key.pem"), made.signing_key.serialize_pem())
            .expect("the key is written");
        Self::start_in(folder, true)
    }

    fn start_in(folder: tempfile::TempDir, tls: bool) -> Self {
        let mut server = Self { folder, child: None, port: free_port(), tls };
        server.run();
        server
    }

    /// Starts the program again, over the same data and port.
    ///
    /// # Panics
    /// When it does not open its port.
    pub fn run(&mut self) {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(self.log()).expect("a log");
        let mut command = Command::new(program("valise-server"));
        command.arg("--data").arg(self.data()).arg("--listen").arg(format!("127.0.0.1:{}", self.port));
        command.arg("--codes").arg(format!("file:{}", self.codes_file().display()));
        // Kept apart from the data, as an operator is told to.
        command.arg("--key-file").arg(self.folder.path().join("server.key"));
        if self.tls {
            command.arg("--tls-cert").arg(self.authority());
            command.arg("--tls-key").arg(self.folder.path().join("tls-key.pem"));
        }
        command.stdin(Stdio::null()).stdout(log.try_clone().expect("a log")).stderr(log);
        self.child = Some(command.spawn().expect("the server starts"));
        let give_up = Instant::now() + START_WAIT;
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            let ended = self.child.as_mut().and_then(|child| child.try_wait().ok().flatten());
            let said = || std::fs::read_to_string(self.folder.path().join("server.log")).unwrap_or_default();
            assert!(ended.is_none(), "the server ended: {}", said());
            assert!(Instant::now() < give_up, "the server does not open its port: {}", said());
            std::thread::yield_now();
        }
    }

    /// Kills it as a power cut would.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("the server can be killed");
            child.wait().expect("the server ends");
        }
    }

    /// Its process, for measuring.
    ///
    /// # Panics
    /// When it was killed.
    #[must_use]
    pub fn process(&self) -> u32 {
        self.child.as_ref().expect("it runs").id()
    }

    /// Its address as people give it.
    #[must_use]
    pub fn url(&self) -> String {
        if self.tls {
            format!("https://localhost:{}", self.port)
        } else {
            format!("http://127.0.0.1:{}", self.port)
        }
    }

    /// Where it listens, for a [`crate::browser::Line`] to lead there.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    /// The newest code that was sent to a handle.
    ///
    /// # Panics
    /// When none was.
    #[must_use]
    pub fn code_for(&self, handle: &str) -> String {
        let lines = std::fs::read_to_string(self.codes_file()).unwrap_or_default();
        let mut codes = lines.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let code = codes.rfind(|code| code["handle"] == handle);
        code.and_then(|code| code["code"].as_str().map(str::to_owned)).expect("a code was sent")
    }

    /// Its data folder.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// What it printed.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.folder.path().join("server.log")
    }

    /// Its certificate.
    #[must_use]
    pub fn authority(&self) -> PathBuf {
        self.folder.path().join("cert.pem")
    }

    /// The root of its key file.
    #[must_use]
    pub fn key_file(&self) -> PathBuf {
        self.folder.path().join("server.key")
    }

    fn codes_file(&self) -> PathBuf {
        self.folder.path().join("codes")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A terminal: a home folder and the server it uses.
pub struct Terminal {
    home: Home,
    url: String,
    authority: Option<PathBuf>,
    asks_this_machine: bool,
}

impl Terminal {
    /// A fresh one.
    ///
    /// # Panics
    /// When there is no room for a folder.
    #[must_use]
    pub fn new(server: &Server) -> Self {
        let authority = server.tls.then(|| server.authority());
        let home = Home::Own(tempfile::tempdir().expect("a temporary folder"));
        Self { home, url: server.url(), authority, asks_this_machine: false }
    }

    /// A fresh one that uses the server by another address, as behind a [`crate::browser::Line`].
    ///
    /// # Panics
    /// When there is no room for a folder.
    #[must_use]
    pub fn over(url: &str) -> Self {
        let home = Home::Own(tempfile::tempdir().expect("a temporary folder"));
        Self { home, url: url.to_owned(), authority: None, asks_this_machine: false }
    }

    /// A second one on a home that somebody else looks after.
    #[must_use]
    pub fn at(server: &Server, home: &Path) -> Self {
        let authority = server.tls.then(|| server.authority());
        Self { home: Home::Lent(home.to_owned()), url: server.url(), authority, asks_this_machine: false }
    }

    /// One that registered without a handle.
    #[must_use]
    pub fn registered(server: &Server, name: &str) -> Self {
        let terminal = Self::new(server);
        terminal.ok(["register", "none", "--server", &server.url(), "--name", name]);
        terminal
    }

    /// One that registered with a handle.
    ///
    /// # Panics
    /// When it is not asked for a code.
    #[must_use]
    pub fn registered_as(server: &Server, name: &str, handle: &str) -> Self {
        let terminal = Self::new(server);
        let asked = terminal.run(["register", handle, "--server", &server.url(), "--name", name]);
        assert_eq!(asked.status.code(), Some(3), "{}", words(&asked));
        let code = server.code_for(handle);
        terminal.ok(["register", handle, "--server", &server.url(), "--name", name, "--code", &code]);
        terminal
    }

    /// The same, whose previews may be of pages that this machine serves.
    #[must_use]
    pub fn asking_this_machine(mut self) -> Self {
        self.asks_this_machine = true;
        self
    }

    /// Its home folder.
    #[must_use]
    pub fn home(&self) -> &Path {
        match &self.home {
            Home::Own(folder) => folder.path(),
            Home::Lent(folder) => folder,
        }
    }

    fn command<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(&self, args: I) -> Command {
        let mut command = Command::new(program("valise"));
        command.arg("--home").arg(self.home()).arg("--json");
        if let Some(authority) = &self.authority {
            command.arg("--ca").arg(authority);
        }
        if self.asks_this_machine {
            command.env("VALISE_PREVIEWS_OF_THIS_MACHINE", "1");
        }
        command.args(args).stdin(Stdio::null());
        command
    }

    /// Runs a command to its end.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn run<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(&self, args: I) -> Output {
        self.command(args).output().expect("valise runs")
    }

    /// Runs a command that must succeed; the JSON lines it printed.
    ///
    /// # Panics
    /// When it fails, with what it said.
    pub fn ok<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(&self, args: I) -> Vec<Value> {
        let output = self.run(args);
        assert!(output.status.success(), "{}", words(&output));
        json_lines(&output.stdout)
    }

    /// Runs a command that must be refused; its exit code and what it said to the person.
    ///
    /// # Panics
    /// When it succeeds.
    pub fn refused<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(&self, args: I) -> (i32, String) {
        let output = self.run(args);
        assert!(!output.status.success(), "{}", words(&output));
        (output.status.code().unwrap_or(-1), words(&output))
    }

    /// Sends a text given on standard input, byte for byte.
    ///
    /// # Panics
    /// When it fails.
    pub fn send_bytes(&self, to: &str, text: &str) -> Vec<Value> {
        let mut command = self.command(["send", to, "-"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("valise runs");
        let mut input: ChildStdin = child.stdin.take().expect("an input");
        input.write_all(text.as_bytes()).expect("the text is taken");
        drop(input);
        let output = child.wait_with_output().expect("valise ends");
        assert!(output.status.success(), "{}", words(&output));
        json_lines(&output.stdout)
    }

    /// Everything that waits, as `receive` prints it.
    pub fn receive(&self) -> Vec<Value> {
        self.ok(["receive"])
    }

    /// Receives until stopped.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn follow(&self) -> Follower {
        self.start(["receive", "--follow"])
    }

    /// Starts a command that goes on while others run.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn start<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(&self, args: I) -> Follower {
        let mut command = self.command(args);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("valise runs");
        let output = child.stdout.take().expect("an output");
        let (lines, received) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                let Ok(value) = serde_json::from_str(&line) else { break };
                if lines.send(value).is_err() {
                    break;
                }
            }
        });
        Follower { child, received, seen: Vec::new() }
    }

    /// The invitation link it makes.
    ///
    /// # Panics
    /// When it prints none.
    #[must_use]
    pub fn invitation(&self) -> String {
        let lines = self.ok(["invite"]);
        lines[0]["link"].as_str().expect("a link").to_owned()
    }

    /// The server's address.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
}

/// A home folder, gone with the value unless it is somebody else's.
enum Home {
    Own(tempfile::TempDir),
    Lent(PathBuf),
}

/// `receive --follow`, killed with the value.
pub struct Follower {
    child: Child,
    received: Receiver<Value>,
    seen: Vec<Value>,
}

impl Follower {
    /// Waits for a line that fits.
    ///
    /// # Panics
    /// When none comes within half a minute, with what came instead.
    pub fn wait_for(&mut self, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let give_up = Instant::now() + PATIENCE;
        loop {
            match self.received.recv_timeout(give_up.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    self.seen.push(line.clone());
                    if fits(&line) {
                        return line;
                    }
                }
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    let _ = self.child.kill();
                    let mut said = String::new();
                    if let Some(errors) = self.child.stderr.as_mut() {
                        let _ = errors.read_to_string(&mut said);
                    }
                    panic!("{what} did not come; instead: {:?}; it said: {said}", self.seen);
                }
            }
        }
    }

    /// Whether such a line comes within a time; a program that ends without it is not waited for longer.
    pub fn hears(&mut self, within: Duration, fits: impl Fn(&Value) -> bool) -> bool {
        let give_up = Instant::now() + within;
        while let Ok(line) = self.received.recv_timeout(give_up.saturating_duration_since(Instant::now())) {
            self.seen.push(line.clone());
            if fits(&line) {
                return true;
            }
        }
        false
    }

    /// Waits for a message of that text.
    pub fn text(&mut self, text: &str) -> Value {
        self.wait_for(text, |line| line["event"] == "message" && line["text"] == text)
    }

    /// Waits until it has ended by itself.
    ///
    /// # Panics
    /// When it ends otherwise than well, with what it said.
    pub fn ends_well(mut self) {
        let status = self.child.wait().expect("it ends");
        let mut said = String::new();
        if let Some(errors) = self.child.stderr.as_mut() {
            let _ = errors.read_to_string(&mut said);
        }
        assert!(status.success(), "{status}: {said}");
    }

    /// Kills it as a power cut would; what it had printed by then.
    ///
    /// # Panics
    /// When it cannot be killed.
    pub fn kill(mut self) -> Vec<Value> {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it ends");
        while let Ok(line) = self.received.recv_timeout(PATIENCE) {
            self.seen.push(line);
        }
        std::mem::take(&mut self.seen)
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        // Ended already is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `valise daemon`, killed with the value.
pub struct Daemon {
    child: Child,
    address: Option<String>,
}

impl Daemon {
    /// Starts it and waits until it listens.
    ///
    /// # Panics
    /// When it does not, with what it said.
    #[must_use]
    pub fn start(terminal: &Terminal, args: &[&str]) -> Self {
        let mut command = terminal.command(["daemon"].iter().chain(args));
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("valise runs");
        let mut said = BufReader::new(child.stderr.take().expect("an output"));
        let mut line = String::new();
        said.read_line(&mut line).expect("it says something");
        assert!(line.starts_with("Listening on "), "{line}");
        let address =
            line.split_once("http://").and_then(|(_, rest)| rest.split(';').next()).map(str::to_owned);
        // It must always find somebody who reads.
        std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
        Self { child, address }
    }

    /// Where HTTP is served.
    ///
    /// # Panics
    /// When it is not.
    #[must_use]
    pub fn address(&self) -> &str {
        self.address.as_deref().expect("it serves HTTP")
    }

    /// Its process, for measuring.
    #[must_use]
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// Asks it to end, and waits until it has.
    ///
    /// # Panics
    /// When it cannot be asked.
    pub fn ends(mut self) -> std::process::ExitStatus {
        let asked = Command::new("kill").arg("-TERM").arg(self.child.id().to_string()).status();
        assert!(asked.expect("kill runs").success());
        self.child.wait().expect("it ends")
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // Ended already is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The JSON objects of an output, one a line.
///
/// # Panics
/// When a line is none.
#[must_use]
pub fn json_lines(bytes: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(bytes).expect("UTF-8");
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("not JSON: {line}")))
        .collect()
}

/// What a command said, for a failing test.
#[must_use]
pub fn words(output: &Output) -> String {
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    format!("exit {:?}\n{out}{err}", output.status.code())
}

/// The texts of the messages among some lines.
#[must_use]
pub fn texts(lines: &[Value]) -> Vec<String> {
    let messages = lines.iter().filter(|line| line["event"] == "message");
    messages.filter_map(|line| line["text"].as_str().map(str::to_owned)).collect()
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address").port()
}

/// A start over existing data takes less than this.
const START_WAIT: Duration = Duration::from_secs(30);
/// What does not come by then does not come.
const PATIENCE: Duration = Duration::from_secs(30);

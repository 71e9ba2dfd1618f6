//! `holdfast demo`: a cluster of child processes on loopback, to play with.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, anyhow, bail};

use crate::options::{DemoOptions, WrongOption};

/// Starts the nodes, says how to connect, waits for Ctrl-C or SIGTERM, stops them.
pub fn run(options: &DemoOptions) -> Result<()> {
    if options.nodes != 1 {
        let why = "this version runs clusters of one node: --nodes 1";
        return Err(WrongOption(why.to_owned()).into());
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(demo(options))
}

async fn demo(options: &DemoOptions) -> Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let temporary = match options.data_dir {
        Some(_) => None,
        None => Some(tempfile::Builder::new().prefix("holdfast-demo-").tempdir()?),
    };
    let dir = match (&options.data_dir, &temporary) {
        (Some(dir), _) => dir.as_path(),
        (None, Some(temporary)) => temporary.path(),
        (None, None) => bail!("no data directory"),
    };
    let mut node = Node::start(dir, 1, options.sql_port)?;
    println!();
    println!("Holdfast is running: {} node on this machine.", options.nodes);
    println!("  connect   psql postgres://root@{}/holdfast", node.sql_addr);
    println!("  metrics   http://{}/metrics", node.http_addr);
    println!("  stop      Ctrl-C");
    match &temporary {
        Some(_) => println!("The data are temporary; --data-dir DIR keeps them."),
        None => println!("The data are in {}.", dir.display()),
    }
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        status = wait(&node) => {
            bail!("node 1 has stopped: {status}");
        }
    }
    println!("\nstopping");
    node.stop()
}

/// A node in a child process.
struct Node {
    child: Child,
    sql_addr: String,
    http_addr: String,
}

impl Node {
    fn start(dir: &Path, number: u16, sql_port: u16) -> Result<Node> {
        let offset = number - 1;
        let port = |first: u16| first.checked_add(offset).context("--sql-port is too high");
        let addr = |port: u16| format!("127.0.0.1:{port}");
        // The other ports keep their distance, so that two demos with other SQL ports do not meet.
        let shift = |base: u16| {
            base.checked_add(sql_port).and_then(|p| p.checked_sub(5433)).filter(|_| sql_port != 0)
        };
        let binary = std::env::current_exe().context("cannot find the holdfast binary")?;
        let mut child = Command::new(binary)
            .arg("start")
            .arg("--data-dir")
            .arg(dir.join(format!("node{number}")))
            .args(["--sql-addr", &addr(port(sql_port)?)])
            .args(["--rpc-addr", &addr(shift(7433).unwrap_or(0))])
            .args(["--http-addr", &addr(shift(8433).unwrap_or(0))])
            .args(["--bootstrap-expect", "1", "--insecure"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start a node")?;
        let stdout = child.stdout.take().context("a node without standard output")?;
        let (mut sql_addr, mut http_addr) = (String::new(), String::new());
        for line in BufReader::new(stdout).lines() {
            match line?.split_once('=') {
                Some(("sql_addr", value)) => sql_addr = value.to_owned(),
                Some(("http_addr", value)) => http_addr = value.to_owned(),
                Some(_) => {}
                None => return Ok(Node { child, sql_addr, http_addr }),
            }
        }
        let status = child.wait()?;
        Err(anyhow!("node {number} did not start ({status}); its reason is above"))
    }

    /// SIGTERM, and wait.
    fn stop(&mut self) -> Result<()> {
        let pid = libc::pid_t::try_from(self.child.id()).context("a process id out of range")?;
        // SAFETY: plain system call; the child has not been waited for, so the pid is still its.
        let sent = unsafe { libc::kill(pid, libc::SIGTERM) };
        if sent != 0 {
            self.child.kill()?;
        }
        let status = self.child.wait()?;
        if !status.success() {
            bail!("a node ended with {status}");
        }
        Ok(())
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // Already waited for in the ordinary case; otherwise nothing may be left running.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Resolves when the node's process has ended.
async fn wait(node: &Node) -> String {
    let pid = node.child.id();
    let ended = tokio::task::spawn_blocking(move || {
        // SAFETY: waitid with WNOWAIT leaves the child to be reaped by its owner; `info` is plain memory.
        unsafe {
            let mut info: libc::siginfo_t = std::mem::zeroed();
            libc::waitid(libc::P_PID, pid, &mut info, libc::WEXITED | libc::WNOWAIT);
        }
    });
    let _ = ended.await;
    "its reason is above".to_owned()
}

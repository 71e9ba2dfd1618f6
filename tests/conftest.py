"""A real node for tests that drive the binary from outside.

HOLDFAST_BIN is the binary; `cargo xtask test` sets it. Every node has its own directory and free ports.
"""

import os
import pathlib
import signal
import subprocess
import tempfile

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent


class Node:
    """One `holdfast start`, which can be killed and started again on the same directory."""

    def __init__(self, directory, *options):
        self.directory = pathlib.Path(directory)
        self.options = options
        self.log = self.directory.with_suffix(".log")
        self.process = None
        self.start()

    def start(self, timeout=60):
        binary = os.environ.get("HOLDFAST_BIN")
        assert binary, "HOLDFAST_BIN names no binary: run `cargo xtask test`"
        command = [binary, "start", "--data-dir", str(self.directory), "--insecure", "--bootstrap-expect", "1",
                   "--sql-addr", "127.0.0.1:0", "--rpc-addr", "127.0.0.1:0", "--http-addr", "127.0.0.1:0", *self.options]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        said = {}
        for line in self.process.stdout:
            name, eq, value = line.strip().partition("=")
            if not eq:
                assert name == "ready", line
                break
            said[name] = value
        else:
            raise AssertionError(f"the node did not start: {self.log.read_text()[-2000:]}")
        self.sql_addr, self.http_addr = said["sql_addr"], said["http_addr"]
        self.host, _, port = self.sql_addr.rpartition(":")
        self.port = int(port)

    def url(self, database="holdfast", user="root"):
        return f"postgres://{user}@{self.sql_addr}/{database}"

    def kill(self):
        """kill -9"""
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def stop(self, timeout=60):
        """SIGTERM; the exit status."""
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(timeout)
        self.process.stdout.close()
        return status

    def panics(self):
        """Lines of the log that tell of a panic: no input may cause one."""
        return [line for line in self.log.read_text(errors="replace").splitlines() if "panicked at" in line]


@pytest.fixture(scope="session")
def node():
    """A node shared by the tests of one worker; tests make their own databases or tables in it."""
    with tempfile.TemporaryDirectory(prefix="holdfast-test-") as directory:
        node = Node(pathlib.Path(directory) / "node")
        yield node
        assert node.process.poll() is None, f"the node died: {node.log.read_text()[-2000:]}"
        assert node.stop() == 0
        assert node.panics() == []


@pytest.fixture
def fresh_node(tmp_path):
    """A node of the test's own, to be killed."""
    node = Node(tmp_path / "node")
    yield node
    if node.process.poll() is None:
        node.kill()
    assert node.panics() == []


@pytest.fixture
def database(node, request):
    """A new database of the shared node; its URL."""
    name = "t_" + "".join(c if c.isalnum() else "_" for c in request.node.name.lower())[:50]
    psql(node.url(), "-c", f'CREATE DATABASE "{name}"')
    yield node.url(name)
    psql(node.url(), "-c", f'DROP DATABASE "{name}"')


def psql(url, *arguments, check=True, stdin=None):
    """Runs psql; its standard output (and error, with check=False)."""
    command = ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", url, *arguments]
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=120)
    if check:
        assert done.returncode == 0, done.stderr
        return done.stdout
    return done.stdout + done.stderr


def shared(*parts):
    """A file of the data that lie beside the checkout; a skip with a message where they do not."""
    path = ROOT.parent.joinpath("shared", *parts)
    if not path.exists():
        pytest.skip(f"{path} is not there")
    return path

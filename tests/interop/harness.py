"""Our own programs as processes, each in a folder of its own, on ports that the system chooses."""

import base64
import json
import os
import queue
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Self

ROOT = Path(__file__).resolve().parents[2]
BOWLINE = ROOT / "target" / "debug" / "bowline"
PATIENCE = 20.0

Argument = str | Path


class Process:
    """A process whose standard output is read line by line; ended with its `with` block."""

    def __init__(self, command: Sequence[Argument], home: Path, user: str | None = None) -> None:
        self.child = subprocess.Popen(
            command,
            cwd=home,
            env=environment(home),
            user=user,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.out: list[str] = []
        self.err: list[str] = []
        self._lines: queue.Queue[str] = queue.Queue()
        assert self.child.stdout is not None
        assert self.child.stderr is not None
        _read_on(self.child.stdout, self._lines.put)
        _read_on(self.child.stderr, self.err.append)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.child.terminate()
        try:
            self.child.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()

    def line(self, wanted: Callable[[str], bool], what: str) -> str:
        """The next line of standard output that is wanted; those before it are dropped."""
        until = time.monotonic() + PATIENCE
        while (left := until - time.monotonic()) > 0:
            try:
                line = self._lines.get(timeout=left)
            except queue.Empty:
                break
            self.out.append(line)
            if wanted(line):
                return line
        raise AssertionError(f"{what} did not come:\n{''.join(self.out + self.err)}")

    def listens(self, port: int) -> bool:
        """Wait until it accepts connections at 127.0.0.1; false where it ended first."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and self.child.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return True
        return False

    def event(self, name: str, **fields: object) -> dict[str, Any]:
        """The next event of that name with these fields, of a program started with --json."""

        def wanted(line: str) -> bool:
            event = json.loads(line)
            return bool(event.get("event") == name and fields.items() <= event.items())

        found: dict[str, Any] = json.loads(self.line(wanted, f"the event {name} {fields}"))
        return found


def _read_on(stream: IO[str], take: Callable[[str], object]) -> None:
    """Hand each line on, from a thread of its own."""

    def read() -> None:
        for line in stream:
            take(line)

    threading.Thread(target=read, daemon=True).start()


def environment(home: Path) -> dict[str, str]:
    """This environment, without what our programs would look at."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BOWLINE_")}
    kept.pop("XDG_DATA_HOME", None)
    return kept | {"HOME": str(home), "NO_COLOR": "1"}


def bowline(
    home: Path, *arguments: Argument, stdin: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the program to its end."""
    return subprocess.run(
        [BOWLINE, *arguments],
        cwd=home,
        env=environment(home),
        input=stdin or "",
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


@dataclass(frozen=True)
class Hub:
    """A running hub, and what it said of itself."""

    process: Process
    home: Path
    url: str
    pin: str
    id: str

    @property
    def data(self) -> Path:
        """Its data directory."""
        return self.home / "hub"

    @property
    def port(self) -> int:
        """Where it listens on 127.0.0.1."""
        return int(self.url.rsplit(":", 1)[1].partition("/")[0])

    @property
    def local_socket(self) -> Path:
        """Where it listens for programs of this machine (`transport.md` §1.7)."""
        return Path((self.data / "endpoint").read_text().splitlines()[2])

    @property
    def secret_file(self) -> Path:
        """Where its shared secret is."""
        return self.data / "secret.key"

    @property
    def secret(self) -> bytes:
        """The shared secret."""
        return read_secret(self.secret_file.read_text())

    def run(self, *arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        """`bowline run` by the local operator."""
        return bowline(self.home, "run", "--data", self.data, *arguments, stdin=stdin)

    def peers(self) -> dict[str, dict[str, Any]]:
        """`bowline ls --json` by the local operator, by the peers' ids."""
        listed = bowline(self.home, "ls", "--json", "--data", self.data)
        assert listed.returncode == 0, listed.stderr
        rows = [json.loads(line) for line in listed.stdout.splitlines()]
        return {row["id"]: row for row in rows}


def read_secret(text: str) -> bytes:
    """The bytes of a secret as it stands in a file (`admission.md` §3)."""
    text = text.strip()
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@contextmanager
def start_hub(home: Path, *options: Argument) -> Iterator[Hub]:
    """A hub on loopback whose data directory is `home`/hub."""
    command = [BOWLINE, "hub", "--json", "--bind", "127.0.0.1:0", "--data", home / "hub", *options]
    with Process(command, home) as process:
        told = process.event("listening")
        yield Hub(process, home, told["url"], told["pin"] or "", told["hub"])


@contextmanager
def start_peer(home: Path, name: str, commands: str, *options: Argument) -> Iterator[Process]:
    """A peer that is admitted and serves `commands`, the text of its configuration."""
    config = home / f"{name}.toml"
    config.write_text(f'id = "{name}"\n{commands}')
    command = [BOWLINE, "peer", "--json", "--config", config, "--data", home / name, *options]
    with Process(command, home) as process:
        yield process

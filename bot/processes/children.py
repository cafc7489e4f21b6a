"""A child process: started, watched, restarted after a pause, and never left behind."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import randrange

from bot.settings import ROOT, VAR

LOGS = VAR / "log"
LOG_BYTES = 10_000_000

# At once after a first death, so that customers hardly notice; slower when it keeps dying, so
# that a broken program does not eat the machine.
FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 15.0
# Having run this long counts as healthy, and the next death starts again with the first pause.
STEADY_SECONDS = 30.0
# Rasa's old Sanic waits 15 s for idle connections; nobody at a keyboard wants to.
STOP_SECONDS = 5.0

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass(frozen=True)
class Program:
    """What a child runs. The name is also that of its log, ``var/log/<name>.log``.

    ``descriptors`` are open files of ours that the child gets under the same numbers.
    """

    name: str
    title: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    health_url: str
    folder: Path = ROOT
    descriptors: tuple[int, ...] = ()

    @property
    def log(self) -> Path:
        """Where everything it prints goes."""
        return LOGS / f"{self.name}.log"

    def log_tail(self, lines: int = 15) -> str:
        """The end of its log, for a person who has to find out why it died."""
        if not self.log.is_file():
            return ""
        return "\n".join(self.log.read_text("utf-8", errors="replace").splitlines()[-lines:])


class Child:
    """One program, kept running until it is told to stop."""

    def __init__(self, program: Program, clock: Callable[[], float] = time.monotonic) -> None:
        """Prepare, without starting; the clock is monotonic seconds."""
        self.program = program
        self.deaths = 0
        self._clock = clock
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._start_again_at: float | None = None
        self._pause = FIRST_PAUSE_SECONDS

    @property
    def pid(self) -> int | None:
        """The number of the running process."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def start(self) -> None:
        """Start the program in a process group of its own, so that Ctrl-C reaches only us."""
        self.program.log.parent.mkdir(parents=True, exist_ok=True)
        _rotate(self.program.log)
        with self.program.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.program.command,
                cwd=self.program.folder,
                env=dict(self.program.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                pass_fds=self.program.descriptors,
                preexec_fn=die_with_us(),
            )
        self._started_at = self._clock()
        self._start_again_at = None

    def tend(self) -> int | None:
        """Start the program again when it has died and its pause is over.

        Returns:
            The exit code, once for each death (negative: the signal); otherwise None.
        """
        now = self._clock()
        if self._start_again_at is not None:
            if now >= self._start_again_at:
                self.start()
            return None
        if self._process is None or self._process.poll() is None:
            return None
        # Workers of its own may have outlived it, and would keep its port from the next one.
        self._signal(signal.SIGKILL)
        if now - self._started_at >= STEADY_SECONDS:
            self._pause = FIRST_PAUSE_SECONDS
        self._start_again_at = now + self._pause
        self._pause = min(self._pause * 2, LONGEST_PAUSE_SECONDS)
        self.deaths += 1
        return self._process.returncode

    def ask_to_stop(self) -> None:
        """Send SIGTERM to the process group; nothing happens when it is gone."""
        self._start_again_at = None
        self._signal(signal.SIGTERM)

    def stop(self, seconds: float = STOP_SECONDS) -> None:
        """Stop the program: politely, and after some seconds by force."""
        self.ask_to_stop()
        if self._process is None:
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=seconds)
        # Also what the child may have started and left behind in its group.
        self._signal(signal.SIGKILL)
        self._process.wait()
        self._process = None

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, number)


def stop_all(children: Iterable[Child]) -> None:
    """Ask all of them to stop at once, then wait for each."""
    waiting = list(children)
    for child in waiting:
        child.ask_to_stop()
    for child in waiting:
        child.stop()


def inherited_environment(without: Iterable[str] = ()) -> dict[str, str]:
    """Our own environment for a child, less the names that are not its business."""
    hidden = set(without)
    return {name: value for name, value in os.environ.items() if name not in hidden}


def free_port() -> int:
    """A loopback port nobody listens on.

    It is taken below the range the kernel gives to outgoing connections, so that it is still
    free when a dead child is started again.
    """
    while True:
        port = randrange(20_000, 30_000)
        if can_listen("127.0.0.1", port):
            return port


def can_listen(host: str, port: int) -> bool:
    """Whether a server could take this address now."""
    try:
        bound(host, port).close()
    except OSError:
        return False
    return True


def bound(host: str, port: int) -> socket.socket:
    """A socket that has taken an address; it refuses connections until somebody listens on it.

    Several children can listen on one such socket. As long as we keep it open, connections that
    come while a dead child is being started again wait for it instead of being refused.

    Raises:
        OSError: The address is taken, or not ours.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    taken = socket.socket(family, socket.SOCK_STREAM)
    try:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind((host, port))
    except OSError:
        taken.close()
        raise
    return taken


def leave_with_parent(number: signal.Signals = signal.SIGTERM) -> None:
    """Have the kernel signal this process when the one that started it dies (Linux)."""
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, int(number))


def die_with_us() -> Callable[[], None]:
    """What a child calls before it becomes the program (``preexec_fn``): tie its life to ours.

    SIGKILL and not SIGTERM: when we are gone nobody is left to insist.
    """
    parent = os.getpid()

    def tie() -> None:
        leave_with_parent(signal.SIGKILL)
        if _libc is not None and os.getppid() != parent:
            os._exit(1)

    return tie


def _rotate(log: Path) -> None:
    if log.is_file() and log.stat().st_size > LOG_BYTES:
        log.replace(log.with_suffix(".log.1"))

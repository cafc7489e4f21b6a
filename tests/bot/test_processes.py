"""Children are started again when they die, stopped together, and never left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.demo import DemoAccount
from bot.errors import StartFailed
from bot.processes import children as children_module
from bot.processes import demo, terminal
from bot.processes.__main__ import main
from bot.processes.children import Child, Program, bound, can_listen, free_port, stop_all
from bot.processes.engine import Engine, child_environment, tracker_store_url, wait_until_ready
from bot.processes.run import run, web_programs
from bot.resources.tables import TableRefused
from bot.settings import ROOT, Settings

WAITS = "import time; time.sleep(60)"
IGNORES_TERM = "import signal, time; signal.signal(15, signal.SIG_IGN); print(1, flush=True); "
# Long enough for a busy machine; nothing waits this long when all is well.
PATIENCE_SECONDS = 20.0


class Time:
    """Monotonic seconds that move when told."""

    def __init__(self) -> None:
        """Start at zero."""
        self.seconds = 0.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.seconds


@pytest.fixture
def clock() -> Time:
    """The children's clock."""
    return Time()


@pytest.fixture
def make(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: Time
) -> Iterator[Callable[..., Child]]:
    """Makes children that run a line of Python; all are gone after the test."""
    monkeypatch.setattr(children_module, "LOGS", tmp_path)
    made: list[Child] = []

    def child(code: str, health_url: str = "http://127.0.0.1:9/") -> Child:
        command = (sys.executable, "-c", code)
        program = Program(f"child{len(made)}", "孩子", command, dict(os.environ), health_url)
        made.append(Child(program, clock))
        return made[-1]

    yield child
    stop_all(made)


def until(condition: Callable[[], object]) -> None:
    """Wait for something another process does."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


def is_running(pid: int) -> bool:
    """Whether a process exists and is not only waiting to be buried."""
    try:
        return ") Z" not in Path(f"/proc/{pid}/stat").read_text("utf-8")
    except OSError:
        return False


@pytest.mark.processes
class TestChild:
    def test_a_killed_child_is_started_again_after_a_pause(
        self, make: Callable[..., Child], clock: Time
    ) -> None:
        child = make(WAITS)
        child.start()
        first = child.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        until(lambda: child.pid is None)
        assert child.tend() == -signal.SIGKILL
        assert child.tend() is None
        assert child.pid is None
        clock.seconds += children_module.FIRST_PAUSE_SECONDS
        child.tend()
        assert child.pid not in {None, first}

    def test_the_pause_doubles_while_it_keeps_dying(
        self, make: Callable[..., Child], clock: Time
    ) -> None:
        child = make("raise SystemExit(3)")
        child.start()
        for death in range(1, 4):
            until(lambda: child.pid is None)
            assert child.tend() == 3
            clock.seconds += children_module.FIRST_PAUSE_SECONDS * 2 ** (death - 1) * 0.9
            child.tend()
            assert child.deaths == death
            assert child.tend() is None
            clock.seconds += children_module.FIRST_PAUSE_SECONDS * 2 ** (death - 1) * 0.2
            child.tend()

    def test_what_it_prints_is_in_its_log(self, make: Callable[..., Child]) -> None:
        child = make("print('你好')")
        child.start()
        until(lambda: child.pid is None)
        assert child.program.log_tail() == "你好"

    def test_a_child_that_ignores_being_asked_is_forced(self, make: Callable[..., Child]) -> None:
        child = make(IGNORES_TERM + WAITS)
        child.start()
        pid = child.pid
        assert pid is not None
        until(lambda: child.program.log_tail() == "1")
        child.stop(seconds=0.1)
        assert not is_running(pid)

    def test_what_a_child_started_goes_with_it(self, make: Callable[..., Child]) -> None:
        starts = f"import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', '{WAITS}'])"
        child = make(f"{starts}; print(p.pid, flush=True); p.wait()")
        child.start()
        until(lambda: child.program.log_tail().isdigit())
        grandchild = int(child.program.log_tail())
        child.stop()
        until(lambda: not is_running(grandchild))

    def test_what_a_killed_child_left_behind_is_gone_before_the_next(
        self, make: Callable[..., Child]
    ) -> None:
        starts = f"import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', '{WAITS}'])"
        child = make(f"{starts}; print(p.pid, flush=True); p.wait()")
        child.start()
        until(lambda: child.program.log_tail().isdigit())
        left, pid = int(child.program.log_tail()), child.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        until(lambda: child.tend() == -signal.SIGKILL)
        until(lambda: not is_running(left))

    def test_stopping_twice_does_no_harm(self, make: Callable[..., Child]) -> None:
        child = make(WAITS)
        child.start()
        child.stop()
        child.stop()
        assert child.pid is None
        assert child.tend() is None

    @pytest.mark.skipif(sys.platform != "linux", reason="the kernel's part is Linux's")
    def test_children_die_when_their_parent_is_killed(self, tmp_path: Path) -> None:
        parent = (
            "import sys, time\n"
            "from bot.processes.children import Child, Program\n"
            f"command = (sys.executable, '-c', {WAITS!r})\n"
            "child = Child(Program('orphan', 'x', command, {}, ''))\n"
            "child.start()\n"
            "print(child.pid, flush=True)\n"
            "time.sleep(60)\n"
        )
        process = subprocess.Popen(
            [sys.executable, "-c", parent], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        with process:
            assert process.stdout is not None
            child = int(process.stdout.readline())
            assert is_running(child)
            process.kill()
        until(lambda: not is_running(child))


@pytest.mark.processes
class TestWaiting:
    def test_a_child_that_keeps_dying_ends_the_wait_with_its_last_lines(
        self, make: Callable[..., Child], clock: Time
    ) -> None:
        child = make("raise SystemExit('没有这样的模块')")
        child.start()

        def hurry(seconds: float) -> None:
            clock.seconds += 60
            time.sleep(0.01)

        with pytest.raises(StartFailed, match="没有这样的模块"):
            wait_until_ready([child], pause=hurry)

    def test_a_child_that_never_answers_ends_the_wait(self, make: Callable[..., Child]) -> None:
        child = make(WAITS)
        child.start()
        with pytest.raises(StartFailed, match="孩子没有启动成功"):
            wait_until_ready([child], limit_seconds=-1)


def test_a_taken_port_is_one_clear_sentence(tmp_path: Path) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert not can_listen("127.0.0.1", port)
        with pytest.raises(StartFailed, match=f"端口 {port} 已被占用"):
            run(Settings(port=port))


def test_a_table_with_faults_is_named_and_nothing_is_started(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuses(_settings: Settings) -> None:
        raise TableRefused(["institutions.csv 第 3 行：有效期不是日期"])

    monkeypatch.setattr("bot.processes.__main__.run", refuses)
    monkeypatch.setattr("sys.argv", ["processes", "run"])
    assert main() == 1
    assert "institutions.csv 第 3 行：有效期不是日期" in capsys.readouterr().err


def test_web_processes_share_one_socket_and_have_logs_of_their_own() -> None:
    with bound("127.0.0.1", free_port()) as port:
        programs = web_programs(Settings(web_processes=3), port)
    assert [each.name for each in programs] == ["web", "web-2", "web-3"]
    assert len({each.command for each in programs}) == 1
    assert len({each.descriptors for each in programs}) == 1


@pytest.mark.processes
def test_a_connection_that_comes_while_nobody_serves_waits_for_the_next_process(
    make: Callable[..., Child], clock: Time
) -> None:
    import socket

    listens = "import socket, time; s = socket.socket(fileno={0}); s.listen(); "
    with bound("127.0.0.1", free_port()) as port:
        child = make((listens + "print(1, flush=True); time.sleep(60)").format(port.fileno()))
        answers = (listens + "s.accept()[0].sendall(b'ok'); time.sleep(60)").format(port.fileno())
        for each in (child, other := make(answers)):
            each.program = replace(each.program, descriptors=(port.fileno(),))
        child.start()
        until(lambda: child.program.log_tail() == "1")
        child.stop(seconds=0.1)
        with socket.create_connection(port.getsockname(), timeout=PATIENCE_SECONDS) as caller:
            other.start()
            assert caller.recv(2) == b"ok"


def test_a_free_port_lies_below_the_range_of_outgoing_connections() -> None:
    assert 20_000 <= free_port() < 30_000


def test_trackers_lie_beside_the_database() -> None:
    assert (
        tracker_store_url(Settings(database_url="sqlite:////x/a.db")) == "sqlite:////x/a-tracker.db"
    )
    postgres = Settings(database_url="postgresql+psycopg://me@host/db")
    assert tracker_store_url(postgres) == "postgresql://me@host/db"
    assert tracker_store_url(Settings(tracker_store_url="sqlite:////t.db")) == "sqlite:////t.db"


def test_children_read_the_settings_we_have() -> None:
    environment = child_environment(Settings(port=8123, platform_name="云州市平台"))
    assert environment["PORT"] == "8123"
    assert environment["PLATFORM_NAME"] == "云州市平台"


def test_rasa_is_not_given_secrets() -> None:
    engine = Engine(Settings(demo_password="pa55", port=8123))
    program = engine.programs()[0]
    assert program.name == "rasa"
    assert "pa55" not in program.environment.values()


def test_engine_fills_in_the_addresses_of_both() -> None:
    engine = Engine(Settings(database_url="sqlite:////x/a.db"))
    assert engine.settings.rasa_url.startswith("http://127.0.0.1:")
    assert engine.settings.actions_url.endswith("/webhook")
    assert engine.settings.tracker_store_url == "sqlite:////x/a-tracker.db"


def test_demo_reset_leaves_other_databases_alone() -> None:
    with pytest.raises(StartFailed, match="只重置内置的 SQLite 演示库"):
        demo.reset(Settings(database_url="postgresql+psycopg://me@host/db"))


class TestBanner:
    settings = Settings(port=8123)

    def test_shows_passwords_made_up_just_now(self) -> None:
        text = terminal.banner(self.settings, [DemoAccount("staff1", "geheim")], 3.0)
        assert "http://127.0.0.1:8123/desk" in text
        assert "geheim" in text

    def test_does_not_repeat_a_password_that_was_given(self) -> None:
        given = replace(self.settings, demo_password="geheim")
        text = terminal.account_list(given, [DemoAccount("staff1", "geheim")])
        assert "geheim" not in text
        assert "DEMO_PASSWORD" in text

    def test_says_how_to_get_new_passwords(self) -> None:
        text = terminal.account_list(self.settings, [DemoAccount("staff1", None)])
        assert "make demo-reset" in text

    def test_an_address_open_to_all_is_shown_as_one_a_browser_can_use(self) -> None:
        everywhere = replace(self.settings, host="0.0.0.0")
        assert terminal.address_of(everywhere) == "http://127.0.0.1:8123"

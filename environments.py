"""Builds the two Python environments, .venv and .venv-rasa, from requirements/.

Run it with any Python from 3.8 on; it needs nothing but the standard library:

    python3 environments.py          what the program runs on
    python3 environments.py --dev    and what its tests need on top

An environment carries a stamp of the requirements it was built from. While the
stamp is right nothing is done and no network is used. When the requirements have
changed they are installed over the old ones; an environment that is half built or
whose Python has gone away is built anew.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import glob
import hashlib
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Iterator, List, Optional, Tuple

ROOT = Path(__file__).resolve().parent
LOGS = ROOT / "var" / "log"
REFRESH_SECONDS = 0.5
# Without a terminal a line now and then shows that work goes on, and does not fill a log.
LINE_SECONDS = 15.0

# A Python only counts if it runs (pyenv's shims can exist and fail) and can build environments
# (Debian leaves venv and ensurepip out of the plain package).
PROBE = "import ensurepip, ssl, sqlite3, venv, sys; print('%d.%d' % sys.version_info[:2])"

MISSING = """\
没有找到可用的 Python {wanted}（{purpose}）。
请先安装再重试：pyenv install {example}，或 uv python install {example}{system}。
No usable Python {wanted} was found (needed for {folder}).
Get one first: "pyenv install {example}" or "uv python install {example}"{system_en}."""


class Trouble(Exception):
    """Something the person at the keyboard has to mend; the text says what."""


class Environment:
    """One environment: its folder, the Pythons it accepts and what goes into it."""

    def __init__(self, folder: str, versions: List[str], purpose: str, files: List[str]) -> None:
        self.folder = ROOT / folder
        self.versions = versions
        self.purpose = purpose
        self.files = [ROOT / "requirements" / name for name in files]
        self.log = LOGS / "environment{}.log".format(folder.replace(".venv", ""))
        self.stage = "等待"
        self.error: Optional[str] = None

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    def stamp(self, file: Path) -> Path:
        return self.folder / (file.stem + ".stamp")

    def is_whole(self) -> bool:
        """Whether it runs and its first list was once installed to the end, here."""
        stamp = self.stamp(self.files[0])
        if not stamp.is_file() or not runs(self.python):
            return False
        # Scripts in an environment name its folder: a checkout that was moved needs new ones.
        return stamp.read_text(encoding="utf-8").startswith(str(self.folder) + "\n")

    def missing_files(self) -> List[Path]:
        """The requirements that are not installed yet; all of them if the environment is broken."""
        if not self.is_whole():
            return self.files
        return [file for file in self.files if not self.has(file)]

    def has(self, file: Path) -> bool:
        stamp = self.stamp(file)
        return stamp.is_file() and stamp.read_text(encoding="utf-8") == self.seal(file)

    def seal(self, file: Path) -> str:
        """What the stamp of a list says once it is installed."""
        return "{}\n{}\n".format(self.folder, hashlib.sha256(file.read_bytes()).hexdigest())

    def build(self, missing: List[Path]) -> None:
        """Install what is missing; called on a thread, so that trouble is kept, not raised."""
        try:
            self.log.write_text("", encoding="utf-8")
            if not self.is_whole():
                self.stage = "创建"
                base = find_python(self)
                self.clear()
                self.run([base, "-m", "venv", str(self.folder)])
            for file in missing:
                self.stage = "安装"
                # Removed first: an interrupted installation must not keep an old stamp.
                if self.stamp(file).exists():
                    self.stamp(file).unlink()
                # The lists are complete, so nothing is to be resolved; hashes guard each file.
                arguments = ["install", "--no-deps", "--require-hashes", "--progress-bar", "off"]
                self.run([str(self.python), "-m", "pip", *arguments, "-r", str(file)])
                self.stamp(file).write_text(self.seal(file), encoding="utf-8")
            self.stage = "就绪"
        except Trouble as trouble:
            self.stage = "失败"
            self.error = str(trouble)

    def clear(self) -> None:
        """Take the old folder away; of a link only the link, never what it points to."""
        if self.folder.is_symlink():
            self.folder.unlink()
        elif self.folder.exists():
            shutil.rmtree(str(self.folder))

    def run(self, command: List[str]) -> None:
        """Run a command with its output in the log; raise Trouble with the end of it."""
        environment = dict(os.environ, PYTHONUNBUFFERED="1", PIP_DISABLE_PIP_VERSION_CHECK="1")
        with self.log.open("ab") as log:
            code = subprocess.call(command, cwd=str(ROOT), env=environment, stdout=log, stderr=log)
        if code:
            lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
            telling = [line for line in lines if " is ignored: " not in line][-25:]
            raise Trouble(
                "{} 没有装好，完整日志见 {}。最后几行：\n  {}".format(
                    self.folder.name, self.log.relative_to(ROOT), "\n  ".join(telling)
                )
            )

    def progress(self) -> str:
        """What is happening, with how many packages pip has gathered so far."""
        if self.stage != "安装":
            return "{} {}".format(self.folder.name, self.stage)
        text = self.log.read_text(encoding="utf-8", errors="replace")
        # Requirements for other systems are skipped and never collected, hence "about".
        total = sum(file.read_text(encoding="utf-8").count("==") for file in self.files)
        if "Installing collected packages" in text.rpartition("Collecting ")[2]:
            return "{} 正在安装 {} 个包".format(self.folder.name, text.count("Collecting "))
        return "{} 已下载 {}/约 {}".format(self.folder.name, text.count("Collecting "), total)


def runs(python: Path) -> bool:
    """Whether this interpreter starts; its base Python may have been removed since."""
    try:
        return subprocess.call([str(python), "-I", "-c", ""], stderr=subprocess.DEVNULL) == 0
    except OSError:
        return False


def version_of(command: str) -> Optional[str]:
    """The version of a Python that can build environments, or None."""
    try:
        answer = subprocess.run(
            [command, "-I", "-c", PROBE],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=20,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.decode().strip() if answer.returncode == 0 else None


def candidates(version: str) -> Iterator[str]:
    """Where a Python of this version may be: PATH, pyenv, uv."""
    for name in ("python" + version, "python3"):
        found = shutil.which(name)
        if found:
            yield found
    home = Path.home()
    pyenv = Path(os.environ.get("PYENV_ROOT") or home / ".pyenv")
    managed = Path(os.environ.get("UV_PYTHON_INSTALL_DIR") or home / ".local/share/uv/python")
    for pattern in (pyenv / "versions" / (version + "*"), managed / ("cpython-" + version + ".*")):
        # The newest patch release first: 3.10.13 before 3.10.9.
        for folder in sorted(glob.glob(str(pattern)), key=natural, reverse=True):
            yield os.path.join(folder, "bin", "python" + version)
    yield from glob.glob("/usr/local/bin/python" + version)
    yield from glob.glob("/usr/bin/python" + version)
    uv = shutil.which("uv")
    if uv:
        answer = subprocess.run(
            [uv, "python", "find", version], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        if answer.returncode == 0:
            yield answer.stdout.decode().strip()


def natural(text: str) -> List[Tuple[int, str]]:
    """A sorting key that puts 3.10.9 before 3.10.13."""
    return [(int(part) if part.isdigit() else -1, part) for part in re.split(r"(\d+)", text)]


def find_python(environment: Environment) -> str:
    """The first Python that fits; Trouble with the way to get one if there is none."""
    for version in environment.versions:
        for command in candidates(version):
            if version_of(command) == version:
                return command
    oldest = environment.versions[0]
    system = "python{0} python{0}-venv".format(oldest)
    raise Trouble(
        MISSING.format(
            wanted=oldest if len(environment.versions) == 1 else oldest + "+",
            purpose=environment.purpose,
            example=oldest,
            folder=environment.folder.name,
            system="，或系统包 " + system if len(environment.versions) > 1 else "",
            system_en=" or the system packages " + system if len(environment.versions) > 1 else "",
        )
    )


@contextlib.contextmanager
def only_one() -> Iterator[None]:
    """Keep a second run waiting, so that two of them never build into one folder."""
    with (LOGS.parent / "environments.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def show(environments: List[Environment], threads: List[threading.Thread]) -> None:
    """Say how far the builds are: one changing line on a terminal, else a line now and then."""
    started = time.monotonic()
    spoken, spoken_at = "", started
    while any(thread.is_alive() for thread in threads):
        text = " · ".join(environment.progress() for environment in environments)
        passed = int(time.monotonic() - started)
        if sys.stdout.isatty():
            print("\r\033[K  {}  {}:{:02d}".format(text, *divmod(passed, 60)), end="", flush=True)
        elif not spoken or (text != spoken and time.monotonic() - spoken_at >= LINE_SECONDS):
            print("  {}".format(text), flush=True)
            spoken, spoken_at = text, time.monotonic()
        for thread in threads:
            thread.join(REFRESH_SECONDS / len(threads))
    end = "\r\033[K" if sys.stdout.isatty() else ""
    stages = " · ".join("{} {}".format(e.folder.name, e.stage) for e in environments)
    print("{}  {}（用时 {:.0f} 秒）".format(end, stages, time.monotonic() - started), flush=True)


def prepare(environments: List[Environment]) -> None:
    """Build what is not up to date, all at the same time."""
    wanted = [(e, missing) for e in environments for missing in [e.missing_files()] if missing]
    if not wanted:
        return
    print("准备 Python 环境（首次需要联网，约几分钟；详细日志在 var/log）：", flush=True)
    for environment, _ in wanted:
        if not environment.is_whole():
            # Asked before anything is built: a missing Python should not cost a download first.
            find_python(environment)
    threads = [
        threading.Thread(target=environment.build, args=(missing,), daemon=True)
        for environment, missing in wanted
    ]
    for thread in threads:
        thread.start()
    show([environment for environment, _ in wanted], threads)
    errors = [environment.error for environment, _ in wanted if environment.error]
    if errors:
        raise Trouble("\n".join(errors))


def main() -> int:
    """Prepare both environments; the exit code is 1 with a sentence when that fails."""
    parser = argparse.ArgumentParser(description="Build .venv and .venv-rasa from requirements/.")
    parser.add_argument("--dev", action="store_true", help="also install what the tests need")
    wants_dev = parser.parse_args().dev
    app = Environment(
        ".venv",
        ["3.11", "3.12", "3.13"],
        "运行网站与动作服务",
        ["app.txt", *(["dev.txt"] if wants_dev else [])],
    )
    rasa = Environment(".venv-rasa", ["3.10"], "运行 Rasa 3.6", ["rasa.txt"])
    LOGS.mkdir(parents=True, exist_ok=True)
    try:
        with only_one():
            prepare([app, rasa])
    except Trouble as trouble:
        print(trouble, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\n已中断；再次运行会重新准备没有完成的环境。", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Reads the code and enforces what the README's import table and the house style promise."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
OUR_PACKAGES = ("knowledge", "bot", "actions", "connectors")
MOST_LINES = 400


@dataclass(frozen=True)
class Rule:
    """What the modules of a folder must not import."""

    folder: str
    never: tuple[str, ...]


# The most telling folder first: a module obeys the first rule whose folder it is in.
RULES = (
    Rule("bot/components", ("sanic", "actions", "connectors", "rasa_sdk")),
    Rule("knowledge", ("bot", "actions", "connectors", "rasa", "rasa_sdk", "sanic", "sqlalchemy")),
    Rule("bot", ("rasa", "rasa_sdk", "sanic", "actions", "connectors")),
    Rule("actions", ("rasa", "sanic", "connectors")),
    Rule("connectors", ("rasa", "rasa_sdk", "actions")),
)

# Rasa's input channels are Sanic blueprints: the one file that knows both.
MAY_ALL_THE_SAME = {"bot/components/input_channel.py": ("sanic",)}

# In Rasa's environment there is no SQLAlchemy 2, no structlog, no httpx of ours: what runs there
# may use only these of our modules.
KNOWN_IN_RASA = ("knowledge", "bot.components")

# Settings are read in one place. The others pass an environment on or speak to a library that
# has no other switch.
READS_ENVIRONMENT = {
    "bot/settings.py",
    "bot/processes/children.py",
    "bot/components/start_up.py",
    "bot/components/train.py",
    "knowledge/__init__.py",
    "knowledge/e5/engine.py",
    "environments.py",
}


def modules(folder: str) -> list[Path]:
    """Every Python file below a folder."""
    return sorted((ROOT / folder).rglob("*.py"))


def every_module() -> list[Path]:
    """Every Python file of the project, tests too."""
    folders = [*OUR_PACKAGES, "tests", "bench"]
    return [*ROOT.glob("*.py"), *(path for folder in folders for path in modules(folder))]


def name_of(path: Path) -> str:
    """The path below the project's folder."""
    return path.relative_to(ROOT).as_posix()


def tree_of(path: Path) -> ast.Module:
    """The syntax tree of a file."""
    return ast.parse(path.read_text("utf-8"), name_of(path))


def imports_of(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and full name of everything imported, at any depth of the file."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: imports are written in full here"
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def is_in(name: str, packages: tuple[str, ...]) -> bool:
    """Whether a dotted name is one of the packages or inside one."""
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def rule_for(path: Path) -> Rule | None:
    """The rule a file obeys."""
    name = name_of(path)
    return next((rule for rule in RULES if name.startswith(f"{rule.folder}/")), None)


def forbidden_imports(path: Path) -> list[str]:
    """What a file imports and must not."""
    rule = rule_for(path)
    if rule is None:
        return []
    allowed = MAY_ALL_THE_SAME.get(name_of(path), ())
    return [
        f"{name_of(path)}:{line} imports {name}"
        for line, name in imports_of(tree_of(path))
        if is_in(name, rule.never) and not is_in(name, allowed)
    ]


@pytest.mark.parametrize("package", OUR_PACKAGES)
def test_packages_import_only_what_they_may(package: str) -> None:
    assert [each for path in modules(package) for each in forbidden_imports(path)] == []


def test_components_use_only_what_rasas_environment_has() -> None:
    strangers = [
        f"{name_of(path)}:{line} imports {name}"
        for path in [*modules("bot/components"), *modules("knowledge")]
        for line, name in imports_of(tree_of(path))
        if is_in(name, OUR_PACKAGES) and not is_in(name, KNOWN_IN_RASA)
    ]
    assert strangers == []


def reads_of_the_environment(tree: ast.Module) -> Iterator[int]:
    """Lines that use os.environ or os.getenv, however imported."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in {"environ", "environb", "getenv"}:
            yield node.lineno
        elif isinstance(node, ast.ImportFrom) and node.module == "os":
            if {alias.name for alias in node.names} & {"environ", "environb", "getenv"}:
                yield node.lineno


def test_environment_is_read_in_one_place() -> None:
    readers = {
        name_of(path)
        for path in [*ROOT.glob("*.py"), *(each for name in OUR_PACKAGES for each in modules(name))]
        if list(reads_of_the_environment(tree_of(path)))
    }
    assert readers <= READS_ENVIRONMENT


def waits_inside_transactions(tree: ast.Module) -> Iterator[int]:
    """Lines that await, or hand control away, while a unit of work is open."""
    for node in ast.walk(tree):
        if isinstance(node, ast.With | ast.AsyncWith) and any(map(opens_unit_of_work, node.items)):
            for inner in node.body:
                yield from (
                    each.lineno
                    for each in ast.walk(inner)
                    if isinstance(each, ast.Await | ast.AsyncFor | ast.AsyncWith)
                )


def opens_unit_of_work(item: ast.withitem) -> bool:
    """Whether a with statement's item is `….writing()`, `….reading()` or a session's begin()."""
    call = item.context_expr
    return (
        isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr in {"writing", "reading", "begin", "connect"}
    )


def test_no_transaction_is_open_across_an_await() -> None:
    found = [
        f"{name_of(path)}:{line}"
        for package in OUR_PACKAGES
        for path in modules(package)
        for line in waits_inside_transactions(tree_of(path))
    ]
    assert found == []


def test_no_module_has_outgrown_its_noun() -> None:
    # A revision is written by Alembic and read once.
    written = [path for path in every_module() if path.parent.name != "versions"]
    long = {
        name_of(path): lines
        for path in written
        if (lines := len(path.read_text("utf-8").splitlines())) > MOST_LINES
    }
    assert long == {}


def test_every_module_says_what_it_is_about() -> None:
    # An empty __init__.py, as in the folders of tests, has no subject.
    modules = [path for path in every_module() if path.read_text("utf-8").strip()]
    assert [name_of(path) for path in modules if not ast.get_docstring(tree_of(path))] == []


def test_every_folder_of_tests_is_a_package() -> None:
    folders = {path.parent for path in modules("tests")}
    assert [name_of(each) for each in folders if not (each / "__init__.py").is_file()] == []


class TestTheReaders:
    """The readers above see what they are meant to see."""

    def test_an_import_inside_a_function_is_seen(self) -> None:
        tree = ast.parse("def late():\n    from rasa.core import run\n")
        assert list(imports_of(tree)) == [(2, "rasa.core.run")]

    def test_rasa_sdk_is_not_rasa(self) -> None:
        assert not is_in("rasa_sdk.executor", ("rasa",))

    def test_an_await_under_writing_is_seen(self) -> None:
        tree = ast.parse(
            "async def turn(database, brain):\n"
            "    with database.writing() as session:\n"
            "        if session:\n"
            "            await brain.reply(session)\n"
        )
        assert list(waits_inside_transactions(tree)) == [4]

    def test_an_await_after_writing_is_fine(self) -> None:
        tree = ast.parse(
            "async def turn(database, brain):\n"
            "    with database.writing() as session:\n"
            "        session.flush()\n"
            "    await brain.reply()\n"
        )
        assert list(waits_inside_transactions(tree)) == []

    def test_a_read_of_the_environment_is_seen(self) -> None:
        assert list(reads_of_the_environment(ast.parse("import os\nos.getenv('PORT')"))) == [2]
        assert list(reads_of_the_environment(ast.parse("from os import environ"))) == [1]

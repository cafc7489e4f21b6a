"""One running platform for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.running import Platform, Visitor, running_platform, visitor


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """The whole product over an empty database."""
    with running_platform(tmp_path_factory.mktemp("platform")) as running:
        yield running


@pytest.fixture
def customer(platform: Platform) -> Iterator[Visitor]:
    """A customer who has just opened the widget."""
    with visitor(platform) as opened:
        yield opened

"""What the tests share: a hub, a certificate, and the last line of a run."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from certificates import Certificate, made_certificate
from harness import BOWLINE, Hub, start_hub

COUNTS: list[str] = []


def pytest_sessionstart() -> None:
    """Say what is missing before any test trips over it."""
    if not BOWLINE.exists():
        pytest.exit(f"{BOWLINE} is missing: run cargo build --workspace --bins", returncode=2)


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A hub over TLS that admits by the shared secret; one for each file of tests."""
    home: Path = tmp_path_factory.mktemp("hub")
    with start_hub(home) as running:
        yield running


@pytest.fixture(scope="module")
def certificate() -> Iterator[Certificate]:
    """What a hub or proxy of a test serves; another for each file of tests."""
    with made_certificate() as made:
        yield made


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Count what passed and what did not; printed last, for those who read no more."""
    counted = {name: len(reports) for name, reports in terminalreporter.stats.items()}
    failed = counted.get("failed", 0) + counted.get("error", 0)
    COUNTS[:] = [f"{counted.get('passed', 0)} passed, {failed} failed"]


def pytest_unconfigure() -> None:
    """Print the counts alone on the last line."""
    print(*COUNTS, sep="\n")

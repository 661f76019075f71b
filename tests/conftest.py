"""What all tests share: no skipping where CI=true, and Hypothesis settings that fit a machine of any speed."""

import os
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# Reasons that stay allowed where CI=true. The embedded model is never downloaded by the tests.
ALLOWED_SKIPS = ("embedded model",)

# No deadline: a slow machine is no wrong answer. HYPOTHESIS_PROFILE names another profile: `quick` is what ./dev check
# runs (few examples, and the same ones every time), `thorough` is for long runs.
settings.register_profile("signoff", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("quick", settings.get_profile("signoff"), max_examples=20, derandomize=True, database=None)
settings.register_profile("thorough", settings.get_profile("signoff"), max_examples=2_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "signoff"))


class NoSkipping:
    """Fails the run when a test was skipped for a reason that is not in ALLOWED_SKIPS."""

    def __init__(self) -> None:
        self.skipped: list[str] = []

    def note(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        if report.outcome == "skipped" and not hasattr(report, "wasxfail"):
            reason = _reason(report)
            if not reason.startswith(ALLOWED_SKIPS):
                self.skipped.append(f"{report.nodeid}: {reason}")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.note(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self.note(report)

    # First in, last out: after pytest has set its own exit status, and before it prints its closing lines.
    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Iterator[None]:
        if self.skipped and session.exitstatus in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        yield

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self.skipped:
            terminalreporter.section("skipped, and CI=true forbids that", red=True)
            for line in self.skipped:
                terminalreporter.line(line)


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    """The words of a skip, without pytest's "Skipped: "."""
    words = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return words.removeprefix("Skipped: ").removeprefix("could not import ")


def pytest_configure(config: pytest.Config) -> None:
    # With pytest-xdist the controller sees every report, and only its exit status counts.
    if os.environ.get("CI") == "true" and not hasattr(config, "workerinput"):
        config.pluginmanager.register(NoSkipping(), "no-skipping")


# The tests of one VS Code: those of a file share its window.
_ONE_VSCODE = re.compile(r"tests/client/.*\[(newest|oldest)\b")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Any test to any process, but those of one VS Code to one. (xdist's own groups say so by a private member of
    pytest's items, which pytest 9.2 does not read.)"""
    from xdist.scheduler import LoadScopeScheduling

    class Scheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            found = _ONE_VSCODE.match(nodeid)
            return found[1] if found else nodeid

    return Scheduling(config, log)

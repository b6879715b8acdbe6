"""The tiers of the tests: what takes longer than `make test` may, chosen by ``--tier``.

A test belongs to a tier by the marker of that name. Without ``--tier`` (and ``-m``) all run that belong to none; with
it those of the tiers that it names. Tests marked ``model`` are in both: the tier ``soak`` draws more examples for them.

In CI (where the variable ``CI`` is set) a tier fails of which no test ran, or one was skipped: what is left out there
without a word, nobody would miss. A tier that needs what this machine has not is named with the reason instead.
"""

import os
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

#: What a tier needs of its surroundings: a variable of the environment, and what that names.
TIERS: Mapping[str, tuple[str, str] | None] = {
    "generators": None,
    "mistakes": None,
    "soak": None,
    "large": None,
    "cluster": ("TEST_CLUSTER_URL", "cluster of PostgreSQL with Citus"),
}
#: So many times as many examples are drawn in the tier ``soak``.
SOAK_FACTOR = 4
_MODEL = "model"
_SOAK = "soak"
_BASE = "base"


def examples(number: int) -> int:
    """How many examples a test draws that draws so many in the base run; for tests marked ``model``."""
    return number * SOAK_FACTOR if settings.get_current_profile_name() == _SOAK else number


def seeds(number: int, further: int) -> list[Any]:
    """Parameters of a test that follows random numbers: so many seeds in the base run, and others in the soak."""
    return [*range(number), *(pytest.param(seed, marks=pytest.mark.soak) for seed in range(number, number + further))]


def absence(tier: str, environment: Mapping[str, str] = os.environ) -> str | None:
    """Why a tier cannot be run here, if so."""
    need = TIERS[tier]
    if need is None or environment.get(need[0]):
        return None
    return f"{need[0]} names no {need[1]}"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--tier``, which may be given several times."""
    parser.addoption(
        "--tier", action="append", choices=list(TIERS), default=[], help="run the tests of this tier; repeatable"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Before the tests are read, since they say then how many examples they draw."""
    chosen = config.getoption("tier")
    # How long an example takes, and drawing it, is a matter of the machine and of what else it does.
    unhurried = settings(settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    for profile in (_BASE, _SOAK):
        settings.register_profile(profile, unhurried)
    settings.load_profile(_SOAK if _SOAK in chosen else _BASE)
    # With several processes, the one that hears from all of them judges.
    if chosen and not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Judge(chosen), "tiers")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave what the chosen tiers have, and note with each test which they are."""
    chosen = set(config.getoption("tier"))
    if not chosen and config.getoption("markexpr"):
        return
    selected, others = [], []
    for item in items:
        own = {tier for tier in TIERS if item.get_closest_marker(tier)}
        also = {_SOAK} if item.get_closest_marker(_MODEL) else set()
        taken = (own | also) & chosen
        (selected if taken or not (own or chosen) else others).append(item)
        item.user_properties += [("tier", tier) for tier in sorted(taken)]
    if others:
        config.hook.pytest_deselected(items=others)
        items[:] = selected


class _Judge:
    """What became of the chosen tiers."""

    def __init__(self, chosen: Iterable[str]) -> None:
        self._chosen = list(dict.fromkeys(chosen))
        self._ran: Counter[str] = Counter()
        self._skipped: Counter[str] = Counter()

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A module that is skipped as a whole says no more of whose tests it had: it counts for all."""
        if report.skipped:
            self._skipped.update(self._chosen)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count what ran and what did not."""
        counts = self._skipped if report.skipped else self._ran if report.when == "call" else Counter[str]()
        counts.update(str(value) for name, value in report.user_properties if name == "tier")

    def _verdicts(self) -> dict[str, tuple[str, bool]]:
        """What is to be said of each tier, and whether it is as it must be."""
        verdicts = {}
        for tier in self._chosen:
            ran, skipped, missing = self._ran[tier], self._skipped[tier], absence(tier)
            if missing is not None:
                verdicts[tier] = f"not here, because {missing}", True
            elif skipped:
                verdicts[tier] = f"{ran} ran, {skipped} skipped", False
            else:
                verdicts[tier] = f"{ran} ran" if ran else "no test ran", ran > 0
        return verdicts

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Fail in CI where a tier was left out; nothing else has to run where all that was chosen is not here."""
        verdicts = self._verdicts().values()
        if os.environ.get("CI") and not all(good for _, good in verdicts):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        elif session.exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED and all(map(absence, self._chosen)):
            session.exitstatus = pytest.ExitCode.OK

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Say how each tier fared."""
        terminalreporter.section("tiers")
        for tier, (said, good) in self._verdicts().items():
            terminalreporter.write_line(f"{tier}: {said}" + ("" if good else ", which fails in CI"))

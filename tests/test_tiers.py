"""The tiers of the tests: which run when, and that none is left out in CI without a word."""

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

_TESTS = """
import pytest

def test_base():
    pass

@pytest.mark.model
def test_of_both():
    pass

@pytest.mark.soak
def test_long():
    pass

@pytest.mark.large
@pytest.mark.parametrize("number", [1, 2])
def test_of_much(number):
    {much}

@pytest.mark.generators
def test_client():
    {client}
"""
_SETTINGS = f"""
[pytest]
addopts = --strict-markers -p no:cacheprovider
pythonpath = {Path(__file__).parents[1]}
markers =
    model
    soak
    large
    generators
    cluster
"""


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A project with tests of several tiers, in CI."""
    monkeypatch.setenv("CI", "true")
    monkeypatch.delenv("TEST_CLUSTER_URL", raising=False)
    # Starting takes long with all plugins that there are.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makeini(_SETTINGS)
    pytester.makeconftest('pytest_plugins = ["tests.tiers"]')
    pytester.makepyfile(_TESTS.format(much="pass", client="pass"))
    return pytester


def _outcome(project: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    if "--tier=soak" in arguments:
        # In a process of its own, since this one draws as many examples as it does.
        return project.runpytest_subprocess(*arguments)
    return project.runpytest_inprocess(*arguments)


@pytest.mark.parametrize(
    ("arguments", "ran"),
    [
        ([], {"test_base", "test_of_both"}),
        (["--tier=soak"], {"test_of_both", "test_long"}),
        (["--tier=large"], {"test_of_much[1]", "test_of_much[2]"}),
        (["--tier=generators", "--tier=soak"], {"test_client", "test_of_both", "test_long"}),
        (["-m", "soak or generators"], {"test_client", "test_long"}),
    ],
)
def test_a_tier_has_its_own_tests(project: pytest.Pytester, arguments: list[str], ran: set[str]) -> None:
    result = _outcome(project, "-v", *arguments)
    assert result.ret == 0
    assert {line.split("::")[1].split()[0] for line in result.outlines if " PASSED " in line} == ran


@pytest.mark.parametrize(
    ("much", "said", "processes"),
    [
        ("pass", "large: 2 ran", []),
        ("pass", "large: 2 ran", ["-pxdist", "-n2"]),
        ("pytest.skip('no room')", "large: 0 ran, 2 skipped, which fails in CI", []),
        ("number == 1 or pytest.skip('no room')", "large: 1 ran, 1 skipped, which fails in CI", []),
        ("number == 1 or pytest.skip('no room')", "large: 1 ran, 1 skipped, which fails in CI", ["-pxdist", "-n2"]),
    ],
)
def test_a_skipped_test_fails_its_tier(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, much: str, said: str, processes: list[str]
) -> None:
    project.makepyfile(_TESTS.format(much=much, client="pytest.skip('of another tier')"))
    result = _outcome(project, "--tier=large", *processes)
    assert said in result.outlines
    assert result.ret == ("fails" in said)
    monkeypatch.delenv("CI")
    assert _outcome(project, "--tier=large").ret == 0


def test_a_tier_without_tests_fails(project: pytest.Pytester) -> None:
    project.makepyfile("def test_base(): pass")
    result = _outcome(project, "--tier=large")
    assert result.ret == 1
    assert "large: no test ran, which fails in CI" in result.outlines
    assert _outcome(project).ret == 0


@pytest.mark.parametrize("processes", [[], ["-pxdist", "-n2"]])
def test_a_module_that_skips_itself_fails_the_tier(project: pytest.Pytester, processes: list[str]) -> None:
    project.makepyfile(test_other="import pytest\npytest.skip('nothing here', allow_module_level=True)")
    result = _outcome(project, "--tier=large", *processes)
    assert result.ret == 1
    assert "large: 2 ran, 1 skipped, which fails in CI" in result.outlines


def test_a_cluster_that_is_not_there_is_named(project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    reason = "TEST_CLUSTER_URL names no cluster of PostgreSQL with Citus"
    for arguments in (["--tier=cluster"], ["--tier=large", "--tier=cluster"]):
        result = _outcome(project, *arguments)
        assert result.ret == 0
        assert f"cluster: not here, because {reason}" in result.outlines
    monkeypatch.setenv("TEST_CLUSTER_URL", "postgresql:///there")
    result = _outcome(project, "--tier=large", "--tier=cluster")
    assert result.ret == 1
    assert "cluster: no test ran, which fails in CI" in result.outlines


def test_the_soak_draws_more_examples(project: pytest.Pytester) -> None:
    project.makepyfile("""
        import pytest
        from hypothesis import given, settings, strategies as st
        from tests.tiers import examples

        drawn = []

        @pytest.mark.model
        @settings(max_examples=examples(10), database=None)
        @given(st.integers(0, 10**9))
        def test_numbers(number):
            drawn.append(number)

        @pytest.mark.model
        def test_how_many():
            print("drawn", len(drawn))
    """)
    assert "drawn 10" in _outcome(project, "-s").stdout.str()
    assert "drawn 40" in _outcome(project, "-s", "--tier=soak").stdout.str()


def test_no_example_has_to_be_quick(project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hypothesis itself says so in CI, and nowhere else."""
    monkeypatch.delenv("CI")
    project.makepyfile("""
        from hypothesis import HealthCheck, settings

        def test_profile():
            assert settings().deadline is None
            assert HealthCheck.too_slow in settings().suppress_health_check
    """)
    assert project.runpytest_subprocess().ret == 0

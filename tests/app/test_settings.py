"""Sizes are parsed; for retention an option wins over the environment; errors name the source."""

import pytest

from app.settings import Retention, Settings, byte_count


@pytest.mark.parametrize(
    "text, count",
    [
        ("0", 0),
        ("1234", 1234),
        ("500MB", 500_000_000),
        ("1.5 gb", 1_500_000_000),
        ("2GiB", 2 << 30),
        (" 3 kib ", 3072),
        ("7b", 7),
    ],
)
def test_byte_count_parses_units(text, count):
    assert byte_count(text, "it") == count


@pytest.mark.parametrize("text", ["", "much", "-1", "1 zettabyte", "1e9", "1,000"])
def test_byte_count_refuses_what_is_not_a_size(text):
    with pytest.raises(ValueError, match="--it takes a size like 500MB"):
        byte_count(text, "--it")


def test_retention_options_win_over_the_environment(monkeypatch):
    assert Retention.given() == Retention(16_384, 1 << 30)
    monkeypatch.setenv("AMMON_KEEP_EVERY", "5000")
    monkeypatch.setenv("AMMON_CHECKPOINT_BUDGET", "2GB")
    assert Retention.given() == Retention(5000, 2 * 10**9)
    assert Retention.given("700", "1GB") == Retention(700, 10**9)


def test_a_bad_retention_names_its_variable_or_option(monkeypatch):
    monkeypatch.setenv("AMMON_KEEP_EVERY", "0")
    with pytest.raises(ValueError, match="AMMON_KEEP_EVERY takes a number of tokens"):
        Retention.given()
    with pytest.raises(ValueError, match="--keep-every"):
        monkeypatch.delenv("AMMON_KEEP_EVERY")
        Retention.given("often")


def test_notes_are_on_unless_the_environment_says_0(monkeypatch):
    monkeypatch.delenv("AMMON_NOTES", raising=False)
    assert Settings().notes
    monkeypatch.setenv("AMMON_NOTES", "0")
    assert not Settings().notes
    monkeypatch.setenv("AMMON_NOTES", "no")
    with pytest.raises(ValueError, match="AMMON_NOTES takes 1 or 0"):
        Settings()

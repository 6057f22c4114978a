"""The feed's own settings: what is wrong is said with file, key, rule and value; and what values they take."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from storekeeper.channels import (
    PROJECT,
    broken_feeds,
    feeds_dir,
    load_inventory_feed,
    load_inventory_feeds,
    report_broken_files,
)
from storekeeper.outcomes import SettingsError
from storekeeper.settings import LoadInventory


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STOREKEEPER_FEEDS_DIR", str(tmp_path))
    return tmp_path / "inventory.yaml"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("pathh: x", "pathh: is not a known setting (got 'x')"),
        ("path: 1", "path: Input should be a valid string (got 1)"),
        ("schedule: hourly", "schedule: must be a cron expression of five fields"),
        ("format: xlsx", "format: Input should be 'csv', 'parquet' or 'auto' (got 'xlsx')"),
        ("delimiter: ';;'", "delimiter: must be one character, such as ',' or ';', or the word tab (got ';;')"),
        ("delimiter: ''", "delimiter: must be one character"),
        ("delimiter: a", "delimiter: must be one character"),
        ("delimiter: '\"'", "delimiter: must be one character"),
        ("delimiter: 7", "delimiter: must be one character"),
        ("ignored_columns: colour", "ignored_columns: must be a list (got 'colour')"),
        ("ignored_columns: [1]", "ignored_columns.0: Input should be a valid string"),
        ("missing_rows: delete", "missing_rows: Input should be 'keep' or 'zero' (got 'delete')"),
        ("max_shrink_share: 1.5", "max_shrink_share: Input should be less than or equal to 1"),
        ("max_megabytes: 0", "max_megabytes: Input should be greater than or equal to 1"),
        ("problems_fail_run: 'no'", "problems_fail_run: Input should be a valid boolean"),
        ("path: a\npath: b", "the key 'path' stands there twice"),
        ("path: [", "is not valid YAML"),
        ("- a", "must hold settings as 'key: value' lines (got list)"),
    ],
)
def test_a_mistake_is_named_with_file_key_rule_and_value(file: Path, content: str, said: str) -> None:
    file.write_text(content)
    with pytest.raises(SettingsError) as caught:
        load_inventory_feed()
    assert said in str(caught.value)
    assert str(file) in str(caught.value)
    assert load_inventory_feeds() == []
    assert [str(error) for error in broken_feeds()] == [str(caught.value)]


def test_broken_channels_and_feeds_are_said_at_once(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    channels = tmp_path / "channels"
    channels.mkdir()
    monkeypatch.setenv("STOREKEEPER_CHANNELS_DIR", str(channels))
    report_broken_files()
    (channels / "bad.yaml").write_text("channel: other")
    file.write_text("pathh: x")
    with pytest.raises(SettingsError, match=r"(?s)bad\.yaml.*inventory\.yaml: pathh"):
        report_broken_files()


def test_a_missing_directory_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STOREKEEPER_FEEDS_DIR", "/nowhere/at/all")
    assert load_inventory_feeds() == []
    with pytest.raises(SettingsError, match="the feeds directory does not exist"):
        report_broken_files()


def test_without_a_file_each_setting_has_its_default(file: Path) -> None:
    feed = load_inventory_feed()
    assert feed.model_dump() == LoadInventory().model_dump()
    assert feed.file == str(file)


def test_a_link_that_leads_nowhere_is_no_missing_file(file: Path, tmp_path: Path) -> None:
    file.symlink_to(tmp_path / "nowhere")
    with pytest.raises(SettingsError, match="cannot be read"):
        load_inventory_feed()


def test_the_shipped_example_shows_every_setting_with_its_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STOREKEEPER_FEEDS_DIR", raising=False)
    shown = yaml.safe_load((feeds_dir() / "inventory.yaml").read_text())
    assert feeds_dir() == PROJECT / "include" / "feeds"
    assert LoadInventory.model_validate(shown) == LoadInventory()
    assert list(shown) == list(LoadInventory.model_fields)


@pytest.mark.parametrize(("given", "meant"), [("tab", "\t"), ("\\t", "\t"), ("\t", "\t"), (";", ";"), ("|", "|")])
def test_a_delimiter_is_one_character_and_a_tab_has_a_name(given: str, meant: str) -> None:
    assert LoadInventory.model_validate({"delimiter": given}).delimiter == meant


@pytest.mark.parametrize("given", ["\n", "\r", "\0", " tab", "ab", None])
def test_what_ends_or_quotes_values_separates_none(given: Any) -> None:
    with pytest.raises(ValidationError, match="must be one character"):
        LoadInventory.model_validate({"delimiter": given})


def test_a_run_overrides_what_makes_sense_for_one_run() -> None:
    feed = LoadInventory.model_validate({"path": "stock.csv", "schedule": "0 3 * * *", "ignored_columns": ["colour"]})
    run = feed.with_run_parameters(
        {"path": "other.csv", "ignored_columns": None, "dry_run": True, "confirm_large_change": True, "schedule": None}
    )
    assert (run.path, run.ignored_columns, run.schedule) == ("other.csv", (), "0 3 * * *")
    with pytest.raises(SettingsError, match=r"run parameter dry_rum: is not known \(known are .*dry_run"):
        feed.with_run_parameters({"dry_rum": True})

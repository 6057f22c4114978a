"""However a channel's file is broken, it stops its own channel only; and what values a setting takes."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from storekeeper.channels import PROJECT, broken_channels, channels_dir, load_channel, load_channels
from storekeeper.outcomes import SettingsError
from storekeeper.settings import Channel


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STOREKEEPER_CHANNELS_DIR", str(tmp_path))
    (tmp_path / "good.yaml").write_text("channel: good")
    return tmp_path


@pytest.mark.parametrize(
    "content",
    [
        "channel: {{ name }}",
        "channel: bad\nimport_listings: {schedule: 2026-02-30}",
        "channel: bad\nsync_listings: {safety_stock: !!int many}",
        "? [a, b]\n: c",
        pytest.param("[" * 5_000, id="brackets"),
        "channel: \x00",
        "a: &a [*a]",
        "channel: bad\n\tmode: x",
    ],
)
def test_however_a_file_is_broken_the_other_channels_can_be_loaded(directory: Path, content: str) -> None:
    (directory / "bad.yaml").write_text(content)
    assert [channel.channel for channel in load_channels()] == ["good"]
    (broken,) = broken_channels()
    assert str(directory / "bad.yaml") in str(broken)


@pytest.mark.parametrize("tag", ["!!python/object/apply:os.mkdir [{}]", "!!python/object/new:os.mkdir [{}]"])
def test_a_file_that_would_run_code_runs_none(directory: Path, tag: str) -> None:
    made = directory / "made"
    (directory / "bad.yaml").write_text(f"channel: {tag.format(made)}")
    assert [channel.channel for channel in load_channels()] == ["good"]
    (broken,) = broken_channels()
    assert "is not valid YAML" in str(broken)
    assert not made.exists()


def test_a_file_that_is_not_text_or_cannot_be_read_stops_its_own_channel_only(directory: Path) -> None:
    (directory / "binary.yaml").write_bytes(b"channel: \xff\xfe")
    (directory / "folder.yaml").mkdir()
    (directory / "dangling.yaml").symlink_to(directory / "nowhere")
    assert [channel.channel for channel in load_channels()] == ["good"]
    assert len(broken_channels()) == 3


def test_a_missing_file_is_said(directory: Path) -> None:
    with pytest.raises(SettingsError, match=r"acme\.yaml: cannot be read: No such file"):
        load_channel("acme")


@pytest.mark.parametrize("variable", [None, ""])
def test_without_the_variable_the_project_s_own_directory_is_read(
    monkeypatch: pytest.MonkeyPatch, variable: str | None
) -> None:
    monkeypatch.delenv("STOREKEEPER_CHANNELS_DIR", raising=False)
    if variable is not None:
        monkeypatch.setenv("STOREKEEPER_CHANNELS_DIR", variable)
    assert channels_dir() == PROJECT / "include" / "channels"


@pytest.mark.parametrize(
    "schedule", ["", "often", "0 3 * *", "61 * * * *", "* 24 * * *", "0 0 2 * * *", "0 0 2 * * * 2030", "0 3 * * 9"]
)
def test_a_schedule_has_five_fields_within_their_bounds(schedule: str) -> None:
    with pytest.raises(ValidationError, match="cron expression of five fields"):
        Channel.model_validate({"channel": "c", "import_listings": {"schedule": schedule}})


@pytest.mark.parametrize("schedule", ["0 0 31 2 *", "0 0 30 2 *", "R R * * *"])
def test_a_schedule_that_never_comes_or_differs_at_each_reading_is_refused(schedule: str) -> None:
    with pytest.raises(ValidationError, match="cron expression"):
        Channel.model_validate({"channel": "c", "import_listings": {"schedule": schedule}})


@pytest.mark.parametrize("schedule", [None, "0 3 * * *", "*/15 * * * *", "0 6-18 * * 1-5"])
def test_a_schedule_is_cron_or_none(schedule: str | None) -> None:
    channel = Channel.model_validate({"channel": "c", "import_listings": {"schedule": schedule}})
    assert channel.import_listings.schedule == schedule


@pytest.mark.parametrize("share", [-0.01, 1.01, float("nan"), float("inf"), "0.2", True])
def test_a_share_is_a_number_from_0_to_1(share: Any) -> None:
    with pytest.raises(ValidationError, match="max_gone_share"):
        Channel.model_validate({"channel": "c", "import_listings": {"max_gone_share": share}})


@pytest.mark.parametrize(("written", "meant"), [("1.1", "1.1"), ("'0.30'", "0.30"), ("2", "2")])
def test_a_price_multiplier_is_the_decimal_that_was_written(directory: Path, written: str, meant: str) -> None:
    (directory / "acme.yaml").write_text(f"channel: acme\nsync_listings: {{price_multiplier: {written}}}")
    assert load_channel("acme").sync_listings.price_multiplier == Decimal(meant)


@pytest.mark.parametrize("multiplier", [".nan", ".inf", "-1", "true", "'x'", "null"])
def test_a_price_multiplier_that_is_no_positive_number_is_refused(directory: Path, multiplier: str) -> None:
    (directory / "acme.yaml").write_text(f"channel: acme\nsync_listings: {{price_multiplier: {multiplier}}}")
    with pytest.raises(SettingsError, match=r"acme\.yaml: sync_listings\.price_multiplier: .*\(got "):
        load_channel("acme")


def test_a_channel_of_one_line_has_the_documented_defaults(directory: Path) -> None:
    channel = load_channel("good")
    listings, rules = channel.import_listings, channel.sync_listings
    assert (channel.store_channel_id, channel.location_id) == (None, None)
    assert (listings.master_sku, listings.mode, listings.new_listings_paused) == ("sku", "create_only", True)
    assert (listings.max_renamed_share, listings.problems_fail_run) == (0.05, False)
    assert set(listings.overwrite.model_dump().values()) == {"update"}
    assert (rules.price_multiplier, rules.safety_stock, rules.max_quantity) == (Decimal(1), 0, None)


@pytest.mark.parametrize("name", ["", "A", "1a", "a-b", "a b", "a/b", "..", "a\n", "é", "a" * 42])
def test_a_channel_s_name_is_lower_case_letters_digits_and_underscores(name: str) -> None:
    with pytest.raises(ValidationError, match="channel"):
        Channel.model_validate({"channel": name})


def test_settings_given_back_as_a_run_s_parameters_are_the_same_settings() -> None:
    given = {"mode": "create_and_overwrite", "max_gone_share": 1, "overwrite": {"price": "skip"}, "readers": 16}
    settings = Channel.model_validate({"channel": "c", "import_listings": given}).import_listings
    assert settings.with_run_parameters(json.loads(settings.model_dump_json())) == settings


@pytest.mark.parametrize(
    "given",
    [
        {"overwrite": None},
        {"overwrite": "skip"},
        {"overwrite": {"price": "never"}},
        {"master_sku": "SKU"},
        {"max_gone_share": 1.5},
        {"max_renamed_share": "0.1"},
        {"new_listings_paused": "false"},
        {"new_listings_paused": 1},
        {"readers": 17},
        {"readers": 4.5},
    ],
)
def test_a_run_parameter_that_is_no_such_setting_is_named_with_its_value(given: dict[str, Any]) -> None:
    settings = Channel.model_validate({"channel": "c"}).import_listings
    ((name, value),) = given.items()
    with pytest.raises(SettingsError, match=rf"^run parameter {name}[.:]") as caught:
        settings.with_run_parameters(given)
    wrong = value["price"] if isinstance(value, dict) else value
    assert str(caught.value).endswith(f"(got {wrong!r})")

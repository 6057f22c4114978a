"""Channel files: what is wrong is said with file, key, rule and value, and stops its own channel only."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from storekeeper.channels import (
    PROJECT,
    broken_channels,
    channels_dir,
    load_channel,
    load_channels,
    report_broken_channels,
)
from storekeeper.outcomes import SettingsError
from storekeeper.settings import Channel, Settings


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STOREKEEPER_CHANNELS_DIR", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            "channel: acme\nimport_listings: {mastersku: upc}",
            "import_listings.mastersku: is not a known setting (got 'upc')",
        ),
        ("channel: acme\nimport_listing: {}", "import_listing: is not a known setting (got {})"),
        (
            "channel: acme\nimport_listings: {readers: 99}",
            "import_listings.readers: Input should be less than or equal",
        ),
        ("channel: acme\nimport_listings: {readers: four}", "(got 'four')"),
        ("channel: acme\nimport_listings: {readers: true}", "import_listings.readers: Input should be a valid integer"),
        (
            "channel: acme\nimport_listings: {new_listings_paused: 'no'}",
            "import_listings.new_listings_paused: Input should be",
        ),
        ("channel: acme\nimport_listings: {schedule: often}", "import_listings.schedule: must be a cron expression"),
        (
            "channel: acme\nimport_listings: {mode: overwrite}",
            "'create_only' or 'create_and_overwrite' (got 'overwrite')",
        ),
        ("channel: acme\nimport_listings: {overwrite: {price: yes}}", "import_listings.overwrite.price:"),
        (
            "channel: acme\nsync_listings: {price_multiplier: 0}",
            "sync_listings.price_multiplier: Input should be greater than 0",
        ),
        ("channel: acme\nsync_listings: {safety_stock: -3}", "sync_listings.safety_stock:"),
        ("connection_id: x", "channel: is required"),
        ("channel: Acme", "channel: String should match pattern"),
        ("channel: other", "channel: must equal the file's name (got 'other', expected 'acme')"),
        ("channel: acme\nchannel: acme", "the key 'channel' stands there twice"),
        ("channel: [unclosed", "is not valid YAML"),
        ("- a\n- b", "must hold settings as 'key: value' lines (got list)"),
        ("", "must hold settings as 'key: value' lines (got NoneType)"),
        ("channel: !!python/object/apply:os.system ['true']", "is not valid YAML"),
    ],
)
def test_a_mistake_is_named_with_file_key_rule_and_value(directory: Path, content: str, said: str) -> None:
    (directory / "acme.yaml").write_text(content)
    with pytest.raises(SettingsError) as caught:
        load_channel("acme")
    assert said in str(caught.value)
    assert str(directory / "acme.yaml") in str(caught.value)


def test_several_mistakes_are_said_at_once(directory: Path) -> None:
    (directory / "acme.yaml").write_text("channel: acme\nimport_listings: {a: 1, b: 2, readers: 0}")
    with pytest.raises(SettingsError) as caught:
        load_channel("acme")
    assert len(str(caught.value).splitlines()) == 3


def test_a_broken_file_stops_its_own_channel_only(directory: Path) -> None:
    (directory / "good.yaml").write_text("channel: good")
    (directory / "bad.yaml").write_text("channel: bad\nnonsense: 1")
    (directory / "worse.yml").write_text("channel: worse")
    assert [channel.channel for channel in load_channels()] == ["good"]
    assert len(broken_channels()) == 2
    with pytest.raises(SettingsError, match=r"(?s)bad\.yaml.*worse\.yml.*ends in \.yaml"):
        report_broken_channels()


def test_a_missing_directory_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STOREKEEPER_CHANNELS_DIR", "/nowhere/at/all")
    assert load_channels() == []
    with pytest.raises(SettingsError, match="does not exist"):
        report_broken_channels()


def test_a_channel_s_connection_has_a_conventional_name(directory: Path) -> None:
    (directory / "acme.yaml").write_text("channel: acme")
    assert load_channel("acme").connection_id == "bigcommerce_acme"


def test_the_shipped_example_shows_every_setting_with_its_default() -> None:
    file = PROJECT / "include" / "channels" / "demo.yaml"
    shown = yaml.safe_load(file.read_text())
    assert Channel.model_validate(shown) == Channel.model_validate({"channel": "demo"})

    def missing(model: type[Settings], given: dict[str, Any], path: str = "") -> list[str]:
        gone = [f"{path}{name}" for name in model.model_fields if name not in given]
        for name, field in model.model_fields.items():
            if isinstance(field.annotation, type) and issubclass(field.annotation, Settings) and name in given:
                gone += missing(field.annotation, given[name], f"{path}{name}.")
        return gone

    assert missing(Channel, shown) == []


class TestRunParameters:
    settings = Channel.model_validate(
        {"channel": "c", "import_listings": {"overwrite": {"title": "skip"}}}
    ).import_listings

    def test_a_group_may_be_given_in_part(self) -> None:
        run = self.settings.with_run_parameters({"overwrite": {"price": "skip"}, "dry_run": True, "skus": []})
        assert (run.overwrite.price.value, run.overwrite.title.value, run.overwrite.brand.value) == (
            "skip",
            "skip",
            "update",
        )

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ({"mode": "nonsense"}, "run parameter mode: .*got 'nonsense'"),
            ({"readers": 0}, "run parameter readers"),
            ({"overwrite": {"colour": "skip"}}, "run parameter overwrite.colour: is not a known setting"),
        ],
    )
    def test_a_wrong_one_is_named(self, given: dict[str, Any], said: str) -> None:
        with pytest.raises(SettingsError, match=said):
            self.settings.with_run_parameters(given)

    def test_what_is_not_for_a_run_stays_the_channel_s(self) -> None:
        assert self.settings.with_run_parameters({"schedule": "* * * * *"}).schedule == self.settings.schedule


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
        "!!python/object/apply:os.system ['true']",
    ],
)
def test_however_a_file_is_broken_the_other_channels_can_be_loaded(directory: Path, content: str) -> None:
    (directory / "good.yaml").write_text("channel: good")
    (directory / "bad.yaml").write_text(content)
    assert [channel.channel for channel in load_channels()] == ["good"]
    (broken,) = broken_channels()
    assert str(directory / "bad.yaml") in str(broken)


def test_a_file_that_is_not_text_or_cannot_be_read_stops_its_own_channel_only(directory: Path) -> None:
    (directory / "good.yaml").write_text("channel: good")
    (directory / "binary.yaml").write_bytes(b"channel: \xff\xfe")
    (directory / "folder.yaml").mkdir()
    (directory / "dangling.yaml").symlink_to(directory / "nowhere")
    assert [channel.channel for channel in load_channels()] == ["good"]
    assert len(broken_channels()) == 3


def test_a_missing_file_is_said(directory: Path) -> None:
    with pytest.raises(SettingsError, match=r"acme\.yaml: cannot be read: No such file"):
        load_channel("acme")


def test_without_the_variable_the_project_s_own_directory_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    for unset in (None, ""):
        monkeypatch.delenv("STOREKEEPER_CHANNELS_DIR", raising=False)
        if unset is not None:
            monkeypatch.setenv("STOREKEEPER_CHANNELS_DIR", unset)
        assert channels_dir() == PROJECT / "include" / "channels"


@pytest.mark.parametrize(
    "schedule", ["", "often", "0 3 * *", "61 * * * *", "* 24 * * *", "0 0 2 * * *", "0 0 2 * * * 2030", "0 3 * * 9"]
)
def test_a_schedule_has_five_fields_within_their_bounds(schedule: str) -> None:
    with pytest.raises(ValidationError, match="cron expression of five fields"):
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
    (directory / "acme.yaml").write_text("channel: acme")
    channel = load_channel("acme")
    listings, rules = channel.import_listings, channel.sync_listings
    assert (channel.store_channel_id, channel.location_id) == (None, None)
    assert (listings.master_sku, listings.mode, listings.new_listings_paused) == ("sku", "create_only", True)
    assert (listings.max_renamed_share, listings.problems_fail_run) == (0.05, False)
    assert set(listings.overwrite.model_dump().values()) == {"update"}
    assert (rules.price_multiplier, rules.safety_stock, rules.max_quantity) == (Decimal(1), 0, None)


def test_settings_cannot_be_changed_afterwards() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Channel.model_validate({"channel": "c"}).sync_listings.safety_stock = 3


@pytest.mark.parametrize("name", ["", "A", "1a", "a-b", "a b", "a/b", "..", "a\n", "é", "a" * 42])
def test_a_channel_s_name_is_lower_case_letters_digits_and_underscores(name: str) -> None:
    with pytest.raises(ValidationError, match="channel"):
        Channel.model_validate({"channel": name})

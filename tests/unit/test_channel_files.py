"""Channel files: what is wrong is said with file, key, rule and value, and stops its own channel only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from storekeeper.channels import PROJECT, broken_channels, load_channel, load_channels, report_broken_files
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
        ("channel: {{ name }}", "is not valid YAML"),
        ("channel: acme\nwhen: 2026-02-30", "is not valid YAML"),
        ("channel: " + "[" * 3000, "is not valid YAML"),
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
        report_broken_files()


def test_a_missing_directory_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STOREKEEPER_CHANNELS_DIR", "/nowhere/at/all")
    assert load_channels() == []
    with pytest.raises(SettingsError, match="does not exist"):
        report_broken_files()


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
            ({"dryrun": True}, "run parameter dryrun: is not known .*dry_run"),
            ({"overwrite": {"colour": "skip"}}, "run parameter overwrite.colour: is not a known setting"),
        ],
    )
    def test_a_wrong_one_is_named(self, given: dict[str, Any], said: str) -> None:
        with pytest.raises(SettingsError, match=said):
            self.settings.with_run_parameters(given)

    def test_what_is_not_for_a_run_stays_the_channel_s(self) -> None:
        assert self.settings.with_run_parameters({"schedule": "* * * * *"}).schedule == self.settings.schedule

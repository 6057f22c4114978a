"""docs/settings.md says what may be written into a file, and what a single run may override."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from docs.papers.settings import settings_paper
from storekeeper.outcomes import SettingsError
from storekeeper.settings import Channel, LoadInventory, Settings


def rows() -> Iterator[tuple[str, str, str, str, str]]:
    """Each setting: its section, its name, what is allowed, its default, and whether a run may override it."""
    section = ""
    for line in settings_paper().splitlines():
        if line.startswith("## "):
            section = line.removeprefix("## ")
        elif line.startswith("| `"):
            name, allowed, default, run = line.strip("| ").split(" | ")[:4]
            yield section, name.strip("`"), allowed, default, run.strip()


@pytest.mark.parametrize(
    ("section", "setting", "allowed", "default"),
    [
        (
            "sync_listings",
            "fields",
            "a list of `price`, `quantity`, `sale_price`, `cost_price`, `retail_price`, `weight`",
            "`[price, quantity]`",
        ),
        ("get_orders", "details", "a list of `coupons`, `taxes`, `messages`", "`[]`"),
        ("load_inventory", "ignored_columns", "a list of text", "`[]`"),
    ],
)
def test_a_list_is_shown_as_a_file_has_it(section: str, setting: str, allowed: str, default: str) -> None:
    assert (section, setting, allowed, default, "yes") in list(rows())


def test_the_ids_of_the_order_statuses_bear_their_names() -> None:
    shown = {name: (allowed, default) for section, name, allowed, default, _ in rows() if section == "get_orders"}
    assert "`11` Awaiting Fulfillment" in shown["statuses"][0]
    assert shown["statuses"][1] == "`[1, 2, 3, 4, 7, 8, 9, 10, 11, 12, 13, 14]`"


def test_no_default_is_written_in_python() -> None:
    assert [row for row in rows() if re.search(r"[<(]|None|True|False", row[3])] == []


def test_what_is_marked_for_a_run_is_what_a_run_reads() -> None:
    channel = Channel(channel="shop")
    operations: dict[str, Settings] = {
        name: getattr(channel, name)
        for name in (
            "import_listings",
            "get_orders",
            "load_listings",
            "sync_listings",
            "publish_listings",
            "sync_orders",
            "load_shipments",
        )
    } | {"load_inventory": LoadInventory()}
    for section, name, _, _, run in rows():
        operation, _, group = section.partition(".")
        if operation not in operations:
            assert run == "", f"{section}.{name}: no run has it as a parameter"
            continue
        given = {group: {name: object()}} if group else {name: object()}
        assert run == ("yes" if refuses(operations[operation], given) else ""), f"{section}.{name}"


def refuses(settings: Settings, given: dict[str, object]) -> bool:
    """Whether a run's parameter is looked at: then a senseless value is refused."""
    try:
        settings.with_run_parameters(given)
    except SettingsError:
        return True
    return False

"""Named SQL: each file can be run by its name, and says what it is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from storekeeper.warehouse.sql import SQL, statements

NAMES = sorted(
    str(file.relative_to(SQL).with_suffix(""))
    for file in SQL.glob("*/*.sql")
    if file.parent.name not in ("migrations", "marts")
)


def test_there_are_files_to_check() -> None:
    assert len(NAMES) > 30


def wrong_with(name: str) -> list[str]:
    """What is wrong with a file."""
    broken = []
    if not re.match(rf"-- {name.split('/')[0]}/\w+: ", Path(SQL / f"{name}.sql").read_text()):
        broken.append("it does not begin with its name and what it is")
    parts = [part.text for part in statements(name, 17)]
    if not parts:
        broken.append("it has no statement")
    for text in parts:
        if not text.startswith(f"/* {name} */ "):
            broken.append("a statement does not bear its name")
        if "--" in text:
            broken.append("a comment is sent along")
        if re.search(r"staging\.[a-z_]+\b(?<!_17)", text):
            broken.append("a staging table is not the run's own")
        if re.search(r"create (unique )?index (?!on )", text):
            broken.append("an index has a name without the run's number: it would be that of all runs in the schema")
    return broken


def test_every_file_says_what_it_is_and_can_be_run() -> None:
    assert {name: broken for name in NAMES if (broken := wrong_with(name))} == {}


def test_every_file_is_used() -> None:
    sources = "".join(file.read_text() for file in (SQL.parents[1] / "plugins" / "storekeeper").rglob("*.py"))
    used = [name for name in NAMES if f'"{name}"' in sources or f'step("{name.split("/")[1]}")' in sources]
    assert used == NAMES


def test_a_file_on_staging_needs_a_run() -> None:
    with pytest.raises(ValueError, match="run_no is needed"):
        statements("import_listings/count_staged")

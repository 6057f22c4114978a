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


@pytest.mark.parametrize("name", NAMES)
def test_a_file_says_what_it_is_and_can_be_run(name: str) -> None:
    text = Path(SQL / f"{name}.sql").read_text()
    assert re.match(rf"-- {name.split('/')[0]}/\w+: ", text)
    parts = statements(name, 17)
    assert parts
    for part in parts:
        assert part.text.startswith(f"/* {name} */ ")
        assert "--" not in part.text
        assert not re.search(r"staging\.[a-z_]+\b(?<!_17)", part.text)
        # an index without the run's number in its name would be every run's, in the schema that all of them share
        assert not re.search(r"create (unique )?index (?!on )", part.text)


@pytest.mark.parametrize("name", NAMES)
def test_every_file_is_used(name: str) -> None:
    sources = "".join(file.read_text() for file in (SQL.parents[1] / "plugins" / "storekeeper").rglob("*.py"))
    assert f'"{name}"' in sources or f'step("{name.split("/")[1]}")' in sources


def test_a_file_on_staging_needs_a_run() -> None:
    with pytest.raises(ValueError, match="run_no is needed"):
        statements("import_listings/count_staged")

"""A paper that says something else than its source is noticed, and named."""

from __future__ import annotations

import re
from pathlib import Path

import psycopg
import pytest

from docs.generate import main
from docs.papers import CannotBeWritten
from docs.papers.settings import settings_paper
from docs.papers.tables import paper_of, scratch_warehouse
from stack.postgres import EmbeddedPostgres
from tests.databases import Database

pytestmark = pytest.mark.own_database


def paper(database: Database) -> str:
    with psycopg.connect(database.uri) as connection:
        return paper_of(connection)


# --- any paper ---


def test_a_paper_that_somebody_changed_is_named_and_written_anew(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    papers = {"settings.md": settings_paper, "other.md": lambda: "as it is\n"}
    assert main([], tmp_path, papers) == 0
    assert main(["--check"], tmp_path, papers) == 0
    file = tmp_path / "settings.md"
    written = file.read_text("utf-8")
    file.write_text(written.replace("`0 2 * * *`", "`0 3 * * *`"), "utf-8")
    assert main(["--check"], tmp_path, papers) == 1
    assert capsys.readouterr().err == "docs/settings.md is not what the code says: run `make docs`\n"
    assert main([], tmp_path, papers) == 0
    assert file.read_text("utf-8") == written


def test_a_paper_that_is_not_there_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check"], tmp_path, {"settings.md": settings_paper}) == 1
    assert "docs/settings.md" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("arguments", [[], ["--check"]])
def test_a_paper_that_cannot_be_written_stops_no_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    def broken() -> str:
        raise CannotBeWritten("no comment on `core.gap`")

    (tmp_path / "old.md").write_text("old")
    (tmp_path / "broken.md").write_text("as it was")
    assert main(arguments, tmp_path, {"broken.md": broken, "old.md": lambda: "new"}) == 1
    said = capsys.readouterr().err
    assert "docs/broken.md cannot be written: no comment on `core.gap`" in said
    assert ("docs/old.md" in said) == bool(arguments)
    assert (tmp_path / "old.md").read_text() == ("old" if arguments else "new")
    assert (tmp_path / "broken.md").read_text() == "as it was"


# --- tables.md ---


@pytest.mark.parametrize(
    "change",
    [
        "comment on view mart.runs is 'Something else.'",
        "comment on column core.listing.title is 'Something else.'",
        "alter table core.listing alter column paused set default true",
        "alter table core.listing alter column title set not null",
        "alter table ops.run alter column attempt type bigint",
        "alter table ops.problem drop column closed_at",
        "create view mart.sales as select 1 as sold; comment on view mart.sales is 'Sales.';"
        " comment on column mart.sales.sold is 'Units.'",
    ],
)
def test_a_changed_database_is_drift(
    database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str], change: str
) -> None:
    papers = {"tables.md": lambda: paper(database)}
    assert main([], tmp_path, papers) == 0
    assert main(["--check"], tmp_path, papers) == 0
    for statement in change.split(";"):
        database.run(statement)
    assert main(["--check"], tmp_path, papers) == 1
    assert "docs/tables.md" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("removal", "named"),
    [
        ("comment on view mart.problems is null", "mart.problems"),
        ("comment on column mart.problems.reason is null", "mart.problems.reason"),
        ("comment on table core.listing is null", "core.listing"),
        ("comment on column core.listing.title is ''", "core.listing.title"),
        ("comment on column core.wanted.price is null", "core.wanted.price"),
        ("comment on column raw.product.payload is null", "raw.product.payload"),
        ("alter table ops.run add column mood text", "ops.run.mood"),
    ],
)
def test_what_has_no_comment_is_named(database: Database, removal: str, named: str) -> None:
    paper(database)
    database.run(removal)
    with pytest.raises(CannotBeWritten, match=re.escape(f"no comment on `{named}`: add")):
        paper(database)


def test_what_the_paper_says_of_a_table_that_is_gone_is_named(database: Database) -> None:
    database.run("drop view core.wanted cascade")
    with pytest.raises(CannotBeWritten, match=r"speaks of `core\.wanted`"):
        paper(database)


def test_a_bar_or_a_second_line_in_a_comment_leaves_the_table_whole(database: Database) -> None:
    database.run("comment on column core.listing.title is E'one | two\\nthree *four*'")
    assert r"| `title` | text | null | one \| two three \*four\* |" in paper(database).splitlines()


def test_the_scratch_warehouse_is_gone_afterwards(postgres: EmbeddedPostgres) -> None:
    def names() -> set[str]:
        with psycopg.connect(postgres.uri()) as connection:
            return {name for (name,) in connection.execute("select datname from pg_database")}

    def use_it_and_fail() -> None:
        with scratch_warehouse(postgres) as connection:
            used.extend(name for (name,) in connection.execute("select current_database()"))
            assert used[0] in names()
            raise ZeroDivisionError

    used: list[str] = []
    with pytest.raises(ZeroDivisionError):
        use_it_and_fail()
    assert used[0] not in names()
    assert postgres.is_running()

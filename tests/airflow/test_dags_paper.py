"""docs/dags.md says what Airflow reads from the DAG files, on every machine the same."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from docs.generate import main
from docs.papers import CannotBeWritten
from docs.papers.dags import dags_paper
from stack.places import PROJECT
from tests.airflow.conftest import write_channel


@pytest.fixture
def dags(tmp_path: Path) -> Path:
    """A copy of the DAG files, to be changed."""
    return Path(shutil.copytree(PROJECT / "dags", tmp_path / "dags"))


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert text.count(old) == 1
    file.write_text(text.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("the store's whole catalog", "half of the store's catalog"),
        ('task_id="transform"', 'task_id="shape"'),
        ("LoadListingsOperator(task_id", "LoadListingsOperator(retries=7, task_id"),
        ("LoadListingsOperator(task_id", 'LoadListingsOperator(doc_md="Loads.", task_id'),
    ],
)
def test_a_changed_dag_is_drift(
    dags: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], old: str, new: str
) -> None:
    papers = {"dags.md": lambda: dags_paper(dags)}
    assert main([], tmp_path, papers) == 0
    assert main(["--check"], tmp_path, papers) == 0
    change(dags / "import_listings.py", old, new)
    assert main(["--check"], tmp_path, papers) == 1
    assert capsys.readouterr().err == "docs/dags.md is not what the code says: run `make docs`\n"


def test_neither_the_place_nor_the_callers_channels_show(dags: Path, tmp_path: Path, channels: Path) -> None:
    write_channel(channels, "acme")
    write_channel(channels, "demo", import_listings={"schedule": "15 4 * * 1"})
    (channels / "broken.yaml").write_text("channel: other\n")
    paper = dags_paper(dags)
    assert paper == dags_paper()
    for private in (str(PROJECT), str(tmp_path), "acme", "15 4 * * 1"):
        assert private not in paper


def test_a_dag_file_that_cannot_be_imported_is_named(dags: Path) -> None:
    change(dags / "import_listings.py", "doc=__doc__", "dock=__doc__")
    with pytest.raises(CannotBeWritten, match=r"^dags/import_listings\.py cannot be imported: TypeError: .*dock"):
        dags_paper(dags)


def test_a_folder_without_dags_is_no_empty_paper(tmp_path: Path) -> None:
    with pytest.raises(CannotBeWritten, match="no DAG of channel 'demo'"):
        dags_paper(tmp_path)

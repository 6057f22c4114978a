"""Write the generated papers, or check them: ``python -m docs.generate [--check]``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from docs.papers import CannotBeWritten
from docs.papers.dags import dags_paper
from docs.papers.settings import settings_paper
from docs.papers.tables import tables_paper

FOLDER = Path(__file__).parent
PAPERS: Mapping[str, Callable[[], str]] = {
    "settings.md": settings_paper,
    "tables.md": tables_paper,
    "dags.md": dags_paper,
}


def main(arguments: Sequence[str], folder: Path = FOLDER, papers: Mapping[str, Callable[[], str]] = PAPERS) -> int:
    """Write, or with ``--check`` say what would change; what is wrong with one paper keeps no other from its turn.

    :return: the exit status, 1 where a paper has drifted or cannot be written.
    """
    wrong = []
    for name, paper in papers.items():
        file = folder / name
        try:
            content = paper()
        except CannotBeWritten as error:
            wrong.append(f"docs/{name} cannot be written: {error}")
            continue
        if "--check" not in arguments:
            file.write_text(content, encoding="utf-8")
        elif not file.exists() or file.read_text("utf-8") != content:
            wrong.append(f"docs/{name} is not what the code says: run `make docs`")
    for message in wrong:
        print(message, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

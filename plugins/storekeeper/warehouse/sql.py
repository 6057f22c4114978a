"""Named SQL: every statement lives in ``include/sql``, in a file that says what it reads, writes and may repeat.

In those files ``staging.x`` means *this run's* table x: the name gets the run's number here, so the files stay plain
SQL that a linter and a person can read. Statements of a file end with ``;`` and an empty line; values are bind
parameters.
"""

from __future__ import annotations

import re
from functools import cache

from sqlalchemy import TextClause, text

from storekeeper.channels import PROJECT

SQL = PROJECT / "include" / "sql"
_STAGING = re.compile(r"\bstaging\.([a-z_]+)\b")
_COMMENT = re.compile(r"--[^\n]*")
_END = re.compile(r";[ \t]*(?:\n[ \t]*(?=\n)|\n?\Z)")


@cache
def statements(name: str, run_no: int | None = None) -> tuple[TextClause, ...]:
    """The statements of ``include/sql/{name}.sql``, ready to bind.

    :param run_no: the run whose staging tables are meant; needed where the file names one.
    :raises ValueError: the file names a staging table and no run was given.
    """
    content = _COMMENT.sub("", (SQL / f"{name}.sql").read_text(encoding="utf-8"))
    if _STAGING.search(content):
        if run_no is None:
            raise ValueError(f"include/sql/{name}.sql works on a run's staging: run_no is needed")
        content = _STAGING.sub(rf"staging.\1_{run_no:d}", content)
    # the name leads, so that whoever looks at the database's activity or log finds the file
    return tuple(text(f"/* {name} */ {part.strip()}") for part in _END.split(content) if part.strip())

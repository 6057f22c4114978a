"""Make the user ``admin`` of FAB's, once: ``python deploy/make_admin.py FILE``.

The password comes from a file, where no list of processes shows it.
"""

from __future__ import annotations

import sys
from pathlib import Path

from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder


def main(password: Path) -> None:
    """Make it, unless it is there.

    :param password: the file.
    """
    with get_application_builder() as builder:
        people = builder.sm
        if people.find_user(username="admin"):
            return
        made = people.add_user(
            username="admin",
            first_name="Store",
            last_name="Keeper",
            email="admin@localhost",
            role=people.find_role("Admin"),
            password=password.read_text().strip(),
        )
        if not made:
            raise SystemExit("the user admin could not be made")


if __name__ == "__main__":
    main(Path(sys.argv[1]))

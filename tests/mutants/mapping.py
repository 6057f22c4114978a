"""What is mutated, and which tests may be asked about it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Project:
    """A source tree and its tests.

    :param targets: modules and packages to mutate, relative to ``root``.
    :param tests: test files and folders that may be asked, relative to ``root``.
    :param source: the folder below ``root`` that is on the import path.
    :param preload: imported once, before a process is forked for each mutant.
    :param quick: the folder of the tests that are run first.
    """

    root: Path
    targets: tuple[str, ...]
    tests: tuple[str, ...]
    source: str
    preload: tuple[str, ...] = ()
    quick: str = "tests/unit/"

    def modules(self) -> list[Path]:
        """The files to mutate."""
        found: list[Path] = []
        for target in self.targets:
            path = self.root / target
            found += sorted(path.rglob("*.py")) if path.is_dir() else [path]
        return [path for path in found if path.name != "__init__.py"]

    def module_name(self, path: Path) -> str:
        """The name under which a file is imported."""
        return ".".join(path.relative_to(self.root / self.source).with_suffix("").parts)


STOREKEEPER = Project(
    root=ROOT,
    targets=(
        "plugins/storekeeper/transforms",
        "plugins/storekeeper/bigcommerce",
        "plugins/storekeeper/outcomes.py",
    ),
    tests=(
        "tests/unit/bigcommerce",
        "tests/unit/transforms",
        "tests/unit/test_outcomes.py",
        "tests/laws/test_transform_laws.py",
        # transforms/import_listings, bigcommerce/{catalog,paging,store_information}
        "tests/operations/test_import_against_oracle.py",
        # transforms/{get_orders,order_*,refunds}, bigcommerce/orders
        "tests/operations/test_orders_against_oracle.py",
        # transforms/{publish_listings,attributes,overwriting,names}, bigcommerce/products
        "tests/operations/test_publish_listings.py",
        "tests/operations/test_publish_attributes.py",
        "tests/operations/test_publish_overwrite.py",
        "tests/operations/test_publish_bad_input.py",
        # bigcommerce/{catalog_writing,last_look}
        "tests/operations/test_sync_listings.py",
        # transforms/sync_orders, bigcommerce/shipments
        "tests/operations/test_sync_orders.py",
        "tests/operations/test_shipments_bad_input.py",
        # transforms/{feed_values,load_*,dates,validation}
        "tests/operations/test_load_listings.py",
        "tests/operations/test_load_shipments.py",
    ),
    source="plugins",
    preload=("hypothesis", "msgspec", "pandas", "psycopg", "pydantic", "requests", "responses", "sqlalchemy"),
)

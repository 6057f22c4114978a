"""The three tasks of Import Listings."""

from __future__ import annotations

from typing import Any

from storekeeper.operations import import_listings
from storekeeper.operations.summary import summary
from storekeeper.operators.step import Step, StepOperator
from storekeeper.outcomes import ProblemsLeft


class ExtractListingsOperator(StepOperator):
    """Pull the store's catalog into the run's staging."""

    operation = "import_listings"

    def work(self, step: Step) -> dict[str, Any]:
        """Stage the catalog, or the products of the chosen SKUs."""
        return import_listings.extract(step.store, step.run, step.channel, step.settings, step.skus)


class TransformListingsOperator(StepOperator):
    """Make typed rows of the staged payloads."""

    operation = "import_listings"

    def work(self, step: Step) -> dict[str, Any]:
        """Transform what is new."""
        return import_listings.transform(step.run, step.settings)


class LoadListingsOperator(StepOperator):
    """Match and merge in one transaction, then say what was done."""

    operation = "import_listings"

    def work(self, step: Step) -> dict[str, Any]:
        """Load; ends red where problems were left and the channel wants that shown."""
        counts = import_listings.load(
            step.run,
            step.channel,
            step.settings,
            complete=not step.skus,
            confirm_large_change=bool(step.params.get("confirm_large_change")),
        )
        self.log.info("%s", summary(step.run))
        if step.run.outcome()["state"] == "failed":
            raise ProblemsLeft(f"{counts.skipped + counts.failed} records were left out; see mart.problems")
        return counts.as_dict()

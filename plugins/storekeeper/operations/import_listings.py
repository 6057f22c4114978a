"""Import Listings: the store's catalog comes into the warehouse, each product once, all of it or nothing.

Three steps, each safe to be killed anywhere and begun again. *Extract* stages what the store has, a page a commit.
*Transform* makes typed rows of what is new. *Load* decides and merges in one transaction; nothing is decided before all
pages are in.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import RowMapping

from storekeeper.bigcommerce import catalog
from storekeeper.bigcommerce.client import StoreClient
from storekeeper.operations.catalog_pull import CatalogPull
from storekeeper.operations.marks import mark, marked, need
from storekeeper.operations.progress import Progress
from storekeeper.operations.step import Step
from storekeeper.operations.store_profile import describe
from storekeeper.outcomes import HINTS, Counts, Problem, Reason, RunStopped, StagingLost
from storekeeper.settings import Channel, Follow, ImportListings, ImportMode, MasterSku, Overwrite, PullScope
from storekeeper.transforms.import_listings import (
    LISTING_COLUMNS,
    VARIANT_COLUMNS,
    inherit_identifiers,
    read_products,
    select_master_sku,
)
from storekeeper.transforms.names import read_brands, read_categories
from storekeeper.warehouse.database import Session
from storekeeper.warehouse.runs import Run, succeed

log = logging.getLogger(__name__)

PRODUCTS_PER_CHUNK = 1_000
"""How many products are transformed at once: more would cost memory, fewer would cost time."""

GUARDED_FROM = 20
"""The guards bind from so many listings or variants up: in a smaller shop a share says nothing."""

OVERLAP_MINUTES = 5
"""A pull of what changed asks from so much before the last one: the store may show a change a little later."""

ROW_VERSION = 3
"""Raised when the same payload makes other rows than before: then every product is handled again."""

PROBLEM_COLUMNS = ("entity", "entity_key", "reason", "message", "source")


def extract(
    store: StoreClient, run: Run, channel: Channel, settings: ImportListings, skus: Sequence[str] = ()
) -> dict[str, int]:
    """Stage the store's catalog; a second attempt goes on after the last page that the first one committed.

    :param skus: master SKUs to narrow the pull to; empty for the complete catalog.
    :return: ``products`` staged, and ``changed``: how many of them are new or not yet reflected.
    :raises NotNow: the store does not answer; what was staged stays for the next attempt.
    :raises AccessLost: token, scope or store hash.
    """
    with run.transaction() as session:
        session.run("staging/create", run_no=run.run_no)
        session.run("import_listings/create_staging", run_no=run.run_no)
        committed = marked(session, run)
    if "extracted" not in committed:  # not yet, or a crash of the database took it
        describe(store, run, channel)
        if "names" not in committed:
            _stage_names(store, run)
        reflects = _reflects(run, channel, settings)
        pull = CatalogPull(store, run, reflects, settings.page_size)
        scope = _decide(run, settings, narrowed=bool(skus), renamed=reflects is None)
        if skus:
            pull.chosen(_find_products(store, run, settings, skus))
        elif scope["complete"]:
            pull.everything(settings.readers)
        else:
            log.info("asking for what changed since %s on the store's clock", scope["changed_since"])
            pull.changed(scope["changed_since"], settings.readers)
        if channel.location_id is not None and "stock" not in committed:
            _stage_stock(store, run, channel.location_id, narrowed=bool(skus))
        with run.transaction() as session:
            mark(session, run, "extracted")
            session.run("runs/advance", run_no=run.run_no, step="extracted")
        log.info("extracted: %s", pull.progress.line())
    with run.transaction() as session:
        return dict(session.row("import_listings/count_staged", run_no=run.run_no))


def transform(run: Run, settings: ImportListings) -> dict[str, int]:
    """Make typed rows of the staged payloads, a chunk at a time; a second attempt begins anew.

    :return: ``listings``, ``variants`` and ``problems`` staged for the load.
    """
    made = {"listings": 0, "variants": 0, "problems": 0}
    if run.step == "loaded":
        return made
    with run.transaction() as session:
        need(session, run, "extracted")
        session.run("import_listings/forget_transformed", run_no=run.run_no)
    progress = Progress("products", run)
    after = -1
    while True:
        with run.transaction() as session:
            rows = session.rows(
                "import_listings/read_payloads", run_no=run.run_no, after=after, most=PRODUCTS_PER_CHUNK
            )
            if not rows:
                session.run("import_listings/leave_out_shared_variants", run_no=run.run_no, channel=run.channel)
                mark(session, run, "transformed")
                session.run("runs/advance", run_no=run.run_no, step="transformed")
                break
            read = read_products((row["product_id"], row["payload"]) for row in rows if row["unstorable"] is None)
            chosen = select_master_sku(inherit_identifiers(read.variants), settings.master_sku.value)
            problems = [
                *read.problems,
                *chosen.problems,
                *(_unstorable(row["product_id"], row["unstorable"]) for row in rows if row["unstorable"] is not None),
            ]
            listings, variants = read.listings[list(LISTING_COLUMNS)], chosen.rows[list(VARIANT_COLUMNS)]
            made["listings"] += session.copy_staged(
                "listing", run.run_no, LISTING_COLUMNS, listings.itertuples(index=False, name=None)
            )
            made["variants"] += session.copy_staged(
                "variant", run.run_no, VARIANT_COLUMNS, variants.itertuples(index=False, name=None)
            )
            made["problems"] += session.copy_staged("problem", run.run_no, PROBLEM_COLUMNS, map(_problem_row, problems))
        after = rows[-1]["product_id"]
        progress.add(len(rows))
    log.info("transformed: %s", progress.line())
    return made


def load(
    run: Run,
    channel: Channel,
    settings: ImportListings,
    *,
    confirm_large_change: bool = False,
) -> Counts:
    """Decide and merge, in one transaction: match, guard, follow, create, retire, problems, watermark, counts.

    :param confirm_large_change: a person has let an upheaval through.
    :raises RunStopped: more of the channel would be renamed or gone than its settings allow; nothing was written.
    """
    if run.step == "loaded":
        outcome = run.outcome()
        counts = Counts(**{name: outcome[name] for name in Counts().as_dict()})
    else:
        counts = _merge(run, channel, settings, confirm_large_change=confirm_large_change)
    with run.warehouse.transaction() as session:
        session.run("import_listings/drop_staging", run_no=run.run_no)
    return counts


def _merge(run: Run, channel: Channel, settings: ImportListings, *, confirm_large_change: bool) -> Counts:
    values = _values(run, channel, settings)
    with run.transaction() as session:

        def step(name: str) -> None:
            session.run(f"import_listings/{name}", run_no=run.run_no, **values)

        need(session, run, "transformed")
        step("prepare_load")
        step("leave_out_outdated")
        _match(session, run)
        if not confirm_large_change:
            _guard(session, run, settings)
        with session.savepoint() as merge:
            step("release_rows")
            step("rename_rows")
            step("update_variants")
            step("update_listings")
            step("create_listings")
            step("report_unmatched")
            step("store_payloads")
            step("retire_listings")
            session.run("problems/open", run_no=run.run_no, operation="import_listings", **values)
            step("close_problems")
            step("analyze_changes")
            counts = Counts(**session.row("import_listings/count_outcome", run_no=run.run_no, **values))
            step("move_watermark")
            if run.dry_run:
                merge.rollback()
        _end(session, run, settings, counts)
    return counts


def _extract(step: Step) -> dict[str, Any]:
    return extract(step.store, step.run, step.channel, step.settings, step.skus)


def _transform(step: Step) -> dict[str, Any]:
    try:
        return transform(step.run, step.settings)
    except StagingLost as lost:
        log.warning("%s: pulling again", lost)
        _extract(step)
        return transform(step.run, step.settings)


def _load(step: Step) -> dict[str, Any]:
    def merge() -> dict[str, Any]:
        return load(
            step.run,
            step.channel,
            step.settings,
            confirm_large_change=bool(step.params.get("confirm_large_change")),
        ).as_dict()

    try:
        return merge()
    except StagingLost as lost:
        log.warning("%s: pulling and transforming again", lost)
        _extract(step)
        _transform(step)
        return merge()


STEPS: Mapping[str, Callable[[Step], dict[str, Any]]] = {"extract": _extract, "transform": _transform, "load": _load}
"""The tasks of a run in their order; each brings itself what a crash of the database has taken from it."""


def _decide(run: Run, settings: ImportListings, *, narrowed: bool, renamed: bool) -> RowMapping:
    """Whether the pull is ``complete``, or since when (``changed_since``) it asks; a second attempt keeps to it."""
    with run.transaction() as session:
        return session.row(
            "import_listings/decide_pull",
            run_no=run.run_no,
            channel=run.channel,
            narrowed=narrowed,
            only_changed=settings.scope is PullScope.CHANGED and not renamed,
            overlap_minutes=OVERLAP_MINUTES,
            complete_every_hours=settings.complete_every_hours,
        )


def _stage_names(store: StoreClient, run: Run) -> None:
    """Brands and categories by name: products carry only their ids."""
    brands, categories = read_brands(catalog.brands(store)), read_categories(catalog.categories(store))
    with run.transaction() as session:
        session.copy_staged("brand", run.run_no, ("brand_id", "name"), brands.names)
        session.copy_staged("category", run.run_no, ("category_id", "path"), categories.names)
        session.run(
            "import_listings/keep_names",
            run_no=run.run_no,
            channel=run.channel,
            brand_ids=brands.unnamed,
            category_ids=categories.unnamed,
        )
        problems = map(_problem_row, [*brands.problems, *categories.problems])
        session.copy_staged("problem", run.run_no, PROBLEM_COLUMNS, problems)
        mark(session, run, "names")


def _stage_stock(store: StoreClient, run: Run, location_id: int, *, narrowed: bool) -> None:
    """The stock of one location: the catalog itself shows the default location's only."""
    stock = {(product, variant): units for product, variant, units in catalog.location_stock(store, location_id)}
    with run.transaction() as session:
        rows = ((*item, units) for item, units in stock.items())
        session.copy_staged("stock", run.run_no, ("product_id", "variant_id", "quantity"), rows)
        if not narrowed:
            session.run("import_listings/stage_other_stock", run_no=run.run_no, channel=run.channel)
        mark(session, run, "stock")


def _find_products(store: StoreClient, run: Run, settings: ImportListings, skus: Sequence[str]) -> list[int]:
    """The products of chosen master SKUs: from the warehouse where it knows them, else one request each."""
    with run.transaction() as session:
        rows = session.rows("import_listings/find_known_products", channel=run.channel, skus=list(skus))
    known = {row["product_id"] for row in rows if row["product_id"] is not None}
    unknown = [row["master_sku"] for row in rows if row["product_id"] is None]
    if unknown and settings.master_sku is MasterSku.MPN:
        log.warning("the store cannot be asked by MPN: run the complete import to find %s", ", ".join(unknown[:10]))
        return sorted(known)
    return sorted(known | catalog.find_product_ids(store, settings.master_sku.value, unknown))


def _reflects(run: Run, channel: Channel, settings: ImportListings) -> str | None:
    """The hash of all that shapes a product's rows besides its payload; None where names it refers to have changed."""
    with run.transaction() as session:
        renamed = session.row("import_listings/read_names", run_no=run.run_no, channel=run.channel)["renamed"]
    if renamed:
        log.info("%d brands or categories were renamed or moved: every product is handled again", renamed)
        return None
    return _settings_hash(channel, settings)


def _settings_hash(channel: Channel, settings: ImportListings) -> str:
    shape = {
        "row_version": ROW_VERSION,
        "location_id": channel.location_id,
        **settings.model_dump(mode="json", include={"master_sku", "mode", "overwrite"}),
    }
    return hashlib.sha256(json.dumps(shape, sort_keys=True).encode()).hexdigest()[:16]


def _values(run: Run, channel: Channel, settings: ImportListings) -> dict[str, Any]:
    """The bind parameters of the load's statements; each takes what it names."""
    return {
        "channel": run.channel,
        "paused": settings.new_listings_paused,
        "by_location": channel.location_id is not None,
        "master_sku_field": settings.master_sku.value,
        "overwrites": settings.mode is ImportMode.CREATE_AND_OVERWRITE,
        **{f"take_{field}": getattr(settings.overwrite, field) is Follow.UPDATE for field in Overwrite.model_fields},
        "reflects": _settings_hash(channel, settings),
        "hints": json.dumps(HINTS),
    }


def _match(session: Session, run: Run) -> None:
    """Match variants to rows until nobody claims a row that a living variant keeps; only then products to listings.

    A product that cannot be matched may change the others' match, so both are repeated until nothing is added.
    """
    unmatchable = 0
    while True:
        session.run("import_listings/match_variants", run_no=run.run_no, channel=run.channel)
        session.run("import_listings/analyze_match", run_no=run.run_no)
        if session.run("import_listings/pin_variants", run_no=run.run_no, channel=run.channel):
            continue
        session.run("import_listings/match_listings", run_no=run.run_no, channel=run.channel)
        found = session.row("import_listings/count_unmatchable", run_no=run.run_no)["products"]
        if found == unmatchable:
            return
        unmatchable = found


def _guard(session: Session, run: Run, settings: ImportListings) -> None:
    upheaval = session.row("import_listings/count_upheaval", run_no=run.run_no, channel=run.channel)
    ask = "Nothing was written. If this is meant, run it again with confirm_large_change"
    if upheaval["variants"] >= GUARDED_FROM:
        share = upheaval["renamed"] / upheaval["variants"]
        if share > settings.max_renamed_share:
            raise RunStopped(
                f"this import would rename {upheaval['renamed']} of {upheaval['variants']} master SKUs of channel"
                f" {run.channel!r} ({share:.0%}; import_listings.max_renamed_share allows"
                f" {settings.max_renamed_share:.0%}), such as {upheaval['renamed_first']}. {ask}."
            )
    if upheaval["listings"] >= GUARDED_FROM:
        share = upheaval["gone"] / upheaval["listings"]
        if share > settings.max_gone_share:
            raise RunStopped(
                f"the store no longer has {upheaval['gone']} of {upheaval['listings']} listings of channel"
                f" {run.channel!r} ({share:.0%}; import_listings.max_gone_share allows {settings.max_gone_share:.0%}),"
                f" such as {upheaval['gone_first']}: is the connection's store the right one? {ask}."
            )


def _end(session: Session, run: Run, settings: ImportListings, counts: Counts) -> None:
    red = settings.problems_fail_run and counts.skipped + counts.failed > 0
    said = []
    if run.dry_run:
        said.append("Dry run: nothing but this row was written.")
    if red:
        said.append("Problems were left, and import_listings.problems_fail_run ends such a run red.")
    succeed(session, run, counts, " ".join(said) or None, state="failed" if red else "success")


def _unstorable(product_id: int, where: str) -> Problem:
    return Problem(
        "product",
        str(product_id),
        Reason.UNSTORABLE_TEXT,
        f"Product {product_id} cannot be read: its text is not valid Unicode ({where}).",
        f"product/{product_id}",
    )


def _problem_row(problem: Problem) -> tuple[str, ...]:
    return problem.entity, problem.entity_key, problem.reason.value, problem.message, problem.source

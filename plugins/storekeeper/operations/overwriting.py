"""Products of the store written over with what their listings say: what differs, in the fewest calls.

Everything here sets a state: after a lost answer the product is read anew, and what still differs is sent.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from storekeeper.bigcommerce import catalog_writing as store_catalog
from storekeeper.bigcommerce import products as store_products
from storekeeper.bigcommerce.catalog import MOST_PER_PAGE
from storekeeper.bigcommerce.client import Answer, StoreClient
from storekeeper.operations.outbound import Sender, reason_of
from storekeeper.operations.publication import MOST_UNKNOWN, Publication, plain
from storekeeper.operations.store_categories import StoreCategories
from storekeeper.outcomes import HINTS, Reason, Refused, RunStopped, Unknown
from storekeeper.settings import Follow, PublishListings
from storekeeper.transforms.overwriting import Difference, compare
from storekeeper.warehouse.claim import Claim
from storekeeper.warehouse.database import Session
from storekeeper.warehouse.runs import Run

log = logging.getLogger(__name__)

READINGS = 3
"""How often products are read anew after a call whose fate nobody knows."""

GUARDED_FROM = 20
"""The guard of deleted variants binds from so many listings up."""


@dataclass(slots=True)
class Target:
    """A listing and the product that it is to write over."""

    listing_key: str
    version: str
    product_id: int
    payload: dict[str, Any]
    variants: list[dict[str, Any]]
    shown: dict[str, Any]
    difference: Difference
    stock_differs: bool = False
    added: dict[str, int] = field(default_factory=dict)

    @property
    def prices_differ(self) -> bool:
        """Whether the store shows another price of a variant than is wanted."""
        return any(row["price_differs"] for row in self.shown_variants())

    def shown_variants(self) -> list[dict[str, Any]]:
        """Of each variant: its id, the price that the store shows, and whether another is wanted."""
        variants = {each["id"]: each for each in self.shown["variants"]}
        rows = []
        for variant in self.variants:
            master_sku = variant["master_sku"]
            if master_sku in self.added:
                rows.append(
                    {
                        "master_sku": master_sku,
                        "variant_id": self.added[master_sku],
                        "channel_price": variant["price"],
                        "price_differs": False,
                        "inherits": False,
                    }
                )
                continue
            variant_id = self.difference.variant_ids.get(master_sku)
            if variant_id is None:
                continue
            own = variants[variant_id]["price"]
            price = self.shown["price"] if own is None else own
            rows.append(
                {
                    "master_sku": master_sku,
                    "variant_id": variant_id,
                    "channel_price": price,
                    "price_differs": price is None or float(price) != float(variant["price"]),
                    "inherits": own is None,
                }
            )
        return rows


@dataclass(slots=True)
class Overwriting:
    """The overwriting part of a run.

    :ivar unknown: listings of which nobody knows what became.
    :param claim: None in a dry run, which only compares.
    """

    store: StoreClient
    run: Run
    settings: PublishListings
    values: Mapping[str, Any]
    claim: Claim | None
    publication: Publication | None
    categories: Callable[[], StoreCategories]
    unknown: list[str] = field(default_factory=list)
    _sender: Sender = field(default_factory=Sender)

    @property
    def gave_up(self) -> str | None:
        """Why the rest was not sent; None where all was."""
        return self._sender.gave_up

    def compare_all(self, listing_keys: Sequence[str]) -> Iterator[Target]:
        """What would be sent of some listings, a page at a time; reads the store and sends nothing."""
        for begin in range(0, len(listing_keys), MOST_PER_PAGE):
            yield from self._read(listing_keys[begin : begin + MOST_PER_PAGE])

    def guard(self, listing_keys: Sequence[str], listings: int, *, confirmed: bool) -> None:
        """Stop before the first call where too many variants would be deleted.

        :raises RunStopped: they are more than ``max_removed_share`` of the channel's.
        """
        if confirmed or not self.settings.remove_missing_variants or listings < GUARDED_FROM:
            return
        removals = {
            target.listing_key: len(target.difference.removed_variants)
            for target in self.compare_all(listing_keys)
            if target.difference.removed_variants
        }
        removed = sum(removals.values())
        with self.run.transaction() as session:
            variants = session.row("publish_listings/count_variants", **self.values)["variants"]
        if removed > self.settings.max_removed_share * variants:
            worst = max(removals, key=lambda key: removals[key])
            raise RunStopped(
                f"this run would delete {removed} variants, and the channel has {variants} in the store"
                f" (publish_listings.max_removed_share allows {self.settings.max_removed_share:.0%}), most of them of"
                f" listing {worst}. Nothing was sent. If this is meant, run it again with confirm_large_change."
            )

    def everything(self, listing_keys: Sequence[str]) -> None:
        """Write over the products of some listings.

        :raises Unknown: a call's fate is unknown; the next attempt reads the product, and sends what still differs.
        """
        for begin in range(0, len(listing_keys), MOST_PER_PAGE):
            some = listing_keys[begin : begin + MOST_PER_PAGE]
            for last in (*[False] * (READINGS - 1), True):
                try:
                    self._write(self._read(some))
                    break
                except Unknown as unknown:
                    log.warning("%s; waiting until it has taken effect or never will, then reading anew", unknown)
                    self._claim.wait_out()
                    if last:
                        self._one_by_one(some)
            if self.gave_up:
                return

    def _one_by_one(self, listing_keys: Sequence[str]) -> None:
        """One listing for which the store does not answer does not hold up the others.

        :raises Unknown: it has not answered for several, one after the other.
        """
        in_a_row = 0
        for listing_key in listing_keys:
            try:
                self._write(self._read([listing_key]))
                in_a_row = 0
            except Unknown as unknown:
                in_a_row += 1
                self.unknown.append(listing_key)
                if self.publication is not None:
                    said = f"Listing {listing_key}: nobody knows whether its product was written over: {unknown}."
                    self.publication.problem(listing_key, Reason.UNKNOWN_OUTCOME, said)
                if in_a_row >= MOST_UNKNOWN:
                    raise
                self._claim.wait_out()

    @property
    def _claim(self) -> Claim:
        assert self.claim is not None, "a dry run writes nothing"
        return self.claim

    def _read(self, listing_keys: Sequence[str]) -> list[Target]:
        with self.run.transaction() as session:
            rows = session.rows(
                "publish_listings/read_overwrites",
                run_no=self.run.run_no,
                **self.values,
                listing_keys=list(listing_keys),
            )
        products = {
            product.id: plain(product)
            for product in store_products.products_of(self.store, [row["product_id"] for row in rows])
        }
        targets = []
        for row in rows:
            shown = products.get(row["product_id"])
            if shown is None:
                self._gone(row["listing_key"], row["product_id"])
                continue
            paths = row["categories"]
            missing = self.categories().missing(paths) if paths else []
            if missing:
                self._unknown_category(row["listing_key"], missing)
                continue
            difference = compare(
                row["payload"],
                row["variants"],
                shown,
                self.settings,
                category_ids=self.categories().ids(paths) if paths else [],
                brand_ids=row["brand_ids"] or [],
                images_sent=row["images_sent"],
                variant_ids=row["variant_ids"] or {},
                kept_variants=row["kept_variants"] or [],
                unavailable=row["unavailable"],
                linked=row["linked"],
                master_sku=self.values["master_sku_field"],
            )
            targets.append(
                Target(
                    row["listing_key"],
                    row["version"],
                    row["product_id"],
                    row["payload"],
                    row["variants"],
                    shown,
                    difference,
                    row["stock_differs"],
                )
            )
        return targets

    def _gone(self, listing_key: str, product_id: int) -> None:
        if self.publication is None:
            return
        with self._claim.settling() as settling:
            settling.session.run("sync_listings/announce_own_write")
            settling.session.run(
                "sync_listings/settle_gone",
                run_no=self.run.run_no,
                **self.values,
                product_ids=[product_id],
                living_products=[],
                living_variants=[],
                hint=HINTS[Reason.GONE_FROM_STORE],
            )
        said = f"Listing {listing_key}: the store does not have its product {product_id} any more."
        self.publication.problem(listing_key, Reason.GONE_FROM_STORE, said)

    def _unknown_category(self, listing_key: str, missing: Sequence[str]) -> None:
        if self.publication is not None:
            self.publication.unknown_category(listing_key, missing)

    def planned(self, target: Target) -> dict[str, Any]:
        """All that would be sent of a listing, price and stock too; empty where nothing would be."""
        planned = target.difference.shown()
        if self.settings.overwrite.price is Follow.UPDATE:
            wanted = {variant["master_sku"]: variant["price"] for variant in target.variants}
            prices = {
                row["master_sku"]: {"to": wanted[row["master_sku"]], "from": row["channel_price"]}
                for row in target.shown_variants()
                if row["price_differs"]
            }
            planned |= {"prices": prices} if prices else {}
        if self.settings.overwrite.quantity is Follow.UPDATE and target.stock_differs:
            planned["stock"] = "as wanted in mart.listing_variants"
        return planned

    def _differs(self, target: Target) -> bool:
        """Whether there is anything to send of a listing, be it price or stock, which follow as a sync sends them."""
        overwrite = self.settings.overwrite
        return (
            bool(target.difference)
            or (overwrite.price is Follow.UPDATE and target.prices_differ)
            or (overwrite.quantity is Follow.UPDATE and target.stock_differs)
        )

    def _write(self, targets: Sequence[Target]) -> None:
        begun = [target for target in targets if self._differs(target)]
        if begun:
            with self._claim.settling() as settling:
                for target in begun:
                    settling.session.run(
                        "publish_listings/begin_overwrite",
                        run_no=self.run.run_no,
                        **self.values,
                        listing_key=target.listing_key,
                        sent=json.dumps(target.difference.shown(), default=str),
                        epoch=self._claim.epoch,
                    )
        for target in targets:
            if not target.difference.fields:
                self._finish([target])
        changed = [target for target in targets if target.difference.fields]
        for begin in range(0, len(changed), store_catalog.MOST_PRODUCTS):
            some = self._still_wanted(changed[begin : begin + store_catalog.MOST_PRODUCTS])
            if some:
                self._sender.send(some, self._change, self._finish, self._refuse)
            if self._sender.gave_up:
                return

    def _still_wanted(self, targets: Sequence[Target]) -> list[Target]:
        """Those of some listings that nobody has changed, paused or taken back since they were read."""
        with self.run.transaction() as session:
            rows = session.rows(
                "publish_listings/read_overwrites",
                run_no=self.run.run_no,
                **self.values,
                listing_keys=[target.listing_key for target in targets],
            )
        wanted = {row["listing_key"] for row in rows}
        return [target for target in targets if target.listing_key in wanted]

    def _change(self, targets: Sequence[Target]) -> Sequence[Target]:
        changes = [{"id": target.product_id, **target.difference.fields} for target in targets]
        with_images = [target for target in targets if target.difference.added_images]
        if with_images:
            self._await_images(with_images)
        answer = store_catalog.change_products(self.store, changes, self._claim.check)
        self._note_brands(targets, answer)
        if answer.status != store_products.PARTLY:
            return targets
        said = store_products.what_is_missing(answer) or "it does not say what"
        return [target for target in targets if self._saved_whole(target, said)]

    def _saved_whole(self, target: Target, said: str) -> bool:
        """After a 207: whether this one is as it was sent; what is not stays queued, with a problem."""
        left = self._read([target.listing_key])
        if left and not left[0].difference.fields:
            return True
        reason = f"the store could not save all of it: {said}"
        with self._claim.settling() as settling:
            self._end(settling.session, target, "refused", reason, settling.sent_at)
        if self.publication is not None:
            self.publication.problem(
                target.listing_key, Reason.PARTLY_SAVED, f"Listing {target.listing_key}: {reason}."
            )
        return False

    def _note_brands(self, targets: Sequence[Target], answer: Answer) -> None:
        """A brand goes by name, and the answer has its id: by that it is known next time."""
        named = {target.product_id: target.difference.fields.get("brand_name") for target in targets}
        brands = {
            product.brand_id: named.get(product.id)
            for product in store_products.changed(answer)
            if product.brand_id and named.get(product.id)
        }
        if brands:
            with self._claim.settling() as settling:
                for brand_id, name in brands.items():
                    settling.session.run("publish_listings/note_brand", **self.values, brand_id=brand_id, brand=name)

    def _await_images(self, targets: Sequence[Target]) -> None:
        """Adding an image twice shows it twice: what is about to be added is noted, to be found after a lost answer."""
        with self._claim.settling() as settling:
            settling.session.run("sync_listings/announce_own_write")
            for target in targets:
                after = max((image["id"] for image in target.shown["images"]), default=0)
                awaited = [{"url": url, "after": after} for url in target.difference.added_images]
                settling.session.run(
                    "publish_listings/note_images",
                    **self.values,
                    listing_key=target.listing_key,
                    images=json.dumps([*target.difference.kept_images, *awaited]),
                )

    def _finish(self, targets: Sequence[Target]) -> None:
        """What cannot go with the product's own fields; then the listing is as the store has it."""
        with_images = [target.product_id for target in targets if target.difference.added_images]
        shown = {product.id: plain(product) for product in store_products.products_of(self.store, with_images)}
        for target in targets:
            try:
                self._finish_one(target, shown.get(target.product_id))
            except Refused as refusal:
                self._refuse(target, refusal)

    def _finish_one(self, target: Target, shown: Mapping[str, Any] | None) -> None:
        difference, product_id, check = target.difference, target.product_id, self._claim.check
        if difference.added_variants:
            self._add_variants(target)
        changes = [{"id": variant_id, **fields} for variant_id, fields in difference.variant_fields.items()]
        for begin in range(0, len(changes), store_catalog.MOST_VARIANTS):
            store_catalog.change_variants(self.store, changes[begin : begin + store_catalog.MOST_VARIANTS], check)
        for custom_field_id in difference.removed_custom_fields:
            store_products.delete_custom_field(self.store, product_id, custom_field_id, check)
        for image_id in difference.removed_images:
            store_products.delete_image(self.store, product_id, image_id, check)
        for variant_id in difference.removed_variants:
            store_products.delete_variant(self.store, product_id, variant_id, check)
        self._settle(target, shown)

    def _add_variants(self, target: Target) -> None:
        """Variants are added one by one, after the options and values that they name."""
        options = {
            option.display_name.casefold(): option
            for option in store_products.options_of(self.store, target.product_id)
        }
        value_ids = {
            (name, (value.label or "").casefold()): (option.id, value.id)
            for name, option in options.items()
            for value in option.option_values
        }
        by_sku = {variant["master_sku"]: variant for variant in target.variants}
        sent = {
            frozenset((value["option_display_name"], value["label"]) for value in each["option_values"]): each
            for each in target.payload.get("variants") or ()
        }
        for master_sku in target.difference.added_variants:
            variant = by_sku[master_sku]
            for name, label in variant["options"]:
                if (name.casefold(), label.casefold()) in value_ids:
                    continue
                option = options.get(name.casefold())
                if option is None:
                    option = store_products.create_option(
                        self.store,
                        target.product_id,
                        {
                            "product_id": target.product_id,
                            "display_name": name,
                            "type": "dropdown",
                            "option_values": [{"label": label, "sort_order": 0, "is_default": False}],
                        },
                        self._claim.check,
                    )
                    options[name.casefold()] = option
                    made = option.option_values[0]
                else:
                    made = store_products.create_option_value(
                        self.store,
                        target.product_id,
                        option.id,
                        {"label": label, "sort_order": len(option.option_values), "is_default": False},
                        self._claim.check,
                    )
                value_ids[name.casefold(), label.casefold()] = (option.id, made.id)
            whole = sent.get(frozenset(map(tuple, variant["options"])), {})
            values = [value_ids[name.casefold(), label.casefold()] for name, label in variant["options"]]
            made_variant = store_products.create_variant(
                self.store,
                target.product_id,
                {
                    **{name: value for name, value in whole.items() if name != "option_values"},
                    "sku": whole.get("sku") or "",
                    "price": variant["price"],
                    "option_values": [{"option_id": option_id, "id": value_id} for option_id, value_id in values],
                },
                self._claim.check,
            )
            target.added[master_sku] = made_variant.id

    def _settle(self, target: Target, shown: Mapping[str, Any] | None) -> None:
        images = target.difference.kept_images
        if target.difference.added_images and shown is not None:
            before = {image["id"] for image in target.shown["images"]}
            new = sorted(image["id"] for image in shown["images"] if image["id"] not in before)
            if len(new) == len(target.difference.added_images):
                images = [
                    *images,
                    *(
                        {"url": url, "image_id": image_id}
                        for url, image_id in zip(target.difference.added_images, new, strict=True)
                    ),
                ]
        with self._claim.settling() as settling:
            session = settling.session
            session.run("sync_listings/announce_own_write")
            session.run(
                "publish_listings/settle_overwritten",
                **self.values,
                listing_key=target.listing_key,
                version=target.version,
                images=json.dumps(images),
                tracking=target.difference.fields.get("inventory_tracking"),
                price=self.settings.overwrite.price is Follow.UPDATE,
                variants=json.dumps(target.shown_variants(), default=str),
            )
            self._end(session, target, "done" if self._differs(target) else "adopted", None, settling.sent_at)
        for variant in target.variants:
            sku = variant["master_sku"]
            if sku not in target.added and sku not in target.difference.variant_ids and self.publication is not None:
                said = f"Variant {sku} of listing {target.listing_key}: product {target.product_id} does not have it."
                self.publication.problem(
                    target.listing_key, Reason.VARIANT_NOT_IN_STORE, said, entity="variant", key=sku
                )

    def _end(self, session: Session, target: Target, state: str, reason: str | None, sent_at: datetime | None) -> None:
        session.run(
            "publish_listings/end_overwrite",
            run_no=self.run.run_no,
            **self.values,
            listing_key=target.listing_key,
            state=state,
            reason=reason,
            epoch=self._claim.epoch,
            sent_at=sent_at,
        )

    def _refuse(self, target: Target, refusal: Refused) -> None:
        reason = reason_of(refusal)
        with self._claim.settling() as settling:
            self._end(settling.session, target, "refused", reason, settling.sent_at)
            settling.session.run(
                "publish_listings/record_problem",
                run_no=self.run.run_no,
                **self.values,
                entity="listing",
                entity_key=target.listing_key,
                reason=Reason.REFUSED_BY_STORE.value,
                source=f"listing/{target.listing_key}",
                message=f"The store refused to have listing {target.listing_key} written over: {reason}."
                f" {HINTS[Reason.REFUSED_BY_STORE]}",
            )

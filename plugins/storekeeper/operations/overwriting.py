"""Products of the store written over with what their listings say: what differs, in the fewest calls.

Everything here sets a state: after a lost answer the product is read anew, and what still differs is sent.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from storekeeper.bigcommerce import catalog_writing as store_catalog
from storekeeper.bigcommerce import products as store_products
from storekeeper.bigcommerce.catalog import MOST_PER_PAGE
from storekeeper.bigcommerce.client import StoreClient
from storekeeper.operations.outbound import Sender, reason_of
from storekeeper.operations.publication import Publication, plain
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
    added: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Overwriting:
    """The overwriting part of a run.

    :param claim: None in a dry run, which only compares.
    """

    store: StoreClient
    run: Run
    settings: PublishListings
    values: Mapping[str, Any]
    claim: Claim | None
    publication: Publication | None
    categories: Callable[[], StoreCategories]
    _sender: Sender = field(default_factory=Sender)

    @property
    def gave_up(self) -> str | None:
        """Why the rest was not sent; None where all was."""
        return self._sender.gave_up

    def compare_all(self, listing_keys: Sequence[str]) -> list[Target]:
        """What would be sent of some listings; reads the store and sends nothing."""
        return [
            target
            for begin in range(0, len(listing_keys), MOST_PER_PAGE)
            for target in self._read(listing_keys[begin : begin + MOST_PER_PAGE])
        ]

    def guard(self, listing_keys: Sequence[str], listings: int, *, confirmed: bool) -> None:
        """Stop before the first call where too many variants would be deleted.

        :raises RunStopped: they are more than ``max_removed_share`` of the channel's.
        """
        if confirmed or not self.settings.remove_missing_variants or listings < GUARDED_FROM:
            return
        targets = self.compare_all(listing_keys)
        removed = sum(len(target.difference.removed_variants) for target in targets)
        with self.run.transaction() as session:
            variants = session.row("publish_listings/count_variants", **self.values)["variants"]
        if removed > self.settings.max_removed_share * variants:
            worst = max(targets, key=lambda target: len(target.difference.removed_variants)).listing_key
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
                    if last:
                        raise
                    log.warning("%s; waiting until it has taken effect or never will, then reading anew", unknown)
                    self._claim.wait_out()
            if self.gave_up:
                return

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
                )
            )
        return targets

    def _gone(self, listing_key: str, product_id: int) -> None:
        if self.publication is not None:
            said = f"Listing {listing_key}: the store does not have its product {product_id} any more."
            self.publication.problem(listing_key, Reason.GONE_FROM_STORE, said)

    def _unknown_category(self, listing_key: str, missing: Sequence[str]) -> None:
        if self.publication is not None:
            self.publication.unknown_category(listing_key, missing)

    def _write(self, targets: Sequence[Target]) -> None:
        begun = [target for target in targets if target.difference]
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
            self._sender.send(
                changed[begin : begin + store_catalog.MOST_PRODUCTS], self._change, self._finish, self._refuse
            )
            if self._sender.gave_up:
                return

    def _change(self, targets: Sequence[Target]) -> Sequence[Target]:
        changes = [{"id": target.product_id, **target.difference.fields} for target in targets]
        with_images = [target for target in targets if target.difference.added_images]
        if with_images:
            self._await_images(with_images)
        answer = store_catalog.change_products(self.store, changes, self._claim.check)
        if answer.status == store_products.PARTLY and self.publication is not None:
            said = store_products.what_is_missing(answer)
            for target in targets:
                self.publication.problem(
                    target.listing_key,
                    Reason.PARTLY_SAVED,
                    f"Listing {target.listing_key}, or another one of the same call: the store could not save all of"
                    f" it: {said}.",
                )
        return targets

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
                    "sku": whole.get("sku") or master_sku,
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
                price=self.settings.overwrite.price is Follow.UPDATE,
                variants=json.dumps(self._shown_variants(target), default=str),
            )
            self._end(session, target, "done" if target.difference else "adopted", None, settling.sent_at)

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

    def _shown_variants(self, target: Target) -> list[dict[str, Any]]:
        """Of each variant: its id, the price that the store shows, and whether another is wanted."""
        variants = {each["id"]: each for each in target.shown["variants"]}
        rows = []
        for variant in target.variants:
            master_sku = variant["master_sku"]
            if master_sku in target.added:
                rows.append(
                    {
                        "master_sku": master_sku,
                        "variant_id": target.added[master_sku],
                        "channel_price": variant["price"],
                        "price_differs": False,
                        "inherits": False,
                    }
                )
                continue
            variant_id = target.difference.variant_ids.get(master_sku)
            if variant_id is None:
                continue
            own = variants[variant_id]["price"]
            price = target.shown["price"] if own is None else own
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

"""Products of the store written over with what their listings say: what differs, in the fewest calls.

Everything here sets a state: after a lost answer the product is read anew, and what still differs is sent.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from storekeeper.bigcommerce import catalog_writing as store_catalog
from storekeeper.bigcommerce import products as store_products
from storekeeper.bigcommerce.catalog import MOST_PER_PAGE
from storekeeper.bigcommerce.client import Answer, Check, StoreClient
from storekeeper.operations.creation import MOST_UNKNOWN
from storekeeper.operations.outbound import CONFIRM, GUARDED_FROM, Fresh, Outdated, Sender, reason_of
from storekeeper.operations.product_comparison import Comparison, Target
from storekeeper.operations.publication import Publication, plain
from storekeeper.outcomes import HINTS, Reason, Refused, RunStopped, Unknown
from storekeeper.settings import Follow, PublishListings
from storekeeper.warehouse.claim import Claim
from storekeeper.warehouse.database import Session
from storekeeper.warehouse.runs import Run

log = logging.getLogger(__name__)

READINGS = 3
"""How often products are read anew after a call whose fate nobody knows."""


@dataclass(slots=True)
class Overwriting:
    """The overwriting part of a run.

    :ivar unknown: listings of which nobody knows what became.
    """

    store: StoreClient
    run: Run
    settings: PublishListings
    values: Mapping[str, Any]
    publication: Publication
    comparison: Comparison
    unknown: list[str] = field(default_factory=list)
    _sender: Sender = field(default_factory=Sender)

    @property
    def gave_up(self) -> str | None:
        """Why the rest was not sent; None where all was."""
        return self._sender.gave_up

    def guard(self, listing_keys: Sequence[str], listings: int, *, confirmed: bool) -> None:
        """Stop before the first call where too many variants would be deleted.

        :raises RunStopped: they are more than ``max_removed_share`` of the channel's.
        """
        if confirmed or not self.settings.remove_missing_variants or listings < GUARDED_FROM:
            return
        removals = {
            target.listing_key: len(target.difference.removed_variants)
            for target in self.comparison.all(listing_keys)
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
                f" listing {worst}. {CONFIRM}"
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
                said = f"Listing {listing_key}: nobody knows whether its product was written over: {unknown}."
                self.publication.problem(listing_key, Reason.UNKNOWN_OUTCOME, said)
                if in_a_row >= MOST_UNKNOWN:
                    raise
                self._claim.wait_out()

    @property
    def _claim(self) -> Claim:
        return self.publication.claim

    def _read(self, listing_keys: Sequence[str]) -> list[Target]:
        targets = self.comparison.read(listing_keys)
        if self.comparison.gone:
            with self._claim.settling() as settling:
                settling.session.run("sync_listings/announce_own_write")
                settling.session.run(
                    "sync_listings/settle_gone",
                    run_no=self.run.run_no,
                    **self.values,
                    product_ids=self.comparison.gone,
                    living_products=[],
                    living_variants=[],
                    hint=HINTS[Reason.GONE_FROM_STORE],
                )
        return targets

    def _write(self, targets: Sequence[Target]) -> None:
        begun = [target for target in targets if self.comparison.differs(target)]
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
        self._finish(self.comparison.still_wanted([target for target in targets if not target.difference.fields]))
        changed = [target for target in targets if target.difference.fields]
        for begin in range(0, len(changed), store_catalog.MOST_PRODUCTS):
            left = changed[begin : begin + store_catalog.MOST_PRODUCTS]
            while left := self.comparison.still_wanted(left):
                try:
                    self._sender.send(left, self._change, self._finish, self._refuse)
                    break
                except Outdated:
                    log.info("a listing was changed or paused while a call waited for its turn: looking again")
            if self._sender.gave_up:
                return

    def _change(self, targets: Sequence[Target]) -> Sequence[Target]:
        changes = [{"id": target.product_id, **target.difference.fields} for target in targets]
        with_images = [target for target in targets if target.difference.added_images]
        if with_images:
            self._await_images(with_images)
        answer = store_catalog.change_products(self.store, changes, self._fresh(targets).check)
        self._note_brands(targets, answer)
        if answer.status != store_products.PARTLY:
            return targets
        said = store_products.what_is_missing(answer) or "it does not say what"
        return [target for target in targets if self._saved_whole(target, said)]

    def _fresh(self, targets: Sequence[Target]) -> Fresh:
        return Fresh(self._claim, lambda: len(self.comparison.still_wanted(targets)) == len(targets))

    def _saved_whole(self, target: Target, said: str) -> bool:
        """After a 207: whether this one is as it was sent; what is not stays queued, with a problem."""
        left = self._read([target.listing_key])
        if left and not left[0].difference.fields:
            return True
        self._lacking(target, f"the store could not save all of it: {said}")
        return False

    def _lacking(self, target: Target, reason: str) -> None:
        """What was sent did not come whole: it stays queued, with a problem."""
        with self._claim.settling() as settling:
            self._end(settling.session, target, "refused", reason, settling.sent_at)
            said = f"Listing {target.listing_key}: {reason}."
            self.publication.note_problem(settling.session, target.listing_key, Reason.PARTLY_SAVED, said)

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
            new_images = self._new_images(target, shown.get(target.product_id))
            if len(new_images) < len(target.difference.added_images):
                # those that are there stay until the others have come
                self._lacking(target, "the store has not taken all images")
                continue
            try:
                self._finish_one(target, new_images)
            except Refused as refusal:
                self._refuse(target, refusal)
            except Outdated:
                log.info("listing %s was changed or paused while a call waited: left alone", target.listing_key)

    @staticmethod
    def _new_images(target: Target, shown: Mapping[str, Any] | None) -> list[int]:
        before = {image["id"] for image in target.shown["images"]}
        return sorted(image["id"] for image in (shown or target.shown)["images"] if image["id"] not in before)

    def _finish_one(self, target: Target, new_images: Sequence[int]) -> None:
        difference, product_id, check = target.difference, target.product_id, self._fresh([target]).check
        if difference.added_variants:
            self._add_variants(target, check)
        changes = [{"id": variant_id, **fields} for variant_id, fields in difference.variant_fields.items()]
        for begin in range(0, len(changes), store_catalog.MOST_VARIANTS):
            store_catalog.change_variants(self.store, changes[begin : begin + store_catalog.MOST_VARIANTS], check)
        for custom_field_id in difference.removed_custom_fields:
            store_products.delete_custom_field(self.store, product_id, custom_field_id, check)
        for image_id in difference.removed_images:
            store_products.delete_image(self.store, product_id, image_id, check)
        for variant_id in difference.removed_variants:
            store_products.delete_variant(self.store, product_id, variant_id, check)
        self._settle(target, new_images)

    def _add_variants(self, target: Target, check: Check) -> None:
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
                        check,
                    )
                    options[name.casefold()] = option
                    made = option.option_values[0]
                else:
                    made = store_products.create_option_value(
                        self.store,
                        target.product_id,
                        option.id,
                        {"label": label, "sort_order": len(option.option_values), "is_default": False},
                        check,
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
                check,
            )
            target.added[master_sku] = made_variant.id

    def _settle(self, target: Target, new_images: Sequence[int]) -> None:
        added = target.difference.added_images
        images = [
            *target.difference.kept_images,
            *({"url": url, "image_id": image_id} for url, image_id in zip(added, new_images, strict=False)),
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
            self._end(session, target, "done" if self.comparison.differs(target) else "adopted", None, settling.sent_at)
        for variant in target.variants:
            sku = variant["master_sku"]
            if sku not in target.added and sku not in target.difference.variant_ids:
                said = f"Variant {sku} of listing {target.listing_key}: product {target.product_id} does not have it."
                self.publication.problem(
                    target.listing_key, Reason.VARIANT_NOT_IN_STORE, said, entity="variant", of=sku
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
            said = f"The store refused to have listing {target.listing_key} written over: {reason}."
            self.publication.note_problem(settling.session, target.listing_key, Reason.REFUSED_BY_STORE, said)

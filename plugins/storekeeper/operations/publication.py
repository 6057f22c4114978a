"""Products made of listings, each exactly once.

The way of such a call is in :mod:`.creation`; here is what it means for products. What is found and agrees is adopted.
The store itself takes each SKU and each name once, in any letter case: what it refuses for that is looked up too, and
the listing linked to what stands there.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import msgspec

from storekeeper.bigcommerce import products as store_products
from storekeeper.bigcommerce.catalog import MOST_PER_PAGE
from storekeeper.bigcommerce.client import Check
from storekeeper.bigcommerce.products import Product, Saved
from storekeeper.operations.creation import NO_EFFECT, Creation, Intent
from storekeeper.operations.outbound import reason_of
from storekeeper.operations.store_categories import StoreCategories
from storekeeper.outcomes import Reason, Refused
from storekeeper.settings import MasterSku
from storekeeper.transforms.overwriting import match_variants
from storekeeper.warehouse.database import Session

log = logging.getLogger(__name__)

LOOKS = (0.0, 1.0, 2.0, 4.0)
"""Seconds before each look for what the store says to have: a new product is not found at once."""

MOST_LOOKED_UP = 50
"""Variants' SKUs that are looked for one by one, where the store does not say which is taken."""


@dataclass(slots=True)
class ProductIntent(Intent):
    """A product that was meant; its key is the listing's.

    :ivar product: as it was sent.
    :ivar variants: the listing's, as they were prepared with it.
    :ivar product_id: the store's, as soon as it is known.
    :ivar without: what the store could not save of it.
    """

    product: dict[str, Any]
    variants: list[dict[str, Any]]
    version: str
    product_id: int | None = None
    without: str | None = None


@dataclass(slots=True)
class Publication(Creation[ProductIntent, Saved]):
    """The creating part of a run.

    :param values: bind parameters that all statements share.
    :param categories: gives the store's categories, looked up when first asked for.
    """

    operation = "publish_listings"
    entity = "listing"

    values: Mapping[str, Any]
    categories: Callable[[], StoreCategories]
    _incomplete: list[ProductIntent] = field(default_factory=list)

    def recover(self) -> None:
        """Find out what became of calls whose answer nobody has recorded."""
        with self.run.transaction() as session:
            rows = session.rows("publish_listings/list_open_intents", channel=self.channel.channel)
        for row in rows:
            intent = ProductIntent(
                row["push_no"],
                row["listing_key"],
                row["product"],
                row["variants"],
                row["version"],
                row["product_id"],
                doubtful=True,
                found=row["found"],
            )
            if intent.product_id is not None:
                self._incomplete.append(intent)
            elif not self._found(intent):
                self._end(intent, "refused", NO_EFFECT)
        self.complete()

    def create(self, listing_key: str, paths: Sequence[str]) -> None:
        """Make one listing's product, unless somebody has changed or paused it since it was prepared.

        :raises Unknown: its fate is unknown; the intent stays open, and the next attempt looks first.
        """
        category_ids: list[int] = []
        if paths:
            if said := self.categories().lacking(listing_key, paths):
                self.problem(listing_key, Reason.UNKNOWN_CATEGORY, said)
                return
            category_ids = self.categories().ids(paths)
        if self._stands_there(listing_key):
            return
        with self.claim.settling() as settling:
            rows = self._rows(settling.session, "publish_listings/read_payload", listing_key, action="publish")
            if not rows:
                found = self._rows(settling.session, "publish_listings/find_listing", listing_key)
                if not found or found[0]["product_id"] is None:
                    log.info(
                        "listing %s was changed, paused or taken back since it was prepared: left alone", listing_key
                    )
                return
            product = {**rows[0]["payload"], "categories": category_ids}
            begun = self._rows(
                settling.session,
                "publish_listings/begin_intent",
                listing_key,
                product=_json(product),
                epoch=self.claim.epoch,
            )
        if begun:  # else nobody knows yet what became of the last one
            self._send(
                ProductIntent(begun[0]["push_no"], listing_key, product, rows[0]["variants"], rows[0]["version"])
            )

    def _stands_there(self, listing_key: str) -> bool:
        """Whether a listing without a SKU, in a channel that goes by UPC or MPN, stands in the store; it is linked now.

        The store itself takes a SKU once; a UPC or MPN it takes as often as it is given.
        """
        field = self.channel.import_listings.master_sku
        if field is MasterSku.SKU:
            return False
        with self.run.transaction() as session:
            rows = self._rows(session, "publish_listings/read_variants", listing_key)
        variants = rows[0]["variants"] if rows else []
        if not variants or _skus(variants):
            return False
        found = store_products.find_by_identifier(self.store, field.value, variants[0]["master_sku"])
        return bool(found) and (self._link(listing_key, variants, found) or True)

    def complete(self) -> None:
        """Read the variants' ids of products that were made, for which the answer to their making has no room."""
        while self._incomplete:
            some, self._incomplete = self._incomplete[:MOST_PER_PAGE], self._incomplete[MOST_PER_PAGE:]
            ids = [intent.product_id for intent in some if intent.product_id is not None]
            shown = {product.id: product for product in store_products.products_of(self.store, ids)}
            for intent in some:
                product = shown.get(intent.product_id or 0)
                if product is None:  # made, and deleted by somebody since
                    self._end(intent, "refused", "the store has the product no more", problem=Reason.GONE_FROM_STORE)
                else:
                    self._settle(intent, product)

    def link(self, listing_key: str, variants: Sequence[Mapping[str, Any]]) -> bool:
        """Link a listing to the product in which its SKUs stand; False where they stand in none."""
        for sku in _skus(variants)[:MOST_LOOKED_UP]:
            found = store_products.find_by_sku(self.store, sku)
            if found:
                return self._link(listing_key, variants, found)
        return False

    def _call(self, intent: ProductIntent, check: Check) -> Saved:
        return store_products.create_product(self.store, intent.product, check)

    def _still_wanted(self, intent: ProductIntent) -> bool:
        with self.run.transaction() as session:
            return bool(self._rows(session, "publish_listings/read_payload", intent.key, action="publish"))

    def _made(self, intent: ProductIntent, answer: Saved) -> None:
        product = answer.product
        intent.product_id, intent.without = product.id, answer.without
        expected_images = len(intent.product.get("images") or ())
        one = product.base_variant_id is not None and "variants" not in intent.product
        if (one or len(product.variants) == len(intent.variants)) and len(product.images) == expected_images:
            self._settle(intent, product)
            return
        with self.claim.settling() as settling:
            settling.session.run(
                "publish_listings/note_created",
                push_no=intent.push_no,
                product_id=product.id,
                found=False,
                sent_at=settling.sent_at,
            )
            self._partly_saved(settling.session, intent)
        self._incomplete.append(intent)
        if len(self._incomplete) >= MOST_PER_PAGE:
            self.complete()

    def _refused(self, intent: ProductIntent, refusal: Refused) -> None:
        try:
            if refusal.status == 409 and self._taken(intent, refusal):
                return
        except Refused as no_look:  # what the store does not even look for is refused all the same
            log.warning("listing %s: %s", intent.key, no_look)
        said = f"The store refused listing {intent.key}: {reason_of(refusal)}."
        self._end(intent, "refused", reason_of(refusal), problem=Reason.REFUSED_BY_STORE, said=said)
        self._count_refusal(refusal)

    def _taken(self, intent: ProductIntent, refusal: Refused) -> bool:
        """The store has the SKU or the name already: whose is it? False where it is not to be found."""
        skus = sorted(_skus(intent.variants), key=lambda sku: sku.lower() not in refusal.said.lower())
        about_the_name = "name" in refusal.fields and "sku" not in refusal.fields
        for wait in LOOKS if intent.doubtful else LOOKS[:2]:
            time.sleep(wait)
            if about_the_name and (named := store_products.find_by_name(self.store, intent.product["name"])):
                return self._claimed(intent, [], named)
            for sku in skus[:MOST_LOOKED_UP]:
                found = store_products.find_by_sku(self.store, sku)
                if found:
                    return self._claimed(intent, found)
            named = store_products.find_by_name(self.store, intent.product["name"])
            if named:
                return self._claimed(intent, [], named)
        return False

    def _find(self, intent: ProductIntent) -> bool:
        """Look for what an earlier call may have made, by what was meant then; False where there is none."""
        skus = _skus(intent.variants)[:1]
        try:
            found = store_products.find_by_sku(self.store, skus[0]) if skus else []
            named = [] if found else store_products.find_by_name(self.store, intent.product["name"])
        except Refused as refusal:  # it stays open, and only its own listing waits
            said = f"Listing {intent.key}: its product cannot be looked for: {reason_of(refusal)}."
            self.problem(intent.key, Reason.UNKNOWN_OUTCOME, said)
            return True
        return bool(found or named) and self._claimed(intent, found, named)

    def _claimed(self, intent: ProductIntent, found: Sequence[Product], named: Sequence[Product] = ()) -> bool:
        """Something in the store bears the listing's SKU or name: it is ours, or is linked, or is a stranger's."""
        ours = [product for product in (*found, *named) if _agrees(intent, product)]
        if intent.doubtful and len(ours) == 1:
            intent.product_id, intent.found = ours[0].id, True
            self._settle(intent, ours[0])
        elif found:
            self._link(intent.key, intent.variants, found, intent)
        else:
            said = f"Listing {intent.key}: product {named[0].id} of the store has the name {named[0].name!r}."
            self._end(intent, "refused", "its name is taken", problem=Reason.NAME_TAKEN, said=said)
        return True

    def _settle(self, intent: ProductIntent, product: Product) -> None:
        shown = plain(product)
        ids = match_variants(intent.variants, shown["variants"])
        if product.base_variant_id is not None and len(intent.variants) == 1 and not ids:
            ids = {intent.variants[0]["master_sku"]: product.base_variant_id}
        wanted_images = intent.product.get("images") or []
        images = sorted(product.images, key=lambda image: (image.sort_order or 0, image.id))
        sent = (
            [
                {"url": each["image_url"], "image_id": image.id}
                for each, image in zip(wanted_images, images, strict=True)
            ]
            if len(images) == len(wanted_images)
            else []
        )
        with self.claim.settling() as settling:
            session = settling.session
            listing = self._rows(session, "publish_listings/find_listing", intent.key)
            if not listing or listing[0]["product_id"] not in (None, product.id):
                self.note_problem(
                    session,
                    intent.key,
                    Reason.PRODUCT_WITHOUT_LISTING,
                    f"Product {product.id} was made for listing {intent.key}, which the warehouse has no more,"
                    " or has linked to another product.",
                )
                self._close(session, intent, "done", None, settling.sent_at)
                return
            session.run("sync_listings/announce_own_write")
            if listing[0]["product_id"] == product.id:
                session.run(
                    "publish_listings/settle_known",
                    **self.values,
                    listing_key=intent.key,
                    images=_json(sent),
                )
                self._close(session, intent, "adopted", None, settling.sent_at)
                return
            session.run(
                "publish_listings/settle_created",
                **self.values,
                listing_key=intent.key,
                product_id=product.id,
                visible=bool(intent.product["is_visible"]),
                version=intent.version,
                price=intent.product["price"],
                tracking=intent.product["inventory_tracking"],
                images=_json(sent),
                assign_to=self.channel.store_channel_id,
                variants=_json([_as_shown(each, ids.get(each["master_sku"]), shown) for each in intent.variants]),
            )
            if product.brand_id and intent.product.get("brand_name"):
                session.run(
                    "publish_listings/note_brand",
                    **self.values,
                    brand_id=product.brand_id,
                    brand=intent.product["brand_name"],
                )
            self._partly_saved(session, intent)
            self._close(session, intent, "adopted" if intent.found else "done", None, settling.sent_at)
        if intent.found:
            log.info("listing %s: the product was there already, and is adopted", intent.key)

    def _link(
        self,
        listing_key: str,
        variants: Sequence[Mapping[str, Any]],
        found: Sequence[Product],
        intent: ProductIntent | None = None,
    ) -> bool:
        product = found[0]
        shown = plain(product)
        ids = match_variants(variants, shown["variants"], by_options=False)
        prices = {each["id"]: each["price"] for each in shown["variants"]}
        elsewhere = self._elsewhere([each for each in variants if each["master_sku"] not in ids], product)
        with self.claim.settling() as settling:
            session = settling.session
            if intent is not None:
                self._close(session, intent, "refused", f"its SKU stands in the store (product {product.id})", None)
            others = [*found[1:], *elsewhere]
            if others:
                said = f"Listing {listing_key}: its SKUs stand in several products, {product.id} and {others[0].id}."
                self.note_problem(session, listing_key, Reason.AMBIGUOUS_LISTING, said)
                return False
            owners = self._rows(session, "publish_listings/find_owner", listing_key, product_id=product.id)
            if owners:
                said = (
                    f"Listing {listing_key}: its SKU stands in product {product.id}, which is listing"
                    f" {owners[0]['listing_key']}."
                )
                self.note_problem(session, listing_key, Reason.SKU_TAKEN, said)
                return False
            session.run("sync_listings/announce_own_write")
            session.run(
                "publish_listings/settle_linked",
                **self.values,
                listing_key=listing_key,
                product_id=product.id,
                visible=product.is_visible,
                price=product.price,
                tracking=product.inventory_tracking,
                variants=_json(
                    [
                        {
                            "master_sku": each["master_sku"],
                            "variant_id": ids.get(each["master_sku"]),
                            "channel_price": prices.get(ids.get(each["master_sku"], 0)) or shown["price"],
                            "inherits": prices.get(ids.get(each["master_sku"], 0)) is None,
                        }
                        for each in variants
                    ]
                ),
            )
            session.run(
                "pushes/record",
                run_no=self.run.run_no,
                entity="listing",
                entity_key=listing_key,
                action="link",
                state="done",
                sent=_json({"product_id": product.id}),
                former=None,
                reason=None,
                epoch=self.claim.epoch,
                sent_at=None,
            )
            for each in variants:
                if each["master_sku"] not in ids:
                    said = (
                        f"Variant {each['master_sku']} of listing {listing_key}: product {product.id} does not have it."
                    )
                    self.note_problem(
                        session,
                        listing_key,
                        Reason.VARIANT_NOT_IN_STORE,
                        said,
                        entity="variant",
                        of=str(each["master_sku"]),
                    )
        log.info("listing %s: its SKU stands in product %d: linked", listing_key, product.id)
        return True

    def _elsewhere(self, variants: Sequence[Mapping[str, Any]], product: Product) -> list[Product]:
        """Other products in which SKUs of the same listing stand."""
        return [
            found
            for sku in _skus(variants)[:MOST_LOOKED_UP]
            for found in store_products.find_by_sku(self.store, sku)
            if found.id != product.id
        ]

    def _partly_saved(self, session: Session, intent: ProductIntent) -> None:
        if intent.without:
            said = (
                f"Listing {intent.key} was published as product {intent.product_id}, and the store could not"
                f" save all of it: {intent.without}."
            )
            self.note_problem(session, intent.key, Reason.PARTLY_SAVED, said)

    def _rows(self, session: Session, name: str, listing_key: str, **values: Any) -> Sequence[Any]:
        return session.rows(name, run_no=self.run.run_no, **self.values, listing_key=listing_key, **values)


def _skus(variants: Sequence[Mapping[str, Any]]) -> list[str]:
    return [str(each["sku"]) for each in variants if each.get("sku")]


def _agrees(intent: ProductIntent, product: Product) -> bool:
    """Whether a product of the store is what was meant: name, price, weight, tracking, and each variant by its SKU."""
    shown = {(each.sku or "").lower() for each in product.variants} | {(product.sku or "").lower()}
    meant = intent.product
    same = (
        (product.name or "").strip().casefold() == meant["name"].strip().casefold()
        and max(len(product.variants), 1) == len(intent.variants)
        and float(product.price or 0) == float(meant["price"])
        and float(product.weight or 0) == float(meant["weight"])
        and product.inventory_tracking == meant["inventory_tracking"]
    )
    return same and all(sku.lower() in shown for sku in _skus(intent.variants))


def _as_shown(variant: Mapping[str, Any], variant_id: int | None, shown: Mapping[str, Any]) -> dict[str, Any]:
    """A variant as it was meant, with the price that the store shows, where it shows one."""
    own = next((each for each in shown["variants"] if each["id"] == variant_id), None)
    price = variant["price"] if own is None else (shown["price"] if own["price"] is None else own["price"])
    inherits = variant["inherits"] if own is None else own["price"] is None
    return {**variant, "variant_id": variant_id, "price": price, "inherits": inherits}


def plain(product: Product) -> dict[str, Any]:
    """The product as plain values, amounts as the decimals that they are."""
    values: dict[str, Any] = msgspec.to_builtins(product, builtin_types=(Decimal,))
    return values


def _json(value: Any) -> str:
    return json.dumps(value, default=str)

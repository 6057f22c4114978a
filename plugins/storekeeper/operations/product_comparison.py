"""Listings that are to write over products of the store, each beside its product: what would be sent. Sends nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from storekeeper.bigcommerce import products as store_products
from storekeeper.bigcommerce.catalog import MOST_PER_PAGE
from storekeeper.bigcommerce.client import StoreClient
from storekeeper.operations.publication import plain
from storekeeper.operations.store_categories import StoreCategories
from storekeeper.outcomes import Reason
from storekeeper.settings import Follow, PublishListings
from storekeeper.transforms.overwriting import Difference, compare
from storekeeper.warehouse.runs import Run


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
class Comparison:
    """Reads products, and compares them with what their listings say now.

    :param values: bind parameters that all statements share.
    :param categories: gives the store's categories, looked up when first asked for.
    :param tell: takes a listing that cannot be written over, why, and a sentence for a person.
    :ivar gone: products that the store does not have any more, of those read last.
    """

    store: StoreClient
    run: Run
    settings: PublishListings
    values: Mapping[str, Any]
    categories: Callable[[], StoreCategories]
    tell: Callable[[str, Reason, str], None]
    gone: list[int] = field(default_factory=list)

    def all(self, listing_keys: Sequence[str]) -> Iterator[Target]:
        """Any number of listings, a page at a time."""
        for begin in range(0, len(listing_keys), MOST_PER_PAGE):
            yield from self.read(listing_keys[begin : begin + MOST_PER_PAGE])

    def still_wanted(self, targets: Sequence[Target]) -> list[Target]:
        """Those of some listings that nobody has changed, paused or taken back since they were read."""
        if not targets:
            return []
        wanted = {row["listing_key"] for row in self._rows([target.listing_key for target in targets])}
        return [target for target in targets if target.listing_key in wanted]

    def read(self, listing_keys: Sequence[str]) -> list[Target]:
        """Up to a page of listings; those that are not as they were prepared any more are left out."""
        rows = self._rows(listing_keys)
        products = {
            product.id: plain(product)
            for product in store_products.products_of(self.store, [row["product_id"] for row in rows])
        }
        self.gone = [row["product_id"] for row in rows if row["product_id"] not in products]
        targets = []
        for row in rows:
            listing_key, paths, shown = row["listing_key"], row["categories"], products.get(row["product_id"])
            if shown is None:
                said = f"Listing {listing_key}: the store does not have its product {row['product_id']} any more."
                self.tell(listing_key, Reason.GONE_FROM_STORE, said)
                continue
            lacking = self.categories().lacking(listing_key, paths) if paths else None
            if lacking:
                self.tell(listing_key, Reason.UNKNOWN_CATEGORY, lacking)
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
                    listing_key,
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

    def differs(self, target: Target) -> bool:
        """Whether there is anything to send of a listing, be it price or stock, which follow as a sync sends them."""
        overwrite = self.settings.overwrite
        return (
            bool(target.difference)
            or (overwrite.price is Follow.UPDATE and target.prices_differ)
            or (overwrite.quantity is Follow.UPDATE and target.stock_differs)
        )

    def _rows(self, listing_keys: Sequence[str]) -> Sequence[Any]:
        with self.run.transaction() as session:
            return session.rows(
                "publish_listings/read_overwrites",
                run_no=self.run.run_no,
                **self.values,
                listing_keys=list(listing_keys),
            )

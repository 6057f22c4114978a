"""What Import Listings must leave behind, worked out record by record from the design's words, apart from the product.

Plain dicts and decimals: no SQL, no pandas, nothing of storekeeper. Slow and simple on purpose: where product and
oracle differ, one of them misread the design.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

Row = dict[str, Any]
Key = tuple[str, str, str]
"""Of an open problem: entity, entity_key, reason."""

LISTING_COLUMNS = (
    "channel", "listing_key", "product_id", "title", "description", "type", "weight", "price", "brand", "categories",
    "images", "custom_fields", "status", "paused", "queued_action", "hidden_as", "channel_price", "channel_visible",
    "inventory_tracking",
)  # fmt: skip
VARIANT_COLUMNS = (
    "channel", "master_sku", "listing_key", "sku", "upc", "mpn", "options", "price", "quantity", "inventory_sku",
    "variant_id", "synced_price", "synced_quantity", "channel_price", "channel_price_inherited", "channel_quantity",
)  # fmt: skip
ITEM_COLUMNS = ("master_sku", "quantity", "price")
OWN_DATA = ("title", "description", "brand", "categories", "images", "custom_fields", "weight")
OF_THE_LINK = (
    "variant_id", "synced_price", "synced_quantity", "channel_price", "channel_price_inherited", "channel_quantity",
)  # fmt: skip
IDENTIFIERS = ("sku", "upc", "mpn")
HIDDEN_BY_US = ("unavailable", "out_of_stock")
GONE = "gone_from_store"


@dataclass(frozen=True)
class Rules:
    """What turns an inventory item into what is wanted."""

    price_multiplier: Decimal = Decimal(1)
    safety_stock: int = 0
    max_quantity: int | None = None
    currency_digits: int = 2

    def price(self, price: Decimal) -> Decimal:
        return (price * self.price_multiplier).quantize(Decimal(1).scaleb(-self.currency_digits), ROUND_HALF_UP)

    def quantity(self, quantity: int) -> int:
        left = max(quantity - self.safety_stock, 0)
        return left if self.max_quantity is None else min(left, self.max_quantity)


@dataclass(frozen=True)
class Choices:
    """The settings of an import that shape what it does."""

    master_sku: str = "sku"
    mode: str = "create_only"
    overwrite: Mapping[str, str] = field(default_factory=dict)
    new_listings_paused: bool = True
    rules: Rules = Rules()

    def follows(self, name: str) -> bool:
        """Whether a field of a known listing follows the store."""
        return self.mode == "create_and_overwrite" and self.overwrite.get(name, "update") == "update"


@dataclass
class State:
    """One channel's rows in the warehouse, by key, and its open problems."""

    listings: dict[str, Row] = field(default_factory=dict)
    variants: dict[str, Row] = field(default_factory=dict)
    items: dict[str, Row] = field(default_factory=dict)
    problems: Counter[Key] = field(default_factory=Counter)

    @classmethod
    def of(
        cls, listings: Iterable[Row], variants: Iterable[Row], items: Iterable[Row], problems: Iterable[Key]
    ) -> State:
        return cls(
            {row["listing_key"]: {name: row[name] for name in LISTING_COLUMNS} for row in listings},
            {row["master_sku"]: {name: row[name] for name in VARIANT_COLUMNS} for row in variants},
            {row["master_sku"].lower(): {name: row[name] for name in ITEM_COLUMNS} for row in items},
            Counter(problems),
        )

    def differences(self, other: State) -> list[str]:
        """What ``other`` has otherwise, field by field; empty where the two agree."""
        found = []
        for table in ("listings", "variants"):
            mine, theirs = getattr(self, table), getattr(other, table)
            found += [f"{table} {key}: missing, expected {mine[key]}" for key in mine.keys() - theirs.keys()]
            found += [f"{table} {key}: not expected, got {theirs[key]}" for key in theirs.keys() - mine.keys()]
            for key in mine.keys() & theirs.keys():
                if mine[key] != theirs[key]:
                    found += [
                        f"{table} {key}.{name}: expected {value!r}, got {theirs[key][name]!r}"
                        for name, value in mine[key].items()
                        if value != theirs[key][name]
                    ]
        found += [f"problem {key} x {n}: not open" for key, n in (self.problems - other.problems).items()]
        found += [f"problem {key} x {n}: open, not expected" for key, n in (other.problems - self.problems).items()]
        return sorted(found)


@dataclass
class Offer:
    """A variant as the store shows it."""

    variant_id: int
    product_id: int
    claim: str | None
    identifiers: dict[str, str | None]
    options: list[Row]
    price: Decimal
    inherited: bool
    stock: int | None
    level: int


@dataclass
class Product:
    """A product as the store shows it; ``valid`` is false where it cannot be read."""

    product_id: int
    valid: bool
    data: Row
    price: Decimal | None
    visible: bool
    tracking: str
    offers: list[Offer]


def after_import(before: State, store: Mapping[str, list[Row]], choices: Choices, channel: str) -> State:
    """The warehouse after a complete import of ``store`` (a sandbox's dump) into ``before``."""
    return _Import(before, read_store(store, choices.master_sku), choices, channel).run()


def read_store(dump: Mapping[str, list[Row]], master_sku: str) -> list[Product]:
    """The store's products by ascending id, with what the warehouse would hold of each."""
    brands = {brand["id"]: brand["name"] for brand in dump["brand"]}
    categories = {category["category_id"]: category for category in dump["category"]}

    def path(category_id: int) -> str:
        category = categories[category_id]
        above = path(category["parent_id"]) + " > " if category["parent_id"] in categories else ""
        return str(above + category["name"])

    paths = {category_id: path(category_id) for category_id in categories}
    products = []
    for record in sorted(dump["product"], key=lambda record: int(record["id"])):
        valid = isinstance(record["name"], str)
        price = money(record["price"])
        images = sorted(record["images"], key=lambda image: (image["sort_order"], image["id"]))
        data = {
            "title": record["name"],
            "description": record["description"],
            "type": record["type"],
            "weight": money(record["weight"]),
            "brand": brands.get(record["brand_id"]),
            "categories": sorted({paths[each] for each in record["categories"] if each in paths}),
            "images": [image["url_zoom"] or image["url_standard"] for image in images],
            "custom_fields": [
                {"name": each["name"], "value": each["value"]}
                for each in sorted(record["custom_fields"], key=lambda each: int(each["id"]))
            ],
        }
        offers = [_offer(record, variant, master_sku) for variant in record["variants"]] if valid else []
        products.append(
            Product(record["id"], valid, data, price, record["is_visible"], record["inventory_tracking"], offers)
        )
    return products


def _offer(product: Row, variant: Row, master_sku: str) -> Offer:
    alone = len(product["variants"]) == 1
    identifiers = {name: text(variant[name]) or (text(product[name]) if alone else None) for name in IDENTIFIERS}
    inherited = variant["price"] is None
    price = money(product["price"] if inherited else variant["price"])
    assert price is not None
    stock = {
        "none": None,
        "variant": variant["inventory_level"],
        "product": product["inventory_level"] if alone else None,
    }[product["inventory_tracking"]]
    return Offer(
        variant_id=variant["id"],
        product_id=product["id"],
        claim=identifiers[master_sku],
        identifiers=identifiers,
        options=[
            {"name": option["option_display_name"], "value": option["label"]} for option in variant["option_values"]
        ],
        price=price,
        inherited=inherited,
        stock=stock,
        # tracked as a whole, an only variant's stock is the product's
        level=stock if stock is not None else variant["inventory_level"],
    )


def text(value: str | None) -> str | None:
    return (value or "").strip() or None


def money(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(str(value))


@dataclass
class _Matches:
    """Which row each offer goes to: a known one (under which SKU), or none yet."""

    rows: dict[int, tuple[str, str]] = field(default_factory=dict)
    """By variant id: the row's SKU before, its SKU afterwards."""
    new: dict[int, str] = field(default_factory=dict)
    blocked: dict[int, str] = field(default_factory=dict)
    """SKUs whose row a variant holds that lives but could not be handled."""


class _Import:
    def __init__(self, before: State, products: list[Product], choices: Choices, channel: str) -> None:
        self.before = before
        self.products = {product.product_id: product for product in products}
        self.offers = {offer.variant_id: offer for product in products for offer in product.offers}
        self.choices = choices
        self.channel = channel
        self.problems: Counter[Key] = Counter()
        self.row_of = {row["variant_id"]: row for row in before.variants.values() if row["variant_id"] is not None}
        self.sku_in_any_case = {sku.lower(): sku for sku in before.variants}
        self.listing_of = {
            row["product_id"]: key for key, row in before.listings.items() if row["product_id"] is not None
        }
        # An unreadable product's variants live all the same.
        self.unreadable = {product.product_id for product in products if not product.valid}

    # Which offer goes where.

    def run(self) -> State:
        for product_id in self.unreadable:
            self.problem("product", product_id, "invalid_record")
        claims = self.claims()
        left_out: set[int] = set()
        while True:
            matches = self.match(
                {claim: offer for claim, offer in claims.items() if offer.product_id not in left_out}, left_out
            )
            ambiguous = self.ambiguous(matches)
            if not ambiguous:
                break
            left_out |= ambiguous
        for product_id in left_out:
            self.problem("product", product_id, "ambiguous_listing")
        for sku in matches.blocked.values():
            self.problem("variant", sku, "duplicate_master_sku")
        return self.write(matches)

    def claims(self) -> dict[str, Offer]:
        """The one offer that each SKU (in lower case) belongs to; the others leave a problem."""
        claimants: dict[str, list[Offer]] = defaultdict(list)
        for offer in self.offers.values():
            if offer.claim is None:
                self.problem("variant", offer.variant_id, "missing_master_sku")
            else:
                claimants[offer.claim.lower()].append(offer)
        chosen = {}
        for claim, offers in claimants.items():
            holders = [offer for offer in offers if self.held_sku(offer) == claim]
            chosen[claim] = min(holders or offers, key=lambda offer: offer.variant_id)
            for offer in offers:
                if offer is not chosen[claim]:
                    self.problem("variant", offer.claim, "duplicate_master_sku")
        return chosen

    def held_sku(self, offer: Offer) -> str | None:
        row = self.row_of.get(offer.variant_id)
        return row["master_sku"].lower() if row else None

    def lives(self, variant_row: Row) -> bool:
        if variant_row["variant_id"] in self.offers:
            return True
        product_id = self.before.listings[variant_row["listing_key"]]["product_id"]
        return variant_row["variant_id"] is not None and product_id in self.unreadable

    def match(self, claims: Mapping[str, Offer], left_out: set[int]) -> _Matches:
        moving = {offer.variant_id: claim for claim, offer in claims.items()}

        def fate(sku: str, seen: frozenset[str] = frozenset()) -> str:
            """What becomes of a row's SKU: ``kept`` by its own variant, ``free`` for another, or ``renamed`` away."""
            row = self.before.variants[sku]
            claim = moving.get(row["variant_id"])
            if claim is None:
                return "kept" if self.lives(row) else "free"
            if claim == sku.lower():
                return "kept"
            if sku in seen:
                return "free"
            other = self.sku_in_any_case.get(claim)
            return "renamed" if other is None else fate(other, seen | {sku})

        matches = _Matches()
        for claim, offer in claims.items():
            assert offer.claim is not None
            own = self.row_of.get(offer.variant_id)
            held = self.sku_in_any_case.get(claim)
            becomes = "renamed" if held is None else fate(held)
            if held is not None and (becomes == "free" or self.held_sku(offer) == claim):
                matches.rows[offer.variant_id] = (held, held)
            elif becomes == "kept":
                matches.blocked[offer.variant_id] = offer.claim
                if own is not None:
                    matches.rows[offer.variant_id] = (own["master_sku"], own["master_sku"])
            elif own is not None:
                matches.rows[offer.variant_id] = (own["master_sku"], offer.claim)
            else:
                matches.new[offer.variant_id] = offer.claim
        for variant_id, row in self.row_of.items():
            # Without an SKU of its own (blank, or another's) a variant is known by its id, and keeps its row.
            known = self.offers.get(variant_id)
            if known is not None and variant_id not in moving and known.product_id not in left_out:
                matches.rows[variant_id] = (row["master_sku"], row["master_sku"])
        return matches

    def ambiguous(self, matches: _Matches) -> set[int]:
        keys: dict[int, set[str]] = defaultdict(set)
        for variant_id, (sku, _) in matches.rows.items():
            keys[self.offers[variant_id].product_id].add(self.before.variants[sku]["listing_key"])
        found = {product_id for product_id, matched in keys.items() if len(matched) > 1}
        if found:
            return found
        owners: dict[str, list[int]] = defaultdict(list)
        for product_id, (key,) in keys.items():
            owners[key].append(product_id)
        for key, product_ids in owners.items():
            keeper = self.before.listings[key]["product_id"]
            keeper = keeper if keeper in product_ids else min(product_ids)
            found |= set(product_ids) - {keeper}
        return found

    # What stands there afterwards.

    def write(self, matches: _Matches) -> State:
        after = State(items=self.before.items, problems=self.problems)
        listing_of_product: dict[int, str] = {}
        for variant_id, (sku, _) in matches.rows.items():
            listing_of_product[self.offers[variant_id].product_id] = self.before.variants[sku]["listing_key"]
        for variant_id in matches.new:
            product_id = self.offers[variant_id].product_id
            listing_of_product.setdefault(product_id, self.listing_of.get(product_id, f"bc-{product_id}"))

        rows_after: dict[str, list[Row]] = defaultdict(list)
        taken = {sku: (variant_id, new_sku) for variant_id, (sku, new_sku) in matches.rows.items()}
        fresh: dict[int, bool] = {}
        for sku, before in self.before.variants.items():
            row = dict(before)
            if sku in taken:
                variant_id, row["master_sku"] = taken[sku]
                fresh[variant_id] = before["variant_id"] != variant_id
                if row["master_sku"] != sku:
                    row[self.choices.master_sku] = row["master_sku"]
                row["variant_id"] = variant_id
            elif before["variant_id"] is not None and (not self.lives(before) or before["variant_id"] in matches.rows):
                row.update(dict.fromkeys(OF_THE_LINK))
                self.problem("variant", row["master_sku"], GONE)
            after.variants[row["master_sku"]] = row
            rows_after[row["listing_key"]].append(row)

        handled = {key: self.products[product_id] for product_id, key in listing_of_product.items()}
        joining: dict[str, list[Row]] = defaultdict(list)
        for variant_id, sku in matches.new.items():
            key = listing_of_product[self.offers[variant_id].product_id]
            joining[key].append({"master_sku": sku, "inventory_sku": None})
        for key, before in self.before.listings.items():
            row = dict(before)
            after.listings[key] = row
            if key in handled:
                self.follow(row, handled[key], rows_after[key] + joining[key])
            elif row["product_id"] is not None and (
                row["product_id"] not in self.products or row["product_id"] in listing_of_product
            ):
                row |= {"product_id": None, "channel_price": None, "channel_visible": None}
                if row["status"] != "delisted":
                    row["status"] = "not_listed"
        for key, product in handled.items():
            if key not in after.listings:
                after.listings[key] = self.new_listing(key, product)

        for variant_id, (sku, new_sku) in matches.rows.items():
            row = after.variants[new_sku]
            listing_before = self.before.listings[row["listing_key"]]
            self.follow_variant(
                row,
                self.before.variants[sku],
                self.offers[variant_id],
                listing_before,
                after.listings[row["listing_key"]],
                fresh[variant_id],
            )
        for variant_id, sku in matches.new.items():
            offer = self.offers[variant_id]
            listing = after.listings[listing_of_product[offer.product_id]]
            after.variants[sku] = self.new_variant(sku, listing, offer)
        for (entity, key, reason), _ in self.before.problems.items():
            still = after.variants.get(key)
            if reason == GONE and entity == "variant" and still and still["variant_id"] is None:
                after.problems[entity, key, reason] = 1
        return after

    def new_listing(self, key: str, product: Product) -> Row:
        row = dict.fromkeys(LISTING_COLUMNS) | product.data
        row |= {"channel": self.channel, "listing_key": key, "price": product.price}
        row |= {"status": "not_listed", "paused": self.choices.new_listings_paused}
        observe(row, product)
        return row

    def follow(self, row: Row, product: Product, variants: list[Row]) -> None:
        row |= {name: product.data[name] for name in OWN_DATA if self.choices.follows(name)}
        unpriced = any(self.item_value(variant, "price") is None for variant in variants)
        if self.choices.follows("price") and unpriced:
            row["price"] = product.price
        observe(row, product)

    def new_variant(self, sku: str, listing: Row, offer: Offer) -> Row:
        row = dict.fromkeys(VARIANT_COLUMNS) | offer.identifiers
        row |= {"channel": self.channel, "listing_key": listing["listing_key"], "master_sku": sku}
        row |= {"options": offer.options, "variant_id": offer.variant_id}
        row["price"] = None if offer.inherited and listing["price"] == offer.price else offer.price
        row["quantity"] = offer.stock
        row |= {"synced_price": offer.price, "synced_quantity": offer.stock}
        show(row, offer)
        return row

    def follow_variant(
        self, row: Row, before: Row, offer: Offer, listing_before: Row, listing: Row, fresh: bool
    ) -> None:
        linked_before = before | {"master_sku": row["master_sku"]}
        wanted_price = self.wanted_price(linked_before, listing_before)
        wanted_quantity = self.wanted_quantity(linked_before, listing_before)
        unsent = False
        if fresh:
            row |= {"synced_price": None, "synced_quantity": None}
        if self.choices.follows("identifiers"):
            row |= offer.identifiers | {"options": offer.options}
        if self.choices.follows("price") and self.item_value(row, "price") is None:
            row["price"] = None if offer.inherited else offer.price
            unsent = wanted_price not in (None, before["synced_price"], offer.price)
        # while it is hidden as out of stock, the 0 in the store is our own doing and says nothing of the stock
        sold_out_by_us = (listing_before["status"], listing_before["hidden_as"]) == ("hidden", "out_of_stock")
        if offer.stock is not None and self.item_value(row, "quantity") is None and not sold_out_by_us:
            unedited = not fresh and row["quantity"] is not None and row["quantity"] == row["synced_quantity"]
            newly_tracked = (
                not fresh
                and row["quantity"] is None
                and row["synced_quantity"] is None
                and listing_before["inventory_tracking"] == "none"
            )
            if self.choices.follows("quantity"):
                unsent = unsent or wanted_quantity not in (None, before["synced_quantity"], offer.stock)
                row["quantity"] = offer.stock
            elif unedited or newly_tracked:
                row["quantity"] = offer.stock
        if unsent and not fresh:
            self.problem("variant", row["master_sku"], "unsent_change_overwritten")
        if self.wanted_price(row, listing) == offer.price:
            row["synced_price"] = offer.price
        if offer.stock is not None and self.wanted_quantity(row, listing) == offer.stock:
            row["synced_quantity"] = offer.stock
        show(row, offer)

    # What the warehouse wants.

    def item_value(self, row: Row, name: str) -> Any:
        item = self.before.items.get((row["inventory_sku"] or row["master_sku"]).lower())
        return item[name] if item else None

    def wanted_price(self, row: Row, listing: Row) -> Decimal | None:
        price = self.item_value(row, "price")
        if price is not None:
            return self.choices.rules.price(price)
        own: Decimal | None = row["price"] if row["price"] is not None else listing["price"]
        return own

    def wanted_quantity(self, row: Row, listing: Row) -> int | None:
        quantity = self.item_value(row, "quantity")
        wanted: int | None = row["quantity"] if quantity is None else self.choices.rules.quantity(quantity)
        out_of_stock = (listing["status"], listing["hidden_as"]) == ("hidden", "out_of_stock")
        return 0 if out_of_stock and wanted is not None else wanted

    def problem(self, entity: str, key: object, reason: str) -> None:
        self.problems[entity, str(key), reason] += 1


def observe(row: Row, product: Product) -> None:
    """What the store shows of a product, in every mode."""
    row |= {"product_id": product.product_id, "inventory_tracking": product.tracking}
    row |= {"channel_price": product.price, "channel_visible": product.visible}
    if not product.visible:
        # a hiding of ours by other means is remembered: unhiding undoes just that
        row |= {"hidden_as": row["hidden_as"] or "invisible" if row["status"] == "hidden" else "invisible"}
        row |= {"status": "hidden"}
    elif not (row["status"] == "hidden" and row["hidden_as"] in HIDDEN_BY_US):
        row |= {"status": "listed", "hidden_as": None}


def show(row: Row, offer: Offer) -> None:
    """What the store shows of a variant, in every mode."""
    row |= {"channel_price": offer.price, "channel_price_inherited": offer.inherited, "channel_quantity": offer.level}

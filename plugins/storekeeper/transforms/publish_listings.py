"""Listings as the warehouse has them become products as the store's API takes them.

What the store would refuse for a reason that can be known beforehand becomes a problem here, before any call. Values
are passed on as they are: a description's HTML is the merchant's own.
"""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import msgspec
import pandas as pd

from storekeeper.outcomes import Problem, Reason
from storekeeper.settings import MasterSku, PublishListings
from storekeeper.transforms.attributes import ATTRIBUTE_COLUMNS, fit_attributes

MOST_NAME = 250
MOST_SKU = 255
MOST_CODE = 14
"""Characters of a UPC or GTIN."""

MOST_OPTION = 255
MOST_BRAND = 255
MOST_CATEGORY = 50
"""Characters of one category's name."""

MOST_IMAGE_ADDRESS = 255
MOST_IMAGES = 1_000
MOST_ATTRIBUTES = 200
MOST_VARIANTS = 600
MOST_CATEGORIES = 1_000
MOST_VALUES = 250
"""Of one option."""

LARGEST_WEIGHT = Decimal(9_999_999_999)
LARGEST_PRICE = Decimal(10) ** 12

SHOWN = 60
"""So much of an offending value is shown."""

PAYLOAD_COLUMNS = ("listing_key", "action", "version", "product_id", "payload", "categories", "variants")

_TRANSLATED = [ipaddress.ip_network(each) for each in ("2002::/16", "2001::/32", "64:ff9b::/96", "64:ff9b:1::/48")]

_JSON = msgspec.json.Encoder(decimal_format="number")


class Draft(NamedTuple):
    """A listing that somebody wants in the store.

    :param action: ``publish`` or ``overwrite``.
    :param version: changes with the content.
    :param content: as ``core.draft`` has it, JSON.
    """

    listing_key: str
    action: str
    version: str
    product_id: int | None
    content: str


class _Variant(msgspec.Struct):
    master_sku: str
    sku: str | None = None
    upc: str | None = None
    mpn: str | None = None
    gtin: str | None = None
    options: Any = None
    price: Decimal | None = None
    managed: bool = False
    sale_price: Decimal | None = None
    cost_price: Decimal | None = None
    retail_price: Decimal | None = None
    weight: Decimal | None = None


class _Content(msgspec.Struct):
    title: str | None = None
    description: str | None = None
    type: str = "physical"
    weight: Decimal | None = None
    price: Decimal | None = None
    brand: str | None = None
    categories: list[str | None] = []
    images: list[str | None] = []
    custom_fields: Any = None
    condition: str | None = None
    availability: str | None = None
    variants: list[_Variant] = []


@dataclass(slots=True)
class Prepared:
    """What drafts became.

    :param rows: of :data:`PAYLOAD_COLUMNS`; ``payload`` and ``variants`` are JSON, ``categories`` are paths.
    :param problems: some tell why a draft has no row, some only what was done to make it fit.
    """

    rows: list[tuple[Any, ...]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def prepare(drafts: Sequence[Draft], settings: PublishListings, master_sku: MasterSku, min_price: Decimal) -> Prepared:
    """Make products of drafts.

    :param master_sku: which identifier the master SKU is: where the variant's own is blank, the master SKU is sent.
    :param min_price: a variant that would be cheaper keeps its listing from being published.
    :return: a row for each draft that can be sent.
    """
    contents = {draft.listing_key: msgspec.json.decode(draft.content, type=_Content) for draft in drafts}
    attributes, prepared = _attributes(contents)
    fitted = fit_attributes(attributes, settings.long_attributes)
    prepared.problems += fitted.problems
    fields = {
        key: [{"name": name, "value": value} for name, value in zip(rows["name"], rows["value"], strict=True)]
        for key, rows in fitted.attributes.groupby("listing_key", sort=False)
    }
    unreadable = {problem.entity_key for problem in prepared.problems if problem.reason is Reason.INVALID_RECORD}
    for draft in drafts:
        judge = _Judge(draft.listing_key, contents[draft.listing_key], settings, master_sku, min_price)
        judge.whole(fields.get(draft.listing_key, []))
        prepared.problems += judge.problems
        if judge.problems or draft.listing_key in fitted.failed or draft.listing_key in unreadable:
            continue
        prepared.rows.append(
            (
                draft.listing_key,
                draft.action,
                draft.version,
                draft.product_id,
                _JSON.encode(judge.product(fields.get(draft.listing_key, []))).decode(),
                judge.categories,
                _JSON.encode(judge.variants()).decode(),
            )
        )
    return prepared


def _attributes(contents: dict[str, _Content]) -> tuple[pd.DataFrame, Prepared]:
    """Custom fields, one a row; what is none becomes a problem that keeps the listing back."""
    rows: list[tuple[str, int, str, str]] = []
    prepared = Prepared()
    for key, content in contents.items():
        listed = content.custom_fields if content.custom_fields is not None else []
        for place, each in enumerate(listed if isinstance(listed, list) else [listed]):
            name, value = (each.get("name"), each.get("value")) if isinstance(each, dict) else (None, None)
            if not isinstance(name, str) or not isinstance(value, str | int | float) or isinstance(value, bool):
                prepared.problems.append(
                    Problem(
                        "listing",
                        key,
                        Reason.INVALID_RECORD,
                        f"Listing {key}: custom_fields must be an array of"
                        f' {{"name": ..., "value": ...}} (got {_shown(str(each))}). Correct it in core.listing.',
                        f"custom_field/{place}",
                    )
                )
                continue
            rows.append((key, place, name, str(value)))
    return pd.DataFrame(rows, columns=list(ATTRIBUTE_COLUMNS), dtype=object), prepared


class _Judge:
    """One listing: what is wrong with it, and the product that it becomes where nothing is."""

    def __init__(
        self, key: str, content: _Content, settings: PublishListings, master_sku: MasterSku, min_price: Decimal
    ) -> None:
        self._key = key
        self._content = content
        self._settings = settings
        self._min_price = min_price
        self.problems: list[Problem] = []
        self.categories: list[str] = []
        self._options: dict[str, list[tuple[str, str]]] = {}
        for variant in content.variants:
            for name in ("sku", "upc", "mpn", "gtin"):
                setattr(variant, name, (getattr(variant, name) or "").strip() or None)
            if getattr(variant, master_sku.value) is None:
                setattr(variant, master_sku.value, variant.master_sku)

    @property
    def _simple(self) -> bool:
        return len(self._content.variants) == 1 and not self._options[self._content.variants[0].master_sku]

    def whole(self, attributes: Sequence[Any]) -> None:
        """Find all that is wrong."""
        content = self._content
        name = (content.title or "").strip()
        if not name:
            self._wrong(Reason.MISSING_NAME, "has no title", "title")
        self._length("title", name, MOST_NAME)
        self._length("brand", content.brand, MOST_BRAND)
        self._read_categories()
        self._judge_images()
        if len(attributes) > MOST_ATTRIBUTES:
            self._wrong(Reason.TOO_MANY, f"has {len(attributes)} attributes; {MOST_ATTRIBUTES} may be", "custom_fields")
        if not content.variants:
            self._wrong(Reason.MISSING_VARIANTS, "has no variants", "variants")
        if len(content.variants) > MOST_VARIANTS:
            self._wrong(Reason.TOO_MANY, f"has {len(content.variants)} variants; {MOST_VARIANTS} may be", "variants")
        self._read_options()
        skus = Counter(variant.sku.lower() for variant in content.variants if variant.sku)
        for variant in content.variants:
            self._judge_variant(variant, skus)
        self._judge_weight()

    def product(self, attributes: list[dict[str, str]]) -> dict[str, Any]:
        """The product as one create call takes it, but for categories, which have ids only in the store."""
        content, variants = self._content, self._content.variants
        managed = any(variant.managed for variant in variants)
        tracking = ("product" if self._simple else "variant") if managed else "none"
        optional: dict[str, Any] = {
            "description": content.description,
            "brand_name": (content.brand or "").strip() or None,
            "condition": content.condition,
            "availability": content.availability,
            "custom_fields": attributes or None,
            "images": [
                {"image_url": address, "sort_order": place, "is_thumbnail": place == 0}
                for place, address in enumerate(self._images)
            ]
            or None,
        }
        if self._simple:
            optional |= _identifiers(variants[0]) | _amounts(variants[0])
        else:
            optional["variants"] = [self._variant(variant) for variant in variants]
        return {
            "name": (content.title or "").strip(),
            "type": content.type,
            "weight": self._weight,
            "price": self._price,
            "is_visible": self._settings.visible,
            "inventory_tracking": tracking,
            **{name: value for name, value in optional.items() if value is not None},
        }

    def variants(self) -> list[dict[str, Any]]:
        """Of each variant, by what it is known and what the store is told of it."""
        return [
            {
                "master_sku": variant.master_sku,
                **_identifiers(variant),
                "options": self._options[variant.master_sku],
                "price": variant.price,
                "inherits": variant.price == self._price,
                "sale_price": variant.sale_price,
                "cost_price": variant.cost_price,
                "retail_price": variant.retail_price,
                "weight": variant.weight,
            }
            for variant in self._content.variants
        ]

    @property
    def _images(self) -> list[str]:
        return [address for address in self._content.images if address]

    @property
    def _price(self) -> Decimal:
        """The listing's price where a variant wants it, else what most want; the others have prices of their own."""
        wanted = Counter(variant.price for variant in self._content.variants if variant.price is not None)
        if self._content.price is not None and self._content.price in wanted:
            return self._content.price
        return max(wanted, key=lambda price: (wanted[price], -price))

    @property
    def _weight(self) -> Decimal:
        """A product of a single variant is that variant; else variants without a weight have the product's."""
        own = [variant.weight for variant in self._content.variants if variant.weight is not None]
        if self._simple and own:
            return own[0]
        return self._content.weight if self._content.weight is not None else max(own, default=Decimal(0))

    def _variant(self, variant: _Variant) -> dict[str, Any]:
        return {
            "sku": "",
            **_identifiers(variant),
            **({"price": variant.price} if variant.price != self._price else {}),
            **_amounts(variant),
            **({"weight": variant.weight} if variant.weight is not None else {}),
            "option_values": [
                {"option_display_name": name, "label": label} for name, label in self._options[variant.master_sku]
            ],
        }

    def _read_categories(self) -> None:
        given = [path for path in self._content.categories if path and path.strip()]
        for path in given:
            names = [name.strip() for name in path.split(">")]
            if not all(names):
                self._wrong(Reason.UNKNOWN_CATEGORY, f"has a category without a name in {_shown(path)}", "categories")
            for name in names:
                self._length("categories", name, MOST_CATEGORY)
            self.categories.append(" > ".join(names))
        self.categories = list(dict.fromkeys(self.categories))
        if not given and self._settings.require_category:
            self._wrong(Reason.MISSING_CATEGORY, "has no category", "categories")
        if len(given) > MOST_CATEGORIES:
            self._wrong(Reason.TOO_MANY, f"has {len(given)} categories; {MOST_CATEGORIES} may be", "categories")

    def _judge_images(self) -> None:
        for place, address in enumerate(self._images):
            fault = image_fault(address)
            if fault:
                # the address is not shown: it may carry credentials
                self._wrong(
                    Reason.INVALID_IMAGE, f"has an image (number {place + 1}) whose address {fault}", f"images/{place}"
                )
        if len(self._images) > MOST_IMAGES:
            self._wrong(Reason.TOO_MANY, f"has {len(self._images)} images; {MOST_IMAGES} may be", "images")

    def _read_options(self) -> None:
        spelled: dict[str, str] = {}
        for variant in self._content.variants:
            listed = variant.options if variant.options is not None else []
            self._options[variant.master_sku] = options = []
            if not isinstance(listed, list):
                listed = [listed]
            for each in listed:
                name, value = (each.get("name"), each.get("value")) if isinstance(each, dict) else (None, None)
                name, value = str(name or "").strip(), "" if value is None else str(value).strip()
                if not name or not value:
                    said = f"has an option without a name or a value (got {_shown(str(each))})"
                    self._wrong(Reason.INVALID_OPTIONS, said, variant.master_sku, variant)
                    continue
                self._length(f"option {_shown(name)}", name, MOST_OPTION, variant)
                self._length(f"option {_shown(name)}", value, MOST_OPTION, variant)
                options.append((spelled.setdefault(name.casefold(), name), value))
            names = Counter(name for name, _ in options)
            for name in (name for name, count in names.items() if count > 1):
                said = f"has the option {_shown(name)} twice; letter case does not tell two apart"
                self._wrong(Reason.INVALID_OPTIONS, said, variant.master_sku, variant)
        values: dict[str, set[str]] = {}
        for options in self._options.values():
            for name, value in options:
                values.setdefault(name, set()).add(value)
        for name in (name for name, labels in values.items() if len(labels) > MOST_VALUES):
            said = f"has {len(values[name])} values of the option {_shown(name)}; {MOST_VALUES} may be"
            self._wrong(Reason.TOO_MANY, said, f"options/{name}")
        if len(self._content.variants) < 2:
            return
        first = self._content.variants[0]
        names_of = {sku: {name for name, _ in options} for sku, options in self._options.items()}
        seen: dict[tuple[tuple[str, str], ...], str] = {}
        for variant in self._content.variants:
            names = names_of[variant.master_sku]  # type: ignore[assignment]
            if not names:
                said = f"has no options, which would tell it from the others of listing {self._key}"
                self._wrong(Reason.INVALID_OPTIONS, said, variant.master_sku, variant)
            elif names_of[first.master_sku] and names != names_of[first.master_sku]:
                said = f"has other options than {first.master_sku} of the same listing {self._key}"
                self._wrong(Reason.INVALID_OPTIONS, said, variant.master_sku, variant)
            chosen = tuple(sorted((name, value.casefold()) for name, value in self._options[variant.master_sku]))
            if chosen and seen.setdefault(chosen, variant.master_sku) != variant.master_sku:
                said = f"has the same options as {seen[chosen]} of the same listing {self._key}"
                self._wrong(Reason.INVALID_OPTIONS, said, variant.master_sku, variant)

    def _judge_variant(self, variant: _Variant, skus: Counter[str]) -> None:
        self._length("sku", variant.sku, MOST_SKU, variant)
        self._length("upc", variant.upc, MOST_CODE, variant)
        self._length("gtin", variant.gtin, MOST_CODE, variant)
        if variant.sku and skus[variant.sku.lower()] > 1:
            said = f"has a SKU that another variant of its listing has too (got {_shown(variant.sku)})"
            self._wrong(Reason.DUPLICATE_SKU, said, variant.master_sku, variant)
        if variant.price is None:
            self._wrong(Reason.MISSING_PRICE, "has no price", variant.master_sku, variant)
        for name in ("price", "sale_price", "cost_price", "retail_price"):
            amount = getattr(variant, name)
            if amount is not None and not (amount.is_finite() and 0 <= amount < LARGEST_PRICE):
                said = f"has a {name} that is no price (got {amount})"
                self._wrong(Reason.INVALID_PRICE, said, f"{variant.master_sku}/{name}", variant)
        if variant.price is not None and variant.price.is_finite() and 0 <= variant.price < self._min_price:
            said = f"would cost {variant.price}, less than {self._min_price}"
            self._wrong(Reason.PRICE_BELOW_MINIMUM, said, variant.master_sku, variant)
        if variant.weight is not None and not (variant.weight.is_finite() and 0 <= variant.weight <= LARGEST_WEIGHT):
            said = f"has a weight that the store does not take (got {variant.weight})"
            self._wrong(Reason.MISSING_WEIGHT, said, variant.master_sku, variant)

    def _judge_weight(self) -> None:
        weight = self._content.weight
        if weight is None:
            lacks = [variant.master_sku for variant in self._content.variants if variant.weight is None]
            if lacks and self._content.type == "physical":
                self._wrong(Reason.MISSING_WEIGHT, "has no weight", "weight")
        elif not (weight.is_finite() and 0 <= weight <= LARGEST_WEIGHT):
            self._wrong(Reason.MISSING_WEIGHT, f"has a weight that the store does not take (got {weight})", "weight")

    def _length(self, name: str, value: str | None, most: int, variant: _Variant | None = None) -> None:
        if value and len(value) > most:
            said = f"has a {name} of {len(value)} characters; {most} may be (got {_shown(value)})"
            self._wrong(Reason.VALUE_TOO_LONG, said, f"{variant.master_sku}/{name}" if variant else name, variant)

    def _wrong(self, reason: Reason, said: str, place: str, variant: _Variant | None = None) -> None:
        entity, key = ("listing", self._key) if variant is None else ("variant", variant.master_sku)
        who = f"Listing {key}" if variant is None else f"Variant {key} of listing {self._key}"
        self.problems.append(Problem(entity, key, reason, f"{who} {said}.", f"listing/{self._key}/{place}"))


def _identifiers(variant: _Variant) -> dict[str, str]:
    return {name: value for name in ("sku", "upc", "mpn", "gtin") if (value := getattr(variant, name)) is not None}


def _amounts(variant: _Variant) -> dict[str, Decimal]:
    """Prices beside the price itself; 0 means none, which a new product has anyway."""
    return {name: value for name in ("sale_price", "cost_price", "retail_price") if (value := getattr(variant, name))}


def image_fault(address: str) -> str | None:
    """Why the store could not, or should not, be told to fetch an image there; None where nothing is wrong.

    The store fetches it, and anybody may see it: an address inside a network is not for it, and no secret may be in it.
    """
    if len(address) > MOST_IMAGE_ADDRESS:
        return f"has {len(address)} characters; {MOST_IMAGE_ADDRESS} may be"
    if any(character.isspace() or not character.isprintable() for character in address) or "\\" in address:
        return "holds blanks, backslashes or control characters"
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "cannot be read"
    if parts.scheme not in ("http", "https"):
        return "does not begin with http:// or https://"
    if parts.username is not None or parts.password is not None:
        return "carries a user name or a password"
    if not host:
        return "names no host"
    return "is not public" if _is_private(host) else None


def _is_private(host: str) -> bool:
    host = host.rstrip(".")
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
        # an address of the older kind inside one of the newer: by 6to4, Teredo or NAT64
        return not address.is_global or (address.version == 6 and any(address in each for each in _TRANSLATED))
    except ValueError:
        pass
    labels = host.split(".")
    # numbers that are no address as people write it are one as machines read it: 2130706433, 0x7f.1
    if labels[-1].isdigit() or labels[-1].startswith("0x"):
        return True
    return len(labels) == 1 or labels[-1] in (
        "localhost",
        "local",
        "internal",
        "lan",
        "home",
        "corp",
        "intranet",
        "arpa",
    )


def _shown(text: str) -> str:
    return repr(text if len(text) <= SHOWN else f"{text[:SHOWN]}...")


def drafts_of(rows: Iterable[Any]) -> Iterator[Draft]:
    """Drafts from rows of ``staging.draft``."""
    for row in rows:
        yield Draft(row["listing_key"], row["action"], row["version"], row["product_id"], row["content"])

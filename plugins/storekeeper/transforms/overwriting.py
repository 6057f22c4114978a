"""What a product of the store lacks of what its listing says: the least that has to be sent.

Plain values in and out; the store's product is as its API shows it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from storekeeper.settings import Follow, PublishListings

Record = Mapping[str, Any]


@dataclass(slots=True)
class Difference:
    """What is to be done to one product.

    :ivar fields: of the product itself, with custom fields and images to be added or changed.
    :ivar variant_fields: by variant id.
    :ivar added_variants: master SKUs.
    :ivar variant_ids: of each variant of the listing that the product has, by master SKU.
    """

    fields: dict[str, Any] = field(default_factory=dict)
    variant_fields: dict[int, dict[str, Any]] = field(default_factory=dict)
    added_variants: list[str] = field(default_factory=list)
    removed_variants: list[int] = field(default_factory=list)
    removed_custom_fields: list[int] = field(default_factory=list)
    removed_images: list[int] = field(default_factory=list)
    added_images: list[str] = field(default_factory=list)
    kept_images: list[dict[str, Any]] = field(default_factory=list)
    variant_ids: dict[str, int] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Whether there is anything to do."""
        return bool(
            self.fields
            or self.variant_fields
            or self.added_variants
            or self.removed_variants
            or self.removed_custom_fields
            or self.removed_images
        )

    def shown(self) -> dict[str, Any]:
        """All of it, as the push ledger keeps it."""
        return {
            name: value
            for name in self.__slots__
            if name not in ("variant_ids", "kept_images") and (value := getattr(self, name))
        }


def compare(
    payload: Record,
    variants: Sequence[Record],
    product: Record,
    settings: PublishListings,
    *,
    category_ids: Collection[int],
    brand_ids: Collection[int],
    images_sent: Sequence[Record],
    variant_ids: Mapping[str, int],
    kept_variants: Collection[int] = (),
    unavailable: bool = False,
    linked: bool = False,
    master_sku: str = "sku",
) -> Difference:
    """Compare a listing with its product.

    :param payload: the product as a create call would make it.
    :param variants: the listing's, as ``staging.payload`` has them.
    :param product: as the store shows it, with variants, images and custom fields.
    :param brand_ids: the ids of the listing's brand, as far as they are known.
    :param images_sent: ``url`` and ``image_id`` of images that were sent before; ``after`` in its place, the highest id
        that the product had, where nobody knows whether the image came.
    :param variant_ids: which variants the warehouse took them for, by master SKU.
    :param kept_variants: variants that are not to be deleted: an import could not take them in.
    :param unavailable: the listing is hidden by not being available, and stays so.
    :param linked: the product was there before the listing: where that has no images or custom fields, those stay.
    :param master_sku: by which field the warehouse knows a variant; what has none of it is not deleted.
    """
    found = Difference()
    sends = {
        name for name in type(settings.overwrite).model_fields if getattr(settings.overwrite, name) is Follow.UPDATE
    }
    if unavailable:
        sends.discard("availability")
    for name, value in _fields(payload, sends, settings).items():
        if not _same(product.get(name), value):
            found.fields[name] = value
    if "brand" in sends and payload.get("brand_name") and product.get("brand_id") not in brand_ids:
        found.fields["brand_name"] = payload["brand_name"]
    if "categories" in sends and category_ids and set(product.get("categories") or ()) != set(category_ids):
        found.fields["categories"] = sorted(category_ids)
    if "custom_fields" in sends and (payload.get("custom_fields") or not linked):
        _compare_custom_fields(found, payload.get("custom_fields") or [], product.get("custom_fields") or [])
    if "images" in sends and (payload.get("images") or not linked):
        _compare_images(found, payload.get("images") or [], product.get("images") or [], images_sent)
    if product.get("base_variant_id") is not None and any(variant["options"] for variant in variants):
        _give_options(found, payload, variants, product, sends)
        return found
    _compare_variants(found, variants, product, sends, variant_ids)
    if settings.remove_missing_variants and "variants" in sends and product.get("base_variant_id") is None:
        known = set(found.variant_ids.values()) | set(kept_variants)
        found.removed_variants = sorted(
            each["id"] for each in product.get("variants") or () if each["id"] not in known and each.get(master_sku)
        )
    return found


def _give_options(
    found: Difference, payload: Record, variants: Sequence[Record], product: Record, sends: Collection[str]
) -> None:
    """A simple product becomes one with options: its base variant goes with the first of them.

    The product gives up its identifiers first: the store takes each SKU once, and a variant is to have it.
    """
    if "variants" not in sends:
        return
    for name in ("sku", "upc", "mpn", "gtin"):
        found.fields.pop(name, None)
        if product.get(name):
            found.fields[name] = ""
    if product.get("inventory_tracking") != payload["inventory_tracking"]:
        found.fields["inventory_tracking"] = payload["inventory_tracking"]
    found.added_variants = [variant["master_sku"] for variant in variants]


def _fields(payload: Record, sends: Collection[str], settings: PublishListings) -> dict[str, Any]:
    names = {
        "name": settings.override_product_names,
        "description": "description" in sends,
        "weight": "weight" in sends,
        "condition": "condition" in sends,
        "availability": "availability" in sends,
        **dict.fromkeys(("sku", "upc", "mpn", "gtin"), "identifiers" in sends and "variants" not in payload),
    }
    return {name: payload[name] for name, wanted in names.items() if wanted and payload.get(name) is not None}


def _same(shown: Any, wanted: Any) -> bool:
    if isinstance(wanted, int | float | Decimal) and isinstance(shown, int | float | Decimal):
        return Decimal(str(shown)) == Decimal(str(wanted))
    return bool((shown or "") == wanted)


def _compare_custom_fields(found: Difference, wanted: Sequence[Record], shown: Sequence[Record]) -> None:
    """A field that is to go becomes one that is to come: a change by id costs no call of its own, a deletion does."""
    pairs = {(each["name"], each["value"]): each["id"] for each in shown}
    new = [each for each in wanted if pairs.pop((each["name"], each["value"]), None) is None]
    left = sorted(pairs.values())
    if new:
        found.fields["custom_fields"] = [
            {**({"id": left[place]} if place < len(left) else {}), "name": each["name"], "value": each["value"]}
            for place, each in enumerate(new)
        ]
    found.removed_custom_fields = left[len(new) :]


def _compare_images(
    found: Difference, wanted: Sequence[Record], shown: Sequence[Record], sent: Sequence[Record]
) -> None:
    """The store keeps copies: an image is known by what was sent before, or by the copy's own address."""
    known = {each["image_id"]: each["url"] for each in sent if "image_id" in each}
    # sent by a call whose answer nobody has recorded: if it took effect, there are as many new ones
    awaited = [each for each in sent if "after" in each]
    came = sorted(
        image["id"] for image in shown if image["id"] not in known and awaited and image["id"] > awaited[0]["after"]
    )
    if len(came) == len(awaited):
        known |= {image_id: each["url"] for image_id, each in zip(came, awaited, strict=True)}
    left: dict[str, list[Record]] = {}
    for image in shown:
        addresses = {known[image["id"]]} if image["id"] in known else set()
        addresses |= {image.get(name) or "" for name in ("url_zoom", "url_standard")}
        match = next((each["image_url"] for each in wanted if each["image_url"] in addresses), None)
        left.setdefault(match or "", []).append(image)
    changed: list[dict[str, Any]] = []
    for each in wanted:
        images = left.get(each["image_url"]) or []
        if not images:
            found.added_images.append(each["image_url"])
            changed.append(dict(each))
            continue
        image = images.pop(0)
        found.kept_images.append({"url": each["image_url"], "image_id": image["id"]})
        if image.get("sort_order") != each["sort_order"] or bool(image.get("is_thumbnail")) != each["is_thumbnail"]:
            changed.append({"id": image["id"], "sort_order": each["sort_order"], "is_thumbnail": each["is_thumbnail"]})
    if changed:
        found.fields["images"] = changed
    found.removed_images = sorted(image["id"] for images in left.values() for image in images)


def _compare_variants(
    found: Difference,
    variants: Sequence[Record],
    product: Record,
    sends: Collection[str],
    variant_ids: Mapping[str, int],
) -> None:
    shown = {each["id"]: each for each in product.get("variants") or ()}
    found.variant_ids = match_variants(variants, list(shown.values()), variant_ids)
    simple = product.get("base_variant_id") is not None
    for variant in variants:
        variant_id = found.variant_ids.get(variant["master_sku"])
        if variant_id is None:
            if "variants" in sends and variant["options"]:
                found.added_variants.append(variant["master_sku"])
            continue
        if "identifiers" in sends and not simple:
            changes = {
                name: variant[name]
                for name in ("sku", "upc", "mpn", "gtin")
                if variant.get(name) and (shown[variant_id].get(name) or "") != variant[name]
            }
            if changes:
                found.variant_fields[variant_id] = changes


def match_variants(
    variants: Sequence[Record],
    shown: Sequence[Record],
    known: Mapping[str, int] | None = None,
    *,
    by_options: bool = True,
) -> dict[str, int]:
    """Which of a product's variants are a listing's: by the id that is known, then by SKU, UPC or MPN, then by options.

    By options only where the store's variant has no SKU: another SKU says that it is another variant.

    :return: variant ids by master SKU; a variant that the product does not have is missing.
    """
    left = {each["id"]: each for each in shown}
    found: dict[str, int] = {}

    def take(of: Callable[[Record], int | None]) -> None:
        for variant in variants:
            if variant["master_sku"] not in found and (match := of(variant)) in left:
                found[variant["master_sku"]] = match  # type: ignore[assignment]
                del left[match]

    def same(variant: Record, each: Record) -> bool:
        sku, master_sku = (variant.get("sku") or "").lower(), variant["master_sku"]
        return bool(sku and (each.get("sku") or "").lower() == sku) or master_sku in (each.get("upc"), each.get("mpn"))

    def options_of(variant: Record) -> frozenset[tuple[str, str]]:
        return frozenset((str(name).casefold(), str(label).casefold()) for name, label in variant["options"])

    take(lambda variant: (known or {}).get(variant["master_sku"]))
    take(lambda variant: next((key for key, each in left.items() if same(variant, each)), None))
    if by_options:
        without = {_options(each.get("option_values")): key for key, each in left.items() if not each.get("sku")}
        take(lambda variant: without.get(options_of(variant)) if variant["options"] else None)
        if len(variants) == 1 and len(shown) == 1 and not found and not shown[0].get("sku"):
            found[variants[0]["master_sku"]] = shown[0]["id"]
    return found


def _options(values: Sequence[Record] | None) -> frozenset[tuple[str, str]]:
    return frozenset(
        (str(each.get("option_display_name")).casefold(), str(each.get("label")).casefold()) for each in values or ()
    )

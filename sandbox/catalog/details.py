"""Second half of making up a catalog: a whole product from its facts, drawn when somebody asks for it."""

from __future__ import annotations

from itertools import product as combinations
from random import Random

from sandbox.catalog import words
from sandbox.catalog.blank import BLANK_PRODUCT, BLANK_VARIANT
from sandbox.catalog.facts import Facts, iso
from sandbox.catalog.sketches import variant_labels
from sandbox.exchange import Json

IMAGE_HOST = "https://cdn.example.com/s-sandbox/products"


def whole_product(facts: Facts, seed: int) -> Json:
    """The product with all its sub-resources, a function of its facts and the seed."""
    rng = Random((seed << 40) ^ facts.id)
    draw = rng.random
    simple = len(facts.variants) == 1
    product = BLANK_PRODUCT | {
        "id": facts.id,
        "name": facts.name,
        "type": facts.type,
        "sku": facts.sku,
        "description": _description(rng),
        "weight": facts.weight,
        "width": round(draw() * 50, 1),
        "depth": round(draw() * 50, 1),
        "height": round(draw() * 50, 1),
        "price": facts.price,
        "cost_price": round(facts.price * 0.45, 2) if draw() < 0.5 else 0.0,
        "retail_price": round(facts.price * 1.2, 2) if draw() < 0.3 else 0.0,
        "sale_price": facts.sale_price,
        "calculated_price": facts.calculated_price,
        "categories": list(facts.categories),
        "brand_id": facts.brand_id,
        "inventory_level": facts.level,
        "inventory_warning_level": facts.warning_level,
        "inventory_tracking": facts.tracking,
        "total_sold": facts.total_sold,
        "is_free_shipping": facts.is_free_shipping,
        "is_visible": facts.is_visible,
        "is_featured": facts.is_featured,
        "bin_picking_number": f"{chr(65 + int(draw() * 26))}{int(draw() * 90) + 10}" if draw() < 0.3 else "",
        "upc": facts.upc,
        "mpn": facts.mpn,
        "date_last_imported": iso(facts.imported) if facts.imported else None,
        "availability": facts.availability,
        "condition": facts.condition,
        "is_condition_shown": facts.condition != "New",
        "date_created": iso(facts.created),
        "date_modified": iso(facts.modified),
        "view_count": facts.total_sold * 12,
        "preorder_release_date": iso(facts.modified + 90 * 86_400) if facts.availability == "preorder" else None,
        "custom_url": {"url": f"/product-{facts.id}/", "is_customized": False},
        "base_variant_id": facts.variants[0].id if simple else None,
    }
    options = _options(facts)
    product["variants"] = _variants(facts, options, rng)
    product["images"] = _images(facts, rng)
    product["custom_fields"] = _custom_fields(facts, rng)
    product["bulk_pricing_rules"] = []
    if draw() < 0.05:
        rule = {"id": facts.id * 10, "quantity_min": 10, "quantity_max": 0, "type": "percent", "amount": 10}
        product["bulk_pricing_rules"].append(rule)
    product["options"] = options
    product["modifiers"] = []
    product["videos"] = []
    product["channels"] = [1]
    return product


def _description(rng: Random) -> str:
    sentences = rng.choices(words.SENTENCES, k=8 + int(rng.random() * 18))
    middle = len(sentences) // 2
    return f"<p>{' '.join(sentences[:middle])}</p>\n<p>{' '.join(sentences[middle:])}</p>"


def _options(facts: Facts) -> list[Json]:
    options = []
    for number, (name, values) in enumerate(variant_labels(len(facts.variants))):
        options.append(
            {
                "id": facts.id * 10 + number,
                "product_id": facts.id,
                "display_name": name,
                "type": "rectangles" if name == "Size" else "dropdown",
                "config": {},
                "sort_order": number,
                "option_values": [
                    {
                        "id": facts.id * 2000 + number * 1000 + position,
                        "label": label,
                        "sort_order": position,
                        "value_data": None,
                        "is_default": False,
                    }
                    for position, (label, _) in enumerate(values)
                ],
            }
        )
    return options


def _variants(facts: Facts, options: list[Json], rng: Random) -> list[Json]:
    draw = rng.random
    choices = list(combinations(*(option["option_values"] for option in options)))
    count = len(facts.variants)
    level_each, level_rest = divmod(facts.level if facts.tracking == "variant" else 0, count)
    own_prices = draw() < 0.6
    variants = []
    for position, known in enumerate(facts.variants):
        price = round(facts.price + (position * 1.5 if count > 1 else 0), 4) if own_prices else None
        simple = count == 1
        variants.append(
            BLANK_VARIANT
            | {
                "id": known.id,
                "product_id": facts.id,
                "sku": known.sku,
                "sku_id": None if simple else known.id + 1_000,
                "price": price,
                "calculated_price": facts.sale_price or price or facts.price,
                "calculated_weight": facts.weight,
                "is_free_shipping": facts.is_free_shipping,
                "purchasing_disabled": not simple and draw() < 0.03,
                "cost_price": None if draw() < 0.6 else round(facts.price * 0.45, 2),
                "upc": known.upc,
                "mpn": facts.mpn if simple else "",
                "inventory_level": level_each + (level_rest if position == 0 else 0),
                "option_values": [
                    {
                        "id": value["id"],
                        "label": value["label"],
                        "option_id": option["id"],
                        "option_display_name": option["display_name"],
                    }
                    for option, value in zip(options, choices[position], strict=True)
                ],
            }
        )
    return variants


def _images(facts: Facts, rng: Random) -> list[Json]:
    return [
        image(facts.id * 10 + number, facts.id, f"{number}.jpg", number, iso(facts.created))
        for number in range(int(rng.random() * 5))
    ]


def image(image_id: int, product_id: int, file: str, position: int, modified: str, description: str = "") -> Json:
    """An image of a product; the first one is the thumbnail."""
    address = f"{IMAGE_HOST}/{product_id}/images/{image_id}/{file}"
    return {
        "id": image_id,
        "product_id": product_id,
        "is_thumbnail": position == 0,
        "sort_order": position,
        "description": description,
        "image_file": f"p/{product_id}/{file}",
        "image_url": address,
        "url_zoom": f"{address}?size=1280",
        "url_standard": f"{address}?size=500",
        "url_thumbnail": f"{address}?size=220",
        "url_tiny": f"{address}?size=44",
        "date_modified": modified,
    }


def _custom_fields(facts: Facts, rng: Random) -> list[Json]:
    draw = rng.random
    count = int(draw() * 7)
    start = int(draw() * len(words.FIELD_NAMES))
    return [
        {
            "id": facts.id * 10 + number,
            "name": words.FIELD_NAMES[(start + number) % len(words.FIELD_NAMES)],
            "value": words.FIELD_VALUES[int(draw() * len(words.FIELD_VALUES))],
        }
        for number in range(count)
    ]

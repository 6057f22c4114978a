"""First half of making up a catalog: each product's facts, cheap enough to draw for a hundred thousand at start."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random

from sandbox.catalog import words
from sandbox.catalog.facts import Facts, VariantFacts
from sandbox.catalog.plan import Plan

FIRST_PRODUCT_ID = 77
FIRST_VARIANT_ID = 101
FIRST_BRAND_ID = 31
FIRST_CATEGORY_ID = 18
EPOCH = int(datetime(2024, 1, 1, tzinfo=UTC).timestamp())
SPAN = 2 * 365 * 86_400
PRODUCTS_PER_BRAND = 40

# An old store's oddities come on fixed turns of every hundred products, so that even a small catalog has each of them.
NO_IDENTIFIERS = 41
REPEATED_SKU = 67
PADDED_SKU = 23
REPEATED_UPC = 59
REPEATED_MPN = 83


def brand_count(plan: Plan) -> int:
    """How many brands the catalog has."""
    return max(3, plan.products // PRODUCTS_PER_BRAND)


def category_ids() -> range:
    """The generated category ids: shelves, then their sections, then the sections' corners."""
    shelves = len(words.SHELVES)
    count = shelves * (1 + len(words.SECTIONS) * (1 + len(words.CORNERS)))
    return range(FIRST_CATEGORY_ID, FIRST_CATEGORY_ID + count)


def variant_labels(count: int) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    """Options whose combinations give ``count`` variants: ``(option, ((label, code), ...))`` each."""
    if count <= 1:
        return ()
    if count > len(words.COLOURS):
        return (("Style", tuple((f"Style {n}", f"S{n:03d}") for n in range(1, count + 1))),)
    for sizes in (4, 3, 2):
        if count % sizes == 0 and count > sizes:
            return (("Color", words.COLOURS[: count // sizes]), ("Size", words.SIZES[:sizes]))
    return (("Color", words.COLOURS[:count]),)


def _codes(count: int) -> list[str]:
    codes = [""]
    for _, values in variant_labels(count):
        codes = [f"{before}-{code}" for before in codes for _, code in values]
    return codes


def sketches(plan: Plan) -> Iterator[Facts]:
    """Each product's facts, by ascending id."""
    rng = Random(plan.seed)
    draw = rng.random
    product_id, variant_id = FIRST_PRODUCT_ID, FIRST_VARIANT_ID
    brands, categories = brand_count(plan), category_ids()
    codes = {count: _codes(count) for count in range(13)}
    if plan.variants is not None:
        codes[plan.variants] = _codes(plan.variants)
    earlier_sku, earlier_upc, earlier_mpn = "", "", ""
    for index in range(plan.products):
        turn = index % 100
        odd = not plan.clean
        noun, code = words.NOUNS[int(draw() * len(words.NOUNS))]
        adjective = words.ADJECTIVES[int(draw() * len(words.ADJECTIVES))]
        material = words.MATERIALS[int(draw() * len(words.MATERIALS))]
        count = plan.variants or (1 if draw() < 0.6 else 2 + int(draw() * 11))
        if odd and turn == REPEATED_SKU and plan.variants is None:
            count = max(count, 2)
        sku = f"{code}-{product_id:06d}"
        skus = [sku + ending for ending in codes[count]]
        upc = f"{int(draw() * 10**12):012d}"
        if draw() < 0.1:
            upc = "00" + upc[2:]
        mpn = f"{int(draw() * 10**8):08d}" if draw() < 0.3 else f"MPN-{product_id}"
        upcs = [f"{(product_id * 1000 + n) % 10**12:012d}" for n in range(count)] if count > 1 else [upc]
        if plan.clean:
            upc = f"{product_id:012d}" if count == 1 else f"9{product_id:011d}"
            upcs = [upc] if count == 1 else upcs
        else:
            if draw() < 0.3:
                upc = ""
                upcs = [""] * count
            if draw() < 0.4:
                mpn = ""
            if count == 1 and draw() < 0.1:
                skus = [""]
            elif count > 1 and draw() < 0.1:
                skus[int(draw() * count)] = ""
            if turn == NO_IDENTIFIERS:
                sku, upc, mpn, skus, upcs = "", "", "", [""] * count, [""] * count
            elif turn == REPEATED_SKU:
                skus[-1] = earlier_sku.lower()
            elif turn == PADDED_SKU:
                skus[-1] = f" {sku}-PAD "
            elif turn == REPEATED_UPC:
                upc, upcs = earlier_upc, [earlier_upc] * count
            elif turn == REPEATED_MPN:
                mpn = earlier_mpn
            earlier_sku = skus[0] or earlier_sku
            earlier_upc = upc or earlier_upc
            earlier_mpn = mpn or earlier_mpn
        digits = 2 if draw() < 0.85 else 3 + int(draw() * 2)
        price = round(1 + draw() * 400, digits)
        created = EPOCH + int((index + draw()) / plan.products * SPAN)
        modified = created + int(draw() ** 2 * (EPOCH + SPAN - created))
        tracking = "none" if draw() < 0.3 else ("product" if draw() < (0.8 if count == 1 else 0.2) else "variant")
        first = categories[int(draw() * len(categories))]
        second = categories[int(draw() * len(categories))]
        yield Facts(
            id=product_id,
            name=f"{adjective} {material} {noun} {product_id}",
            sku=sku,
            upc=upc,
            mpn=mpn,
            type="digital" if draw() < 0.03 else "physical",
            price=price,
            sale_price=round(price * 0.8, 2) if draw() < 0.2 else 0.0,
            weight=round(0.1 + draw() * 20, 2),
            brand_id=0 if draw() < 0.05 else FIRST_BRAND_ID + int(draw() * brands),
            categories=(first,) if draw() < 0.5 or first == second else (first, second),
            is_visible=draw() >= 0.08,
            is_featured=draw() < 0.05,
            is_free_shipping=draw() < 0.05,
            availability="available" if draw() < 0.95 else ("disabled" if draw() < 0.5 else "preorder"),
            condition="New" if draw() < 0.96 else "Used",
            tracking=tracking,
            level=0 if tracking == "none" else int(draw() * 60) * count,
            warning_level=0 if tracking == "none" else int(draw() * 6),
            total_sold=int(draw() ** 3 * 900),
            created=created,
            modified=modified,
            imported=modified if draw() < 0.25 else 0,
            variants=tuple(VariantFacts(variant_id + n, skus[n], upcs[n]) for n in range(count)),
        )
        product_id += 1 if draw() < 0.7 else 2 + int(draw() * 5)
        variant_id += count + (0 if draw() < 0.7 else 1)

"""Publish Listings: what cannot become a product is told of before any call, and the rest goes on."""

from __future__ import annotations

import json
from typing import Any

import pytest
from psycopg.errors import CheckViolation

from storekeeper.outcomes import Counts
from tests.operations.publish_press import CREATE, LAMP, LIST, Press

IMAGE = "https://cdn.example.com/a.jpg"


def redraft(press: Press, key: str, *variants: dict[str, Any], **listing: Any) -> None:
    """Mend a listing: everything of it is as it should be, but for what is given."""
    press.database.run("delete from core.listing_variant where listing_key = %s", key)
    press.set(
        key, **{**LAMP, "title": key, "images": [], "custom_fields": [], "description": None, "brand": None, **listing}
    )
    for variant in variants or ({"master_sku": key},):
        press._insert("core.listing_variant", {"channel": "shop", "listing_key": key, **variant})


def writes(press: Press) -> dict[str, int]:
    return {name: count for name, count in press.requests().items() if not name.startswith("GET")}


def reasons(press: Press, key: str) -> set[str]:
    rows = press.database.rows(
        "select distinct reason from mart.problems where open and operation = 'publish_listings'"
        " and (entity_key = %s or entity_key in (select master_sku from core.listing_variant where listing_key = %s)"
        " or message like '%%' || %s || '%%')",
        key,
        key,
        key,
    )
    return {row["reason"] for row in rows}


def sized(*values: Any, name: str = "Size") -> list[dict[str, str]]:
    return [{"name": name, "value": value} for value in values]


def two(key: str, first: Any, second: Any, **more: Any) -> tuple[dict[str, Any], ...]:
    return (
        {"master_sku": f"{key}-1", "options": first, **more},
        {"master_sku": f"{key}-2", "options": second, **more},
    )


BAD: dict[str, tuple[str, dict[str, Any], tuple[dict[str, Any], ...]]] = {
    "BAD-NAME-0": ("missing_name", {"title": None}, ()),
    "BAD-NAME-1": ("missing_name", {"title": ""}, ()),
    "BAD-NAME-2": ("missing_name", {"title": "  \t "}, ()),
    "BAD-NAME-3": ("missing_name", {"title": "\u00a0\u2003"}, ()),
    "BAD-NAME-4": ("value_too_long", {"title": "n" * 251}, ()),
    "BAD-PRICE-0": ("missing_price", {"price": None}, ()),
    "BAD-PRICE-1": ("invalid_price", {"price": "-1"}, ()),
    "BAD-PRICE-2": ("invalid_price", {"price": "NaN"}, ()),
    "BAD-PRICE-3": ("invalid_price", {"price": "Infinity"}, ()),
    "BAD-PRICE-4": ("invalid_price", {"price": "19.99"}, ({"master_sku": "BAD-PRICE-4", "price": "-0.5"},)),
    "BAD-WEIGHT-0": ("missing_weight", {"weight": None}, ()),
    "BAD-WEIGHT-1": ("missing_weight", {"weight": "-1"}, ()),
    "BAD-WEIGHT-2": ("missing_weight", {"weight": "NaN"}, ()),
    "BAD-CAT-0": ("missing_category", {"categories": []}, ()),
    "BAD-CAT-1": ("unknown_category", {"categories": ["Nowhere"]}, ()),
    "BAD-CAT-2": ("unknown_category", {"categories": ["Shop > "]}, ()),
    "BAD-CAT-3": ("unknown_category", {"categories": [" > "]}, ()),
    "BAD-CAT-4": ("unknown_category", {"categories": ["Shop", "Shop > Nowhere"]}, ()),
    "BAD-SKU-0": ("value_too_long", {}, ({"master_sku": "S" * 256},)),
    "BAD-SKU-1": ("value_too_long", {}, ({"master_sku": "BAD-SKU-1", "sku": "T" * 256},)),
    "BAD-UPC": ("value_too_long", {}, ({"master_sku": "BAD-UPC", "upc": "1" * 15},)),
    "BAD-GTIN": ("value_too_long", {}, ({"master_sku": "BAD-GTIN", "gtin": "1" * 15},)),
    "BAD-IMG-LONG": ("invalid_image", {"images": ["https://cdn.example.com/" + "a" * 232]}, ()),
    "BAD-IMG-MANY": ("too_many", {"images": [f"https://cdn.example.com/{n}.jpg" for n in range(1001)]}, ()),
    "BAD-FIELDS": ("too_many", {"custom_fields": [{"name": f"F{n}", "value": "x"} for n in range(201)]}, ()),
    "BAD-BRAND": ("value_too_long", {"brand": "b" * 256}, ()),
    "BAD-600": (
        "too_many",
        {},
        tuple({"master_sku": f"BAD-600-{n}", "options": sized(f"S{n}")} for n in range(601)),
    ),
    "BAD-OPT-0": ("invalid_options", {}, two("BAD-OPT-0", sized("S"), sized("S"))),
    "BAD-OPT-1": ("invalid_options", {}, two("BAD-OPT-1", sized("S"), sized("M", name="Colour"))),
    "BAD-OPT-2": ("invalid_options", {}, two("BAD-OPT-2", sized("S"), [])),
    "BAD-OPT-3": ("invalid_options", {}, two("BAD-OPT-3", [], [])),
    "BAD-OPT-4": (
        "invalid_options",
        {},
        two("BAD-OPT-4", sized("S") + sized("T", name="size"), sized("U") + sized("V", name="size")),
    ),
    "BAD-OPT-5": ("invalid_options", {}, two("BAD-OPT-5", sized("S"), sized(" "))),
    "BAD-OPT-6": ("invalid_options", {}, two("BAD-OPT-6", sized("S", name=""), sized("M", name=""))),
    "BAD-OPT-7": ("invalid_options", {}, two("BAD-OPT-7", sized("S", "M"), sized("L", "XL"))),
    "BAD-OPT-8": (
        "invalid_options",
        {},
        two("BAD-OPT-8", sized("S") + sized("T", name="Size "), sized("U") + sized("V", name="Size ")),
    ),
}
ADDRESSES = {
    "ftp": "ftp://cdn.example.com/a.jpg",
    "data": "data:image/png;base64,iVBORw0KGgo=",
    "script": "javascript:alert(1)",
    "file": "file:///etc/passwd",
    "no scheme": "//cdn.example.com/a.jpg",
    "relative": "a.jpg",
    "no host": "https:///a.jpg",
    "password": "https://user:secret@cdn.example.com/a.jpg",
    "user": "https://user@cdn.example.com/a.jpg",
    "loopback": "http://127.0.0.1/a.jpg",
    "localhost": "http://localhost:8080/a.jpg",
    "LOCALHOST": "http://LOCALHOST/a.jpg",
    "localhost.": "http://localhost./a.jpg",
    "below localhost": "http://shop.localhost/a.jpg",
    "ten": "https://10.1.2.3/a.jpg",
    "dot at the end": "http://10.1.2.3./a.jpg",
    "172": "https://172.16.0.1/a.jpg",
    "192": "https://192.168.0.10/a.jpg",
    "link local": "http://169.254.169.254/latest/meta-data",
    "carrier": "http://100.64.0.1/a.jpg",
    "zero": "http://0.0.0.0/a.jpg",
    "v6 loopback": "http://[::1]/a.jpg",
    "v6 private": "http://[fd00::1]/a.jpg",
    "v6 link local": "http://[fe80::1]/a.jpg",
    "v4 in v6": "http://[::ffff:127.0.0.1]/a.jpg",
    "one number": "http://2130706433/a.jpg",
    "hexadecimal": "http://0x7f000001/a.jpg",
    "short": "http://127.1/a.jpg",
    "octal": "http://0177.0.0.1/a.jpg",
    "full width": "http://\uff11\uff12\uff17.0.0.1/a.jpg",
    "ideographic dot": "http://127\u30020\u30020\u30021/a.jpg",
    "backslash": "http://127.0.0.1\\@cdn.example.com/a.jpg",
    "space": "https://cdn.exam ple.com/a.jpg",
    "port": "https://cdn.example.com:99999/a.jpg",
    "broken v6": "https://[::1/a.jpg",
    "newline": "https://cdn.example.com/a\r\nHost: x.jpg",
}


@pytest.fixture
def bad(press: Press) -> Press:
    for key, (_, listing, variants) in BAD.items():
        press.draft(key, *variants, **listing)
    return press


def test_what_can_be_foreseen_costs_no_call_and_holds_up_nothing(bad: Press) -> None:
    bad.draft("GOOD-1")
    bad.draft("GOOD-2")
    counts = bad.publish()
    found = {key: reasons(bad, key) for key in BAD}
    assert {key: why for key, why in found.items() if why != {BAD[key][0]}} == {}
    assert bad.created() == ["GOOD-1", "GOOD-2"]
    assert writes(bad) == {CREATE: 2}
    assert counts.created == 2
    assert counts.read == len(BAD) + 2
    assert {bad.listing(key)["queued_action"] for key in BAD} == {"publish"}


def test_problems_close_when_they_are_mended(bad: Press) -> None:
    bad.publish()
    for key in BAD:
        redraft(bad, key)
    counts = bad.publish()
    assert counts == Counts(read=len(BAD), created=len(BAD))
    assert {key for key, _ in bad.problems()} & set(BAD) == set()
    assert sorted(bad.created()) == sorted(BAD)


def test_a_problem_closes_when_the_listing_is_taken_off_the_queue(press: Press) -> None:
    press.draft("UNQUEUED", title=None)
    press.publish()
    assert len(press.problems()) == 1
    press.set("UNQUEUED", queued_action=None)
    press.publish()
    assert press.problems() == set()


def test_a_problem_closes_when_its_variant_is_removed(press: Press) -> None:
    press.draft("L", *two("L", sized("S"), sized("S")))
    press.publish()
    press.database.run("delete from core.listing_variant")
    redraft(press, "L")
    assert press.publish().created == 1
    assert press.problems() == set()


def test_a_problem_closes_when_the_listing_is_deleted(press: Press) -> None:
    press.draft("DELETED", title=None)
    press.publish()
    press.database.run("delete from core.listing where listing_key = 'DELETED'")
    press.publish()
    assert press.problems() == set()


def test_an_image_that_is_no_public_address_is_never_handed_on(press: Press) -> None:
    for number, address in enumerate(ADDRESSES.values()):
        press.draft(f"I-{number:02d}", images=[IMAGE, address])
    press.draft("GOOD", images=["HTTPS://CDN.Example.com:443/a%20b.jpg?x=1&y=[2]#z", "http://8.8.8.8/a.jpg"])
    press.publish()
    handed_on = [name for number, name in enumerate(ADDRESSES) if f"I-{number:02d}" in press.created()]
    assert handed_on == []
    assert press.problems() == {(f"I-{number:02d}", "invalid_image") for number in range(len(ADDRESSES))}
    assert len(press.product("GOOD")["images"]) == 2


def test_a_password_in_an_image_s_address_is_not_repeated_to_everybody(press: Press) -> None:
    press.draft("I", images=["https://user:verysecret@cdn.example.com/a.jpg"])
    press.publish()
    assert press.database.value("select count(*) from mart.problems where message like '%%verysecret%%'") == 0


def test_what_is_just_within_the_limits_is_one_call_each(press: Press) -> None:
    press.draft("NAME", title="\U0001f600" * 250)
    press.draft("SKU", {"master_sku": "S" * 255, "upc": "1" * 14, "gtin": "1" * 14, "mpn": "m" * 255})
    press.draft("IMAGE", images=["https://cdn.example.com/" + "a" * 231])
    press.draft("IMAGES", images=[f"https://cdn.example.com/{number}.jpg" for number in range(1000)])
    press.draft("FIELDS", custom_fields=[{"name": f"F{n}", "value": "x"} for n in range(200)])
    press.draft(
        "VARIANTS",
        *(
            {"master_sku": f"V{n}", "options": sized(f"S{n % 200}") + sized(f"C{n // 200}", name="Colour")}
            for n in range(600)
        ),
    )
    press.draft("FREE", price="0", weight="0")
    press.draft("DOWNLOAD", type="digital", weight=None)
    counts = press.publish()
    assert press.database.rows("select message from mart.problems where open") == []
    assert (press.problems(), counts) == (set(), Counts(read=8, created=8))
    assert writes(press) == {CREATE: 8}
    assert len(press.product("VARIANTS")["variants"]) == 600
    assert len(press.product("IMAGES")["images"]) == 1000
    press.sync()
    assert press.publish() == Counts()
    assert writes(press) == {}


def test_more_values_of_an_option_than_the_store_takes_are_foreseen(press: Press) -> None:
    press.draft("MANY", *({"master_sku": f"V{n}", "options": sized(f"S{n}")} for n in range(251)))
    press.publish()
    assert CREATE not in press.requests()


def test_a_listing_without_variants_waits(press: Press) -> None:
    press.draft("EMPTY")
    press.database.run("delete from core.listing_variant")
    press.publish()
    assert (press.problems(), press.created()) == ({("EMPTY", "missing_variants")}, [])


HTML = '<p onclick="x()">Bright &amp; <script>alert("1")</script>\u2028 100 % \'</p><!-- {{x}} -->'


def test_html_goes_as_it_is(press: Press) -> None:
    press.draft("HTML", description=HTML)
    press.draft("BLANK", description="")
    press.draft("NONE", description=None)
    assert press.publish().created == 3
    assert press.product("HTML")["description"] == HTML
    assert press.product("NONE")["description"] in ("", None)


def test_text_of_all_kinds_comes_through(press: Press) -> None:
    name = "\u202eLampe\u00a0\u2014 \u5927\u304d\u3044 \U0001f468\u200d\U0001f469\u200d\U0001f467 %s {} '\"\\"
    press.draft("T", {"master_sku": "T '%_\\"}, title=name, brand="L'\u00c9t\u00e9 & Co")
    assert press.publish().created == 1
    assert press.product(name)["sku"] == "T '%_\\"
    assert press.publish() == Counts()


def test_two_listings_with_one_sku_become_one_product_at_most(press: Press) -> None:
    press.draft("ONE", {"master_sku": "M1", "sku": "DUP"})
    press.draft("TWO", {"master_sku": "M2", "sku": "dup"})
    press.draft("THREE")
    press.publish(import_settings={"master_sku": "upc"})
    assert "THREE" in press.created()
    assert len(press.created()) <= 2
    assert "duplicate_sku" in {reason for _, reason in press.problems()}
    press.set("TWO", queued_action=None)
    press.publish(import_settings={"master_sku": "upc"})
    assert sorted(press.created()) == ["ONE", "THREE"]


def test_one_sku_twice_in_a_listing_is_told_of(press: Press) -> None:
    press.draft(
        "ONE",
        {"master_sku": "M1", "sku": "DUP", "options": sized("S")},
        {"master_sku": "M2", "sku": "dup", "options": sized("M")},
    )
    press.publish(import_settings={"master_sku": "upc"})
    assert press.created() == []
    assert {reason for _, reason in press.problems()} == {"duplicate_sku"}


def other(press: Press, name: str, *skus: str, **more: Any) -> dict[str, Any]:
    """A product of the store's own with such variants."""
    body = {
        "name": name,
        "type": "physical",
        "weight": 1,
        "price": 5,
        "sku": "",
        "variants": [{"sku": sku, "option_values": [{"option_display_name": "Size", "label": sku}]} for sku in skus],
        **more,
    }
    answer = press.store.request("POST", "/v3/catalog/products", json=body)
    assert answer.status_code == 200, answer.text
    press.store.forget_requests()
    product: dict[str, Any] = answer.json()["data"]
    return product


def test_a_sku_that_another_product_s_variant_has_in_another_letter_case_is_never_created(press: Press) -> None:
    made = other(press, "Theirs", "Lamp-Red", "Lamp-Blue")
    press.draft("MINE", {"master_sku": "LAMP-RED"})
    before = press.store.products()
    press.publish()
    assert press.names().count("MINE") == 0
    assert press.store.products() == before
    linked = press.listing("MINE")["product_id"] == made["id"]
    assert linked or press.problems()
    press.publish()
    assert press.store.products() == before


def test_variants_that_stand_in_two_products_are_a_problem(press: Press) -> None:
    other(press, "Theirs", "a-1", "x")
    other(press, "Others", "a-2", "y")
    press.draft("MINE", *two("A", sized("S"), sized("M")))
    press.publish()
    assert {reason for _, reason in press.problems()} & {"ambiguous_listing", "sku_taken"}


def test_a_sku_of_a_product_that_another_listing_has_is_not_taken_from_it(press: Press) -> None:
    press.draft("FIRST", *two("F", sized("S"), sized("M")))
    press.publish()
    product = press.product("FIRST")
    press.draft("SECOND", {"master_sku": "OTHER", "sku": "f-1"})
    press.publish(import_settings={"master_sku": "upc"})
    assert press.names().count("SECOND") == 0
    assert press.product("FIRST") == product
    assert press.listing("SECOND")["product_id"] is None
    assert press.problems() != set()
    assert press.listing("FIRST")["product_id"] == product["id"]


@pytest.mark.parametrize("field", ["upc", "mpn"])
def test_a_channel_of_another_master_sku_makes_what_an_import_knows_again(press: Press, field: str) -> None:
    press.draft("LAMP", {"master_sku": "012345678905", "quantity": 3})
    press.draft("OWN", {"master_sku": "012345678912", "sku": "OWN-SKU", field: "012345678912"})
    press.draft("SHIRT", *two("S", sized("S"), sized("M")))
    settings = {"master_sku": field}
    assert press.publish(import_settings=settings).created == 3
    assert press.product("LAMP")[field] == "012345678905"
    assert {each[field] for each in press.product("SHIRT")["variants"]} == {"S-1", "S-2"}
    assert press.product("OWN")["sku"] == "OWN-SKU"
    listings = press.database.value("select count(*) from core.listing")
    press.pull(**settings)
    skus = {"012345678905", "012345678912", "S-1", "S-2"}
    rows = press.database.rows("select master_sku, listing_key from core.listing_variant")
    assert {row["listing_key"] for row in rows if row["master_sku"] in skus} == {"LAMP", "OWN", "SHIRT"}
    known = press.database.value("select count(*) from core.listing where listing_key like 'bc-%%'")
    assert press.database.value("select count(*) from core.listing") == listings + known
    assert press.database.value("select count(*) from core.listing where title in ('LAMP', 'OWN', 'SHIRT')") == 3
    press.requests()
    assert press.publish(import_settings=settings) == Counts()
    assert press.requests() == {}


@pytest.mark.parametrize("field", ["upc", "mpn"])
def test_a_product_with_the_master_sku_of_such_a_channel_is_not_made_again(press: Press, field: str) -> None:
    press.store.insert_product(name="Theirs", sku="THEIRS", price=15.0, weight=1, type="physical", **{field: "4711"})
    press.draft("MINE", {"master_sku": "4711"})
    press.publish(import_settings={"master_sku": field})
    press.pull(master_sku=field)
    listed = press.database.rows("select listing_key, product_id from core.listing where product_id is not null")
    assert len([row for row in listed if row["listing_key"] == "MINE"]) == 1
    assert press.created() == []


@pytest.mark.parametrize(
    "fields",
    [[{"name": "A"}], [{"value": "x"}], ["A"], {"A": "x"}, [{"name": "A", "value": {"b": 1}}], "A", [None]],
)
def test_attributes_that_are_none_hold_up_only_their_own(press: Press, fields: Any) -> None:
    press.draft("GOOD")
    press.draft("BAD")
    press.database.run("update core.listing set custom_fields = %s where listing_key = 'BAD'", json.dumps(fields))
    press.publish()
    assert "GOOD" in press.created()
    assert press.problems() != set()
    assert {key for key, _ in press.problems()} == {"BAD"}


@pytest.mark.parametrize("options", [{"Size": "S"}, ["S"], [{"name": "Size"}], "S", [None], [{"value": "S"}]])
def test_options_that_are_none_hold_up_only_their_own(press: Press, options: Any) -> None:
    press.draft("GOOD")
    press.draft("BAD", {"master_sku": "BAD", "options": options})
    press.publish()
    assert press.created() == ["GOOD"]
    assert {key for key, _ in press.problems()} == {"BAD"}


def test_a_number_as_an_attribute_s_value_goes_as_text(press: Press) -> None:
    press.draft("N", custom_fields=[{"name": "Watts", "value": 60}, {"name": "LED", "value": True}])
    press.publish()
    if press.created():
        values = {each["name"]: each["value"] for each in press.product("N")["custom_fields"]}
        assert values["Watts"] == "60"
    else:
        assert press.problems() != set()


@pytest.mark.parametrize(("quantity", "reason"), [(-3, "negative_quantity"), (3_000_000_000, "quantity_too_large")])
def test_a_stock_that_cannot_be_is_told_of_and_the_rest_of_the_stock_goes(
    press: Press, quantity: int, reason: str
) -> None:
    press.draft("BAD", {"master_sku": "BAD", "quantity": quantity})
    press.draft("GOOD", {"master_sku": "GOOD", "quantity": 4})
    press.publish()
    press.sync()
    rows = press.database.rows("select entity_key, reason from mart.problems where open")
    assert {(row["entity_key"], row["reason"]) for row in rows} == {("BAD", reason)}
    assert press.product("GOOD")["inventory_level"] == 4


@pytest.mark.parametrize(("field", "value"), [("condition", "Broken"), ("availability", "sometimes")])
def test_a_word_that_the_store_does_not_know_is_foreseen(press: Press, field: str, value: str) -> None:
    try:
        press.draft("BAD", **{field: value})
    except CheckViolation:
        return  # the warehouse does not even take it
    press.publish()
    assert CREATE not in press.requests()
    assert {key for key, _ in press.problems()} == {"BAD"}


def test_one_name_twice_in_a_run_is_one_product_and_a_problem(press: Press) -> None:
    press.draft("A", title="Same")
    press.draft("B", title="same")
    press.draft("C")
    counts = press.publish()
    assert counts.created == 2
    assert len(press.created()) == 2
    assert {reason for _, reason in press.problems()} == {"name_taken"}


def test_a_refusal_that_nobody_could_foresee_leaves_the_others_alone(press: Press) -> None:
    for number in range(3):
        press.draft(f"P-{number}")
    press.store.configure(refused_skus={"P-1": "is locked by the merchant"})
    assert press.publish() == Counts(read=3, created=2, failed=1)
    assert press.problems() == {("P-1", "refused_by_store")}
    assert press.listing("P-1")["queued_action"] == "publish"
    press.store.configure(refused_skus={})
    assert press.publish() == Counts(read=1, created=1)
    assert press.problems() == set()
    assert sorted(press.created()) == ["P-0", "P-1", "P-2"]
    press.store.admin("violations", method="DELETE")  # what is refused does not obey the specification


def test_a_listing_that_is_refused_is_not_looked_up_twice(press: Press) -> None:
    press.draft("BAD", title=None)
    press.publish()
    assert LIST not in press.requests()

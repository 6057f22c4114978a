"""Variants one by one: created of option values that are there, and deleted."""

from __future__ import annotations

import pytest

from sandbox.exchange import Json
from sandbox.process import SandboxProcess

PRODUCTS = "/v3/catalog/products"
NEW: Json = {"name": "A new thing", "type": "physical", "weight": 1.5, "price": 9.99, "sku": "NEW"}

pytestmark = pytest.mark.usefixtures("as_it_began")


def choice(**labels: str) -> list[Json]:
    return [{"option_display_name": name, "label": label} for name, label in labels.items()]


@pytest.fixture
def shirt(store: SandboxProcess) -> Json:
    """A product in S and M, each in red and blue, but not M in blue."""
    chosen = [choice(Size="S", Color="Red"), choice(Size="S", Color="Blue"), choice(Size="M", Color="Red")]
    variants = [{"sku": f"SHIRT-{number}", "option_values": each} for number, each in enumerate(chosen)]
    answer = store.request("POST", f"{PRODUCTS}?include=variants,options", json=NEW | {"variants": variants})
    product: Json = answer.json()["data"]
    return product


def values(product: Json, **labels: str) -> list[Json]:
    """The option values with these labels, named by id."""
    return [
        {"option_id": option["id"], "id": value["id"]}
        for option in product["options"]
        for value in option["option_values"]
        if labels.get(option["display_name"]) == value["label"]
    ]


def test_a_variant_is_made_of_option_values_that_are_there(store: SandboxProcess, shirt: Json) -> None:
    base = f"{PRODUCTS}/{shirt['id']}/variants"
    own = {"price": 5.5, "weight": 2, "upc": "012345678905", "mpn": "M", "gtin": "00012345678905"}
    given = own | {"sku": "shirt-3", "option_values": values(shirt, Size="M", Color="Blue")}
    answer = store.request("POST", base, json=given)
    assert answer.status_code == 200, answer.text
    made = answer.json()["data"]
    assert {name: made[name] for name in own} == own
    assert {each["option_display_name"]: each["label"] for each in made["option_values"]} == {
        "Size": "M",
        "Color": "Blue",
    }
    assert (made["calculated_price"], made["calculated_weight"]) == (5.5, 2)
    assert store.get(base)["data"] == [*shirt["variants"], made]
    assert store.get("/v3/catalog/variants?sku=SHIRT-3")["data"][0]["id"] == made["id"]
    effect = store.effects()[-1]
    assert (effect["kind"], effect["id"]) == ("variant.created", made["id"])
    assert effect["change"] == given | {"product_id": shirt["id"]}


@pytest.mark.parametrize("taken", ["new", "shirt-1", "SHIRT-2"])
def test_a_new_variants_sku_is_taken_whatever_its_letter_case(store: SandboxProcess, shirt: Json, taken: str) -> None:
    given = {"sku": taken, "option_values": values(shirt, Size="M", Color="Blue")}
    answer = store.request("POST", f"{PRODUCTS}/{shirt['id']}/variants", json=given)
    assert (answer.status_code, "sku" in answer.json()["errors"]) == (409, True)
    assert len(store.effects()) == 1


def test_a_combination_exists_once(store: SandboxProcess, shirt: Json) -> None:
    given = {"sku": "SHIRT-3", "option_values": values(shirt, Size="M", Color="Red")[::-1]}
    assert store.request("POST", f"{PRODUCTS}/{shirt['id']}/variants", json=given).status_code == 409


@pytest.mark.parametrize("bad", ["no sku", "blank sku", "no values", "one value", "twice", "unknown", "price"])
def test_a_new_variant_needs_a_sku_and_one_value_of_each_option(store: SandboxProcess, shirt: Json, bad: str) -> None:
    whole = values(shirt, Size="M", Color="Blue")
    given: dict[str, Json] = {
        "no sku": {"option_values": whole},
        "blank sku": {"sku": "", "option_values": whole},
        "no values": {"sku": "SHIRT-3"},
        "one value": {"sku": "SHIRT-3", "option_values": whole[:1]},
        "twice": {"sku": "SHIRT-3", "option_values": [*whole, whole[0]]},
        "unknown": {"sku": "SHIRT-3", "option_values": [whole[0], whole[1] | {"id": 1}]},
        "price": {"sku": "SHIRT-3", "option_values": whole, "price": -1},
    }
    answer = store.request("POST", f"{PRODUCTS}/{shirt['id']}/variants", json=given[bad])
    assert answer.status_code == 422, answer.text
    assert store.request("POST", f"{PRODUCTS}/1/variants", json=given["no sku"]).status_code == 404


def test_a_product_has_six_hundred_variants(store: SandboxProcess) -> None:
    every = [choice(A=f"a{a}", B=f"b{b}") for a in range(30) for b in range(21)]
    variants = [{"sku": f"MANY-{number}", "option_values": each} for number, each in enumerate(every)]
    assert store.request("POST", PRODUCTS, json=NEW | {"variants": variants[:601]}).status_code == 422
    answer = store.request("POST", f"{PRODUCTS}?include=options", json=NEW | {"variants": variants[:600]})
    product = answer.json()["data"]
    given = {"sku": "MANY-600", "option_values": values(product, A="a28", B="b12")}
    base = f"{PRODUCTS}/{product['id']}/variants"
    assert store.request("POST", base, json=given).status_code == 422
    first = store.get(f"{base}?limit=1")["data"][0]["id"]
    assert store.request("DELETE", f"{base}/{first}").status_code == 204
    assert store.request("POST", base, json=given).status_code == 200


def test_a_deleted_variants_sku_and_combination_are_free_again(store: SandboxProcess, shirt: Json) -> None:
    base = f"{PRODUCTS}/{shirt['id']}/variants"
    first = shirt["variants"][0]
    answer = store.request("DELETE", f"{base}/{first['id']}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert store.request("GET", f"{base}/{first['id']}").status_code == 404
    assert store.effects()[-1]["kind"] == "variant.deleted"
    given = {"sku": first["sku"], "option_values": values(shirt, Size="S", Color="Red")}
    assert store.request("POST", base, json=given).status_code == 200
    assert store.request("DELETE", f"{base}/1").status_code == 204
    assert len(store.effects()) == 3


def test_a_product_whose_last_variant_goes_is_a_simple_one(store: SandboxProcess, shirt: Json) -> None:
    base = f"{PRODUCTS}/{shirt['id']}/variants"
    for each in shirt["variants"]:
        assert store.request("DELETE", f"{base}/{each['id']}").status_code == 204
    product = store.get(f"{PRODUCTS}/{shirt['id']}?include=variants")["data"]
    [only] = product["variants"]
    assert (only["id"], only["sku"], only["option_values"]) == (product["base_variant_id"], "NEW", [])
    assert store.request("DELETE", f"{base}/{only['id']}").status_code == 422
    given = {"sku": "SHIRT-9", "option_values": values(shirt, Size="M", Color="Blue")}
    assert store.request("POST", base, json=given).status_code == 200
    product = store.get(f"{PRODUCTS}/{shirt['id']}?include=variants")["data"]
    assert [each["sku"] for each in product["variants"]] == ["SHIRT-9"]
    assert product["base_variant_id"] is None
    assert store.get(f"/v3/catalog/variants?id={only['id']}")["data"] == []


def test_inline_variants_name_their_values_by_label(store: SandboxProcess) -> None:
    own = {"price": 7.25, "weight": 3, "upc": "1", "mpn": "2", "gtin": "3", "inventory_level": 4}
    variants = [
        {"sku": "NEW-S", "option_values": choice(Size="S")} | own,
        {"sku": "NEW-M", "option_values": choice(Size="M")},
    ]
    given = NEW | {"inventory_tracking": "variant", "variants": variants}
    product = store.request("POST", f"{PRODUCTS}?include=variants", json=given).json()["data"]
    first, second = product["variants"]
    assert {name: first[name] for name in own} == own
    assert (second["price"], second["calculated_price"], second["calculated_weight"]) == (None, 9.99, 1.5)
    assert product["inventory_level"] == 4
    for bad in (
        [variants[0] | {"sku": "Y"}, {"sku": "X", "option_values": choice(Size="S")}],
        [variants[0] | {"sku": "Y"}, {"sku": "X", "option_values": choice(Color="S")}],
        [variants[0] | {"sku": "Y"}, {"sku": "X", "option_values": [{"label": "S"}]}],
        [{"sku": f"X{n}", "option_values": choice(Size=str(n))} for n in range(251)],
        ["a variant"],
    ):
        answer = store.request("POST", PRODUCTS, json=NEW | {"name": "B", "sku": "B", "variants": bad})
        assert answer.status_code == 422, answer.text

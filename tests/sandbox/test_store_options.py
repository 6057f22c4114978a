"""Options and their values: what a simple product needs to get variants."""

from __future__ import annotations

import pytest

from sandbox.exchange import Json
from sandbox.process import SandboxProcess

PRODUCTS = "/v3/catalog/products"
NEW: Json = {"name": "A new thing", "type": "physical", "weight": 1.5, "price": 9.99, "sku": "NEW"}
SIZE: Json = {
    "display_name": "Size",
    "type": "dropdown",
    "option_values": [{"label": label, "sort_order": place} for place, label in enumerate("SML")],
}

pytestmark = pytest.mark.usefixtures("as_it_began")


@pytest.fixture
def path(store: SandboxProcess) -> str:
    """A simple product's path."""
    return f"{PRODUCTS}/{store.request('POST', PRODUCTS, json=NEW).json()['data']['id']}"


@pytest.fixture
def size(store: SandboxProcess, path: str) -> Json:
    """An option of the product."""
    answer = store.request("POST", f"{path}/options", json=SIZE)
    assert answer.status_code == 200, answer.text
    option: Json = answer.json()["data"]
    return option


def product_at(store: SandboxProcess, path: str) -> Json:
    product: Json = store.get(f"{path}?include=variants,options")["data"]
    return product


def add_variant(store: SandboxProcess, path: str, sku: str, *values: tuple[Json, int]) -> Json:
    """A variant that has the option's value at the given place, for each."""
    chosen = [{"option_id": option["id"], "id": option["option_values"][place]["id"]} for option, place in values]
    answer = store.request("POST", f"{path}/variants", json={"sku": sku, "option_values": chosen})
    assert answer.status_code == 200, answer.text
    variant: Json = answer.json()["data"]
    return variant


def test_a_simple_product_becomes_one_with_variants(store: SandboxProcess, path: str, size: Json) -> None:
    before = product_at(store, path)
    assert (before["options"], before["base_variant_id"]) == ([size], before["variants"][0]["id"])
    made = add_variant(store, path, "NEW-S", (size, 0))
    after = product_at(store, path)
    assert (after["base_variant_id"], after["variants"]) == (None, [made])
    assert after["sku"] == "NEW"
    assert store.get("/v3/catalog/variants?sku=new")["data"] == []
    assert store.request("GET", f"{path}/variants/{before['base_variant_id']}").status_code == 404
    kinds = [each["kind"] for each in store.effects()]
    assert kinds == ["product.created", "option.created", "variant.created"]


def test_an_option_is_read_with_its_values(store: SandboxProcess, path: str, size: Json) -> None:
    assert [each["label"] for each in size["option_values"]] == ["S", "M", "L"]
    assert store.get(f"{path}/options")["data"] == [size]
    assert store.get(f"{path}/options/{size['id']}")["data"] == size
    values = f"{path}/options/{size['id']}/values"
    page = store.get(f"{values}?limit=2&page=2")
    assert (page["data"], page["meta"]["pagination"]["total"]) == (size["option_values"][2:], 3)
    first = size["option_values"][0]
    assert store.get(f"{values}/{first['id']}")["data"] == first
    assert store.request("GET", f"{values}/1").status_code == 404
    assert store.request("GET", f"{path}/options/1/values").status_code == 404


@pytest.mark.parametrize(
    "bad",
    [{"display_name": ""}, {"display_name": "x" * 256}, {"display_name": 5}, {"type": "text"}, {"option_values": []},
     {"option_values": [{"label": "S"}]}, {"option_values": ["S"]}, {"option_values": [{"label": 1, "sort_order": 1}]},
     {"option_values": [{"label": "S", "sort_order": 1}] * 2},
     {"option_values": [{"label": str(n), "sort_order": n} for n in range(251)]}],
)  # fmt: skip
def test_a_bad_option_is_refused(store: SandboxProcess, path: str, bad: Json) -> None:
    assert store.request("POST", f"{path}/options", json=SIZE | bad).status_code == 422
    without = {name: SIZE[name] for name in SIZE if name not in bad}
    assert store.request("POST", f"{path}/options", json=without).status_code == 422
    assert len(store.effects()) == 1


def test_an_options_name_is_there_once_a_product(store: SandboxProcess, path: str, size: Json) -> None:
    other = store.request("POST", f"{path}/options", json=SIZE | {"display_name": "Width"}).json()["data"]
    assert store.request("POST", f"{path}/options", json=SIZE | {"display_name": "SIZE"}).status_code == 409
    one = f"{path}/options/{other['id']}"
    assert store.request("PUT", one, json={"display_name": "size"}).status_code == 409
    assert store.request("PUT", one, json={"display_name": "WIDTH"}).status_code == 200
    assert store.request("POST", f"{PRODUCTS}/1/options", json=SIZE).status_code == 404


def test_another_name_or_label_is_seen_in_the_variants(store: SandboxProcess, path: str, size: Json) -> None:
    add_variant(store, path, "NEW-S", (size, 0))
    one, first = f"{path}/options/{size['id']}", size["option_values"][0]
    values = [first | {"label": "Small"}, {"label": "XL", "sort_order": 3}]
    changed = store.request("PUT", one, json={"display_name": "Fit", "option_values": values}).json()["data"]
    assert [each["label"] for each in changed["option_values"]] == ["Small", "M", "L", "XL"]
    [variant] = product_at(store, path)["variants"]
    assert [(each["option_display_name"], each["label"]) for each in variant["option_values"]] == [("Fit", "Small")]
    answer = store.request("PUT", f"{one}/values/{first['id']}", json={"label": "Tiny", "sort_order": 0})
    assert answer.json()["data"]["label"] == "Tiny"
    assert product_at(store, path)["variants"][0]["option_values"][0]["label"] == "Tiny"
    assert store.request("PUT", f"{one}/values/{first['id']}", json={"label": "M", "sort_order": 0}).status_code == 422
    assert store.request("PUT", f"{one}/values/{first['id']}", json={"label": "M"}).status_code == 422
    assert store.request("PUT", f"{one}/values/1", json={"label": "M", "sort_order": 0}).status_code == 404
    unknown = {"option_values": [{"id": 1, "label": "A", "sort_order": 0}]}
    assert store.request("PUT", one, json=unknown).status_code == 422


def test_a_value_is_added_and_an_option_has_250(store: SandboxProcess, path: str, size: Json) -> None:
    values = f"{path}/options/{size['id']}/values"
    made = store.request("POST", values, json={"label": "XL", "sort_order": 7}).json()["data"]
    assert (made["label"], made["sort_order"], made["is_default"]) == ("XL", 7, False)
    for bad in ({"label": "XL", "sort_order": 8}, {"label": "XXL"}, {"sort_order": 8}, {"label": "", "sort_order": 8}):
        assert store.request("POST", values, json=bad).status_code == 422
    more = [{"label": f"Size {number}", "sort_order": number} for number in range(246)]
    assert store.request("PUT", f"{path}/options/{size['id']}", json={"option_values": more}).status_code == 200
    assert store.request("POST", values, json={"label": "One more", "sort_order": 9}).status_code == 422
    add_variant(store, path, "NEW-S", (store.get(f"{path}/options")["data"][0], 249))


def test_with_a_value_go_the_variants_that_have_it(store: SandboxProcess, path: str, size: Json) -> None:
    small, medium = (add_variant(store, path, f"NEW-{place}", (size, place)) for place in (0, 1))
    values = f"{path}/options/{size['id']}/values"
    answer = store.request("DELETE", f"{values}/{size['option_values'][0]['id']}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert product_at(store, path)["variants"] == [medium]
    assert store.get(f"/v3/catalog/variants?id={small['id']}")["data"] == []
    assert len(store.get(values)["data"]) == 2
    effect = store.effects()[-1]
    assert (effect["kind"], effect["id"]) == ("option_value.deleted", size["option_values"][0]["id"])
    assert store.request("DELETE", f"{values}/1").status_code == 204
    assert store.effects()[-1] == effect


def test_with_its_last_option_a_product_is_simple_again(store: SandboxProcess, path: str, size: Json) -> None:
    add_variant(store, path, "NEW-S", (size, 0))
    for _ in range(2):
        assert store.request("DELETE", f"{path}/options/{size['id']}").status_code == 204
    after = product_at(store, path)
    assert (after["options"], [each["id"] for each in after["variants"]]) == ([], [after["base_variant_id"]])
    assert after["variants"][0]["sku"] == "NEW"
    assert [each["kind"] for each in store.effects()].count("option.deleted") == 1


def test_a_variant_that_came_before_an_option_has_no_value_of_it(store: SandboxProcess, path: str, size: Json) -> None:
    add_variant(store, path, "NEW-S", (size, 0))
    fit = store.request("POST", f"{path}/options", json=SIZE | {"display_name": "Fit"}).json()["data"]
    add_variant(store, path, "NEW-S-S", (size, 0), (fit, 0))
    assert [len(each["option_values"]) for each in product_at(store, path)["variants"]] == [1, 2]

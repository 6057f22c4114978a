"""Publish Listings: what guards have stopped stays stopped, what is a stranger's stays theirs, one is alone."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from requests import PreparedRequest, Response

from storekeeper.outcomes import RunStopped, Unknown
from tests.operations.edges import answer, at_request, body_of, change_body, dies
from tests.operations.publish_press import Press
from tests.operations.sync_shop import meanwhile

PRODUCTS = "/v3/catalog/products"


def size(label: str) -> list[dict[str, str]]:
    return [{"name": "Size", "value": label}]


def many(press: Press, count: int = 25) -> list[str]:
    keys = [f"P-{number:02d}" for number in range(count)]
    for key in keys:
        press.draft(key, {"master_sku": key, "quantity": 4})
    press.publish()
    return keys


def set_variant(press: Press, sku: str, **values: Any) -> None:
    for name, value in values.items():
        press.database.run(f"update core.listing_variant set {name} = %s where master_sku = %s", value, sku)


def test_what_a_sync_has_been_stopped_from_deleting_is_not_deleted_by_a_publish(press: Press) -> None:
    keys = many(press)
    press.database.run("update core.listing_variant set quantity = 9")
    press.database.run("update core.listing set queued_action = 'delist'")
    with pytest.raises(RunStopped):
        press.sync()
    press.draft("NEW")
    press.publish()
    assert set(keys) < set(press.names())


def test_an_overwrite_that_would_zero_many_stops_before_the_first_call(press: Press) -> None:
    keys = many(press)
    for key in keys[:12]:
        set_variant(press, key, quantity=0)
        press.set(key, queued_action="overwrite", description="New")
    press.requests()
    with pytest.raises(RunStopped, match="stock of 12 of"):
        press.publish()
    assert not any(name.startswith(("PUT", "POST")) for name in press.requests())
    press.publish(params={"confirm_large_change": True})
    assert press.product(keys[0])["inventory_level"] == 0


def test_what_was_made_by_a_killed_run_and_imported_and_sold_since_keeps_the_sale(press: Press) -> None:
    press.draft("A", {"master_sku": "A", "quantity": 7})
    with at_request(dies, method="POST", path=PRODUCTS, side="after"), pytest.raises(KeyboardInterrupt):
        press.publish(run_id="killed")
    press.pull()
    press.sync()
    press.store.patch_product(press.product("A")["id"], inventory_level=5)
    press.pull()
    press.publish()
    press.sync()
    assert press.product("A")["inventory_level"] == 5
    assert press.created() == ["A"]
    assert press.listing("A")["queued_action"] is None


def test_a_simple_product_gets_options(press: Press) -> None:
    press.draft("A", {"master_sku": "A", "quantity": 5})
    press.publish()
    press.database.run(
        "update core.listing_variant set options = %s where master_sku = 'A'", '[{"name":"Size","value":"S"}]'
    )
    press.database.run(
        "insert into core.listing_variant (channel, listing_key, master_sku, quantity, options)"
        """ values ('shop', 'A', 'A2', 3, '[{"name":"Size","value":"M"}]')"""
    )
    press.set("A", queued_action="overwrite")
    press.publish()
    product = press.product("A")
    shown = {each["sku"]: each for each in product["variants"]}
    assert {sku: each["inventory_level"] for sku, each in shown.items()} == {"A": 5, "A2": 3}
    assert {press.variant(sku)["variant_id"] for sku in shown} == {each["id"] for each in shown.values()}
    press.pull()
    press.requests()
    press.sync()
    press.publish()
    assert press.requests() == {}


def test_variants_that_no_import_could_take_in_are_not_deleted(press: Press) -> None:
    variants = [
        {"sku": sku, "option_values": [{"id": n, "option_id": 1, "option_display_name": "Size", "label": f"S{n}"}]}
        for n, sku in enumerate(("A0", "", "A2"), 1)
    ]
    press.store.insert_product(name="A", sku="", price=5.0, weight=1, type="physical", variants=variants)
    press.pull(new_listings_paused=False)
    press.database.run("update core.listing set queued_action = 'overwrite', description = 'New' where title = 'A'")
    press.publish(remove_missing_variants=True, require_category=False)
    assert [each["sku"] for each in press.product("A")["variants"]] == ["A0", "", "A2"]


def test_a_listing_for_which_the_store_never_answers_holds_up_no_other(press: Press) -> None:
    for key in ("A", "B", "C"):
        press.draft(key, {"master_sku": key, "quantity": 2})

    def silent(request: PreparedRequest) -> Response | None:
        return answer(request, 500) if body_of(request)["name"] == "A" else None

    with (
        at_request(silent, method="POST", path=PRODUCTS),
        pytest.raises(Unknown, match="1 listings, such as A"),
    ):
        press.publish()
    assert press.created() == ["B", "C"]
    assert press.product("B")["inventory_level"] == 2
    assert press.problems() == {("A", "unknown_outcome")}
    press.publish()
    assert press.created() == ["B", "C", "A"]
    assert press.problems() == set()


def test_a_stranger_s_product_is_linked_and_never_taken_for_ours(press: Press) -> None:
    press.store.insert_product(name="LAMP-1", sku="LAMP-1", price=15.0, weight=1, type="physical", inventory_level=50)
    press.draft("LAMP-1")
    press.store.fault("lost_answer", route=PRODUCTS, method="POST", nth=1, times=1)
    press.publish()
    press.sync()
    assert press.product("LAMP-1")["price"] == 19.99
    states = press.database.rows("select action, state from mart.push_history where entity_key = 'LAMP-1'")
    assert {"action": "link", "state": "done"} in [dict(row) for row in states]


def test_a_variant_with_another_sku_is_not_ours_for_having_the_same_options(press: Press) -> None:
    variants = [
        {"sku": sku, "option_values": [{"id": n, "option_id": 1, "option_display_name": "Size", "label": label}]}
        for n, (sku, label) in enumerate((("X-S", "S"), ("X-M", "M")), 1)
    ]
    press.store.insert_product(name="Theirs", sku="", price=5.0, weight=1, type="physical", variants=variants)
    press.draft(
        "Y",
        {"master_sku": "Y-M", "quantity": 3, "price": "25", "options": size("M")},
        {"master_sku": "x-s", "quantity": 4, "options": size("L")},
    )
    press.publish()
    press.sync()
    (theirs,) = [each for each in press.product("Theirs")["variants"] if each["sku"] == "X-M"]
    assert theirs["price"] is None
    assert ("Y-M", "variant_not_in_store") in press.problems()


def test_images_that_were_not_saved_do_not_cost_those_that_are_there(press: Press) -> None:
    press.draft("A", images=["https://cdn.example.com/1.jpg", "https://cdn.example.com/2.jpg"])
    press.publish()
    press.set("A", queued_action="overwrite", images=["https://cdn.example.com/3.jpg"])
    body = {"status": 207, "title": "partial", "errors": {"images": "not saved"}, "data": [], "meta": {}}
    press.store.fault("status", status=207, body=body, route=PRODUCTS, method="PUT", times=1)
    press.publish()
    press.store.clear_faults()
    press.store.admin("violations", method="DELETE")
    assert len(press.product("A")["images"]) == 2
    assert press.problems() == {("A", "partly_saved")}
    assert press.listing("A")["queued_action"] == "overwrite"
    press.publish()
    assert len(press.product("A")["images"]) == 1
    assert press.problems() == set()


def test_an_overwrite_leaves_hidden_what_is_hidden(press: Press) -> None:
    press.draft("A", availability="available")
    press.publish()
    press.set("A", queued_action="hide")
    press.sync(hide_as="unavailable")
    press.set("A", queued_action="overwrite", description="New")
    press.publish()
    assert press.product("A")["availability"] == "disabled"
    assert press.product("A")["description"] == "New"


def test_one_product_that_cannot_be_assigned_holds_up_no_other(press: Press) -> None:
    for key in ("A", "B", "C"):
        press.draft(key, {"master_sku": key, "quantity": 2})
    press.store.fault("status", status=503, route="/v3/catalog/products/channel-assignments", method="PUT")
    with pytest.raises(Unknown):
        press.publish(store_channel_id=1)
    press.store.clear_faults()
    press.store.delete_product(press.product("B")["id"])
    press.publish(store_channel_id=1)
    rows = press.database.rows("select listing_key from core.listing where assign_to is not null")
    assert [row["listing_key"] for row in rows] == ["B"]
    assert press.product("C")["inventory_level"] == 2


def test_images_and_fields_of_a_product_that_was_there_stay_where_the_listing_has_none(press: Press) -> None:
    body = {
        "name": "Theirs", "sku": "A", "price": 19, "weight": 1, "type": "physical",
        "images": [{"image_url": "https://cdn.example.com/1.jpg"}],
        "custom_fields": [{"name": "Care", "value": "Wash"}],
    }  # fmt: skip
    press.store.request("POST", PRODUCTS, json=body)
    press.draft("A", description="New")
    press.publish()
    press.set("A", queued_action="overwrite")
    press.publish()
    product = press.product("Theirs")
    assert (len(product["images"]), len(product["custom_fields"]), product["description"]) == (1, 1, "New")


def test_a_product_whose_answer_has_an_odd_shape_is_looked_up(press: Press) -> None:
    press.draft("A", {"master_sku": "A", "quantity": 2})
    odd = {"data": {"id": "many"}, "meta": {}}
    press.store.fault("status", status=200, side="after", route=PRODUCTS, method="POST", body=odd, times=1)
    press.publish()
    press.store.admin("violations", method="DELETE")
    assert press.created() == ["A"]
    assert press.listing("A")["product_id"] == press.product("A")["id"]
    row = press.database.row("select state from mart.push_history where action = 'create'")
    assert row["state"] == "adopted"


def test_old_images_stay_until_the_new_ones_have_come(press: Press) -> None:
    press.draft("A", images=["https://cdn.example.com/1.jpg"])
    press.publish()
    press.set("A", queued_action="overwrite", images=["https://cdn.example.com/2.jpg"])

    def lose_images(request: PreparedRequest) -> None:
        kept = [{name: value for name, value in each.items() if name != "images"} for each in body_of(request)]
        change_body(request, [each | {"sort_order": 1} for each in kept])

    with at_request(lose_images, method="PUT", path=PRODUCTS):
        press.publish()
    assert len(press.product("A")["images"]) == 1
    assert press.problems() == {("A", "partly_saved")}
    press.publish()
    assert len(press.product("A")["images"]) == 1
    assert press.listing("A")["queued_action"] is None
    assert press.problems() == set()


@pytest.mark.parametrize("action", ["publish", "overwrite"])
def test_what_is_paused_while_its_call_waits_for_the_quota_is_not_sent(press: Press, action: str) -> None:
    press.draft("A", description="Old")
    press.draft("B", description="Old")
    if action == "overwrite":
        press.publish()
        for key in ("A", "B"):
            press.set(key, queued_action="overwrite", description="New")
    method = "POST" if action == "publish" else "PUT"
    throttled = {"X-Rate-Limit-Time-Reset-Ms": "500"}
    press.store.fault("status", status=429, headers=throttled, route=PRODUCTS, method=method, nth=1, times=1)

    def pause() -> None:
        press.store.wait_until_struck()
        press.set("A", paused=True)

    with meanwhile(pause):
        press.publish()
    if action == "publish":
        assert ("A" in press.names(), "B" in press.names()) == (False, True)
    else:
        assert (press.product("A")["description"], press.product("B")["description"]) == ("Old", "New")
    assert press.database.value("select count(*) from ops.push where state = 'sending' and action = 'create'") == 0
    press.set("A", paused=False)
    press.publish()
    assert press.product("A")["description"] == ("Old" if action == "publish" else "New")


def test_a_product_that_cannot_be_looked_for_holds_up_no_other(press: Press) -> None:
    for key in ("A", "B"):
        press.draft(key)

    def refuse(request: PreparedRequest) -> Response | None:
        asked = parse_qs(urlsplit(request.url or "").query)
        return answer(request, 422) if asked.get("sku") == ["A"] else None

    press.store.fault("lost_answer", route=PRODUCTS, method="POST", nth=1, times=1)
    with at_request(refuse, method="GET", path=PRODUCTS):
        press.publish()
        assert press.problems() == {("A", "unknown_outcome")}
        press.publish()  # its fate is still open: it is not sent again
    assert press.created() == ["A", "B"]
    press.publish()
    assert press.created() == ["A", "B"]
    assert press.listing("A")["product_id"] == press.product("A")["id"]
    assert press.problems() == set()

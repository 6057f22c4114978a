"""Images one by one: created by their address, changed, and deleted."""

from __future__ import annotations

import pytest

from sandbox.exchange import Json
from sandbox.process import SandboxProcess

PRODUCTS = "/v3/catalog/products"

pytestmark = pytest.mark.usefixtures("as_it_began")


@pytest.fixture
def base(store: SandboxProcess, catalog: list[Json]) -> str:
    """The images of a product without any."""
    return f"{PRODUCTS}/{next(each['id'] for each in catalog if not each['images'])}/images"


def add(store: SandboxProcess, base: str, file: str, **fields: object) -> Json:
    answer = store.request("POST", base, json={"image_url": f"https://example.com/{file}"} | fields)
    assert answer.status_code == 200, answer.text
    made: Json = answer.json()["data"]
    return made


def test_an_image_is_created_by_its_address(store: SandboxProcess, base: str) -> None:
    made = add(store, base, "front.jpg?v=2", description="Front", sort_order=4)
    assert (made["description"], made["sort_order"], made["is_thumbnail"]) == ("Front", 4, True)
    assert made["image_file"].endswith("/front.jpg")
    assert store.get(f"{base}/{made['id']}")["data"] == made
    second = add(store, base, "back.jpg", is_thumbnail=True)
    assert [each["is_thumbnail"] for each in store.get(base)["data"]] == [False, True]
    assert [(each["kind"], each["id"]) for each in store.effects()] == [
        ("image.created", made["id"]),
        ("image.created", second["id"]),
    ]


@pytest.mark.parametrize(
    "bad",
    [{}, {"image_url": ""}, {"image_url": None}, {"image_url": "ftp://example.com/a.jpg"}, {"image_url": "/a.jpg"},
     {"image_url": "https://example.com/" + "a" * 236}, {"image_url": "https://a/b", "is_thumbnail": 1},
     {"image_url": "https://a/b", "description": None}],
)  # fmt: skip
def test_a_bad_image_is_refused(store: SandboxProcess, base: str, bad: Json) -> None:
    answer = store.request("POST", base, json=bad)
    assert (answer.status_code, answer.json().keys()) == (422, {"status", "title", "type"})
    assert store.effects() == []


def test_an_address_has_at_most_255_characters(store: SandboxProcess, base: str) -> None:
    add(store, base, "a" * 235)
    files = {"image_file": ("a.jpg", b"\xff\xd8", "image/jpeg")}
    assert store.request("POST", base, files=files).status_code == 422


def test_an_image_is_changed(store: SandboxProcess, base: str) -> None:
    first, second, third = (add(store, base, f"{name}.jpg") for name in "abc")
    path = f"{base}/{third['id']}"
    changed = store.request("PUT", path, json={"description": "C", "is_thumbnail": True}).json()["data"]
    assert (changed["description"], changed["is_thumbnail"], changed["sort_order"]) == ("C", True, 2)
    assert changed["image_url"] == third["image_url"]
    other = store.request("PUT", path, json={"image_url": "https://example.com/d.jpg"}).json()["data"]
    assert (other["id"], other["description"], other["is_thumbnail"]) == (third["id"], "C", True)
    assert other["image_url"].endswith("/d.jpg")
    assert store.request("PUT", path, json={"sort_order": "1"}).status_code == 422
    assert store.request("PUT", f"{base}/1", json={"sort_order": 1}).status_code == 404
    # One that moves back pushes those from its new place on.
    assert store.request("PUT", f"{base}/{first['id']}", json={"sort_order": 1}).status_code == 200
    assert {each["id"]: each["sort_order"] for each in store.get(base)["data"]} == {
        first["id"]: 1,
        second["id"]: 2,
        third["id"]: 3,
    }


def test_when_the_thumbnail_goes_the_first_image_is_it(store: SandboxProcess, base: str) -> None:
    first, second, third = (
        add(store, base, f"{name}.jpg", sort_order=order) for name, order in zip("abc", (5, 9, 7), strict=True)
    )
    answer = store.request("DELETE", f"{base}/{first['id']}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert {each["id"]: each["is_thumbnail"] for each in store.get(base)["data"]} == {
        second["id"]: False,
        third["id"]: True,
    }
    effects = len(store.effects())
    assert store.request("DELETE", f"{base}/{first['id']}").status_code == 204
    assert len(store.effects()) == effects


def test_a_product_has_a_thousand_images(store: SandboxProcess, base: str) -> None:
    product = base.removesuffix("/images")
    images = [{"image_url": f"https://example.com/{number}.jpg"} for number in range(1000)]
    assert store.request("PUT", product, json={"images": [*images, images[0]]}).status_code == 422
    assert store.request("PUT", product, json={"images": images}).status_code == 200
    assert store.request("POST", base, json=images[0]).status_code == 422
    assert store.get(f"{base}?limit=1")["meta"]["pagination"]["total"] == 1000

"""A product and a variant with the values the API gives where the merchant gave none."""

from __future__ import annotations

from copy import deepcopy

from sandbox.exchange import Json

BLANK_PRODUCT: Json = {
    "id": 0,
    "name": "",
    "type": "physical",
    "sku": "",
    "description": "",
    "weight": 0.0,
    "width": 0.0,
    "depth": 0.0,
    "height": 0.0,
    "price": 0.0,
    "cost_price": 0.0,
    "retail_price": 0.0,
    "sale_price": 0.0,
    "map_price": 0.0,
    "tax_class_id": 0,
    "product_tax_code": "",
    "calculated_price": 0.0,
    "categories": [],
    "brand_id": 0,
    "option_set_id": None,
    "option_set_display": "right",
    "inventory_level": 0,
    "inventory_warning_level": 0,
    "inventory_tracking": "none",
    "reviews_rating_sum": 0,
    "reviews_count": 0,
    "total_sold": 0,
    "fixed_cost_shipping_price": 0.0,
    "is_free_shipping": False,
    "is_visible": True,
    "is_featured": False,
    "related_products": [-1],
    "warranty": "",
    "bin_picking_number": "",
    "layout_file": "",
    "upc": "",
    "mpn": "",
    "gtin": "",
    "date_last_imported": None,
    "search_keywords": "",
    "availability": "available",
    "availability_description": "",
    "condition": "New",
    "is_condition_shown": False,
    "order_quantity_minimum": 0,
    "order_quantity_maximum": 0,
    "gift_wrapping_options_type": "any",
    "gift_wrapping_options_list": [],
    "sort_order": 0,
    "page_title": "",
    "meta_keywords": [],
    "meta_description": "",
    "date_created": "",
    "date_modified": "",
    "view_count": 0,
    "preorder_release_date": None,
    "preorder_message": "",
    "is_preorder_only": False,
    "is_price_hidden": False,
    "price_hidden_label": "",
    "custom_url": {"url": "/", "is_customized": False},
    "base_variant_id": None,
    "open_graph_type": "product",
    "open_graph_title": "",
    "open_graph_description": "",
    "open_graph_use_meta_description": True,
    "open_graph_use_product_name": True,
    "open_graph_use_image": True,
}

BLANK_PARTS: Json = {
    "variants": [],
    "images": [],
    "custom_fields": [],
    "bulk_pricing_rules": [],
    "options": [],
    "modifiers": [],
    "videos": [],
    "channels": [1],
}

BLANK_VARIANT: Json = {
    "id": 0,
    "product_id": 0,
    "sku": "",
    "sku_id": None,
    "price": None,
    "calculated_price": 0.0,
    "sale_price": None,
    "retail_price": None,
    "map_price": None,
    "weight": None,
    "calculated_weight": 0.0,
    "width": None,
    "height": None,
    "depth": None,
    "is_free_shipping": False,
    "fixed_cost_shipping_price": None,
    "purchasing_disabled": False,
    "purchasing_disabled_message": "",
    "image_url": "",
    "cost_price": None,
    "upc": "",
    "mpn": "",
    "gtin": "",
    "inventory_level": 0,
    "inventory_warning_level": 0,
    "bin_picking_number": "",
    "option_values": [],
}


def new_product(product_id: int, now: str) -> Json:
    """A product without any values of its own."""
    product = deepcopy(BLANK_PRODUCT | BLANK_PARTS)
    product |= {"id": product_id, "date_created": now, "date_modified": now}
    product["custom_url"]["url"] = f"/product-{product_id}/"
    return product


def new_variant(variant_id: int, product_id: int) -> Json:
    """A variant that takes everything from its product."""
    return deepcopy(BLANK_VARIANT) | {"id": variant_id, "product_id": product_id}

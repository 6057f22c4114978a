"""The store's resources, a file each. A new one joins by being named here."""

from __future__ import annotations

from sandbox.routes import (
    catalog_brands,
    catalog_categories,
    catalog_channel_assignments,
    catalog_custom_fields,
    catalog_images,
    catalog_options,
    catalog_product_parts,
    catalog_products,
    catalog_products_writing,
    catalog_summary,
    catalog_trees,
    catalog_variants,
    catalog_variants_writing,
    inventory,
    inventory_adjustments,
    inventory_locations,
    order_parts,
    order_refunds,
    order_shipments,
    order_shipments_writing,
    order_statuses,
    orders,
    orders_writing,
    store_information,
)
from sandbox.routing import Router

RESOURCES = (
    catalog_products,
    catalog_products_writing,
    catalog_images,
    catalog_options,
    catalog_product_parts,
    catalog_custom_fields,
    catalog_channel_assignments,
    catalog_variants,
    catalog_variants_writing,
    catalog_brands,
    catalog_categories,
    catalog_trees,
    catalog_summary,
    inventory,
    inventory_adjustments,
    inventory_locations,
    orders,
    orders_writing,
    order_parts,
    order_shipments,
    order_shipments_writing,
    order_statuses,
    order_refunds,
    store_information,
)


def store_router() -> Router:
    """The router over every resource."""
    return Router(route for resource in RESOURCES for route in resource.ROUTES)

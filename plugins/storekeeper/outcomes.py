"""The vocabulary that all rooms share: error types that decide, problems with their reason codes, a run's counts.

Imports nothing of Storekeeper, so that every room may import it.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum


class StoreError(Exception):
    """Something between us and the store went wrong. The subclass says what a caller may do about it."""


class Refused(StoreError):
    """The store understood and said no: record a problem, go on. Repeating the same call gives the same answer.

    :param message: what was asked and what the store said, without any body.
    :param status: the HTTP status, 0 where there was no HTTP answer.
    :param fields: the store's reasons by field, as its 422 gives them.
    :param said: the store's own words, without ours; of a batch, all of them.
    """

    def __init__(self, message: str, *, status: int = 0, fields: dict[str, str] | None = None, said: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.fields = fields or {}
        self.said = said


class NotNow(StoreError):
    """No effect took place; the same call may be made again later."""


class Unknown(StoreError):
    """The effect may or may not have taken place: look it up before another call."""


class AccessLost(StoreError):
    """The store does not let us in (token, scope or store hash): stop the run, keep the queue, tell a person."""


class PagingStuck(StoreError):
    """The store's pages do not move forward, so a complete pull is impossible: the run stops."""


class ClaimTaken(Exception):
    """Another worker writes to the store and did not finish in time; nothing was sent."""


class ClaimLost(Exception):
    """Another worker has taken over the right to write to the store; this one sends nothing more."""


class RunStopped(Exception):
    """A guard stopped the run before its first effect. A repeat without a person's word would stop again."""


class WarehouseUnavailable(Exception):
    """The warehouse cannot be reached or does not let us work; the message names the mend."""


class StatementFailed(Exception):
    """The warehouse refuses a statement of ours: a mistake of Storekeeper's. The message holds no value of any row."""


class StagingLost(Exception):
    """The warehouse crashed and came back without this run's staging: the run must begin again with its extraction."""


class RunSuperseded(Exception):
    """Another attempt of the same task has taken over this run; this one must not write any more."""


class ProblemsLeft(Exception):
    """Everything that could be handled is done; a setting wants a run that leaves problems to end red."""


class FeedRefused(Exception):
    """A feed's file cannot be taken as it is; the message names file, place and mend. Nothing was loaded."""


class SettingsError(Exception):
    """A setting is wrong; the message names the file, the key, the rule and the value."""


class ConnectionMissing(SettingsError):
    """Airflow knows no connection of that name; or cannot look, since it says the same while its database is down."""


class Reason(StrEnum):
    """Why a record could not be handled. The hints tell a person what mends it."""

    MISSING_MASTER_SKU = "missing_master_sku"
    DUPLICATE_MASTER_SKU = "duplicate_master_sku"
    AMBIGUOUS_LISTING = "ambiguous_listing"
    INVALID_RECORD = "invalid_record"
    UNSTORABLE_TEXT = "unstorable_text"
    GONE_FROM_STORE = "gone_from_store"
    UNSENT_CHANGE_OVERWRITTEN = "unsent_change_overwritten"
    MISSING_PRICE = "missing_price"
    INVALID_PRICE = "invalid_price"
    PRICE_HELD = "price_held"
    PRICE_BELOW_MINIMUM = "price_below_minimum"
    NEGATIVE_QUANTITY = "negative_quantity"
    QUANTITY_TOO_LARGE = "quantity_too_large"
    INVENTORY_NOT_TRACKED = "inventory_not_tracked"
    TRACKED_BY_PRODUCT = "tracked_by_product"
    INVENTORY_LINK_LOST = "inventory_link_lost"
    HELD_BY_GUARD = "held_by_guard"
    REFUSED_BY_STORE = "refused_by_store"
    NOT_IN_STORE = "not_in_store"
    STOCK_NOT_CONFIRMED = "stock_not_confirmed"
    INVALID_QUANTITY = "invalid_quantity"
    INVALID_DATE = "invalid_date"
    DUPLICATE_IN_FEED = "duplicate_in_feed"
    MISSING_LISTING_KEY = "missing_listing_key"
    MISSING_SHIPMENT_KEY = "missing_shipment_key"
    MISSING_ORDER_ID = "missing_order_id"
    INVALID_ORDER_ID = "invalid_order_id"
    INVALID_WEIGHT = "invalid_weight"
    ROWS_DISAGREE = "rows_disagree"
    IN_OTHER_LISTING = "in_other_listing"
    MISSING_NAME = "missing_name"
    MISSING_WEIGHT = "missing_weight"
    MISSING_CATEGORY = "missing_category"
    UNKNOWN_CATEGORY = "unknown_category"
    MISSING_VARIANTS = "missing_variants"
    INVALID_OPTIONS = "invalid_options"
    INVALID_IMAGE = "invalid_image"
    VALUE_TOO_LONG = "value_too_long"
    TOO_MANY = "too_many"
    ATTRIBUTE_TRUNCATED = "attribute_truncated"
    ATTRIBUTE_SKIPPED = "attribute_skipped"
    ATTRIBUTE_TOO_LONG = "attribute_too_long"
    DUPLICATE_SKU = "duplicate_sku"
    NAME_TAKEN = "name_taken"
    SKU_TAKEN = "sku_taken"
    VARIANT_NOT_IN_STORE = "variant_not_in_store"
    PARTLY_SAVED = "partly_saved"
    PRODUCT_WITHOUT_LISTING = "product_without_listing"
    UNKNOWN_OUTCOME = "unknown_outcome"
    UNKNOWN_ORDER = "unknown_order"
    ORDER_OF_OTHER_CHANNEL = "order_of_other_channel"
    ORDER_NOT_SHIPPABLE = "order_not_shippable"
    SHIPMENT_WITHOUT_LINES = "shipment_without_lines"
    INVALID_SHIPMENT_LINE = "invalid_shipment_line"
    UNKNOWN_ORDER_LINE = "unknown_order_line"
    LINE_NOT_SHIPPED = "line_not_shipped"
    OVER_SHIPMENT = "over_shipment"
    UNKNOWN_CARRIER = "unknown_carrier"
    INVALID_TRACKING_LINK = "invalid_tracking_link"
    SHIPMENT_CHANGED = "shipment_changed"
    CANCELLED_AFTER_SENDING = "cancelled_after_sending"
    SHIPMENT_GONE = "shipment_gone"
    SHIPMENTS_UNREADABLE = "shipments_unreadable"
    UNDECIDED = "undecided"
    STATUS_NOT_SET = "status_not_set"


HINTS: dict[Reason, str] = {
    Reason.MISSING_MASTER_SKU: "Fill the field in the store, or choose another master_sku for the channel.",
    Reason.DUPLICATE_MASTER_SKU: "Give each variant its own value in the store; letter case does not tell two apart.",
    Reason.AMBIGUOUS_LISTING: "The product's variants belong to different listings of the warehouse: bring their rows"
    " under one listing_key.",
    Reason.INVALID_RECORD: "Correct the field in the store; the rest was imported.",
    Reason.UNSTORABLE_TEXT: "Remove the characters that no database can store (U+0000, lone surrogates).",
    Reason.GONE_FROM_STORE: "Queue the listing for publishing if it should be in the store.",
    Reason.UNSENT_CHANGE_OVERWRITTEN: "The store's value replaced an edit that no sync had sent: set it again, or set"
    " that field's overwrite to skip.",
    Reason.MISSING_PRICE: "Give the variant, its listing or its inventory item a price.",
    Reason.INVALID_PRICE: "Correct it in the warehouse; the rest was sent.",
    Reason.PRICE_HELD: "Correct it in the warehouse or, if it is right, run the sync for this SKU with"
    " confirm_large_change; sync_listings.max_price_change_factor says what is too much.",
    Reason.PRICE_BELOW_MINIMUM: "Correct it in the warehouse, or lower sync_listings.min_price.",
    Reason.NEGATIVE_QUANTITY: "Correct the stock in the warehouse.",
    Reason.QUANTITY_TOO_LARGE: "Correct the stock in the warehouse.",
    Reason.INVENTORY_NOT_TRACKED: "Switch stock tracking on for the product in the store, or set"
    " sync_listings.manage_inventory_tracking.",
    Reason.TRACKED_BY_PRODUCT: "Let the store track the product's stock by variant, or set"
    " sync_listings.manage_inventory_tracking.",
    Reason.INVENTORY_LINK_LOST: "Bring the item back, link another by inventory_sku, or set linked_to of the variant to"
    " null: then its own price and quantity count.",
    Reason.HELD_BY_GUARD: "Too much would change at once, so nothing was sent. If it is meant, approve it or run the"
    " sync with confirm_large_change; else correct it in the warehouse.",
    Reason.REFUSED_BY_STORE: "Each later run tries it again, apart from the others.",
    Reason.NOT_IN_STORE: "Publish the listing, or take the queued action back.",
    Reason.STOCK_NOT_CONFIRMED: "A sale may have come between; else look at the item in the store's inventory.",
    Reason.INVALID_QUANTITY: "Correct the number where the file comes from; the rest was loaded.",
    Reason.INVALID_DATE: "Correct the date where the file comes from; the rest was loaded.",
    Reason.MISSING_NAME: "Give the listing a title.",
    Reason.MISSING_WEIGHT: "Give the listing a weight; the store needs one to ship it.",
    Reason.MISSING_CATEGORY: "Give the listing a category, or set publish_listings.require_category to false.",
    Reason.UNKNOWN_CATEGORY: "Create it in the store, correct the path, or set"
    " publish_listings.create_missing_categories.",
    Reason.MISSING_VARIANTS: "Give the listing at least one row in core.listing_variant.",
    Reason.INVALID_OPTIONS: "Give each variant of the listing its own values of the same options.",
    Reason.INVALID_IMAGE: "Give a public http or https address, at most 255 characters long.",
    Reason.VALUE_TOO_LONG: "Shorten it; the store does not take more.",
    Reason.TOO_MANY: "Leave some out, or split the listing; the store does not take more.",
    Reason.ATTRIBUTE_TRUNCATED: "The listing was published with it cut; shorten it to choose the words yourself.",
    Reason.ATTRIBUTE_SKIPPED: "The listing was published without it.",
    Reason.ATTRIBUTE_TOO_LONG: "Shorten it, or set publish_listings.long_attributes to truncate or skip.",
    Reason.DUPLICATE_SKU: "The store takes each SKU once, whatever its letter case: give each variant its own.",
    Reason.NAME_TAKEN: "Another product of the store has this name: change one of the two.",
    Reason.SKU_TAKEN: "Give the variant another SKU, or take the other listing's.",
    Reason.VARIANT_NOT_IN_STORE: "Queue the listing for overwriting: that adds it.",
    Reason.PARTLY_SAVED: "The rest was saved. Correct it and queue the listing for overwriting.",
    Reason.UNKNOWN_OUTCOME: "The next run looks before it sends it again, after the others.",
    Reason.PRODUCT_WITHOUT_LISTING: "Bring the listing back, or delete the product in the store.",
    Reason.UNKNOWN_ORDER: "Correct order_id, or import the order: run get_orders for it by order_ids. Until then"
    " nothing is sent.",
    Reason.ORDER_OF_OTHER_CHANNEL: "Give the shipment the channel that the order belongs to.",
    Reason.ORDER_NOT_SHIPPABLE: "Cancel the shipment, or set the order to another status in the store.",
    Reason.SHIPMENT_WITHOUT_LINES: "Give it its lines in core.shipment_item.",
    Reason.INVALID_SHIPMENT_LINE: "Correct the row in core.shipment_item: order_product_id or master_sku, and a"
    " quantity of at least 1.",
    Reason.UNKNOWN_ORDER_LINE: "Name a line of the order by its order_product_id, or a master SKU that was ordered.",
    Reason.LINE_NOT_SHIPPED: "Take the line out of the shipment: only physical lines with a shipping address are"
    " shipped.",
    Reason.OVER_SHIPMENT: "Correct the quantity, or cancel the shipment if the store has it already.",
    Reason.UNKNOWN_CARRIER: "Name the carrier in sync_orders.carriers, or set sync_orders.unknown_carriers to as_text.",
    Reason.INVALID_TRACKING_LINK: "Give an http or https address.",
    Reason.SHIPMENT_CHANGED: "What was sent keeps its lines: put the former ones back, or give what is new a shipment"
    " of its own.",
    Reason.CANCELLED_AFTER_SENDING: "The store still shows it: delete it there, or set sync_orders.delete_cancelled.",
    Reason.SHIPMENT_GONE: "Somebody deleted it in the store, and it is not sent again: give it a new shipment_key if"
    " it should be.",
    Reason.SHIPMENTS_UNREADABLE: "Each later run reads them again; look whether the store shows the order's shipments.",
    Reason.UNDECIDED: "Look at the order's shipments in the store; then run sync_orders with settle: the shipment's"
    " key, and sent or not_sent. Until then nothing of it is sent.",
    Reason.STATUS_NOT_SET: "Set the order's status in the store; each later run tries it again.",
    Reason.DUPLICATE_IN_FEED: "Keep one of these lines, or give each its updated_at: then the newest counts.",
    Reason.MISSING_LISTING_KEY: "Give the line its listing's key where the file comes from; the rest was loaded.",
    Reason.MISSING_SHIPMENT_KEY: "Give the line its shipment's key where the file comes from; the rest was loaded.",
    Reason.MISSING_ORDER_ID: "Give one of the shipment's lines its order_id; until then none of them is loaded.",
    Reason.INVALID_ORDER_ID: "Give the line the store's id of its order, in the file's source; the rest was loaded.",
    Reason.INVALID_WEIGHT: "Correct the line where the file comes from; the rest was loaded.",
    Reason.ROWS_DISAGREE: "Give all lines of the listing or shipment the same value, or only one of them a value;"
    " until then none of them is loaded.",
    Reason.IN_OTHER_LISTING: "Correct the line's listing_key or master_sku; if the variant is to move, change its"
    " listing_key in core.listing_variant first.",
}

FEED_HINTS: dict[Reason, str] = (
    HINTS
    | dict.fromkeys(
        (
            Reason.MISSING_MASTER_SKU,
            Reason.INVALID_RECORD,
            Reason.NEGATIVE_QUANTITY,
            Reason.QUANTITY_TOO_LARGE,
            Reason.INVALID_PRICE,
            Reason.INVALID_SHIPMENT_LINE,
        ),
        "Correct the line where the file comes from; the rest was loaded.",
    )
    | {Reason.DUPLICATE_MASTER_SKU: "Keep one of these lines; letter case does not tell two master SKUs apart."}
)
"""The hints for what a feed brings: the mend is in the file, not in a store."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One record that could not be handled, as a person will read it in ``mart.problems``.

    :param entity: what it is: ``variant``, ``listing``, ``product``, ``brand``, ``category``, ``order`` or ``refund``.
    :param entity_key: the master SKU where there is one, else the store's id or the listing's key.
    :param reason: the reason code.
    :param message: one sentence: what, where, and the offending value, cut to a readable length.
    :param source: the store's record, as ``product/{id}``, ``product/{id}/variant/{id}``, ``brand/{id}``,
        ``category/{id}``, ``order/{id}`` or ``refund/{id}``; a problem closes when a later run handles that record
        without it.
    """

    entity: str
    entity_key: str
    reason: Reason
    message: str
    source: str


@dataclass(slots=True)
class Counts:
    """What a run did: read = created + linked + updated + unchanged + skipped + failed (variants, for listings).

    ``overwritten`` is the part of linked and updated whose own data followed the store.
    """

    read: int = 0
    created: int = 0
    linked: int = 0
    updated: int = 0
    overwritten: int = 0
    unchanged: int = 0
    skipped: int = 0
    failed: int = 0

    def as_dict(self) -> dict[str, int]:
        """The counts by name, as XCom and the run ledger keep them."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

"""The fifteen order statuses; a merchant may give each another label."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sandbox.exchange import Json

# Id, name, description and place in the control panel, in the order of ids.
STATUSES = (
    (0, "Incomplete", "The shopper reached the payment page, but did not complete the transaction.", 0),
    (1, "Pending", "Customer started the checkout process, but did not complete it.", 1),
    (2, "Shipped", "Order has been shipped, but receipt has not been confirmed; seller used Ship Items.", 8),
    (3, "Partially Shipped", "Only some items in the order have been shipped.", 6),
    (4, "Refunded", "Seller has used the Refund action.", 11),
    (5, "Cancelled", "Seller has cancelled an order, due to a stock inconsistency or other reasons.", 9),
    (6, "Declined", "Seller has marked the order as declined for lack of manual payment, or other reasons.", 10),
    (7, "Awaiting Payment", "Customer has completed checkout process, but payment has yet to be confirmed.", 2),
    (8, "Awaiting Pickup", "Order has been pulled, and is awaiting customer pickup.", 5),
    (9, "Awaiting Shipment", "Order has been pulled and packaged, and is awaiting collection.", 4),
    (10, "Completed", "Client has paid for their digital product and their file(s) are available.", 7),
    (11, "Awaiting Fulfillment", "Customer has completed the checkout process and payment has been confirmed.", 3),
    (12, "Manual Verification Required", "Order is on hold while some aspect needs to be confirmed.", 13),
    (13, "Disputed", "Customer has initiated a dispute resolution process for the transaction.", 12),
    (14, "Partially Refunded", "Seller has partially refunded the order.", 14),
)
NAMES = {status_id: name for status_id, name, _, _ in STATUSES}
SHIPPED, PARTIALLY_SHIPPED, REFUNDED, PARTIALLY_REFUNDED = 2, 3, 4, 14
COMPLETED, AWAITING_PICKUP = 10, 8

PAYMENT_STATUSES = {0: "", 1: "pending", 4: "refunded", 5: "void", 6: "declined", 7: "pending", 12: "held for review"}
PAYMENT_STATUSES |= {9: "authorized", 11: "authorized", 14: "partially refunded"}


def payment_status(status_id: int) -> str:
    """How an order of this status usually is paid."""
    return PAYMENT_STATUSES.get(status_id, "captured")


def order_statuses(labels: Mapping[int, str]) -> Iterator[Json]:
    """The statuses as the API answers them, by ascending id.

    :param labels: the labels that differ from the names.
    """
    for status_id, name, description, place in STATUSES:
        yield {
            "id": status_id,
            "name": name,
            "system_label": name,
            "custom_label": labels.get(status_id, name),
            "system_description": description,
            "order": place,
        }

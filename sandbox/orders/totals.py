"""What an order comes to: subtotals from its lines, totals from subtotals, costs, fees and discounts."""

from __future__ import annotations

from collections.abc import Container

from sandbox.exchange import Json
from sandbox.orders.consignments import lines_of, shipping_of, whole
from sandbox.orders.money import amount_of, amount_text

KINDS = ("ex_tax", "inc_tax", "tax")


def settle(order: Json, given: Container[str] = ()) -> None:
    """Work out an order's amounts and numbers of items.

    :param order: with consignments, fees and discounts; it is changed.
    :param given: fields that stay as they are.
    """
    lines, shipping = lines_of(order), shipping_of(order)
    fees = [each for each in (order.get("fees") or ()) if isinstance(each, dict)]
    worked_out: Json = {}
    for kind in KINDS:
        worked_out[f"subtotal_{kind}"] = sum(amount_of(line.get(f"total_{kind}")) for line in lines)
        worked_out[f"wrapping_cost_{kind}"] = sum(amount_of(line.get(f"wrapping_cost_{kind}")) for line in lines)
        worked_out[f"shipping_cost_{kind}"] = sum(amount_of(each.get(f"cost_{kind}")) for each in shipping)
        worked_out[f"handling_cost_{kind}"] = sum(amount_of(each.get(f"handling_cost_{kind}")) for each in shipping)
    for part in ("wrapping", "shipping", "handling"):
        worked_out[f"base_{part}_cost"] = worked_out[f"{part}_cost_ex_tax"]
    order |= {name: amount_text(amount) for name, amount in worked_out.items() if name not in given}

    def sum_of(kind: str) -> int:
        parts = (f"subtotal_{kind}", f"shipping_cost_{kind}", f"handling_cost_{kind}", f"wrapping_cost_{kind}")
        return sum(amount_of(order[part]) for part in parts) + sum(amount_of(fee.get(f"cost_{kind}")) for fee in fees)

    # A discount comes off what is paid; the tax stays that of the lines and costs.
    total = sum_of("inc_tax") - amount_of(order["discount_amount"]) - amount_of(order["coupon_discount"])
    tax = sum_of("tax")
    totals: Json = {
        "total_inc_tax": amount_text(total),
        "total_tax": amount_text(tax),
        "total_ex_tax": amount_text(total - tax),
        "items_total": sum(whole(line.get("quantity")) for line in lines),
        "items_shipped": sum(whole(line.get("quantity_shipped")) for line in lines),
        "shipping_address_count": len(shipping),
        "order_is_digital": bool(lines) and all(line.get("type") != "physical" for line in lines),
    }
    order |= {name: value for name, value in totals.items() if name not in given}


def discount_lines(lines: list[Json], amount: int, discount: Json) -> None:
    """Spread an order's discount over its lines by what they cost.

    :param discount: what each line's ``applied_discounts`` says of it, without the amount.
    """
    costs = [amount_of(line["total_ex_tax"]) for line in lines]
    left, cost_left = amount, sum(costs)
    for line, cost in zip(lines, costs, strict=True):
        share = left if cost == cost_left else left * cost // cost_left
        left, cost_left = left - share, cost_left - cost
        line["applied_discounts"] = [*line["applied_discounts"], {**discount, "amount": amount_text(share)}]
        line["discounted_total_inc_tax"] = amount_text(amount_of(line["discounted_total_inc_tax"]) - share)

"""Every setting of a channel and of a feed, as strict pydantic models: unknown keys and wrong types are refused.

The descriptions are the documentation: ``docs/settings.md`` and the trigger forms are made from them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from enum import IntEnum, StrEnum
from typing import Annotated, Any, ClassVar, Self

from croniter import CroniterBadDateError, croniter
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
    model_validator,
)
from pydantic.config import JsonDict
from pydantic.fields import FieldInfo

from storekeeper.outcomes import SettingsError


def _cron(value: str) -> str:
    rule = "must be a cron expression of five fields, such as '0 3 * * *', or null for none"
    if len(value.split()) != 5 or not croniter.is_valid(value) or re.search(r"\bR\b|R\(", value):
        raise ValueError(rule)  # R would be another time at each reading of the file
    try:
        croniter(value).get_next()
    except CroniterBadDateError:
        raise ValueError(f"{rule}; this one never comes") from None
    return value


Cron = Annotated[str, AfterValidator(_cron)]
Share = Annotated[float, Field(ge=0, le=1)]


def explain(error: Any) -> str:
    """One of pydantic's errors in a line: key, rule, value."""
    key = ".".join(str(part) for part in error["loc"]) or "(the whole file)"
    rule = {"extra_forbidden": "is not a known setting", "missing": "is required"}.get(
        error["type"], error["msg"].removeprefix("Value error, ")
    )
    return f"{key}: {rule}" + ("" if error["type"] == "missing" else f" (got {error['input']!r})")


CHANNEL_ONLY: JsonDict = {"channel_only": True}
"""Marks a setting that no single run may override: its schedule, and whatever shapes *wanted*."""


class Settings(BaseModel):
    """Frozen, and forbids what it does not know: a misspelt setting must not be a silent default.

    Strict about types; enums alone are marked ``strict=False``, since YAML has only strings for them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    this_run: ClassVar[tuple[str, ...]] = ()
    """Run parameters that are no settings: what narrows, tries or confirms a single run."""

    def with_run_parameters(self, params: Mapping[str, Any]) -> Self:
        """These settings as one run wants them; a group of settings (``overwrite``) may be given in part.

        :param params: a run's parameters by name.
        :raises SettingsError: a parameter that nobody knows (a misspelt dry_run must not run for real), or a value that
            its setting does not allow.
        """
        unknown = sorted(set(params) - set(self.this_run) - set(type(self).model_fields))
        if unknown:
            known = ", ".join(sorted({*self.this_run, *run_parameters(type(self))}))
            raise SettingsError(f"run parameter {unknown[0]}: is not known (known are {known})")
        values = self.model_dump(mode="python")
        for name in run_parameters(type(self)):
            if name in params:
                given = params[name]
                if given is None and isinstance(values[name], tuple):
                    given = ()  # so the trigger form says that nothing is chosen
                values[name] = (
                    {**values[name], **given} if isinstance(values[name], dict) and isinstance(given, dict) else given
                )
        try:
            return type(self).model_validate(values)
        except ValidationError as error:
            raise SettingsError("\n".join(f"run parameter {explain(one)}" for one in error.errors())) from error


def run_parameters(operation: type[Settings]) -> dict[str, FieldInfo]:
    """The settings of an operation that a single run may override, by name."""
    return {
        name: field
        for name, field in operation.model_fields.items()
        if not (isinstance(field.json_schema_extra, dict) and field.json_schema_extra.get("channel_only"))
    }


class Alerts(Settings):
    """Who is told by e-mail when a run fails or is late, through Airflow's connection smtp_default."""

    emails: tuple[Annotated[str, Field(pattern=r"^[^@\s,]+@[^@\s,]+$")], ...] = Field(
        (), strict=False, description="Their addresses; with none, nobody is told."
    )
    late_after_minutes: float | None = Field(
        None,
        gt=0,
        le=10080,
        strict=False,
        description="Also told when a run has not ended so long after it was queued; null: never.",
    )

    @model_validator(mode="after")
    def _somebody_is_told(self) -> Self:
        if self.late_after_minutes is not None and not self.emails:
            raise ValueError("late_after_minutes tells nobody: emails is empty")
        return self


class MasterSku(StrEnum):
    """The variant's field that identifies it in the warehouse."""

    SKU = "sku"
    UPC = "upc"
    MPN = "mpn"


class ImportMode(StrEnum):
    """What an import does with a variant that the warehouse knows already."""

    CREATE_ONLY = "create_only"
    CREATE_AND_OVERWRITE = "create_and_overwrite"


class PullScope(StrEnum):
    """How much of a store's catalog is pulled."""

    ALL = "all"
    CHANGED = "changed"


class Follow(StrEnum):
    """Whether an overwriting import takes a field from the store."""

    UPDATE = "update"
    SKIP = "skip"


class Overwrite(Settings):
    """Which fields follow the store when ``mode`` is ``create_and_overwrite``."""

    title: Follow = Field(Follow.UPDATE, strict=False, description="The product's name.")
    description: Follow = Field(Follow.UPDATE, strict=False, description="The product's description, HTML as it is.")
    price: Follow = Field(Follow.UPDATE, strict=False, description="The product's and the variants' prices.")
    quantity: Follow = Field(Follow.UPDATE, strict=False, description="The variants' stock, where the store tracks it.")
    brand: Follow = Field(Follow.UPDATE, strict=False, description="The brand's name.")
    categories: Follow = Field(Follow.UPDATE, strict=False, description="The categories, as paths.")
    images: Follow = Field(Follow.UPDATE, strict=False, description="The images' addresses, in the store's order.")
    custom_fields: Follow = Field(Follow.UPDATE, strict=False, description="The custom fields (attributes).")
    weight: Follow = Field(Follow.UPDATE, strict=False, description="The product's weight.")
    identifiers: Follow = Field(
        Follow.UPDATE,
        strict=False,
        description="SKU, UPC and MPN of the variants, and the options that tell them apart.",
    )


class ImportListings(Settings):
    """Import Listings: the store's catalog comes into the warehouse."""

    this_run: ClassVar[tuple[str, ...]] = ("skus", "dry_run", "confirm_large_change")

    schedule: Cron | None = Field(
        "0 2 * * *",
        description="When it runs (cron, UTC); null: only when triggered.",
        json_schema_extra=CHANNEL_ONLY,
    )
    master_sku: MasterSku = Field(
        MasterSku.SKU,
        strict=False,
        description="The variant's field that identifies it in the warehouse: sku, upc or mpn.",
    )
    mode: ImportMode = Field(
        ImportMode.CREATE_ONLY,
        strict=False,
        description="create_only leaves the data of listings that the warehouse knows as they are;"
        " create_and_overwrite lets each field follow the store as `overwrite` says.",
    )
    overwrite: Overwrite = Field(
        default_factory=lambda: Overwrite(),
        description="Field by field, update or skip; read only where mode is create_and_overwrite.",
    )
    scope: PullScope = Field(
        PullScope.ALL,
        strict=False,
        description="all pulls the whole catalog; changed asks the store only for products that it says to have"
        " modified since the last pull, and notices no product that is gone.",
    )
    complete_every_hours: int = Field(
        24,
        ge=1,
        le=8760,
        description="With scope changed: the whole catalog is pulled all the same when that was last done longer ago.",
    )
    new_listings_paused: bool = Field(
        True,
        description="Listings that this import creates are paused: nothing is sent to the store for them until"
        " somebody unpauses them.",
    )
    max_renamed_share: Share = Field(
        0.05,
        description="The run stops before it writes when it would rename more than this share of the channel's master"
        " SKUs (from 20 variants up).",
    )
    max_gone_share: Share = Field(
        0.2,
        description="The run stops before it writes when more than this share of the channel's listings is missing from"
        " the store (from 20 listings up).",
    )
    problems_fail_run: bool = Field(
        False, description="End the run red when it leaves problems with single records; everything else is loaded."
    )
    page_size: int = Field(
        250,
        ge=1,
        le=250,
        description="Products asked for per request; after an answer of more than 16 MB the rest of the pull asks for"
        " half as many.",
    )
    readers: int = Field(4, ge=1, le=16, description="How many id ranges of the catalog are read side by side.")


class OrderStatus(IntEnum):
    """BigCommerce's order statuses. A store may show them under names of its own: ids are compared."""

    INCOMPLETE = 0
    PENDING = 1
    SHIPPED = 2
    PARTIALLY_SHIPPED = 3
    REFUNDED = 4
    CANCELLED = 5
    DECLINED = 6
    AWAITING_PAYMENT = 7
    AWAITING_PICKUP = 8
    AWAITING_SHIPMENT = 9
    COMPLETED = 10
    AWAITING_FULFILLMENT = 11
    MANUAL_VERIFICATION_REQUIRED = 12
    DISPUTED = 13
    PARTIALLY_REFUNDED = 14

    @property
    def label(self) -> str:
        """BigCommerce's own name of it, such as ``Awaiting Fulfillment``."""
        return self.name.replace("_", " ").title()


def _status(given: Any) -> Any:
    """A status by its id, or by BigCommerce's own name in any letter case."""
    if isinstance(given, OrderStatus):
        return given
    if isinstance(given, str):
        named = {status.label.lower(): status for status in OrderStatus}
        text = given.strip().lower()
        given = int(text) if text.isascii() and text.isdigit() else named.get(text, given)
    if isinstance(given, bool) or given not in set(OrderStatus):
        raise ValueError(
            "must be a status id from 0 to 14, or BigCommerce's name of it, such as 'Awaiting Fulfillment'"
        )
    return OrderStatus(given)


def _list(given: Any) -> Any:
    """YAML and JSON have lists; a frozen setting keeps a tuple."""
    if not isinstance(given, list | tuple):
        raise ValueError("must be a list")
    return tuple(given)


Statuses = Annotated[
    tuple[Annotated[OrderStatus, BeforeValidator(_status)], ...],
    BeforeValidator(_list),
    AfterValidator(lambda statuses: tuple(sorted(set(statuses)))),
]


class OrderDetail(StrEnum):
    """A part of an order that no list brings along: it costs a request for each order that is imported or changed."""

    COUPONS = "coupons"
    TAXES = "taxes"
    MESSAGES = "messages"


Details = Annotated[
    tuple[Annotated[OrderDetail, Field(strict=False)], ...],
    BeforeValidator(_list),
    AfterValidator(lambda details: tuple(sorted(set(details)))),
]


class GetOrders(Settings):
    """Get Orders: the store's orders come into the warehouse, and follow the store from then on."""

    this_run: ClassVar[tuple[str, ...]] = ("order_ids", "created_from", "created_to", "dry_run")

    schedule: Cron | None = Field(
        "0 0 * * *",
        description="When it runs (cron, UTC); null: only when triggered. A backfill makes a run of each interval"
        " between two times.",
        json_schema_extra=CHANNEL_ONLY,
    )
    statuses: Statuses = Field(
        tuple(status for status in OrderStatus if status not in (0, 5, 6)),
        description="An order that the warehouse does not know is imported when its status is one of these: ids from 0"
        " to 14, or BigCommerce's names. An order that it knows follows the store, whatever its status.",
    )
    created_within_days: int = Field(
        30,
        ge=1,
        le=3650,
        description="An order that the warehouse does not know is imported when it was created within so many days"
        " before the run; an outage does not count.",
    )
    backfill_statuses: Statuses = Field(
        tuple(status for status in OrderStatus if status != OrderStatus.INCOMPLETE),
        description="As statuses, for backfills: those take every order created within their data interval, however"
        " old.",
    )
    details: Details = Field(
        (),
        description="Which of coupons, taxes and messages are fetched too: each costs a request for every order that is"
        " new or has changed.",
    )
    overlap_minutes: int = Field(
        5,
        ge=0,
        le=1440,
        description="A run asks for what changed from so much before the last one: the store may show a change a little"
        " later.",
    )
    complete_every_hours: int = Field(
        24,
        ge=1,
        le=8760,
        description="The whole creation window is read when that was last done longer ago: it finds orders that showed"
        " up late.",
    )
    problems_fail_run: bool = Field(
        False, description="End the run red when it leaves problems with single orders; everything else is loaded."
    )
    page_size: int = Field(
        250,
        ge=1,
        le=250,
        description="Orders asked for per request; after an answer of more than 16 MB the rest of the pull asks for"
        " half as many.",
    )
    readers: int = Field(4, ge=1, le=16, description="How many id ranges of the orders are read side by side.")


class SyncField(StrEnum):
    """A field of a variant that a sync may send."""

    PRICE = "price"
    QUANTITY = "quantity"
    SALE_PRICE = "sale_price"
    COST_PRICE = "cost_price"
    RETAIL_PRICE = "retail_price"
    WEIGHT = "weight"


Fields = Annotated[
    tuple[Annotated[SyncField, Field(strict=False)], ...],
    BeforeValidator(_list),
    AfterValidator(lambda chosen: tuple(field for field in SyncField if field in chosen)),
]


class SyncScope(StrEnum):
    """What a sync compares the wanted values with."""

    CHANGED = "changed"
    ALL = "all"


class HideAs(StrEnum):
    """By which means a listing is hidden in the store."""

    INVISIBLE = "invisible"
    UNAVAILABLE = "unavailable"
    OUT_OF_STOCK = "out_of_stock"


class LargeChange(StrEnum):
    """What happens when a guard of a whole run binds."""

    STOP = "stop"
    ASK = "ask"


def _schedule(value: str) -> str:
    return value if value == ON_INVENTORY else _cron(value)


ON_INVENTORY = "on_inventory"
"""Instead of a cron expression: whenever a feed has loaded inventory."""

RULE: JsonDict = {**CHANNEL_ONLY, "rule": True}
"""Marks what ``core.wanted`` and the marts read from ``ops.channel.rules``; no single run may override it."""

SHOWN: JsonDict = {"rule": True}
"""Marks what the marts read, and a single run may override all the same."""


class SyncListings(Settings):
    """Sync Listings: changed prices and quantities reach the store; listings are hidden, shown again and delisted."""

    this_run: ClassVar[tuple[str, ...]] = ("skus", "dry_run", "confirm_large_change")

    schedule: Annotated[str, AfterValidator(_schedule)] | None = Field(
        "*/15 * * * *",
        description="When it runs (cron, UTC); on_inventory: whenever load_inventory has loaded a file; null: only when"
        " triggered.",
        json_schema_extra=CHANNEL_ONLY,
    )
    fields: Fields = Field(
        (SyncField.PRICE, SyncField.QUANTITY),
        description="Which fields are sent.",
        json_schema_extra=SHOWN,
    )
    scope: SyncScope = Field(
        SyncScope.CHANGED,
        strict=False,
        description="changed sends a field where what is wanted differs from what the store last confirmed; all also"
        " puts back what somebody has changed in the store, stock only where the run itself names quantity in fields.",
    )
    price_multiplier: Decimal = Field(
        Decimal(1),
        gt=0,
        strict=False,
        description="Wanted price = the inventory item's price x this, rounded half up to the currency's digits.",
        json_schema_extra=RULE,
    )
    safety_stock: int = Field(
        0,
        ge=0,
        description="Units kept back: wanted quantity = stock - this, at least 0.",
        json_schema_extra=RULE,
    )
    max_quantity: int | None = Field(
        None,
        ge=0,
        description="The most units that the store may show; null: no limit.",
        json_schema_extra=RULE,
    )
    reserve_open_orders: bool = Field(
        False,
        description="Take units ordered since the inventory item's updated_at, in any channel and shipped or not, from"
        " its quantity: until that moves on, it still counts them.",
        json_schema_extra=RULE,
    )
    hide_as: HideAs = Field(
        HideAs.INVISIBLE,
        strict=False,
        description="How a listing is hidden: invisible (not shown at all), unavailable (shown, cannot be bought) or"
        " out_of_stock (its stock is 0 while it is hidden).",
        json_schema_extra=RULE,
    )
    manage_inventory_tracking: bool = Field(
        False,
        description="Switch a product's stock tracking on where a quantity is wanted and the store does not track it,"
        " or tracks several variants as one.",
    )
    large_change: LargeChange = Field(
        LargeChange.STOP,
        strict=False,
        description="What happens when one of the shares below is exceeded: stop ends the run red before the first"
        " call; ask waits for a person's approval in the Airflow UI.",
        json_schema_extra=CHANNEL_ONLY,
    )
    approval_timeout_minutes: int = Field(
        60,
        ge=1,
        le=1440,
        description="With large_change ask: no answer within so long counts as a no.",
        json_schema_extra=CHANNEL_ONLY,
    )
    max_zeroed_share: Share = Field(
        0.2,
        description="Most of the channel's listings that one run may bring to a stock of zero (from 20 listings up).",
    )
    max_hidden_share: Share = Field(
        0.2, description="Most of the channel's listings that one run may hide (from 20 listings up)."
    )
    max_delisted_share: Share = Field(
        0.05, description="Most of the channel's listings that one run may delete from the store (from 20 listings up)."
    )
    max_price_change_factor: float = Field(
        3,
        ge=1,
        strict=False,
        description="A price that would become more than so many times the former one, or less than that part of it, is"
        " held back as a problem (in shops of any size).",
    )
    max_held_share: Share = Field(
        0.2,
        description="Most of the channel's listings that may have a price or sale price held back; beyond, the run"
        " stops as a whole (from 20 listings up).",
    )
    min_price: Decimal = Field(
        Decimal(0),
        ge=0,
        strict=False,
        description="A price below this is held back as a problem.",
        json_schema_extra=CHANNEL_ONLY,
    )
    verify_stock_sample: int = Field(
        20,
        ge=0,
        le=250,
        description="Of the quantities sent, so many are read back: the store works them off after it has answered. One"
        " request or a few; 0: none.",
    )
    problems_fail_run: bool = Field(
        False, description="End the run red when it leaves problems with single records; everything else is sent."
    )


class LongAttributes(StrEnum):
    """What becomes of an attribute (custom field) whose name or value is longer than the store takes."""

    TRUNCATE = "truncate"
    SKIP = "skip"
    FAIL = "fail"


class PublishOverwrite(Settings):
    """Which fields an overwrite sends to the store; the name has a setting of its own."""

    description: Follow = Field(Follow.UPDATE, strict=False, description="The product's description, HTML as it is.")
    price: Follow = Field(
        Follow.UPDATE, strict=False, description="Prices, also where somebody has changed them in the store."
    )
    quantity: Follow = Field(
        Follow.UPDATE,
        strict=False,
        description="Stock, where another is wanted than the store last confirmed: sales are never undone.",
    )
    brand: Follow = Field(Follow.UPDATE, strict=False, description="The brand, by name.")
    categories: Follow = Field(Follow.UPDATE, strict=False, description="The categories, by path.")
    images: Follow = Field(Follow.UPDATE, strict=False, description="The images; those that are not listed go.")
    custom_fields: Follow = Field(
        Follow.UPDATE, strict=False, description="The custom fields (attributes); those that are not listed go."
    )
    weight: Follow = Field(Follow.UPDATE, strict=False, description="The product's weight.")
    identifiers: Follow = Field(Follow.UPDATE, strict=False, description="SKU, UPC, MPN and GTIN.")
    condition: Follow = Field(Follow.UPDATE, strict=False, description="The condition, where the listing says one.")
    availability: Follow = Field(
        Follow.UPDATE, strict=False, description="The availability, where the listing says one."
    )
    variants: Follow = Field(
        Follow.UPDATE, strict=False, description="Which variants there are: missing ones are added to the product."
    )


class PublishListings(Settings):
    """Publish Listings: listings of the warehouse become products of the store, or overwrite those that are there."""

    this_run: ClassVar[tuple[str, ...]] = ("skus", "dry_run", "confirm_large_change")

    schedule: Cron | None = Field(
        "5,35 * * * *",
        description="When it runs (cron, UTC); null: only when triggered. What nobody has queued is never published.",
        json_schema_extra=CHANNEL_ONLY,
    )
    long_attributes: LongAttributes = Field(
        LongAttributes.TRUNCATE,
        strict=False,
        description="An attribute (custom field) whose name or value has more than 250 characters: truncate cuts it to"
        " 250, skip leaves it out, fail does not publish the listing. Each leaves a problem that tells of it.",
    )
    create_missing_categories: bool = Field(
        False, description="Create categories that the store does not have; otherwise their listings wait."
    )
    require_category: bool = Field(
        True, description="A listing without a category waits, as a problem; otherwise it is published without one."
    )
    visible: bool = Field(True, description="New products are shown in the store; otherwise they begin hidden.")
    override_product_names: bool = Field(False, description="An overwrite changes the product's name in the store too.")
    overwrite: PublishOverwrite = Field(
        default_factory=lambda: PublishOverwrite(),
        description="Field by field, what an overwrite sends: update or skip.",
    )
    remove_missing_variants: bool = Field(
        False, description="An overwrite deletes variants of the product that the listing does not have."
    )
    max_overwritten_share: Share = Field(
        0.5,
        description="The run stops before its first call when it would overwrite more than this share of the channel's"
        " listings in the store (from 20 listings up).",
    )
    max_removed_share: Share = Field(
        0.05,
        description="The run deletes no variant when it would delete more than this share of the channel's (from 20"
        " listings up).",
    )
    problems_fail_run: bool = Field(
        False, description="End the run red when it leaves problems with single records; everything else is published."
    )


class ListingAction(StrEnum):
    """What a person may do about listings."""

    PAUSE = "pause"
    UNPAUSE = "unpause"
    HIDE = "hide"
    UNHIDE = "unhide"
    DELIST = "delist"
    PUBLISH = "publish"
    OVERWRITE = "overwrite"
    CANCEL = "cancel"

    @property
    def label(self) -> str:
        """The action as the trigger form offers it."""
        return {
            ListingAction.PAUSE: "Pause: send nothing to the store, at once",
            ListingAction.UNPAUSE: "Unpause: send again, what is queued too",
            ListingAction.HIDE: "Hide: not shown in the store, by the next sync",
            ListingAction.UNHIDE: "Unhide: shown again, by the next sync",
            ListingAction.DELIST: "Delist: deleted from the store, by the next sync",
            ListingAction.PUBLISH: "Publish: created in the store, by the next publish",
            ListingAction.OVERWRITE: "Overwrite: all its data sent anew, by the next publish",
            ListingAction.CANCEL: "Cancel: take a queued action back",
        }[self]


class ChangeListingStatus(Settings):
    """Change Listing Status has no settings: a person says each time what is to be done."""

    this_run: ClassVar[tuple[str, ...]] = ("action", "skus", "whole_listing", "dry_run", "confirm_large_change")


class FeedFormat(StrEnum):
    """How a feed's file is written."""

    CSV = "csv"
    PARQUET = "parquet"
    AUTO = "auto"


class MissingRows(StrEnum):
    """What becomes of an item that a feed's file does not have."""

    KEEP = "keep"
    ZERO = "zero"


def _delimiter(given: Any) -> Any:
    """One character; a form has no key for a tab, so its name is taken too."""
    if given in ("tab", "\\t"):
        return "\t"
    if not isinstance(given, str) or len(given) != 1 or given in '"\r\n\0' or given.isalnum():
        raise ValueError("must be one character, such as ',' or ';', or the word tab")
    return given


class FileFeed(Settings):
    """What each operation that loads a file is told of it."""

    this_run: ClassVar[tuple[str, ...]] = ("dry_run", "confirm_large_change")

    schedule: Cron | None = Field(
        None,
        description="When it runs (cron, UTC); null: only when triggered.",
        json_schema_extra=CHANNEL_ONLY,
    )
    path: str | None = Field(
        None,
        description="The file: a path, relative to the project unless it begins with /, or a URL that Airflow's object"
        " storage reads, such as s3://connection_id@bucket/stock.csv.",
    )
    format: FeedFormat = Field(
        FeedFormat.AUTO,
        strict=False,
        description="csv, parquet, or auto: a file that begins as Parquet files do is one, every other is CSV.",
    )
    delimiter: Annotated[str, BeforeValidator(_delimiter)] = Field(
        ",", description="What separates the values of a CSV file: one character, or the word tab."
    )
    ignored_columns: Annotated[tuple[str, ...], BeforeValidator(_list)] = Field(
        (), description="Columns that may be there and are left out; any other that is not known refuses the file."
    )
    max_shrink_share: Share = Field(
        0.5,
        description="The file is refused when it has lost more than this share of the SKUs of the last one loaded from"
        " the same path.",
    )
    max_megabytes: int = Field(2048, ge=1, le=1_048_576, description="A larger file is refused.")
    problems_fail_run: bool = Field(
        False, description="End the run red when it leaves problems with single rows; everything else is loaded."
    )


class LoadInventory(FileFeed):
    """Load Inventory: a file's stock and prices come into the warehouse, for all channels."""

    max_shrink_share: Share = Field(
        0.5,
        description="The file is refused when it has lost more than this share of the SKUs of the last one loaded from"
        " the same path, or when missing_rows: zero would take more than this share of the items in stock to 0.",
    )
    missing_rows: MissingRows = Field(
        MissingRows.KEEP,
        strict=False,
        description="Items that the file does not have: keep leaves them as they are; zero sets their quantity to 0,"
        " unless it is null.",
    )

    alerts: Alerts = Field(
        default_factory=lambda: Alerts(),
        description="Who is told when a run fails or is late.",
        json_schema_extra=CHANNEL_ONLY,
    )

    _file: str = PrivateAttr("")

    @property
    def file(self) -> str:
        """The file that the settings came from, for messages that name the place to mend."""
        return self._file


class Queue(StrEnum):
    """What is queued for the listings that a file creates or changes."""

    NONE = "none"
    PUBLISH = "publish"
    PUBLISH_AND_OVERWRITE = "publish_and_overwrite"


class LoadListings(FileFeed):
    """Load Listings: drafts of listings come into the warehouse from a file."""

    queue: Queue = Field(
        Queue.NONE,
        strict=False,
        description="What is queued for listings that the file creates or changes: none; publish, for those that are"
        " not in the store; publish_and_overwrite, also overwrite for those that are. A queued hide, unhide or delist"
        " stays.",
    )


class LoadShipments(FileFeed):
    """Load Shipments: shipments and their lines come into the warehouse from a file."""

    max_shrink_share: Share = Field(
        1.0,
        description="The file is refused when it has lost more than this share of the shipments of the last one loaded"
        " from the same path. 1: never, since most files hold only what is new.",
    )


class Carrier(Settings):
    """How a carrier is named to the store."""

    shipping_provider: str | None = Field(
        None,
        pattern=r"^(auspost|canadapost|endicia|usps|fedex|royalmail|ups|upsready|shipperhq|carrier_[0-9]+)$",
        description="One of the store's own: auspost, canadapost, endicia, usps, fedex, royalmail, ups, upsready,"
        " shipperhq or carrier_{id}.",
    )
    tracking_carrier: str | None = Field(
        None,
        pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$",
        description="An AfterShip courier slug, such as dhl.",
    )
    tracking_link: str | None = Field(
        None,
        pattern=r"^https?://",
        description="Where the shopper follows it; {tracking_number} stands for the number.",
    )

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.shipping_provider is None and self.tracking_carrier is None and self.tracking_link is None:
            raise ValueError("must have a shipping_provider, a tracking_carrier or a tracking_link")
        if self.tracking_link is not None and re.search(r"[{}]", self.tracking_link.replace("{tracking_number}", "")):
            raise ValueError("tracking_link: {tracking_number} is the only thing in braces that is known")
        return self


CARRIERS: dict[str, Carrier] = {
    name: Carrier(shipping_provider=provider)
    for provider, names in {
        "auspost": ("AusPost", "Australia Post"),
        "canadapost": ("Canada Post", "CanadaPost"),
        "endicia": ("Endicia",),
        "fedex": ("FedEx", "Federal Express"),
        "royalmail": ("Royal Mail", "RoyalMail"),
        "ups": ("UPS", "United Parcel Service"),
        "usps": ("USPS", "US Postal Service", "United States Postal Service"),
    }.items()
    for name in names
} | {
    name: Carrier(tracking_carrier=slug)
    for slug, names in {
        "dhl": ("DHL", "DHL Express"),
        "dpd": ("DPD",),
        "gls": ("GLS",),
        "purolator": ("Purolator",),
        "tnt": ("TNT",),
    }.items()
    for name in names
}
"""Carriers that need no setting; the channel's own of the same name win."""


def _final(status: OrderStatus) -> OrderStatus:
    if status not in (2, 8, 9, 10, 11):
        raise ValueError(
            "must be 2 Shipped, 10 Completed, 8 Awaiting Pickup, 9 Awaiting Shipment or 11 Awaiting Fulfillment"
        )
    return status


class UnknownCarriers(StrEnum):
    """What becomes of a shipment whose carrier nobody has named."""

    PROBLEM = "problem"
    AS_TEXT = "as_text"


class SyncOrders(Settings):
    """Sync Orders: shipments and tracking reach the store; its orders become Partially Shipped, then Shipped."""

    this_run: ClassVar[tuple[str, ...]] = ("order_ids", "settle", "dry_run")

    schedule: Cron | None = Field(
        "10,25,40,55 * * * *",
        description="When it runs (cron, UTC); null: only when triggered. With nothing to send it calls nothing.",
        json_schema_extra=CHANNEL_ONLY,
    )
    carriers: dict[str, Carrier] = Field(
        default_factory=dict,
        description="Carriers by the name that core.shipment has, in any letter case: a shipping_provider, a"
        " tracking_carrier or a tracking_link each. The well-known ones need none: UPS, USPS, FedEx, DHL, DPD, GLS,"
        " TNT, Purolator, Royal Mail, Canada Post, Australia Post, Endicia.",
        json_schema_extra=CHANNEL_ONLY,
    )
    unknown_carriers: UnknownCarriers = Field(
        UnknownCarriers.PROBLEM,
        strict=False,
        description="A carrier that is not among them: problem does not send the shipment; as_text sends its name as"
        " part of the shipping method.",
    )
    shipped_status: Annotated[OrderStatus, BeforeValidator(_status), AfterValidator(_final)] = Field(
        OrderStatus.SHIPPED,
        description="The status of an order whose physical lines have all shipped: Shipped, Completed, or one of the"
        " awaiting ones (8, 9, 11).",
        json_schema_extra=CHANNEL_ONLY,
    )
    delete_cancelled: bool = Field(
        False,
        description="A shipment that was sent and is cancelled now is deleted from the store; otherwise it stays there,"
        " with a problem that tells of it.",
    )
    max_shipments_per_run: int | None = Field(
        5000,
        ge=1,
        description="The most new shipments that one run sends; the next one goes on. null: no limit.",
    )
    late_after_hours: int = Field(
        48,
        ge=1,
        le=8760,
        description="An order that has not shipped completely within so long after it was placed is late, in"
        " mart.orders_shipped_late.",
        json_schema_extra=RULE,
    )
    problems_fail_run: bool = Field(
        False, description="End the run red when it leaves problems with single shipments; everything else is sent."
    )

    def known_carriers(self) -> dict[str, Carrier]:
        """Carriers by name in lower case, without needless blanks; the channel's own win over the well-known."""
        return {" ".join(name.split()).casefold(): carrier for name, carrier in (CARRIERS | self.carriers).items()}


class Writing(Settings):
    """How workers agree on who may write to the store."""

    claim_wait_seconds: int = Field(
        900,
        ge=0,
        le=7200,
        description="How long a run waits for another one that writes to the same store, before it gives up.",
    )
    lease_seconds: float = Field(
        30, gt=0, le=600, strict=False, description="After so long without a sign of life a run may be taken over."
    )
    heartbeat_seconds: float = Field(5, gt=0, le=60, strict=False, description="How often a run gives a sign of life.")

    @model_validator(mode="after")
    def _beats_within_the_lease(self) -> Self:
        if self.heartbeat_seconds * 2 > self.lease_seconds:
            raise ValueError("heartbeat_seconds must be at most half of lease_seconds: one beat may get lost")
        return self


class Channel(Settings):
    """One BigCommerce store, as ``include/channels/{channel}.yaml`` describes it."""

    channel: str = Field(
        pattern=r"^[a-z][a-z0-9_]{0,40}$",
        description="The channel's name: lower-case letters, digits and underscores; the file's name without .yaml.",
    )
    connection_id: str = Field(
        "",
        pattern=r"^[A-Za-z0-9_.\-]{0,200}$",
        description="The Airflow connection of the store; bigcommerce_{channel} when left out.",
    )
    store_channel_id: int | None = Field(
        None, ge=1, description="BigCommerce's own sales channel: orders are filtered by it; null: all."
    )
    location_id: int | None = Field(
        None,
        ge=1,
        description="The location whose stock is the listings' quantity; null: the store's default location.",
    )
    import_listings: ImportListings = Field(default_factory=lambda: ImportListings())
    get_orders: GetOrders = Field(default_factory=lambda: GetOrders())
    load_listings: LoadListings = Field(default_factory=lambda: LoadListings())
    sync_listings: SyncListings = Field(default_factory=lambda: SyncListings())
    publish_listings: PublishListings = Field(default_factory=lambda: PublishListings())
    sync_orders: SyncOrders = Field(default_factory=lambda: SyncOrders())
    load_shipments: LoadShipments = Field(default_factory=lambda: LoadShipments())
    writing: Writing = Field(default_factory=lambda: Writing())
    alerts: Alerts = Field(default_factory=lambda: Alerts())

    change_listing_status: ClassVar[ChangeListingStatus] = ChangeListingStatus()
    """No section of the channel's file: there is nothing to set."""

    _file: str = PrivateAttr("")

    @property
    def file(self) -> str:
        """The file that the settings came from, for messages that name the place to mend."""
        return self._file

    def model_post_init(self, _context: Any) -> None:
        """Fill in the connection's conventional name (the model is frozen, so not by assignment)."""
        if not self.connection_id:
            object.__setattr__(self, "connection_id", f"bigcommerce_{self.channel}")

    def rules(self) -> dict[str, Any]:
        """What ``core.wanted`` and the marts read from ``ops.channel.rules``: plain JSON values."""
        rules: dict[str, Any] = {}
        for section in (self.sync_listings, self.sync_orders):
            names = {
                name
                for name, field in type(section).model_fields.items()
                if isinstance(field.json_schema_extra, dict) and field.json_schema_extra.get("rule")
            }
            rules |= section.model_dump(mode="json", include=names)
        return rules

"""``docs/settings.md``, from the settings' own models: it cannot say anything else than what is enforced."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from enum import Enum
from itertools import chain
from types import UnionType
from typing import Any, Union, get_args, get_origin

import annotated_types
from pydantic.fields import FieldInfo

from docs.papers.markdown import table
from storekeeper.settings import Channel, Cron, LoadInventory, OrderStatus, Settings, run_parameters

INTRODUCTION = """# Settings

Written by `make docs` from the settings' own models; do not edit.

A channel is one file, `{channel}.yaml` in `include/channels` (or in `STOREKEEPER_CHANNELS_DIR`). The shipped
`demo.yaml` shows every setting with its default; a line that keeps the default may be left out. A key that is not
known, a value of another type or out of range is refused: the file's channel does not load and Airflow shows why as an
import error of `dags/channel_settings.py`; all other channels load. *Run* marks what a single run may override, by the
trigger form or `--conf`.

A feed that serves all channels has a file of its own in `include/feeds` (or in `STOREKEEPER_FEEDS_DIR`), read by the
same rules: `inventory.yaml` holds [load_inventory](#load_inventory). `STOREKEEPER_FEED_PLACES` says [where the files of
feeds may lie](load_inventory.md#settings-and-one-run).
"""


def settings_paper() -> str:
    """``docs/settings.md``, whole."""
    lines = [INTRODUCTION]
    sections = chain(_sections("", Channel), _sections("load_inventory", LoadInventory))
    for title, model, overridable in sections:
        lines += [f"## {title or 'The channel'}", "", (model.__doc__ or "").strip().splitlines()[0], ""]
        rows = []
        for name, field in model.model_fields.items():
            if _model(field) and not title:
                continue
            default = "see below" if _model(field) else _default(field)
            run = "yes" if name in overridable else ""
            rows.append((f"`{name}`", _allowed(field), default, run, field.description or ""))
        lines += table(("setting", "allowed", "default", "run", "meaning"), rows)
        lines.append("")
    return "\n".join(lines)


def _sections(
    title: str, model: type[Settings], whole: bool = False
) -> Iterator[tuple[str, type[Settings], Collection[str]]]:
    """Each group of settings: its name, its model, and those of its settings that a single run may override.

    :param whole: the group is one that a run may override as a whole.
    """
    # what has no parameters for a run is no operation: nobody triggers it
    overridable = run_parameters(model) if whole or model.this_run else {}
    yield title, model, overridable
    for name, field in model.model_fields.items():
        nested = _model(field)
        if nested:
            yield from _sections(f"{title}.{name}".lstrip("."), nested, name in overridable)


def _model(field: FieldInfo) -> type[Settings] | None:
    kind = field.annotation
    return kind if isinstance(kind, type) and issubclass(kind, Settings) else None


def _allowed(field: FieldInfo) -> str:
    kind: Any = field.annotation
    nullable = False
    if get_origin(kind) in (Union, UnionType):
        nullable = type(None) in get_args(kind)
        kind = next(option for option in get_args(kind) if option is not type(None))
    if kind == Cron:
        return "a cron expression of five fields" + (", or null" if nullable else "")
    if get_origin(kind) is tuple:
        return _list_of(get_args(kind)[0])
    if get_args(kind):  # Annotated
        kind = get_args(kind)[0]
    if isinstance(kind, type) and issubclass(kind, Enum):
        words = ", ".join(f"`{member.value}`" for member in kind)
    elif _model(field):
        words = "a group of settings"
    else:
        words = {bool: "true or false", int: "whole number", float: "number", str: "text"}.get(kind, "number")
    bounds = [_bound(rule) for rule in field.metadata]
    words += "".join(f", {bound}" for bound in bounds if bound)
    return words + (", or null" if nullable else "")


def _list_of(entry: Any) -> str:
    if get_args(entry):  # Annotated
        entry = get_args(entry)[0]
    if not issubclass(entry, Enum):
        return "a list of text"
    choices = ", ".join(_choice(member) for member in entry)
    return f"a list of {choices}"


def _choice(member: Enum) -> str:
    """A number says nothing without its name."""
    return f"`{member.value}` {member.label}" if isinstance(member, OrderStatus) else f"`{member.value}`"


def _bound(rule: Any) -> str:
    match rule:
        case annotated_types.Ge(ge=least):
            return f"{least} or more"
        case annotated_types.Gt(gt=bound):
            return f"more than {bound}"
        case annotated_types.Le(le=most):
            return f"{most} or less"
    pattern = getattr(rule, "pattern", None)
    return f"of the form `{pattern}`" if pattern else ""


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    shown = _shown(field.get_default(call_default_factory=True))
    return f"`{shown}`" if shown else ""


def _shown(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, tuple):
        return f"[{', '.join(map(_shown, value))}]"
    return str(value.value if isinstance(value, Enum) else value)

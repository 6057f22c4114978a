"""The only reader of the channels directory, of the feeds directory and of the environment.

A file that cannot be read stops its own channel or feed only: the DAG files load the others, and
``dags/channel_settings.py`` reports the broken ones as an import error in the UI.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from storekeeper.outcomes import SettingsError
from storekeeper.settings import Channel, LoadInventory, explain

PROJECT = Path(__file__).resolve().parents[2]
WAREHOUSE_CONNECTION = "storekeeper_warehouse"


def channels_dir() -> Path:
    """The directory of the channels' files: ``STOREKEEPER_CHANNELS_DIR``, or ``include/channels`` of the project."""
    return Path(os.environ.get("STOREKEEPER_CHANNELS_DIR") or PROJECT / "include" / "channels")


def feeds_dir() -> Path:
    """The directory of the feeds' files: ``STOREKEEPER_FEEDS_DIR``, or ``include/feeds`` of the project."""
    return Path(os.environ.get("STOREKEEPER_FEEDS_DIR") or PROJECT / "include" / "feeds")


def feed_places() -> list[str] | None:
    """Where a feed's file may lie: ``STOREKEEPER_FEED_PLACES``, folders and URLs with commas between; None: anywhere.

    A folder is relative to the project unless it is absolute, a URL is the beginning of those of its files.
    """
    places = os.environ.get("STOREKEEPER_FEED_PLACES", "").strip()
    return [place.strip() for place in places.split(",") if place.strip()] if places else None


def load_channels() -> list[Channel]:
    """Each channel whose file can be read, by name; see :func:`broken_channels` for the others."""
    return _read_all()[0]


def broken_channels() -> list[SettingsError]:
    """What is wrong with each channel file that cannot be read; empty when all is well."""
    return _read_all()[1]


def load_inventory_feeds() -> list[LoadInventory]:
    """The inventory feed, or none where its file cannot be read; see :func:`broken_feeds`."""
    try:
        return [load_inventory_feed()]
    except SettingsError:
        return []


def broken_feeds() -> list[SettingsError]:
    """What is wrong with each feed's file that cannot be read; empty when all is well."""
    try:
        load_inventory_feed()
    except SettingsError as error:
        return [error]
    return []


def report_broken_files() -> None:
    """Raise what is wrong with the files of channels and feeds, all of it at once.

    :raises SettingsError: at least one file cannot be read.
    """
    broken = [*broken_channels(), *broken_feeds()]
    if broken:
        raise SettingsError("\n".join(str(error) for error in broken))


def load_channel(name: str) -> Channel:
    """One channel by name, read anew.

    :raises SettingsError: the file is missing or broken.
    """
    return _read(channels_dir() / f"{name}.yaml")


def load_inventory_feed() -> LoadInventory:
    """The inventory feed, read anew; what its file leaves out has its default, and so has all where there is no file.

    :raises SettingsError: the directory is missing, or the file broken.
    """
    directory = feeds_dir()
    if not directory.is_dir():
        raise SettingsError(f"{directory}: the feeds directory does not exist (STOREKEEPER_FEEDS_DIR)")
    file = directory / "inventory.yaml"
    shown = shown_path(file)
    content = _content(file) if file.exists() or file.is_symlink() else {}
    try:
        feed = LoadInventory.model_validate(content)
    except ValidationError as error:
        raise SettingsError("\n".join(f"{shown}: {explain(one)}" for one in error.errors())) from error
    feed._file = shown
    return feed


def _read_all() -> tuple[list[Channel], list[SettingsError]]:
    directory = channels_dir()
    if not directory.is_dir():
        return [], [SettingsError(f"{directory}: the channels directory does not exist (STOREKEEPER_CHANNELS_DIR)")]
    channels, broken = [], []
    for file in sorted(directory.glob("*.y*ml")):
        try:
            channels.append(_read(file))
        except SettingsError as error:
            broken.append(error)
    return channels, broken


def _read(file: Path) -> Channel:
    shown = shown_path(file)
    if file.suffix != ".yaml":
        raise SettingsError(f"{shown}: a channel's file ends in .yaml (got {file.name!r}): rename it")
    content = _content(file)
    try:
        channel = Channel.model_validate(content)
    except ValidationError as error:
        raise SettingsError(
            "\n".join(f"channel {file.stem!r}: {shown}: {explain(one)}" for one in error.errors())
        ) from error
    if channel.channel != file.stem:
        raise SettingsError(
            f"channel {channel.channel!r}: {shown}: channel: must equal the file's name (got {channel.channel!r},"
            f" expected {file.stem!r})"
        )
    channel._file = shown
    return channel


def _content(file: Path) -> dict[Any, Any]:
    shown = shown_path(file)
    try:
        content = yaml.load(file.read_text(encoding="utf-8"), Loader=_UniqueKeys)  # noqa: S506 - a SafeLoader
    except OSError as error:
        raise SettingsError(f"{shown}: cannot be read: {error.strerror or error}") from error
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        # PyYAML leaves an unhashable key, an impossible date or deep nesting to Python's own errors
        raise SettingsError(f"{shown}: is not valid YAML: {' '.join(str(error).split())}") from error
    if not isinstance(content, dict):
        raise SettingsError(f"{shown}: must hold settings as 'key: value' lines (got {type(content).__name__})")
    return content


def shown_path(file: Path) -> str:
    """The file as a person knows it: relative to the project where it lies inside."""
    try:
        return str(file.resolve().relative_to(PROJECT))
    except ValueError:
        return str(file)


class _UniqueKeys(yaml.SafeLoader):
    """PyYAML lets the last of two equal keys win in silence; a setting given twice is a mistake to show."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=deep)
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    "while reading a mapping",
                    node.start_mark,
                    f"the key {key!r} stands there twice",
                    key_node.start_mark,
                )
            seen.add(key)
        return super().construct_mapping(node, deep)

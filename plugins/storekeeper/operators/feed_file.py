"""A feed's file, wherever Airflow's object storage finds it and feeds may lie, becomes a stream."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from airflow.sdk import ObjectStoragePath
from airflow.sdk.exceptions import AirflowNotFoundException

from storekeeper.channels import PROJECT, feed_places
from storekeeper.operations.feed_file import FeedFile
from storekeeper.outcomes import FeedRefused, SettingsError

NEVER = ("/proc", "/sys", "/dev", "/run/secrets")
"""No feed lies below, but what a worker knows does: its environment, its memory, its secrets."""


@contextmanager
def open_feed_file(path: str) -> Iterator[FeedFile]:
    """Open a file to read it from its beginning.

    :param path: a local one, relative to the project, or a URL; a connection's id may stand before the host's name.
    :raises FeedRefused: there is no such file, or it may not be read.
    :raises SettingsError: no feed may lie there, nothing installed reads such a URL, or there is no such connection.
    """
    name = shown_path(path)
    try:
        file = _local_file(path)
        _check_place(path, file)
        # a local file is opened as it was checked
        place: Any = ObjectStoragePath(path) if file is None else Path(file)
        size = place.stat().st_size
        stream = place.open("rb")
    except FileNotFoundError:
        raise FeedRefused(f"{name}: there is no such file; nothing was loaded") from None
    except (IsADirectoryError, NotADirectoryError, PermissionError) as error:
        raise FeedRefused(f"{name}: cannot be read: {error.strerror or type(error).__name__}") from None
    except (ValueError, ImportError, AirflowNotFoundException) as error:
        raise SettingsError(
            f"path: {name}: cannot be opened: {error}. A URL needs the Airflow provider of its kind, such as"
            " apache-airflow-providers-amazon[s3fs] for s3://, and the connection that it names"
        ) from None
    with stream:
        yield FeedFile(name, stream, size)


def shown_path(path: str) -> str:
    """A path as logs and the ledger show it: a URL without what may be secret, its query and a password."""
    if "://" not in path:
        return path
    parts = urlsplit(path)
    user, _, host = parts.netloc.rpartition("@")
    named = "***" if ":" in user else user
    return parts._replace(netloc=f"{named}@{host}" if named else host, query="", fragment="").geturl()


def _local_file(path: str) -> str | None:
    """The file of this machine that a path leads to, links and ``..`` followed; None where it is a URL of elsewhere."""
    if "://" not in path:
        return os.path.realpath(PROJECT / path)
    if urlsplit(path).scheme in ("", "file", "local"):
        # Airflow knows more ways to write one than a URL has: ~, a connection, folders in the host's place
        return os.path.realpath(str(ObjectStoragePath(path).path))
    return None


def _check_place(path: str, file: str | None) -> None:
    """Whether a feed may come from there.

    :param file: what it is on this machine.
    :raises SettingsError: it may not.
    """
    if file is not None and any(_lies_in(file, os.path.realpath(folder)) for folder in NEVER):
        raise SettingsError(f"path: {shown_path(path)}: is refused: no feed lies in {', '.join(NEVER)}")
    places = feed_places()
    if places is None or any(_is_within(path, file, place) for place in places):
        return
    raise SettingsError(
        f"path: {shown_path(path)}: is refused: STOREKEEPER_FEED_PLACES allows feeds in"
        f" {', '.join(map(shown_path, places)) or 'no place'} only"
    )


def _is_within(path: str, file: str | None, place: str) -> bool:
    folder = _local_file(place)
    if file is None or folder is None:
        return file is None and folder is None and _leads_below(path, place)
    return _lies_in(file, folder)


def _lies_in(file: str, folder: str) -> bool:
    return os.path.commonpath([file, folder]) == folder


def _leads_below(url: str, place: str) -> bool:
    """Whether a URL begins with another's scheme, connection, host and folders, and leads out of them nowhere."""
    beginning = _parts(place.rstrip("/"))
    return _parts(url)[: len(beginning)] == beginning and not _leads_out(url)


def _parts(url: str) -> list[str]:
    scheme, _, rest = url.partition("://")
    return [scheme.lower(), *rest.split("/")]


def _leads_out(url: str) -> bool:
    """Whether it has a ``.`` or ``..`` as a folder, encoded or not, or signs that its reader may leave out."""
    while (decoded := unquote(url)) != url:
        url = decoded
    return any(sign < " " for sign in url) or not {".", ".."}.isdisjoint(url.replace("\\", "/").split("/"))

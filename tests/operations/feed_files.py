"""Files of feeds as their tests make them."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from storekeeper.operations.feed_file import FeedFile, OpenFile

Content = bytes | str


class Broken(io.BytesIO):
    """A file whose place is lost in the middle."""

    def __init__(self, content: bytes, after: int) -> None:
        super().__init__(content)
        self._after = after

    def read(self, size: int | None = -1) -> bytes:
        if self.tell() >= self._after:
            raise OSError("the connection is lost")
        return super().read(min(size or 0, self._after) if size and size > 0 else self._after)


def as_bytes(content: Content) -> bytes:
    return content if isinstance(content, bytes) else content.encode()


def opens(content: Content | Callable[[], Any], size: int | None = None) -> OpenFile:
    """Opens a file whatever its path.

    :param content: the file's, or what opens it as a stream.
    """

    @contextmanager
    def open_file(path: str) -> Iterator[FeedFile]:
        opened = content() if callable(content) else io.BytesIO(as_bytes(content))
        yield FeedFile(path, opened, size)

    return open_file


def parquet(table: pa.Table, **options: Any) -> bytes:
    written = io.BytesIO()
    pq.write_table(table, written, **options)
    return written.getvalue()

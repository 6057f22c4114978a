"""Tables as they are printed: a row at a time, since measuring takes minutes."""

from __future__ import annotations

from collections.abc import Sequence

GAP = 2


class Table:
    """Prints its title and head at once.

    :param columns: their heads; a column is as wide as its head, or as ``widest`` where that is more.
    """

    def __init__(self, title: str, columns: Sequence[str], widest: int = 9) -> None:
        self._widths = [max(len(column), widest) for column in columns]
        print(f"\n{title}")
        self.row(*columns)

    def row(self, *cells: object) -> None:
        """One row: text as it is, whole numbers with thousands, others to two places, None as nothing."""
        texts = [_text(cell) for cell in cells]
        line = (" " * GAP).join(text.rjust(width) for text, width in zip(texts, self._widths, strict=True))
        print(f"  {line}".rstrip(), flush=True)


def _text(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float):
        return f"{cell:,.2f}"
    return f"{cell:,}" if isinstance(cell, int) else str(cell)

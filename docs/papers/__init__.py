"""What the generated papers say, a module each: the settings, the tables, the DAGs."""


class CannotBeWritten(Exception):
    """A paper's source lacks what only a person can add; the message names it."""

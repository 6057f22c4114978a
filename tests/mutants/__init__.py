"""Mutants of our own code that nobody chose: does a test notice when a line is changed?

``make mutants`` (``SEED=``, ``SAMPLE=``) makes a seeded sample of all mutants of the modules named in ``mapping.py``
and runs each against the tests that execute the changed line. It prints every survivor: file, line, diff, tests.
It fails if one of them is not listed in ``equivalent.py``.

- ``mapping.py`` says what is mutated and which test files may be asked; ``lines.py`` runs those once and records which
  test executes which line. The record is kept in ``.local/mutants`` until the code or a test changes.
- ``mutate.py`` makes mutants with the operators of mutmut. mutmut's own runner is not used: it wants to import the
  package by a path that starts with its folder, and leaves out whatever is decorated or not in a function.
- ``trial.py`` forks a process for each mutant. The mutant is in the memory of that process, put there by an import
  hook, so nothing in the checkout ever changes and a ``kill -9`` does no harm.

The mutants in ``tests/chaos/mutants.py`` are others: chosen by hand, to try the chaos tests.
"""

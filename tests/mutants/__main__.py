"""``python -m tests.mutants``: see the package."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.mutants.equivalent import EQUIVALENT
from tests.mutants.mapping import ROOT, STOREKEEPER, Project
from tests.mutants.mutate import sample
from tests.mutants.trial import Forks, Outcome, Trial, record_lines, try_mutants

SHOWN_TESTS = 5


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description="Does a test notice a changed line?")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sample", type=int, default=300, help="how many mutants; 0 for all")
    parser.add_argument("--jobs", type=int, default=2, help="how many at a time")
    parser.add_argument("--minutes", type=float, default=60, help="what is not tried by then is not tried")
    parser.add_argument("--only", default="", help="only mutants of files with this in their path")
    parser.add_argument("--project", nargs=4, metavar=("ROOT", "SOURCE", "MODULE", "TEST"), help="another project")
    given = parser.parse_args()
    deadline = time.monotonic() + 60 * given.minutes
    project = STOREKEEPER
    if given.project:
        root, source, module, test = given.project
        project = Project(Path(root), (module,), (test,), source)
    folder = Path(tempfile.mkdtemp(prefix="mutants-"))
    try:
        forks = Forks(project, given.jobs, folder)
        began = time.monotonic()
        kept = folder / "lines" if given.project else ROOT / ".local" / "mutants"
        record = record_lines(project, forks, kept)
        for test in record.failed:
            print(f"not asked, as it fails or is skipped without a mutant: {test}")
        print(f"{len(record.seconds)} tests, recorded in {time.monotonic() - began:.0f} s", flush=True)
        began = time.monotonic()
        mutants = sample(project, given.seed, given.sample or None)
        mutants = [mutant for mutant in mutants if given.only in str(mutant.path)]
        unlisted, outcomes = 0, Counter[Outcome]()
        for trial in try_mutants(project, mutants, record, forks, deadline):
            outcomes[trial.outcome] += 1
            unlisted += _report(project, trial)
        counts = ", ".join(f"{number} {outcome}" for outcome, number in sorted(outcomes.items()))
        print(f"seed {given.seed}: {len(mutants)} mutants in {time.monotonic() - began:.0f} s: {counts}")
        if outcomes[Outcome.NOT_TRIED]:
            print("time was up: try a smaller SAMPLE")
        return 1 if unlisted or outcomes[Outcome.NOT_TRIED] or not mutants else 0
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _report(project: Project, trial: Trial) -> bool:
    """Print what became of a mutant; say whether it is a survivor that is not listed."""
    mutant = trial.mutant
    module = str(mutant.path.relative_to(project.root))
    place = f"{module}:{mutant.line}"
    if not trial.survived:
        print(f"{trial.outcome}: {place}: {trial.reason}", flush=True)
        return False
    for known in EQUIVALENT:
        if (known.module, known.before, known.after) == (module, *mutant.changed()):
            print(f"equivalent: {place}: {known.reason}", flush=True)
            return False
    print(f"\n{trial.outcome}: {place}\n{mutant.diff()}")
    if trial.tests:
        rest = f" and {len(trial.tests) - SHOWN_TESTS} more" if len(trial.tests) > SHOWN_TESTS else ""
        print(f"tests: {len(trial.tests)}: {', '.join(trial.tests[:SHOWN_TESTS])}{rest}")
    print(flush=True)
    return True


if __name__ == "__main__":
    sys.exit(main())

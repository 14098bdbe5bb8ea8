"""`python -m tests.mutants`: put small faults into copies of the product; the tests must notice.

Those written by hand (tests/mutants/by_hand) are run against the tests that claim to notice them,
those of a random sample against the tests that are near the mutated module.
"""

import argparse
import queue
import secrets
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.mutants.by_hand import load_mutations
from tests.mutants.copies import Copy, Verdict, copies
from tests.mutants.mutation import Mutation
from tests.mutants.servers import running_servers
from tests.mutants.table import Tally, write_table

_AT_ONCE = 2
_TIMEOUT_SECONDS = 240.0
_HAND_SHARE, _SAMPLE_SHARE = 0.95, 0.80


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one fault, and where it was."""

    area: str
    name: str
    verdict: Verdict

    @property
    def is_caught(self) -> bool:
        """Say whether a test noticed."""
        return self.verdict is not Verdict.SURVIVED


Job = Callable[[Copy], Outcome]


def main() -> int:
    """Run what the command line asks for; return 1 if too many faults survived."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument(
        "--only", default="", help="only those by hand whose file or claim has this"
    )
    parser.add_argument("--sample", type=int, default=0, help="how many more to draw at random")
    parser.add_argument("--seed", type=int, default=None, help="the sample's seed")
    parser.add_argument("--no-hand", action="store_true", help="only the sample")
    parser.add_argument("--write-table", action="store_true", help="into docs/reliability.md")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by SIGTERM"))
    seed = secrets.randbelow(10**6) if arguments.seed is None else arguments.seed
    by_hand = [] if arguments.no_hand else _chosen(load_mutations(), arguments.only)
    with running_servers() as servers, copies(_AT_ONCE, servers) as trees:
        if by_hand and not _claims_hold(trees[0], by_hand):
            return 2
        hand = _run(trees, [_hand_job(one) for one in by_hand])
        drawn: list[Outcome] = []
        if arguments.sample:
            print(f"Sample of {arguments.sample} with --seed {seed}")
            drawn = _run(trees, _sample_jobs(arguments.sample, seed))
    tallies = [
        Tally("by hand", _by_area(hand), _HAND_SHARE),
        Tally(f"a random sample, seed {seed}", _by_area(drawn), _SAMPLE_SHARE),
    ]
    for tally in tallies:
        print(tally)
    if arguments.write_table:
        write_table([tally for tally in tallies if tally.total])
    return 0 if all(tally.is_enough for tally in tallies) else 1


def _chosen(mutations: Iterable[Mutation], word: str) -> list[Mutation]:
    return [one for one in mutations if word in one.file or word in " ".join(one.claims)]


def _claims_hold(tree: Copy, mutations: Iterable[Mutation]) -> bool:
    """Say whether every claim passes on the product as it is: else a failure would tell nothing."""
    claims = sorted({claim for one in mutations for claim in one.claims})
    print(f"First the {len(claims)} claims on the product as it is")
    verdict, output = tree.verdict(claims, 60.0 * len(claims))
    if verdict is not Verdict.SURVIVED:
        print(output)
    return verdict is Verdict.SURVIVED


def _hand_job(one: Mutation) -> Job:
    def run(tree: Copy) -> Outcome:
        text = one.mutated(tree.read(one.file))
        with tree.with_fault(one.file, text):
            verdict, _ = tree.verdict(one.claims, _TIMEOUT_SECONDS)
        return Outcome(one.area, f"{one.file}: {one.old.strip()!r} → {one.new.strip()!r}", verdict)

    return run


def _sample_jobs(count: int, seed: int) -> list[Job]:
    from tests.mutants.sample import Sampled, draw, tests_of  # cosmic-ray is not always there

    def job(one: Sampled) -> Job:
        def run(tree: Copy) -> Outcome:
            verdict = Verdict.SURVIVED
            with tree.with_fault(one.file, one.text):
                for tests in tests_of(one.file):
                    verdict, _ = tree.verdict(tests, _TIMEOUT_SECONDS)
                    if verdict is not Verdict.SURVIVED:
                        break
            return Outcome(Path(one.file).parts[0], f"{one.file}:{one.change}", verdict)

        return run

    return [job(one) for one in draw(count, seed)]


def _run(trees: Sequence[Copy], jobs: Sequence[Job]) -> list[Outcome]:
    """Run the jobs, one at a time in each copy; print each outcome as it comes."""
    waiting: queue.SimpleQueue[Job] = queue.SimpleQueue()
    for job in jobs:
        waiting.put(job)
    outcomes: list[Outcome] = []
    faults: list[BaseException] = []

    def work(tree: Copy) -> None:
        while not faults:
            try:
                job = waiting.get_nowait()
            except queue.Empty:
                return
            began = time.monotonic()
            try:
                outcome = job(tree)
            except BaseException as error:  # shown by the main thread, which ends all
                faults.append(error)
                return
            outcomes.append(outcome)
            seconds = time.monotonic() - began
            done = f"{len(outcomes)}/{len(jobs)}"
            print(f"{done} {outcome.verdict.value} in {seconds:.0f} s: {outcome.name}", flush=True)

    threads = [threading.Thread(target=work, args=(tree,), daemon=True) for tree in trees]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]
    return outcomes


def _by_area(outcomes: Iterable[Outcome]) -> dict[str, tuple[int, int]]:
    """Return for each area how many were caught, of how many."""
    areas: dict[str, tuple[int, int]] = {}
    for outcome in outcomes:
        caught, total = areas.get(outcome.area, (0, 0))
        areas[outcome.area] = (caught + outcome.is_caught, total + 1)
    return dict(sorted(areas.items()))


if __name__ == "__main__":
    sys.exit(main())

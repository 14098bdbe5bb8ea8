"""`python -m tests.mutants`: put small faults into copies of the product; the tests must notice.

Those written by hand (tests/mutants/by_hand) are run against the tests that claim to notice them,
those of a random sample against the tests that are near the mutated module.
"""

import argparse
import secrets
import signal
import sys
from collections.abc import Iterable
from pathlib import Path

from tests.mutants.by_hand import load_mutations
from tests.mutants.copies import Copy, TestsNotRun, Verdict, copies
from tests.mutants.mutation import Mutation
from tests.mutants.runs import Job, Outcome, by_area, not_run, run_all
from tests.mutants.servers import running_servers
from tests.mutants.table import Tally, write_table

_AT_ONCE = 2
_TIMEOUT_SECONDS = 240.0
_CLAIM_SECONDS = 60.0
_HAND_SHARE, _SAMPLE_SHARE = 0.95, 0.80


def main() -> int:
    """Run what the command line asks for; return 1 if too many faults survived or one did not run.

    A mutation that cannot be run, because its code or its tests have changed, does not stop the
    others.
    """
    arguments = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by SIGTERM"))
    seed = secrets.randbelow(10**6) if arguments.seed is None else arguments.seed
    by_hand = [] if arguments.no_hand else _chosen(load_mutations(), arguments.only)
    with running_servers() as servers, copies(_AT_ONCE, servers) as trees:
        hand: list[Outcome] = []
        if by_hand:
            claims = sorted({claim for one in by_hand for claim in one.claims})
            print(f"First the {len(claims)} claims on the product as it is")
            broken = broken_claims(trees[0], claims)
            hand = run_all(trees, [_hand_job(one, broken) for one in by_hand])
        drawn: list[Outcome] = []
        if arguments.sample:
            print(f"Sample of {arguments.sample} with --seed {seed}")
            drawn = run_all(trees, _sample_jobs(arguments.sample, seed))
    tallies = [
        Tally("by hand", by_area(hand), _HAND_SHARE),
        Tally(f"a random sample, seed {seed}", by_area(drawn), _SAMPLE_SHARE),
    ]
    for tally in tallies:
        print(tally)
    unfinished = not_run([*hand, *drawn])
    for outcome in unfinished:
        print(f"Not run: {outcome.name}\n{outcome.reason}")
    if arguments.write_table and not unfinished:
        write_table([tally for tally in tallies if tally.total])
    return 0 if all(tally.is_enough for tally in tallies) and not unfinished else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument(
        "--only", default="", help="of those by hand, only those whose file or claim contains this"
    )
    parser.add_argument("--sample", type=int, default=0, help="how many more to draw at random")
    parser.add_argument("--seed", type=int, default=None, help="the sample's seed")
    parser.add_argument("--no-hand", action="store_true", help="only the sample")
    parser.add_argument(
        "--write-table", action="store_true", help="into docs/explanation/reliability.md"
    )
    return parser.parse_args()


def _chosen(mutations: Iterable[Mutation], word: str) -> list[Mutation]:
    return [one for one in mutations if word in one.file or word in " ".join(one.claims)]


def broken_claims(tree: Copy, claims: list[str]) -> set[str]:
    """Return the claims that do not pass on the product as it is: their failures prove nothing.

    All are run at once; only if that fails, each half is run, and so on.
    """
    try:
        verdict, output = tree.verdict(claims, _CLAIM_SECONDS * len(claims))
    except TestsNotRun as error:
        verdict, output = Verdict.NOT_RUN, str(error)
    if verdict is Verdict.SURVIVED:
        return set()
    if len(claims) == 1:
        print(f"The claim {claims[0]} does not pass on the product as it is\n{output}")
        return set(claims)
    half = len(claims) // 2
    return broken_claims(tree, claims[:half]) | broken_claims(tree, claims[half:])


def _hand_job(one: Mutation, broken: set[str]) -> Job:
    def run(tree: Copy) -> Verdict:
        if failing := broken.intersection(one.claims):
            raise TestsNotRun(f"On the product as it is, this fails: {', '.join(sorted(failing))}")
        text = one.mutated(tree.read(one.file))
        with tree.with_fault(one.file, text):
            verdict, _ = tree.verdict(one.claims, _TIMEOUT_SECONDS)
        return verdict

    return Job(one.area, f"{one.file}: {one.old.strip()!r} → {one.new.strip()!r}", run)


def _sample_jobs(count: int, seed: int) -> list[Job]:
    from tests.mutants.sample import Sampled, draw, tests_of  # cosmic-ray is not always there

    def job(one: Sampled) -> Job:
        def run(tree: Copy) -> Verdict:
            verdict = Verdict.SURVIVED
            with tree.with_fault(one.file, one.text):
                for tests in tests_of(one.file):
                    verdict, _ = tree.verdict(tests, _TIMEOUT_SECONDS)
                    if verdict is not Verdict.SURVIVED:
                        break
            return verdict

        return Job(Path(one.file).parts[0], f"{one.file}:{one.change}", run)

    return [job(one) for one in draw(count, seed)]


if __name__ == "__main__":
    sys.exit(main())

"""Whether another installed distribution brings a package of the same name as one of ours.

`shared` or `workers` are common names. Which of two such packages Python imports depends on how
they are installed, and in one folder their files are mixed: so processes refuse to start.
This module imports nothing of ours, since that may be what is replaced.
"""

import re
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, distributions

OUR_DISTRIBUTION = "reckoner-service"
OUR_PACKAGES = ("gateway", "migrations", "reckoner", "shared", "workers")

#: The exit status of a process that was started with wrong arguments, settings or packages.
_USAGE_STATUS = 2


def exit_on_clash() -> None:
    """Exit with a sentence if two installed distributions bring a package of the same name."""
    clashes = list(find_clashes())
    if clashes:
        sys.stderr.writelines(f"{clash}\n" for clash in clashes)
        sys.exit(_USAGE_STATUS)


def find_clashes() -> Iterator[str]:
    """Yield a sentence for each distribution that brings a package of a name of ours.

    Ours may itself be found twice, in an environment and in the folder of its sources.
    """
    for distribution in distributions():
        packages = _packages_of(distribution)
        # Its name comes last, as reading it takes most of the time.
        if packages and _normalised(distribution.name) != OUR_DISTRIBUTION:
            yield (
                f"The installed distribution {distribution.name} {distribution.version} brings "
                f"{_listed(packages)}, and so does Reckoner ({OUR_DISTRIBUTION}): one would be "
                f"imported in place of the other. Remove it (pip uninstall {distribution.name}), "
                f"install {OUR_DISTRIBUTION} again, and keep the two in separate environments."
            )


def _packages_of(distribution: Distribution) -> list[str]:
    """Return those of our packages' names that a distribution brings.

    setuptools lists the names in top_level.txt, for an editable installation as well; others leave
    only the list of files.
    """
    if names := (distribution.read_text("top_level.txt") or "").split():
        return [name for name in OUR_PACKAGES if name in names]
    files = "\n" + (distribution.read_text("RECORD") or "")
    return [name for name in OUR_PACKAGES if f"\n{name}/" in files or f"\n{name}.py," in files]


def _listed(packages: list[str]) -> str:
    names = " and ".join(f"`{name}`" for name in packages)
    return f"a package {names}" if len(packages) == 1 else f"packages {names}"


def _normalised(name: str) -> str:
    """Return the name as all its spellings are compared (packaging's specification of names)."""
    return re.sub(r"[-_.]+", "-", name).lower()

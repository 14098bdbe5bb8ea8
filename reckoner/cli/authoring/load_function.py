"""Finding the function that a command line names, in the current folder or installed."""

import importlib
import sys
import traceback
from pathlib import Path

from reckoner import Function, FunctionInvalid
from reckoner.distributions import OUR_PACKAGES
from shared.failures import text_of


class FunctionNotLoaded(Exception):
    """Raised when there is no such function; its text says why and what to do."""


def load_function(target: str) -> Function:
    """Import a function, named as MODULE:NAME, or as MODULE if it is the only one there.

    Modules of the current folder and of its `src` come before installed ones.
    Raises FunctionNotLoaded.
    """
    module_name, _, name = target.partition(":")
    _search_here(Path.cwd())
    module = _import(module_name)
    if not name:
        return _only_function(module_name, vars(module))
    try:
        found = getattr(module, name)
    except AttributeError:
        functions = ", ".join(_functions(vars(module))) or "none"
        raise FunctionNotLoaded(
            f"The module {module_name} has no {name}; its functions are: {functions}."
        ) from None
    if not isinstance(found, Function):
        raise FunctionNotLoaded(
            f"{target} is of the type {type(found).__name__}, and is no function of Reckoner's. "
            "Decorate it with `@function`, from `from reckoner import function`."
        )
    return found


def _search_here(folder: Path) -> None:
    """Have Python find modules of this folder. Raises FunctionNotLoaded if one hides ours."""
    for path in (folder, folder / "src"):
        for name in OUR_PACKAGES:
            ours = [Path(found) for found in importlib.import_module(name).__path__]
            for theirs in (path / name, path / f"{name}.py"):
                if theirs.exists() and theirs not in ours:
                    raise FunctionNotLoaded(
                        f"{theirs} has the name of a package of Reckoner's, so only one of them "
                        "can be imported. Rename it."
                    )
        if path.is_dir() and str(path) not in sys.path:
            sys.path.insert(0, str(path))
    importlib.invalidate_caches()


def _import(name: str) -> object:
    try:
        return importlib.import_module(name)
    except FunctionInvalid as error:
        raise FunctionNotLoaded(str(error)) from error
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a module may raise anything, and call sys.exit
        missing = error.name if isinstance(error, ModuleNotFoundError) else None
        if missing is not None and (missing == name or name.startswith(f"{missing}.")):
            raise FunctionNotLoaded(
                f"There is no module {name}, neither in this folder nor installed. Name it as "
                "Python imports it, in the folder of its package: `my_function:my_function`."
            ) from error
        raise FunctionNotLoaded(
            f"The module {name} cannot be imported: {type(error).__name__}: {text_of(error)} "
            f"({_place(error)})."
        ) from error


def _place(error: BaseException) -> str:
    """Return where an error was raised: the last line that is not of Python's import system."""
    if isinstance(error, SyntaxError):
        return f"{error.filename}, line {error.lineno}"
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith("<frozen") and Path(frame.filename) != Path(__file__)
    ]
    return f"{frames[-1].filename}, line {frames[-1].lineno}" if frames else "no line known"


def _functions(members: dict[str, object]) -> list[str]:
    return [name for name, member in members.items() if isinstance(member, Function)]


def _only_function(module_name: str, members: dict[str, object]) -> Function:
    # A module may import functions of others, which do not count if it has one of its own.
    found = {
        id(one): (name, one)
        for name, one in members.items()
        if isinstance(one, Function) and one.implementation.__module__ == module_name
    }
    if len(found) == 1:
        [(_, function)] = found.values()
        return function
    if found:
        named = " or ".join(f"{module_name}:{name}" for name, _ in found.values())
        raise FunctionNotLoaded(f"The module {module_name} has several functions: name {named}.")
    raise FunctionNotLoaded(
        f"The module {module_name} has no function of Reckoner's. "
        "Decorate one with `@function`, from `from reckoner import function`."
    )

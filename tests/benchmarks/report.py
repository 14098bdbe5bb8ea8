"""docs/benchmarks.md: the goals, and every figure that was measured, with the machine it was on."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.benchmarks import goals, plots
from tests.benchmarks.programs import ROOT
from tests.benchmarks.tables import processor, rate, table

#: Where the published page is, and where that of a short run goes.
PUBLISHED = ROOT / "docs"
SHORT_RUN = ROOT / "var" / "benchmarks"

_PAGE = "benchmarks.md"
_FIGURES = "benchmarks.json"
_PLOTS = "benchmarks"
_BEGIN = "<!-- measured by make bench: begin -->"
_END = "<!-- measured by make bench: end -->"

Figures = Mapping[str, Any]


def read(folder: Path) -> dict[str, Any]:
    """Return the figures there are."""
    path = folder / _FIGURES
    found: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return found


def save(folder: Path, figures: Figures) -> None:
    """Write the figures."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _FIGURES).write_text(json.dumps(figures, indent=1, sort_keys=True) + "\n")


def write(folder: Path, figures: Figures) -> list[Path]:
    """Write plots and page; return the files. The page's text around the figures stays."""
    (folder / _PLOTS).mkdir(parents=True, exist_ok=True)
    drawn = plots.draw(figures, folder / _PLOTS)
    page = folder / _PAGE
    before, _, rest = (page if page.exists() else PUBLISHED / _PAGE).read_text().partition(_BEGIN)
    _, _, after = rest.partition(_END)
    measured = "\n".join(_sections(figures))
    page.write_text(f"{before}{_BEGIN}\n{measured}\n{_END}{after}")
    return [page, folder / _FIGURES, *(folder / _PLOTS / name for name in drawn)]


def _sections(figures: Figures) -> Iterator[str]:
    yield "## Goals\n"
    yield from goals.table(figures)
    for name, section in (
        ("throughput", _throughput),
        ("functions", _functions),
        ("limits", _limits),
        ("requests", _requests),
        ("latency", _latency),
        ("calculation", _calculation),
        ("growth", _growth),
    ):
        if name in figures:
            yield ""
            yield from section(figures[name])
            yield f"\n{_machine(figures[name]['machine'])}"


def _machine(found: Figures) -> str:
    return (
        f"Measured in {found['minutes']} minutes on {found['cores']} cores ({found['processor']}, "
        f"{found['memory_bytes'] / 2**30:.0f} GiB), {found['system']}, Python {found['python']}; "
        f"load before: {found['load_before']:.1f}."
    )


def _throughput(found: Figures) -> Iterator[str]:
    yield "## Throughput, from end to end\n\n![throughput](benchmarks/throughput.svg)\n"
    leads = found["reckoner_is_times"]
    yield from table(
        ("contender", "calculations/s: median (least to most)", "Reckoner is", "processor µs each"),
        (
            (
                plots.NAMES[name],
                rate(one["per_second"]),
                f"{leads[name]:.1f} ×" if name in leads else "",
                processor(one["cpu_microseconds_per_calculation"]),
            )
            for name, one in found["contenders"].items()
        ),
    )


def _functions(found: Figures) -> Iterator[str]:
    yield "## A function of a millisecond\n"
    names = {
        "quick": 'Reckoner, `lane="quick"`',
        "default": "Reckoner, no options: a process for each",
        "celery": "Celery on RabbitMQ, its result in PostgreSQL",
    }
    yield from table(
        (
            "contender",
            "calculations/s: median (least to most)",
            "beside Celery",
            "processor µs each",
        ),
        (
            (
                names[name],
                rate(one["per_second"]),
                f"{one['is_times_celery']:.1f} ×",
                processor(one["cpu_microseconds_per_calculation"]),
            )
            for name, one in found["contenders"].items()
        ),
    )
    yield (
        f"\nAll have {found['workers']} processes that calculate, and the function alone takes "
        f"{found['function_milliseconds']:.2f} ms here and returns {found['result_bytes']:,} bytes."
    )


def _limits(found: Figures) -> Iterator[str]:
    yield "## What the parts give alone\n"
    rows = ((name, one) for name, one in found.items() if "median" in one)
    yield from table(
        ("part", "per second"), ((name.replace("_", " "), rate(one)) for name, one in rows)
    )


def _requests(found: Figures) -> Iterator[str]:
    yield "## Requests, through NGINX\n"
    submissions, look_ups = found["submissions"], found["look_ups"]
    kinds = {
        "POST, queued, no worker": submissions["queued"],
        "POST, queued, a worker draining": submissions["queued_while_draining"],
        "POST, computed in the request": submissions["inline"],
        "Flask: POST, queued": submissions["flask"]["queued"],
        "Flask: POST, queued, a worker draining": submissions["flask"]["queued_while_draining"],
        "look-up from NGINX's cache": look_ups["cached"],
        "look-up from PostgreSQL": look_ups["postgresql"],
        "look-up, each for the first time": look_ups["cold"],
    }
    yield from table(
        ("request", "requests/s", "p50 / p99 ms when offered a part of that (open loop)"),
        ((name, rate(one["per_second"]), _open_loop(one)) for name, one in kinds.items()),
    )
    yield "\nPOST, queued, with 256 connections above, with others: " + "; ".join(
        f"{int(count):,}: {rate(one)}/s"
        for count, one in submissions["queued"]["by_connections"].items()
    )
    batch = submissions["batch"]
    yield (
        f"\nBatches of {batch['size']:,}: {rate(batch['calculations_per_second'])} calculations/s."
    )
    beside = look_ups["beside_others"]
    yield "\nLook-ups in turn: " + "; ".join(
        f"{name} {rate(one)}/s" for name, one in beside.items()
    )
    yield "\nDownloads: " + "; ".join(
        f"{name} {rate({k: v / 1e6 for k, v in one['bytes_per_second'].items() if k != 'values'})}"
        " MB/s"
        for name, one in found["downloads"].items()
    )


def _open_loop(found: Figures) -> str:
    return "; ".join(
        f"{100 * run['fraction']:.0f} %: {run['latency_ms']['p50']:.1f} / "
        f"{run['latency_ms']['p99']:.1f}" + (" (generator late)" * run["generator_was_limit"])
        for run in found["open_loop"]
    )


def _latency(found: Figures) -> Iterator[str]:
    yield "## Submit until result\n\n![latency](benchmarks/latency.svg)\n"
    steady = found["at_50_per_second"]["runs"]
    runs = [("50/s", run) for run in steady]
    runs += [(f"{100 * run['fraction']:.0f} % of capacity", run) for run in found["at_fractions"]]
    names = ("p50", "p90", "p99", "p99.9", "max")
    yield from table(
        ("offered", "requests/s", *(f"{name} ms" for name in names), "errors"),
        (
            (
                what,
                f"{run['offered_per_second']:,.0f}",
                *(f"{run['latency_ms'][name]:,.1f}" for name in names),
                str(sum(run["errors"].values())),
            )
            for what, run in runs
        ),
    )
    yield f"\nCapacity: {found['capacity_per_second']:,.0f} waiting submissions a second."


def _calculation(found: Figures) -> Iterator[str]:
    yield "## The calculation\n\n![calculation](benchmarks/calculation.svg)\n"
    names = list(found["computed"])
    yield "Seconds for F(n) in decimal, and the peak of memory from 10^7 on.\n"
    yield from table(
        ("n", *names),
        (
            (f"10^{len(str(n)) - 1}", *(_time(found["computed"][name][str(n)]) for name in names))
            for n in found["sizes"]
        ),
    )
    exponents = (f"{name} {e:.2f}" for name, e in found["exponents"].items() if e is not None)
    yield f"\nFitted exponents of the cost, from 10^5 on: {', '.join(exponents)}."
    recursion = found["recursion"]["recursion"]
    yield "\nThe naive recursion: " + ", ".join(f"F({n}) {_time(o)}" for n, o in recursion.items())
    yield "\nWhat the service adds, in seconds:\n"
    parts = ("bare", "queued", "compute", "child", "download", "")
    yield from table(
        ("n", "alone", "queue", "compute", "child start, check, store", "download", "in all"),
        (
            (
                f"10^{len(n) - 1}",
                *(f"{one[f'{part}_seconds'.lstrip('_')]['median']:.4g}" for part in parts),
            )
            for n, one in found["service"].items()
        ),
    )


def _time(found: Figures) -> str:
    if "seconds" not in found:
        limit = found.get("over_seconds") or found.get("expected_over_seconds")
        return f"over {limit:.0f} s"
    seconds: float = found["seconds"]["median"]
    peak = f" ({found['peak_bytes']['median'] / 1e6:,.0f} MB)" if seconds > 0.05 else ""
    return f"{seconds:.3g}{peak}"


def _growth(found: Figures) -> Iterator[str]:
    yield "## Growth\n\n![growth](benchmarks/growth.svg)\n"
    yield "Quick workers, calculations/s: " + "; ".join(
        f"{count}: {rate(found_rate)}" for count, found_rate in found["workers"].items()
    )
    yield ""
    yield from table(
        ("rows more", "what", "before, /s", "after, /s", "kept"),
        (
            (
                f"{found[what]['rows']:,} {what}",
                name,
                rate(found[what]["before"][name]),
                rate(found[what]["after"][name]),
                f"{kept:.2f} ×",
            )
            for what in ("queued", "stored")
            for name, kept in found[what]["kept"].items()
        ),
    )
    programs = list(next(iter(found["results"].values()))["peak_bytes"])
    yield "\nPeak memory in MB after computing, storing and downloading a result:\n"
    yield from table(
        ("digits", *programs),
        (
            (
                f"{one['digits']:,}",
                *(f"{one['peak_bytes'][name] / 1e6:,.0f}" for name in programs),
            )
            for one in found["results"].values()
        ),
    )

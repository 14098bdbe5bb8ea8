"""The plots of docs/benchmarks.md, as SVG that is the same for the same figures."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("svg")
import matplotlib.pyplot as plt

# Without these, every file would differ from the last: made-up ids, and the date.
mpl.rcParams.update({"svg.hashsalt": "reckoner", "svg.fonttype": "none", "font.size": 10})
_METADATA = {"Date": None, "Creator": None}

NAMES = {
    "reckoner": "Reckoner",
    "bare_dramatiq": "bare Dramatiq on RabbitMQ",
    "celery_rabbitmq": "Celery on RabbitMQ",
    "with_procrastinate": "Procrastinate",
    "flask_celery": "Flask, Celery on Redis",
}

_OURS, _OTHERS = "#1f6f8b", "#b8c4c9"


def draw(figures: Mapping[str, Any], folder: Path) -> list[str]:
    """Draw what there are figures for; return the files' names."""
    drawn = []
    for name, suite, plot in (
        ("throughput", "throughput", _throughput),
        ("latency", "latency", _latency),
        ("calculation", "calculation", _calculation),
        ("growth", "growth", _workers),
    ):
        if suite in figures:
            figure, axes = plt.subplots(figsize=(7, 3.6), layout="constrained")
            plot(axes, figures[suite])
            axes.spines[["top", "right"]].set_visible(False)
            figure.savefig(folder / f"{name}.svg", metadata=_METADATA)
            plt.close(figure)
            drawn.append(f"{name}.svg")
    return drawn


def _throughput(axes: Any, found: Mapping[str, Any]) -> None:
    rates = {NAMES[name]: one["per_second"] for name, one in found["contenders"].items()}
    ordered = sorted(rates.items(), key=lambda item: item[1]["median"])
    medians = [rate["median"] for _, rate in ordered]
    errors = [
        [rate["median"] - rate["min"] for _, rate in ordered],
        [rate["max"] - rate["median"] for _, rate in ordered],
    ]
    colours = [_OURS if name == "Reckoner" else _OTHERS for name, _ in ordered]
    axes.barh([name for name, _ in ordered], medians, xerr=errors, color=colours, capsize=3)
    axes.set_xlabel("calculations a second, from end to end")


def _latency(axes: Any, found: Mapping[str, Any]) -> None:
    runs = found["at_fractions"]
    labels = [f"{100 * run['fraction']:.0f} %" for run in runs]
    for name, style in (("p50", "o-"), ("p90", "s-"), ("p99", "^-")):
        axes.plot(labels, [run["latency_ms"][name] for run in runs], style, label=name)
    axes.set_yscale("log")
    axes.set_xlabel("offered, of the capacity")
    axes.set_ylabel("submit until result, ms")
    axes.legend(frameon=False)


def _calculation(axes: Any, found: Mapping[str, Any]) -> None:
    for name, sizes in found["computed"].items():
        points = [
            (int(n), one["seconds"]["median"]) for n, one in sizes.items() if "seconds" in one
        ]
        is_ours = name == "reckoner"
        axes.plot(
            [n for n, _ in points],
            [seconds for _, seconds in points],
            "o-" if is_ours else ".--",
            label="Reckoner" if is_ours else name,
            linewidth=2 if is_ours else 1,
        )
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("n")
    axes.set_ylabel("seconds for F(n) in decimal")
    axes.legend(frameon=False)


def _workers(axes: Any, found: Mapping[str, Any]) -> None:
    counts = list(found["workers"])
    axes.bar(counts, [found["workers"][count]["median"] for count in counts], color=_OURS)
    axes.set_xlabel("quick workers")
    axes.set_ylabel("calculations a second")

"""The output of a search for settings: the best settings, every trial, a chart."""

import csv
import io
from collections.abc import Mapping
from itertools import accumulate
from pathlib import Path
from typing import Any

from phototriage.experiments.run_config import write_config
from phototriage.experiments.tuning_search import Search
from phototriage.extras import extra
from phototriage.outputs.figure import write_figure
from phototriage.outputs.text_file import write_text

with extra("train"):
    from matplotlib.figure import Figure

__all__ = ["search_chart", "trials_csv", "write_search"]

_BLUE, _GREEN, _GREY = "#2f6db3", "#2a8a4a", "#9a9a9a"


def write_search(folder: str | Path, search: Search, best: Mapping[str, Any]) -> None:
    """Writes trials.csv, tuning.png and best_config.yaml, which `phototriage train --config` reads.

    best: the sections of best_config.yaml, see `recipe_sections`. Raises OutputError.
    """
    folder = Path(folder)
    write_text(trials_csv(search), folder / "trials.csv")
    search_chart(search, folder / "tuning.png")
    write_config(best, folder / "best_config.yaml")


def trials_csv(search: Search) -> str:
    """One line per trial: `trial,accuracy,given_up` and its settings; accuracy is empty if the trial was
    given up. Trial 0 is the default."""
    names = list(dict.fromkeys(name for trial in search.trials for name in trial.settings))
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(["trial", "accuracy", "given_up", *names])
    lines.writerow([0, f"{search.default_accuracy:.6f}", "", *[""] * len(names)])
    for trial in search.trials:
        accuracy = "" if trial.accuracy is None else f"{trial.accuracy:.6f}"
        settings = [trial.settings.get(name, "") for name in names]
        lines.writerow([trial.number, accuracy, trial.given_up, *settings])
    return text.getvalue()


def search_chart(search: Search, path: str | Path) -> None:
    """Writes a PNG with the accuracy of every trial, the best so far, and the importance of each setting."""
    figure = Figure(figsize=(11, 4.2), layout="constrained")
    history, importances = figure.subplots(1, 2)
    done = [(trial.number, 100 * trial.accuracy) for trial in search.trials if trial.accuracy is not None]
    default = 100 * search.default_accuracy
    history.axhline(default, color="black", linestyle=":", linewidth=1, label="default settings")
    if done:
        numbers, accuracies = zip(*done, strict=True)
        history.scatter(numbers, accuracies, color=_BLUE, s=18, label="trial", zorder=2)
        best = list(accumulate([default, *accuracies], max))
        history.step([0, *numbers], best, where="post", color=_GREEN, label="best so far")
    given_up = [trial.number for trial in search.trials if trial.accuracy is None]
    if given_up:
        floor = min([default, *(accuracy for _, accuracy in done)])
        history.plot(given_up, [floor] * len(given_up), "|", color=_GREY, label="given up")
    history.set(xlabel="trial", ylabel="pairs in the right order, %, over the folds")
    history.xaxis.get_major_locator().set_params(integer=True)
    history.grid(alpha=0.3)
    history.legend(loc="best", fontsize=8)

    importances.spines[["top", "right"]].set_visible(False)
    importances.set_title("settings that distinguish the better trials", loc="left", fontsize=10)
    if search.importances:
        shown = sorted(search.importances.items(), key=lambda item: item[1])
        importances.barh(range(len(shown)), [100 * share for _, share in shown], color=_BLUE)
        importances.set_yticks(range(len(shown)), [name for name, _ in shown])
        importances.tick_params(axis="y", length=0)
        importances.set_xlabel("share, %")
    else:
        importances.axis("off")
        importances.text(0, 0.9, "too few finished trials", transform=importances.transAxes)
    write_figure(figure, path)

"""A model card: what a ranker is, what it was trained on, how good it is, and its limits."""

from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

import yaml

from phototriage.errors import ModelError
from phototriage.outputs.evaluation_report import markdown_table
from phototriage.printable import printable
from phototriage.ranker import TrainedRanker

__all__ = ["model_card"]

_UNSTATED = "not stated; say it here before you share this model"

_METRICS = {
    "accuracy": "all pairs %",
    "accuracy_clear": "p ≥ 0.7 %",
    "top1": "top-1 %",
    "log_likelihood": "log-likelihood",
    "ece": "ECE",
}
_SHARES = ("accuracy", "accuracy_clear", "top1")


def model_card(
    ranker: TrainedRanker, name: str, data: str | None = None, results: Mapping[str, Any] | None = None
) -> str:
    """Markdown with a YAML header for model hubs.

    name: the model's name. data: what it was trained on, in the user's words. results: the content of a run's
    test_results.json. Raises ModelError if the results have another format.
    """
    try:
        figures = _figures(results) if results is not None else _NO_FIGURES
        head = _head(name, data, results)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ModelError(
            f"the test_results.json beside the model is not of a training: {error!r}; "
            "move it away to export without figures"
        ) from error
    blocks = [[each.name, f"{each.dim:,}", each.fingerprint] for each in ranker.blocks]
    settings = [[key, _plain(value)] for key, value in asdict(ranker.config).items()]
    return _CARD.format(
        head=head,
        name=_inline(name),
        data=_inline(data or _UNSTATED),
        photos=f"{len(ranker.seen_keys):,}",
        dim=f"{sum(block.dim for block in ranker.blocks):,}",
        blocks=markdown_table(["block", "numbers", "fingerprint"], blocks),
        settings=markdown_table(["setting", "value"], settings),
        temperature=f"{ranker.temperature:.6g}",
        figures=figures,
        version=version("phototriage"),
    )


def _head(name: str, data: str | None, results: Mapping[str, Any] | None) -> str:
    about: dict[str, Any] = {
        "library_name": "phototriage",
        "tags": ["phototriage", "photo-culling", "image-quality", "pairwise-ranking"],
    }
    if results is not None:
        own = list(results["scorers"].values())[-1]
        metrics = [
            {"type": key, "name": label.removesuffix(" %"), "value": round(float(own[key]["value"]), 4)}
            for key, label in _METRICS.items()
            if own.get(key)
        ]
        about["model-index"] = [
            {
                "name": printable(name),
                "results": [
                    {
                        "task": {"type": "image-ranking", "name": "order of photos within a series"},
                        "dataset": {"type": "held-out-series", "name": printable(data or "held-out series")},
                        "metrics": metrics,
                    }
                ],
            }
        ]
    return yaml.safe_dump(about, sort_keys=False, allow_unicode=True)


def _figures(results: Mapping[str, Any]) -> str:
    rows = [
        [scorer, *(_estimate(figures.get(key), 100 if key in _SHARES else 1) for key in _METRICS)]
        for scorer, figures in results["scorers"].items()
    ]
    return (
        f"On {results['pairs']:,} pairs of {results['series']:,} series that were held out "
        f"({results['clear_pairs']:,} pairs with max(p, 1 − p) ≥ 0.7; top-1 over "
        f"{results['complete_series']:,} complete series), with 95 % intervals over series:\n\n"
        + markdown_table(["scorer", *_METRICS.values()], rows)
    )


def _estimate(figure: Mapping[str, float] | None, scale: int) -> str:
    if figure is None:
        return "–"
    digits = 1 if scale == 100 else 3
    value, low, high = (f"{scale * float(figure[key]):.{digits}f}" for key in ("value", "low", "high"))
    return f"{value} ({low} to {high})"


def _plain(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _inline(text: str) -> str:
    """Text that stays on one line."""
    return printable(text).replace("<", "&lt;")


_NO_FIGURES = (
    "There are no figures, because the model's folder had no `test_results.json` at export. "
    "To compute them, use `phototriage evaluate --model`."
)

_CARD = """\
---
{head}---

# {name}

This model computes a score for a photo from {dim} measured numbers. Within a series (a burst, one moment),
the photo with the highest score is the one that people are expected to keep. Exported by phototriage
{version}.

## Data

- Trained on: {data}.
- {photos} photos in training and validation. The model contains a 32-bit digest of each photo's name and
  content, so that `phototriage evaluate` can leave out photos that it has seen. It contains no photos and no
  names.

## Features

{blocks}

Photos must be measured in exactly this way; phototriage rejects other features.

## Training

{settings}

Temperature T in P(a over b) = σ((score a − score b) / T): {temperature}.

## Figures

{figures}

## Limits

- A score orders the photos of one series. It does not rate a single photo, and scores from different series
  or models are not comparable.
- The model is limited to its features and its training data. Evaluate it on your own series before you rely
  on it, and use it to sort, not to delete.
- Near-identical takes differ little. If the values of P(best) are close, the order is a guess.

## Use

```console
phototriage rank PHOTOS --model THIS_FOLDER
phototriage evaluate --comparisons my_choices.csv --photos PHOTOS --model THIS_FOLDER
```

```python
from pathlib import Path

from phototriage.ranker import load_ranker

ranker = load_ranker(Path("."))  # this folder, or its model.safetensors
print(ranker.blocks, ranker.temperature)
```

`config.json` contains the settings, the names of all columns and the temperature. `model.onnx` is the same
network for other programs:

```python
import numpy as np
import onnxruntime

session = onnxruntime.InferenceSession("model.onnx")
numbers = session.get_inputs()[0].shape[1]
features = np.zeros((2, numbers), np.float32)  # two photos, columns as in config.json
(score,) = session.run(["score"], {{"features": features}})
```
"""

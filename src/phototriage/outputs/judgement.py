"""A judgement as JSON."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from phototriage.evaluation import Judgement

__all__ = ["judgement_json"]


def judgement_json(judgement: "Judgement", **about: str | int | bool | None) -> str:
    """One document: `about` (what was judged, and how), counts, and per scorer each figure and interval."""
    document = {**about, **asdict(judgement)}
    document["scorers"] = {verdict["name"]: verdict["figures"] for verdict in document.pop("verdicts")}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"

"""What a person decided about photos, as another program or a table recorded it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from phototriage.choices import Flag

__all__ = ["SourceReading", "SourcedDecision", "best_version", "last_said", "time_of"]

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class SourcedDecision:
    """What one source says of one photo.

    photo: its path relative to the photo folder, with `/`, in Unicode's composed form (NFC). flag: pick,
    reject or neither. stars: 1 to 5, None if unrated. label: a color or another word in lower case, empty if
    there is none. at: when it was decided, as far as the source says, with a time zone. source: the file that
    says it.
    """

    photo: str
    flag: Flag
    stars: int | None
    label: str
    at: datetime | None
    source: str

    def __bool__(self) -> bool:
        return bool(self.flag or self.stars or self.label)


@dataclass(frozen=True)
class SourceReading:
    """What was read from one source.

    decisions: at most one per photo, each of which says something. kept: how many there are. left_out: reason
    in plain words → how many photos. notes: lines for people. name: of the source, as people read it.
    """

    decisions: tuple[SourcedDecision, ...]
    kept: int
    left_out: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    name: str = ""


def last_said(decisions: Sequence[SourcedDecision]) -> tuple[SourcedDecision, int]:
    """One decision from several about the same photo: of each property, the value that was given last.

    What no source dates counts as older than all that is dated; among equals, the later in the list stands.
    The lack of a mark takes none back, but stars take back an earlier reject.

    Returns: the decision, and how many of its properties (flag, stars, label) had contradicting values.
    """
    if len(decisions) == 1:
        return decisions[0], 0
    ordered = sorted(decisions, key=lambda each: each.at or _LONG_AGO)
    flag: Flag = ""
    stars: int | None = None
    label = ""
    contradicted: set[str] = set()
    for each in ordered:
        if each.flag:
            contradicted |= {"flag"} if flag and flag != each.flag else set()
            flag = each.flag
        elif each.stars and flag == "reject":
            contradicted.add("flag")
            flag = ""
        if each.stars:
            contradicted |= {"stars"} if stars and stars != each.stars else set()
            stars = each.stars
        if each.label:
            contradicted |= {"label"} if label and label != each.label else set()
            label = each.label
    return replace(ordered[-1], flag=flag, stars=stars, label=label), len(contradicted)


def best_version(decisions: Sequence[SourcedDecision]) -> SourcedDecision:
    """What decisions about versions of one photo (edits, virtual copies, RAW and JPEG) say of the photo.

    The best version counts: a pick of any, the most stars of any. Only if all are rejected, the photo is. The
    label is that of the first version that has one.
    """
    flags = {each.flag for each in decisions}
    flag: Flag = "pick" if "pick" in flags else "reject" if flags == {"reject"} else ""
    dated = [each.at for each in decisions if each.at]
    return replace(
        decisions[0],
        flag=flag,
        stars=max((each.stars or 0 for each in decisions), default=0) or None,
        label=next((each.label for each in decisions if each.label), ""),
        at=max(dated, default=None),
    )


def time_of(text: str) -> datetime | None:
    """A date in ISO 8601 in UTC; None if it is none. Without a time zone it counts as UTC."""
    try:
        time = datetime.fromisoformat(text)
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None

"""Teaching on the page: asks blindly about the series that teach most, and learns in the background.

What the page asks for, beside what `routes` lists (every POST has "since", as there):

    POST api/teach      {"skip"?: question id} → TEACHING; the same question until it is answered or skipped
    TEACHING            {"teaching": false}, or {"teaching": true, "stage": "preparing" | "asking" | "over",
                        "learning": false (whether it learns just now), "answered": 12 (in this session),
                        "left": 40, "error": "" (why it cannot learn), "gate": GATE | null, "question":
                        {"id", "photos": [{"id", "width", "height"}…] in random order} | null}
    GATE                {"series": 9, "needed": 8, "default": 0.63, "personal": 0.71, "lead": 0.08, "low",
                        "high", "open": true, "more": 120 | null}; shares, null below `needed`
    POST api/teach/answer {"since", "question": id, "answer": "pick" | "none" | "tie", "photo": id of the
                        pick} → CHANGE
    POST api/teach/finish {} → {"lines": ["…"]}; what `phototriage learn` would say; keeps the ranker
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from pathlib import Path
from random import SystemRandom
from typing import Any

from phototriage.choices import Context, Mark, Marking, NoneOfThese, Tie
from phototriage.errors import PhototriageError
from phototriage.personal.gate import LEAST_SERIES, Gate
from phototriage.personal.learned import STAYS, Learned, keep_learned, supersedes
from phototriage.rank import Ranking
from phototriage.teaching import Plan, Teacher
from phototriage.web.ahead import pictures_ahead
from phototriage.web.body import Body
from phototriage.web.errors import RequestError
from phototriage.web.renditions import Renditions
from phototriage.web.session import ReviewSession, ShownSeries, random_id

__all__ = ["Teaching", "teaching_requests"]

_LEARN_AFTER = 4
"""Decisions after which it learns again."""
_JUDGE_EVERY = 4
"""One question of so many is of the gate's series."""
_QUESTIONS_AHEAD = 2


@dataclass(frozen=True)
class _Question:
    """photos: their ids in random order."""

    id: str
    series: str
    photos: tuple[str, ...]


Answer = Callable[[ReviewSession, Body], dict[str, Any]]


def teaching_requests(teaching: "Teaching | None", renditions: Renditions) -> dict[str, Answer]:
    """Request → what answers it, beside decisions."""
    if teaching is None:
        return {"teach": lambda session, body: {"teaching": False}}
    return {
        "teach": lambda session, body: teaching.ask(session, body, renditions),
        "teach/finish": lambda session, body: {"lines": teaching.finish()},
    }


class Teaching:
    """Questions about the series of a session, and what is learned from its decisions.

    Every question is blind: neither a score nor a suggestion is sent. Those about the gate's series have to
    be, or the gate would judge what it suggested itself; and of the others a suggestion would be learned as
    the person's own taste.

    Args:
        personal_dir: where a person's own ranker is kept.
    """

    def __init__(self, personal_dir: Path) -> None:
        self._personal_dir = personal_dir
        self._session: ReviewSession | None = None
        self._teacher: Teacher | None = None
        self._plan: Plan | None = None
        self._learned_at = -1
        self._learning = threading.Lock()
        self._wanted = threading.Event()
        self._busy = self._ended = False
        self._thread = threading.Thread(target=self._learn_on, daemon=True)
        self._error = ""
        self._lot = SystemRandom()
        self._question: _Question | None = None
        self._skipped: set[str] = set()
        self._answers: dict[int, str] = {}  # number of the event → id of the series

    def ask(self, session: ReviewSession, body: Body, renditions: Renditions) -> dict[str, Any]:
        """The question that waits for an answer, and how far the learning is."""
        if self._session is None:
            self._session = session
            self._thread.start()
            self._wanted.set()
        with session.turn():
            if self._question and body.values.get("skip") == self._question.id:
                self._skipped.add(self._question.series)
                self._question = None
            taken_back = self._taken_back(session)
            left = self._left(session, taken_back)
            # It no longer waits where an earlier one comes again, or this one was decided elsewhere.
            wait = {each.id for each in taken_back[:1] or left}
            if self._question and self._question.series not in wait:
                self._question = None
            if self._question is None and left:
                self._question = self._drawn(left[0])
            if session.journal.revision - self._learned_at >= _LEARN_AFTER:
                self._wanted.set()
            question = self._question
            view = {
                "teaching": True,
                "stage": "asking" if question else "over" if self._plan or self._error else "preparing",
                "learning": self._thread.is_alive() and (self._wanted.is_set() or self._busy),
                "answered": self._answered(session),
                "left": len(left),
                "error": self._error,
                "gate": _gate_view(self._plan.study.learned.gate) if self._plan else None,
                "question": _question_view(session, question) if question else None,
            }
            following = [each.photos for each in left[1 : 1 + _QUESTIONS_AHEAD]]
            ahead = pictures_ahead([question.photos, *following]) if question else []
            wanted = [
                (kind, photo, session.path(photo), session.content_hash(photo)) for kind, photo in ahead
            ]
        renditions.prepare(wanted)
        return view

    def answer(self, session: ReviewSession, body: Body) -> None:
        """Keeps an answer. Raises RequestError if the question does not wait, or for no answer."""
        question = self._question
        if question is None or body.text("question") != question.id:
            raise RequestError(404, "there is no such question, or it was answered", "question_gone")
        photos = session.journal.numbers(question.photos)
        context = Context(photos, (), session.ranker, "blind")
        match body.text("answer"):
            case "pick":
                if body.text("photo") not in question.photos:
                    raise RequestError(400, "name a photo of that question")
                (photo,) = session.journal.numbers([body.text("photo")])
                session.journal.append(Marking((Mark(photo, "pick"),), context))
            case "none":
                session.journal.append(NoneOfThese(photos, context))
            case "tie":
                session.journal.append(Tie(photos, context))
            case _:
                raise RequestError(400, "an answer is pick, none or tie")
        self._answers[session.journal.revision] = question.series
        self._question = None

    def finish(self) -> tuple[str, ...]:
        """Learns from what was decided since, and keeps the ranker; returns lines for the person.

        Raises PhototriageError if that cannot be done.
        """
        if self._session is None:
            return ()
        if self._teacher is None:
            return (self._error or "nothing was learned: the photos were still being prepared",)
        self._learn(self._session)
        assert self._plan is not None
        self._error = ""
        return _kept(self._plan.study.learned, self._personal_dir)

    def end(self) -> tuple[str, ...]:
        """Learns no more in the background, once what is under way is done; else as `finish`."""
        self._ended = True
        self._wanted.set()
        if self._thread.is_alive():
            self._thread.join()
        return self.finish()

    def _learn_on(self) -> None:
        session = self._session
        assert session is not None
        while self._wanted.wait() and not self._ended:
            self._busy = True
            self._wanted.clear()
            try:
                self._teacher = self._teacher or Teacher(session.ranking)
                self._learn(session)
                self._error = ""
            except PhototriageError as error:
                self._error = str(error)
                self._learned_at = session.journal.revision  # tried again after some more decisions
            except Exception as error:
                self._error = f"a fault of phototriage ended the learning ({error!r})"
                raise
            finally:
                self._busy = False

    def _learn(self, session: ReviewSession) -> None:
        assert self._teacher is not None
        with self._learning:
            with session.turn():
                revision = session.journal.revision
                if self._plan is not None and revision == self._learned_at:
                    return
                ranking = _present(session)
                undecided = {each.ranked.name for each in session.series.values() if _is_open(session, each)}
            self._plan = self._teacher.plan(ranking, undecided)
            self._learned_at = revision

    def _answered(self, session: ReviewSession) -> int:
        """Answers of this session that were not taken back."""
        return sum(map(session.journal.history.counts, self._answers))

    def _taken_back(self, session: ReviewSession) -> list[ShownSeries]:
        """The series whose answers were taken back, in the order in which they were asked."""
        counts = session.journal.history.counts
        ids = dict.fromkeys(series for number, series in self._answers.items() if not counts(number))
        return [
            session.series[each] for each in ids if each in session.series and self._may_ask(session, each)
        ]

    def _left(self, session: ReviewSession, first: Sequence[ShownSeries]) -> list[ShownSeries]:
        """The series that may be asked, some of them first, the next one in front."""
        if self._plan is None:
            return []
        by_name = {each.ranked.name: each for each in session.series.values()}
        before = {each.id for each in first}
        ask, judge = (
            [
                by_name[name]
                for name in names
                if name in by_name
                and by_name[name].id not in before
                and self._may_ask(session, by_name[name].id)
            ]
            for names in (self._plan.ask, self._plan.judge)
        )
        judging = self._answered(session) % _JUDGE_EVERY == _JUDGE_EVERY - 1
        return [*first, *judge, *ask] if judging else [*first, *ask, *judge]

    def _may_ask(self, session: ReviewSession, series: str) -> bool:
        return series not in self._skipped and _is_open(session, session.series[series])

    def _drawn(self, series: ShownSeries) -> _Question:
        photos = list(series.photos)
        self._lot.shuffle(photos)
        return _Question(random_id(), series.id, tuple(photos))


def _is_open(session: ReviewSession, series: ShownSeries) -> bool:
    return session.state(series) == "open"


def _present(session: ReviewSession) -> Ranking:
    """The ranking with the series and the decisions of now."""
    return replace(
        session.ranking,
        series=tuple(each.ranked for each in session.series.values()),
        choices=session.journal.choices(session.photos),
    )


def _question_view(session: ReviewSession, question: _Question) -> dict[str, Any]:
    captures = {photo: session.capture(photo) for photo in question.photos}
    photos = [{"id": photo, "width": each.width, "height": each.height} for photo, each in captures.items()]
    return {"id": question.id, "photos": photos}


def _gate_view(gate: Gate) -> dict[str, Any]:
    shares = {name: getattr(gate, name) for name in ("default", "personal", "lead", "low", "high")}
    enough = gate.series >= LEAST_SERIES and all(map(isfinite, shares.values()))
    return {
        "series": gate.series,
        "needed": LEAST_SERIES,
        **{name: share if enough else None for name, share in shares.items()},
        "open": gate.is_open,
        "more": gate.more,
    }


def _kept(learned: Learned, personal_dir: Path) -> tuple[str, ...]:
    """Keeps a ranker, unless an earlier one has learned from more; returns what people should know."""
    if not learned.pairs:
        return ("nothing was decided yet that teaches anything",)
    if supersedes(learned, personal_dir):
        keep_learned(learned, personal_dir)
        return learned.lines
    return (*learned.findings, STAYS)

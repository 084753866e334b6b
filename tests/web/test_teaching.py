"""Teaching on the page, by a person who likes dark photos."""

import threading
import time
from collections.abc import Collection, Iterator
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from tests.picking import darkness, last_series, pick
from tests.web.reviewing import Page, review

from phototriage.choices import ChoiceStore, Marking, NoneOfThese, Tie
from phototriage.learn import LearnOptions, learn_from, stable_names
from phototriage.personal.gate import gate_series
from phototriage.personal.learned import load_learned
from phototriage.rank import Ranking
from phototriage.teaching import Plan, Teacher
from phototriage.web.teaching import Teaching


@dataclass
class Lessons:
    """The page of a folder, and what only a test knows: the names behind the ids."""

    page: Page
    names: dict[str, str]
    homes: dict[str, str]

    def ask(self, **body: Any) -> dict[str, Any]:
        """The state, once it has learned."""
        while True:
            state = dict(self.page.post("teach", **body).json())
            if not state["learning"]:
                return state
            time.sleep(0.02)
            body = {}

    def answer(self, question: dict[str, Any], answer: str, **more: Any) -> dict[str, Any]:
        return self.page.change("teach/answer", question=question["id"], answer=answer, **more)


@pytest.fixture
def ranking(bursts: tuple[Ranking, LearnOptions]) -> Ranking:
    return bursts[0]


@pytest.fixture
def lessons(ranking: Ranking, tmp_path: Path) -> Iterator[Lessons]:
    teaching = Teaching(tmp_path / "personal")
    page = review(ranking, tmp_path, teaching=teaching)
    yield lessons_of(page)
    teaching.end()


def lessons_of(page: Page) -> Lessons:
    names, homes = {}, {}
    for each in page.session()["series"]:
        for photo in page.get(f"api/series/{each['id']}?ahead=no").json()["photos"]:
            names[photo["id"]], homes[photo["id"]] = photo["name"], each["name"]
    return Lessons(page, names, homes)


def stored(folder: Path) -> list[Any]:
    with ChoiceStore(folder / "choices") as store:
        return [event.action for event in store.events()]


def test_a_page_that_does_not_teach_says_so(ranking: Ranking, tmp_path: Path) -> None:
    page = review(ranking, tmp_path)
    assert page.post("teach").json() == {"teaching": False}
    assert page.post("teach/answer", since=0, question="x", answer="tie").status_code in (404, 405)


def test_a_question_tells_nothing_and_its_answer_is_a_blind_decision(
    lessons: Lessons, ranking: Ranking, tmp_path: Path
) -> None:
    state = lessons.ask()
    assert (state["stage"], state["answered"], state["error"], state["gate"]["default"]) == (
        "asking",
        0,
        "",
        None,
    )
    question = state["question"]
    assert {*question} == {"id", "photos"}
    assert all({*photo} == {"id", "width", "height"} for photo in question["photos"])
    assert lessons.ask()["question"] == question
    shown = [photo["id"] for photo in question["photos"]]
    series = next(each for each in ranking.series if each.name == lessons.homes[shown[0]])
    assert sorted(lessons.names[each] for each in shown) == sorted(each.photo for each in series.photos)
    for wrong in ({"answer": "pick"}, {"answer": "pick", "photo": "none"}, {"answer": "best"}):
        assert lessons.page.post("teach/answer", since=0, question=question["id"], **wrong).status_code == 400
    change = lessons.answer(question, "pick", photo=shown[1])
    assert change["decisions"][shown[1]]["flag"] == "pick"
    assert (
        lessons.page.post("teach/answer", since=0, question=question["id"], answer="tie").status_code == 404
    )
    tied, none = (lessons.ask()["question"] for _ in range(2))
    assert tied == none
    lessons.answer(tied, "tie")
    lessons.answer(lessons.ask()["question"], "none")
    assert lessons.ask()["answered"] == 3
    marking, tie, no = stored(tmp_path)
    assert isinstance(marking, Marking)
    assert (marking.context.manner, marking.context.suggested) == ("blind", ())
    assert len(marking.context.shown) == len(shown)
    assert isinstance(tie, Tie)
    assert isinstance(no, NoneOfThese)
    assert lessons.page.change("undo")["undo"]["kind"] == "tie"


def test_sides_are_drawn_by_lot_and_who_skips_is_not_asked_again(lessons: Lessons, ranking: Ranking) -> None:
    best = {each.photos[0].photo for each in ranking.series}
    places, asked = [], []
    state = lessons.ask()
    while state["question"]:
        names = [lessons.names[photo["id"]] for photo in state["question"]["photos"]]
        places.append(next(place for place, name in enumerate(names) if name in best))
        asked.append(lessons.homes[state["question"]["photos"][0]["id"]])
        state = lessons.ask(skip=state["question"]["id"])
    assert state["stage"] == "over"
    assert len({*asked}) == len(asked) == sum(each.kind == "series" for each in ranking.series)
    assert len({*places}) > 1


def test_a_series_that_is_taken_back_or_decided_elsewhere(lessons: Lessons) -> None:
    question = lessons.ask()["question"]
    lessons.answer(question, "tie")
    lessons.page.change("undo")
    again = lessons.ask()["question"]
    assert {each["id"] for each in again["photos"]} == {each["id"] for each in question["photos"]}
    home = next(
        each for each in lessons.page.session()["series"] if again["photos"][0]["id"] in each["photos"]
    )
    lessons.page.change("accept", series=home["id"], shown=home["photos"])
    other = lessons.ask()["question"]
    assert not {each["id"] for each in other["photos"]} & {*home["photos"]}


def test_answers_that_are_taken_back_are_asked_again_even_after_it_learned(
    lessons: Lessons, ranking: Ranking, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Teacher(ranking).plan(ranking, {each.name for each in ranking.series})

    class AlwaysTheSame:
        def __init__(self, ranking: Ranking) -> None: ...

        def plan(self, _: Ranking, undecided: Collection[str]) -> Plan:
            ask, judge = (
                tuple(each for each in names if each in undecided) for names in (first.ask, first.judge)
            )
            return replace(first, ask=ask, judge=judge)

    monkeypatch.setattr("phototriage.web.teaching.Teacher", AlwaysTheSame)
    stable = stable_names(ranking)
    state = lessons.ask()
    left, asked = state["left"], []
    for _ in range(6):
        asked.append({photo["id"] for photo in state["question"]["photos"]})
        lessons.answer(state["question"], "tie")
        state = lessons.ask()
    assert (state["answered"], state["left"]) == (6, left - 6)
    for number in (5, 4, 3):
        lessons.page.change("undo")
        state = lessons.ask()
        assert (state["answered"], state["left"]) == (number, left - number)
        assert {photo["id"] for photo in state["question"]["photos"]} == asked[number]
    lessons.page.change("redo")
    state = lessons.ask()
    assert {photo["id"] for photo in state["question"]["photos"]} == asked[4]
    lessons.page.change("undo")
    kinds = []
    for number in range(3, 8):
        state = lessons.ask()
        shown = [photo["id"] for photo in state["question"]["photos"]]
        if number < 6:
            assert {*shown} == asked[number]
        kinds.append(bool(gate_series([stable[lessons.homes[shown[0]]]])[0]))
        lessons.answer(state["question"], "tie")
    assert kinds == [True, False, False, False, True]
    assert lessons.ask()["answered"] == 8
    lessons.page.change("undo")
    again = lessons.ask()["question"]
    assert lessons.ask(skip=again["id"])["question"]["photos"] != again["photos"]


def test_who_ends_before_it_is_prepared_is_told_so(
    ranking: Ranking, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared = threading.Event()

    def slow(ranking: Ranking) -> Teacher:
        prepared.wait()
        return Teacher(ranking)

    monkeypatch.setattr("phototriage.web.teaching.Teacher", slow)
    teaching = Teaching(tmp_path / "personal")
    page = review(ranking, tmp_path, teaching=teaching)
    assert page.post("teach").json()["stage"] == "preparing"
    lines = ["nothing was learned: the photos were still being prepared"]
    assert page.post("teach/finish").json() == {"lines": lines}
    prepared.set()
    assert teaching.end() == ("nothing was decided yet that teaches anything",)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_fault_ends_the_learning_with_a_line(
    ranking: Ranking, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(ranking: Ranking) -> Teacher:
        raise ZeroDivisionError("no series")

    raised: list[type[BaseException]] = []
    monkeypatch.setattr("phototriage.web.teaching.Teacher", broken)
    monkeypatch.setattr(threading, "excepthook", lambda told: raised.append(told.exc_type))
    teaching = Teaching(tmp_path / "personal")
    lessons = Lessons(review(ranking, tmp_path, teaching=teaching), {}, {})
    state = lessons.ask()
    line = "a fault of phototriage ended the learning (ZeroDivisionError('no series'))"
    assert (state["stage"], state["error"]) == ("over", line)
    assert raised == [ZeroDivisionError]
    assert teaching.end() == (line,)


def test_it_learns_meanwhile_and_says_at_last_what_learn_says(
    bursts: tuple[Ranking, LearnOptions], tmp_path: Path
) -> None:
    """The last series of somebody who decided the others before."""
    ranking, options = bursts
    dark, stable = darkness(ranking), stable_names(ranking)
    open_ones = last_series(ranking)
    pick(ranking, tmp_path / "choices", dark, of=[each for each in ranking.series if each not in open_ones])
    teaching = Teaching(tmp_path / "personal")
    lessons = lessons_of(review(ranking, tmp_path, teaching=teaching))
    gates, kinds = [], []
    state = lessons.ask()
    while state["question"]:
        gates.append(state["gate"])
        shown = [photo["id"] for photo in state["question"]["photos"]]
        kinds.append(bool(gate_series([stable[lessons.homes[shown[0]]]])[0]))
        darkest = max(shown, key=lambda each: dark[lessons.names[each]])
        lessons.answer(state["question"], "pick", photo=darkest)
        state = lessons.ask()
    assert kinds == [False, False, False, True, True, True]
    before = gates[0]["series"]
    assert [gate["series"] for gate in gates] == [before] * 4 + [before + 1] * 2
    assert gates[0]["default"] is None
    lines = teaching.end()
    kept = load_learned(tmp_path / "personal")
    assert kept is not None
    assert lines == kept.lines
    assert kept.gate.is_open
    rank = replace(options.rank, choices_dir=tmp_path / "choices")
    told = learn_from([ranking.folder], replace(options, rank=rank))
    assert told.lines == kept.lines
    assert astuple(told.gate)[:7] == pytest.approx(astuple(kept.gate)[:7], rel=1e-4)

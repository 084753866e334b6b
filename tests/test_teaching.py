"""What a person is asked about a folder of simulated bursts."""

from pathlib import Path

import pytest
from tests.picking import darkness, decided, pick

from phototriage.learn import LearnOptions, stable_names
from phototriage.personal.gate import gate_series
from phototriage.rank import Ranking
from phototriage.teaching import Teacher

SIDECAR = """<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="5"/></rdf:RDF></x:xmpmeta>"""


@pytest.fixture
def ranking(bursts: tuple[Ranking, LearnOptions]) -> Ranking:
    return bursts[0]


def test_who_decided_nothing_is_asked_about_every_series_once(ranking: Ranking) -> None:
    names = [each.name for each in ranking.series]
    plan = Teacher(ranking).plan(ranking, names)
    series = [each.name for each in ranking.series if each.kind == "series"]
    assert sorted([*plan.ask, *plan.judge]) == sorted(series)
    assert (plan.study.learned.pairs, plan.study.learned.gate.series) == (0, 0)
    stable = stable_names(ranking)
    assert gate_series([stable[each] for each in plan.judge]).all()
    assert not gate_series([stable[each] for each in plan.ask]).any()
    assert len(plan.judge) >= 8


def test_what_is_decided_is_not_asked_and_turns_the_questions(ranking: Ranking, tmp_path: Path) -> None:
    teacher = Teacher(ranking)
    names = {each.name for each in ranking.series}
    before = teacher.plan(ranking, names)
    first = {*before.ask[:12], *before.judge[:2]}
    pick(ranking, tmp_path, darkness(ranking), of=[each for each in ranking.series if each.name in first])
    after = teacher.plan(decided(ranking, tmp_path), names - {before.ask[12]})
    assert after.study.learned.series == len(first)
    assert {*after.ask} == {*before.ask} - first - {before.ask[12]}
    assert {*after.judge} == {*before.judge} - first
    assert list(after.ask) != [each for each in before.ask if each in after.ask]


def test_series_with_ratings_elsewhere_are_not_asked(ranking: Ranking) -> None:
    rated = next(each for each in ranking.series if each.kind == "series")
    sidecar = (ranking.root / rated.photos[0].photo).with_suffix(".xmp")
    sidecar.write_text(SIDECAR)
    try:
        teacher = Teacher(ranking)
    finally:
        sidecar.unlink()
    plan = teacher.plan(ranking, {each.name for each in ranking.series})
    assert plan.study.learned.series == 1
    assert rated.name not in {*plan.ask, *plan.judge}

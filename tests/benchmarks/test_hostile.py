from hostile import DIED, bombs, campaign, own_seeds, with_size
from phototriage.photos import decode


def test_a_small_campaign_finds_no_problem() -> None:
    figures = campaign(None, mutants=80, seconds=60, seed=1, per_run=80)
    assert figures.problems == []
    assert figures.mutants == 80
    assert figures.ranked + figures.refused.total() == 80 + len(bombs())
    assert figures.ranked > 10
    assert not [reason for reason in figures.refused if DIED in reason]
    assert figures.peak_of_workers < 2e9


def test_every_seed_is_a_photo() -> None:
    for data in own_seeds().values():
        assert {*decode(data, None).pixels.shape[:2]} == {160, 240}
        assert with_size(data, 240, 160)[:4] == data[:4]

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from phototriage.labels.components import connected_names


def test_chains_are_named_by_their_smallest_name() -> None:
    links = [("d", "c"), ("x", "y"), ("c", "b"), ("z", "z")]
    assert connected_names(links) == {"b": "b", "c": "b", "d": "b", "x": "x", "y": "x", "z": "z"}


@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.sampled_from("abcdefgh"))), st.randoms())
def test_the_order_and_direction_of_links_play_no_part(links: list[tuple[str, str]], random: Random) -> None:
    turned = [(b, a) for a, b in links]
    random.shuffle(turned)
    found = connected_names(links)
    assert connected_names(turned) == found
    for one, other in links:
        assert found[one] == found[other] <= min(one, other)

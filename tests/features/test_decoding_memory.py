import subprocess
import sys
import threading

import pytest

from phototriage.features.decoding_memory import MemoryBudget


def took(budget: MemoryBudget, holder: object, size: int) -> threading.Thread:
    """A thread that takes memory and ends."""
    thread = threading.Thread(target=budget.take, args=(holder, size), daemon=True)
    thread.start()
    thread.join(0.1)
    return thread


def test_memory_is_shared_up_to_the_total() -> None:
    budget = MemoryBudget(100)
    assert not took(budget, "a", 60).is_alive()
    assert not took(budget, "b", 40).is_alive()
    waiting = took(budget, "c", 1)
    assert waiting.is_alive()
    budget.give_back("b")
    waiting.join(10)
    assert not waiting.is_alive()


def test_who_asks_first_is_served_first() -> None:
    budget = MemoryBudget(100)
    budget.take("a", 60)
    large, small = took(budget, "b", 50), took(budget, "c", 10)
    assert large.is_alive()
    assert small.is_alive()  # it would fit, but then the large one might wait for ever
    budget.give_back("a")
    for thread in (large, small):
        thread.join(10)
        assert not thread.is_alive()


def test_asking_for_more_first_gives_back_what_was_held() -> None:
    budget = MemoryBudget(100)
    budget.take("a", 60)
    budget.take("a", 90)
    budget.give_back("a")
    budget.take("b", 100)
    budget.give_back("a")  # it holds nothing


def test_more_than_the_total_is_served_alone() -> None:
    budget = MemoryBudget(100)
    budget.take("a", 1)
    waiting = took(budget, "b", 200)
    assert waiting.is_alive()
    budget.give_back("a")
    waiting.join(10)
    assert not waiting.is_alive()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux limits memory so")
def test_a_process_takes_no_more_than_it_may() -> None:
    code = """
from phototriage.features.decoding_memory import limit_memory
limit_memory(1 << 30)
bytes(1 << 30)
limit_memory(0)
try:
    bytes(8 << 30)
except MemoryError:
    print("refused")
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "refused\n"

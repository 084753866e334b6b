import pytest
import torch

from phototriage.errors import FeatureError
from phototriage.features.runtime.memory import memory_needed


def test_what_torch_says_of_a_full_memory_is_known() -> None:
    with pytest.raises(FeatureError, match=r"^lower the batch$"), memory_needed("lower the batch"):
        torch.empty(1 << 45)  # more than a process can address


@pytest.mark.parametrize(
    "error", [MemoryError(), RuntimeError("CUDA out of memory. Tried to allocate 2 GiB")]
)
def test_what_others_say_too(error: Exception) -> None:
    with pytest.raises(FeatureError, match=r"^lower the batch$") as raised, memory_needed("lower the batch"):
        raise error
    assert raised.value.__cause__ is error


def test_other_errors_stay_what_they_are() -> None:
    with pytest.raises(RuntimeError, match="shapes differ"), memory_needed("lower the batch"):
        raise RuntimeError("shapes differ")

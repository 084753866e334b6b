import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from tests.features import interrupted_pool

from phototriage.errors import FeatureError, PhotoReadError
from phototriage.features import Failure, decoding_pool, decoding_worker
from phototriage.features.block import PhotoView
from phototriage.features.decoding_memory import MemoryBudget
from phototriage.features.decoding_pool import DecodingPool, Prepared
from phototriage.photos import content_hash, decode


def complain(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    raise ZeroDivisionError(f"{pixels.shape[1]} wide")


def test_ctrl_c_at_any_moment_ends_the_processes(make_photo: Callable[..., Path]) -> None:
    photo = make_photo("photo.jpg", size=(16, 16))
    command = [sys.executable, interrupted_pool.__file__, str(photo), "60"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert (done.stdout, done.stderr) == ("60\n", "")


def test_a_mistake_in_a_step_is_raised_and_not_blamed_on_the_photo(make_photo: Callable[..., Path]) -> None:
    photo = make_photo("photo.jpg", size=(16, 12))
    with (
        DecodingPool(workers=1) as pool,
        pytest.raises(ZeroDivisionError, match="16 wide"),
    ):
        list(pool.run({"photo": photo}, [complain], [frozenset()]))


class TwoWordsError(Exception):
    """Cannot be read from a pipe, since its arguments are not those of its class."""

    def __init__(self, one: str, other: str) -> None:
        super().__init__(f"{one} {other}")


def complain_oddly(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    raise TwoWordsError("odd", "mistake")


def answer_what_no_pipe_takes(pixels: NDArray[np.uint8]) -> Callable[[], None]:
    return lambda: None


@pytest.mark.parametrize(
    ("step", "error", "message"),
    [
        (complain_oddly, TypeError, "missing 1 required positional argument"),
        (answer_what_no_pipe_takes, FeatureError, "no process can answer Prepared"),
    ],
)
def test_what_does_not_get_through_a_pipe_ends_the_run(
    make_photo: Callable[..., Path], step: Callable[..., Any], error: type[Exception], message: str
) -> None:
    photo = make_photo("photo.jpg", size=(16, 12))
    with (
        DecodingPool(workers=1) as pool,
        pytest.raises(error, match=message),
    ):
        list(pool.run({"photo": photo}, [step], [frozenset()]))


def slowly(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    time.sleep(1)
    return pixels.mean(axis=(0, 1)).astype(np.float32)


def test_a_photo_that_takes_long_is_named(
    make_photo: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoding_pool, "_SECONDS_OF_SILENCE", 0.25)
    photo = make_photo("photo.jpg", size=(16, 12))
    notes: list[str] = []
    with DecodingPool(workers=1, on_note=notes.append) as pool:
        (found,) = pool.run({"slow.jpg": photo}, [slowly], [frozenset()])
    assert isinstance(found, Prepared)
    assert set(notes) == {"no photo in 0.25 s, still at slow.jpg"}


def short_of_memory(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    raise MemoryError


def test_a_shortage_of_memory_is_no_fault_of_the_photo(make_photo: Callable[..., Path]) -> None:
    photo = make_photo("photo.jpg", size=(16, 12))
    with DecodingPool(workers=1) as pool:
        assert list(pool.run({"photo": photo}, [short_of_memory], [frozenset()])) == [
            Failure("photo", "there is not enough memory to measure it")
        ]


def test_a_shortage_of_memory_in_the_decoder_is_no_fault_of_the_photo(
    make_photo: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def short(data: bytes, max_side: int, *, grey: bool, reserve: object) -> None:
        raise PhotoReadError("there is not enough memory to decode it")

    monkeypatch.setattr(decoding_worker, "decode", short)
    work = decoding_worker.Work((interrupted_pool.mean,), (frozenset(),), (PhotoView(),))
    found = decoding_worker.prepare("photo", make_photo("photo.jpg"), work)
    assert found == Failure("photo", "there is not enough memory to decode it")


def test_no_more_processes_start_than_there_are_photos(make_photo: Callable[..., Path]) -> None:
    photo = make_photo("photo.jpg", size=(16, 12))
    others = set(multiprocessing.active_children())
    with DecodingPool(workers=50) as pool:
        assert len(list(pool.run({"photo": photo}, [interrupted_pool.mean], [frozenset()]))) == 1
        assert len(set(multiprocessing.active_children()) - others) == 1


def test_more_photos_than_are_held_at_a_time_all_come_out(make_photo: Callable[..., Path]) -> None:
    photo = make_photo("photo.jpg", size=(16, 12))
    finished = frozenset[str]()
    with DecodingPool(workers=2) as pool:
        found = list(
            pool.run({str(number): photo for number in range(300)}, [interrupted_pool.mean], [finished])
        )
    assert sorted(int(each.photo) for each in found if isinstance(each, Prepared)) == list(range(300))


def test_processes_stay_for_another_run(make_photo: Callable[..., Path]) -> None:
    photo = make_photo("photo.jpg", size=(16, 12))
    others = set(multiprocessing.active_children())
    with DecodingPool(workers=1) as pool:
        found = [*pool.run({"photo": photo}, [shape], [frozenset()])]
        (worker,) = set(multiprocessing.active_children()) - others
        found += pool.run({"photo": photo}, [process], [frozenset()])
    arrays = [each.arrays[0] for each in found if isinstance(each, Prepared)]
    assert [array.tolist() for array in arrays if array is not None] == [[12, 16, 3], [worker.pid]]


def test_only_other_work_is_told_to_processes_that_stay(
    make_photo: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = make_photo("photo.jpg", size=(16, 12))
    digest = content_hash(photo.read_bytes())
    told = []

    def tell(worker: Any, message: Any) -> bool:
        told.append(isinstance(message, decoding_worker.Work))
        worker.pipe.send(message)
        return True

    monkeypatch.setattr(decoding_pool, "_tell", tell)
    with DecodingPool(workers=1) as pool:
        for finished in (frozenset[str](), frozenset[str](), frozenset({digest}), frozenset({digest})):
            (found,) = pool.run({"photo": photo}, [shape], [finished])
            assert isinstance(found, Prepared)
            assert (found.arrays[0] is None) == bool(finished)
    assert told == [True, False, False, True, False, False]


def test_a_process_that_ended_between_runs_is_replaced(make_photo: Callable[..., Path]) -> None:
    photo = make_photo("photo.jpg", size=(16, 12))
    others = set(multiprocessing.active_children())
    with DecodingPool(workers=1) as pool:
        (first,) = pool.run({"photo": photo}, [process], [frozenset()])
        (worker,) = set(multiprocessing.active_children()) - others
        worker.kill()
        worker.join()
        found = list(pool.run({str(number): photo for number in range(3)}, [process], [frozenset()]))
    assert isinstance(first, Prepared)
    assert [isinstance(each, Prepared) for each in found] == [True] * 3


def test_processes_load_their_libraries_for_one_core_each(
    make_photo: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MALLOC_TRIM_THRESHOLD_", "12345")
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    photo = make_photo("photo.jpg", size=(16, 12))
    with DecodingPool(workers=1) as pool:
        (found,) = pool.run({"photo": photo}, [settings], [frozenset()])
    assert isinstance(found, Prepared)
    assert found.arrays[0] is not None
    assert found.arrays[0].tolist() == [1, 12345]
    assert "OPENBLAS_NUM_THREADS" not in os.environ


def process(pixels: NDArray[np.uint8]) -> NDArray[np.int64]:
    return np.array([os.getpid()])


def settings(pixels: NDArray[np.uint8]) -> NDArray[np.int64]:
    return np.array([int(os.environ[name]) for name in ("OPENBLAS_NUM_THREADS", "MALLOC_TRIM_THRESHOLD_")])


def shape(pixels: NDArray[np.uint8]) -> NDArray[np.int64]:
    return np.array(pixels.shape)


def test_each_step_is_given_the_photo_as_it_asks_for_it(make_photo: Callable[..., Path]) -> None:
    photo = make_photo("photo.jpg", size=(1200, 900))
    views = [PhotoView(), PhotoView(1000, grey=True), PhotoView(2400, grey=True)]
    with DecodingPool(workers=1) as pool:
        (found,) = pool.run({"photo": photo}, [shape] * 3, [frozenset()] * 3, views=views)
    assert isinstance(found, Prepared)
    assert [array.tolist() for array in found.arrays if array is not None] == [
        [600, 800, 3],
        [750, 1000],
        [900, 1200],
    ]


def test_a_photo_is_decoded_for_what_is_unfinished_alone(
    make_photo: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    sides: list[int] = []

    def counted(data: bytes, max_side: int, *, grey: bool, reserve: object) -> object:
        sides.append(max_side)
        return decode(data, max_side, grey=grey)

    monkeypatch.setattr("phototriage.features.decoding_worker.decode", counted)
    photo = make_photo("photo.jpg")
    views = (PhotoView(), PhotoView(2400, grey=True), PhotoView(2400, grey=True))
    known = frozenset({content_hash(photo.read_bytes())})
    work = decoding_worker.Work((shape,) * 3, (known, frozenset(), frozenset()), views)
    found = decoding_worker.prepare("photo", photo, work)
    assert isinstance(found, Prepared)
    assert sides == [2400]
    assert [array is None for array in found.arrays] == [True, False, False]


def stop_at_small_photos(pixels: NDArray[np.uint8]) -> NDArray[np.int64]:
    if pixels.shape[1] == 16:
        os.kill(os.getpid(), signal.SIGSTOP)
    return np.array(pixels.shape)


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="needs signals of POSIX")
def test_a_process_that_is_stuck_is_ended_and_its_photo_named(
    make_photo: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoding_pool, "_SECONDS_PER_PHOTO", 1.5)
    monkeypatch.setattr(decoding_pool, "_SECONDS_PER_LOOK", 0.1)
    photos = {f"{number}.jpg": make_photo(f"{number}.jpg", size=(32, 24)) for number in range(6)}
    photos["2.jpg"] = make_photo("stuck.jpg", size=(16, 12))
    with DecodingPool(workers=1) as pool:
        found = list(pool.run(photos, [stop_at_small_photos], [frozenset()]))
    failures = [each for each in found if isinstance(each, Failure)]
    assert [each.photo for each in failures] == ["2.jpg"]
    assert failures[0].reason.startswith("it was not read within 1.5 s: its disk or network share does not")
    assert {each.photo for each in found} == set(photos)


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="needs signals of POSIX")
def test_a_pool_ends_although_a_process_is_stopped(make_photo: Callable[..., Path]) -> None:
    photo = make_photo("photo.jpg", size=(32, 24))
    others = set(multiprocessing.active_children())
    with DecodingPool(workers=1) as pool:
        assert len(list(pool.run({"photo": photo}, [shape], [frozenset()]))) == 1
        (process,) = set(multiprocessing.active_children()) - others
        os.kill(process.pid or 0, signal.SIGSTOP)
    assert process.exitcode == -signal.SIGKILL


def die_at_first(*pipes: Any) -> None:
    """What a process does that dies while it starts, as often as a file says."""
    left = Path(os.environ["STARTS_TO_DIE"])
    number = int(left.read_text())
    left.write_text(str(number - 1))
    if number > 0:
        os._exit(1)
    decoding_worker.serve(*pipes)


@pytest.mark.parametrize("deaths", [1, 2])
def test_a_process_that_dies_while_it_starts_is_started_again(
    make_photo: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, deaths: int
) -> None:
    (tmp_path / "left").write_text(str(deaths))
    monkeypatch.setenv("STARTS_TO_DIE", str(tmp_path / "left"))
    monkeypatch.setattr(decoding_pool, "serve", die_at_first)
    photo = make_photo("photo.jpg", size=(16, 12))
    with DecodingPool(workers=1) as pool:
        found = list(pool.run({"one": photo, "two": photo}, [shape], [frozenset()]))
    assert [type(each) for each in found] == [Prepared, Prepared]


def test_processes_that_never_start_are_one_error(
    make_photo: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "left").write_text("99")
    monkeypatch.setenv("STARTS_TO_DIE", str(tmp_path / "left"))
    monkeypatch.setattr(decoding_pool, "serve", die_at_first)
    photo = make_photo("photo.jpg", size=(16, 12))
    with (
        DecodingPool(workers=1) as pool,
        pytest.raises(FeatureError, match=r"^the decoding processes cannot start: "),
    ):
        list(pool.run({"one": photo}, [shape], [frozenset()]))
    assert (tmp_path / "left").read_text() == "96"


def test_photos_that_need_much_memory_are_asked_for_and_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[int] = []

    class Watched(MemoryBudget):
        def take(self, holder: object, size: int) -> None:
            taken.append(size)
            super().take(holder, size)

    monkeypatch.setattr(decoding_pool, "MemoryBudget", Watched)
    for number in range(3):
        Image.new("RGB", (4000, 3000), (number, 0, 0)).save(tmp_path / f"{number}.png")
    photos = {str(number): tmp_path / f"{number}.png" for number in range(3)}
    with DecodingPool(workers=2) as pool:
        found = list(pool.run(photos, [shape], [frozenset()]))
    assert [type(each) for each in found] == [Prepared] * 3
    assert len(taken) == 3
    assert all(12e6 * 8 < size < 12e6 * 10 for size in taken)

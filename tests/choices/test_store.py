import multiprocessing
import os
import signal
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from phototriage.choices import ChoiceStore, Grouping, Mark, Marking, PhotoIdentity, Undo
from phototriage.choices.migrations import VERSION
from phototriage.errors import OutputError

Photo = Callable[..., PhotoIdentity]


def test_a_photo_is_known_by_its_content_wherever_it_lies(store: ChoiceStore, photo: Photo) -> None:
    assert store.numbers([photo(1), photo(2)]) == [None, None]
    (number,) = store.register([photo(2)])
    assert store.numbers([photo(1), photo(2)]) == [None, number]
    assert store.numbers([photo(2, name="renamed", captured_at=None, camera="")]) == [number]
    assert store.register([photo(2), photo(2, name="copy")]) == [number, number]


def test_a_file_that_was_written_into_is_known_by_name_time_and_camera(
    store: ChoiceStore, photo: Photo
) -> None:
    (number,) = store.register([photo(1)])
    rated = photo(1, content_hash="f" * 32, size=1)
    assert store.numbers([rated]) == [number]
    store.recognize({number: rated})
    assert store.numbers([photo(1, content_hash="f" * 32, name="moved and renamed")]) == [number]
    assert store.sizes() == {1001, 1}
    assert store.names() == {"img_1"}


@pytest.mark.parametrize("name", ["bad\udcff\udcfe", "bad\ud800", "\\udcff", "bäd"])
def test_a_name_need_not_be_unicode(store: ChoiceStore, photo: Photo, name: str) -> None:
    (number,) = store.register([photo(1, name=name, camera=f"{name} II")])
    assert store.numbers([photo(1, name=name, camera=f"{name} II", content_hash="f" * 32)]) == [number]
    assert store.numbers([photo(1, name=f"{name}?", camera=f"{name} II", content_hash="f" * 32)]) == [None]
    assert store.names() == {name}


@pytest.mark.parametrize(
    "other",
    [{"name": "img_2"}, {"captured_at": "2026-06-01T09:00:02"}, {"camera": ""}, {"captured_at": None}],
)
def test_another_photo_is_not_taken_for_it(
    store: ChoiceStore, photo: Photo, other: dict[str, object]
) -> None:
    store.register([photo(1)])
    assert store.numbers([photo(1, content_hash="f" * 32, **other)]) == [None]


def test_a_photo_without_a_time_is_known_by_content_alone(store: ChoiceStore, photo: Photo) -> None:
    (number,) = store.register([photo(1, captured_at=None)])
    assert store.numbers([photo(1, captured_at=None)]) == [number]
    assert store.numbers([photo(1, captured_at=None, content_hash="f" * 32)]) == [None]


def test_a_name_that_is_not_unique_says_nothing(store: ChoiceStore, photo: Photo) -> None:
    first, second = photo(1, content_hash="a" * 32), photo(1, content_hash="b" * 32)
    (number,) = store.register([photo(1)])
    assert store.numbers([first, second]) == [None, None]
    assert store.numbers([photo(1), first]) == [number, None]
    store.register([second])
    assert store.numbers([first]) == [None]


def test_events_are_given_back_in_order_by_photo(store: ChoiceStore, photo: Photo) -> None:
    one, two, three = store.register([photo(1), photo(2), photo(3)])
    pick = store.append(Marking((Mark(one, "pick"),)))
    both = store.append(Grouping(((one, two),)))
    undone = store.append(Undo(pick.number))
    assert [pick.number, both.number, undone.number] == [1, 2, 3]
    assert store.newest() == 3
    assert store.events() == [pick, both, undone]
    assert store.events([two]) == [both]
    assert store.events([one], after=1) == [both, undone]
    assert store.events([three]) == []


def test_nothing_is_created_for_who_only_reads(tmp_path: Path, photo: Photo) -> None:
    with ChoiceStore(tmp_path / "choices", create=False) as store:
        assert store.numbers([photo(1)]) == [None]
        assert (store.events(), store.newest(), store.sizes(), store.names()) == ([], 0, set(), set())
        with pytest.raises(OutputError, match="was not created"):
            store.append(Undo(1))
    assert not (tmp_path / "choices").exists()


def test_a_store_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    with ChoiceStore(tmp_path) as store:
        path = store.path
    with sqlite3.connect(path) as database:
        database.execute(f"PRAGMA user_version = {VERSION + 1}")
    database.close()
    with pytest.raises(OutputError, match=rf"newer version of phototriage \(version {VERSION + 1}\)"):
        ChoiceStore(tmp_path)


@pytest.mark.parametrize("damage", [b"this is no database at all, " * 100, b""])
def test_a_damaged_store_is_not_replaced(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "choices.sqlite"
    path.write_bytes(damage)
    if damage:
        with pytest.raises(OutputError, match="restore it from a backup"):
            ChoiceStore(tmp_path)
        assert path.read_bytes() == damage
    else:  # as SQLite itself leaves it where a process was killed before it wrote anything
        with ChoiceStore(tmp_path) as store:
            assert store.newest() == 0


def test_a_damaged_event_is_one_line(store: ChoiceStore) -> None:
    with sqlite3.connect(store.path) as database:
        database.execute("INSERT INTO events (at, kind, details) VALUES ('', 'mark', '{half')")
    database.close()
    with pytest.raises(OutputError, match="cannot use the store of your decisions"):
        store.events()


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="choose another place with --choices_dir"):
        ChoiceStore(tmp_path / "file" / "choices")


def _decide(folder: Path, photos: int) -> None:
    """Opens the store anew for every decision, as windows and commands do."""
    for number in range(photos):
        with ChoiceStore(folder) as store:
            photo = PhotoIdentity(f"{number:032x}", number, f"img_{number}", None, "")
            (registered,) = store.register([photo])
            store.append(Marking((Mark(registered, stars=number % 6),)))


def test_processes_that_start_at_once_lose_nothing(tmp_path: Path) -> None:
    """They create the store, migrate it, and register the same photos."""
    spawn = multiprocessing.get_context("fork")
    processes = [spawn.Process(target=_decide, args=(tmp_path / "choices", 8)) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * 4
    with ChoiceStore(tmp_path / "choices") as store:
        events = store.events()
        assert [event.number for event in events] == list(range(1, 33))
        photos = [PhotoIdentity(f"{number:032x}", number, "", None, "") for number in range(8)]
        assert sorted(store.numbers(photos), key=str) == list(range(1, 9))


def _decide_until_killed(folder: Path, said: "multiprocessing.connection.Connection") -> None:
    with ChoiceStore(folder) as store:
        (number,) = store.register([PhotoIdentity("0" * 32, 1, "img", None, "")])
        while True:
            said.send(store.append(Marking((Mark(number, stars=3),))).number)


def test_a_killed_process_loses_nothing_that_it_confirmed(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    process = context.Process(target=_decide_until_killed, args=(tmp_path, theirs))
    process.start()
    last = 0
    while last < 20:
        last = ours.recv()
    os.kill(process.pid or 0, signal.SIGKILL)
    process.join()
    while ours.poll():
        last = ours.recv()
    with ChoiceStore(tmp_path) as store:
        assert [event.number for event in store.events()][:last] == list(range(1, last + 1))
        assert store.newest() in (last, last + 1)
        assert store.append(Undo(last)).number == store.newest()


def test_a_decision_knows_when_it_was_made(store: ChoiceStore, photo: Photo) -> None:
    (number,) = store.register([photo(1)])
    event = store.append(Marking((Mark(number, "pick"),)))
    assert event.at.startswith(time.strftime("%Y-%m-%dT", time.gmtime()))
    assert event.at.endswith("+00:00")

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

import pytest

from phototriage.choices import ChoiceStore
from phototriage.labels import read_labels
from phototriage.web.addresses import reachable_hosts

Cli = Callable[..., tuple[int, str, str]]


class Running:
    """A command that serves a folder, and a browser that was let in."""

    def __init__(self, *arguments: object) -> None:
        command = [sys.executable, "-m", "phototriage", "review", *map(str, arguments), "--no_browser"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert self.process.stdout
        self.address = self.process.stdout.readline().strip()
        self.base = self.address.partition("enter?")[0]
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        self._opener.open(self.address).read()

    def get(self, path: str) -> Any:
        return json.load(self._opener.open(self.base + path))

    def post(self, path: str, body: dict[str, Any]) -> Any:
        origin = "/".join(self.base.split("/")[:3])
        headers = {"Content-Type": "application/json", "Origin": origin}
        request = urllib.request.Request(f"{self.base}api/{path}", json.dumps(body).encode(), headers)
        return json.load(self._opener.open(request))

    def session(self) -> Any:
        while (progress := self.get("api/progress"))["stage"] == "measuring":
            pass
        assert progress["stage"] == "ready", progress
        return self.get("api/session")

    def end(self, how: signal.Signals) -> int:
        self.process.send_signal(how)
        _, said = self.process.communicate(timeout=30)
        assert "Traceback" not in said
        return self.process.returncode


@pytest.fixture(scope="module")
def photos(bursts: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("review") / "photos"
    shutil.copytree(bursts / "photos" / "burst-001", folder)
    return folder


@pytest.fixture
def places(photos: Path, tmp_path: Path) -> tuple[object, ...]:
    """The folder, and where everything else goes."""
    return photos, "--cache_dir", photos.parent / "cache", "--choices_dir", tmp_path / "choices"


@pytest.fixture
def run(places: tuple[object, ...]) -> Iterator[Callable[[], Running]]:
    started: list[Running] = []

    def start() -> Running:
        started.append(Running(*places))
        return started[-1]

    yield start
    for each in started:
        if each.process.poll() is None:
            each.process.kill()
        each.process.communicate()


@pytest.mark.skipif(os.name != "posix", reason="other systems have other signals")
def test_a_killed_review_goes_on_where_it_was(
    run: Callable[[], Running], cli: Cli, places: tuple[object, ...], tmp_path: Path
) -> None:
    first = run()
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/[\w-]{20,}/enter\?token=[\w-]{40,}", first.address)
    chosen = next(each for each in first.session()["series"] if each["kind"] == "series")
    body = {"since": 0, "series": chosen["id"], "shown": chosen["photos"]}
    first.post("mark", {**body, "marks": [{"photo": chosen["photos"][-1], "flag": "pick", "stars": 2}]})
    assert first.end(signal.SIGKILL) == -signal.SIGKILL

    second = run()
    state = second.session()["state"]
    assert [(each["flag"], each["stars"]) for each in state["decisions"].values()] == [("pick", 2)]
    assert second.address != first.address
    assert second.end(signal.SIGINT) == 0

    code, out, _ = cli("rank", *places, "--json", "-", "--quiet")
    (series,) = [each for each in json.loads(out)["series"] if each["kind"] == "series"]
    assert code == 0
    assert [photo["outcome"] for photo in series["photos"]].index("pick") == len(series["photos"]) - 1
    assert series["photos"][0]["verdict"] == "pick"
    code, out, _ = cli("rank", *places, "--json", "-", "--quiet", "--decisions", "off")
    bare = json.loads(out)
    assert (code, bare["decisions"]) == (0, False)
    assert {photo["decision"] is None for photo in bare["series"][0]["photos"]} == {True}

    table = tmp_path / "pairs.csv"
    code, out, said = cli(
        "review", *places, "--export", "--xmp", "stars", "--comparisons", table, "--copy", tmp_path / "best"
    )
    assert code == 0, said
    name = series["photos"][-1]["photo"]
    sidecars = {path.name: path.read_text() for path in Path(str(places[0])).glob("*.xmp")}
    assert sidecars.keys() == {Path(name).with_suffix(".xmp").name}
    assert 'xmp:Rating="2"' in sidecars.popitem()[1]
    assert name in {path.name for path in (tmp_path / "best").iterdir()}
    assert len(read_labels(table).comparisons) == len(series["photos"]) - 1
    assert cli("review", *places, "--export", "--undo")[0] == 0
    assert not list(Path(str(places[0])).glob("*.xmp"))


@pytest.mark.skipif(os.name != "posix", reason="other systems have other signals")
def test_ctrl_c_ends_it_while_it_measures(run: Callable[[], Running], photos: Path) -> None:
    shutil.rmtree(photos.parent / "cache", ignore_errors=True)
    running = run()
    assert running.get("api/progress")["stage"] in ("measuring", "ready")
    assert running.end(signal.SIGINT) == 0


def test_a_folder_that_is_not_there_is_one_line(cli: Cli, tmp_path: Path) -> None:
    code, out, said = cli(
        "review", tmp_path / "gone", "--no_browser", "--choices_dir", tmp_path, "--cache_dir", tmp_path
    )
    assert (code, out) == (1, "")
    assert said == f"phototriage: {tmp_path / 'gone'}: there is no such folder\n"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--export"], "--export needs --xmp"),
        (["--xmp", "stars"], "add --export"),
        (["--dry_run"], "add --export"),
        (["--port", "70000"], "--port must be 0 to 65535"),
        (["--export", "--comparisons", "pairs.xlsx"], "--comparisons must be a .csv or .parquet file"),
        (["--host", "203.0.113.7", "--no_browser"], "--host 203.0.113.7, port 0, cannot be listened on: "),
    ],
)
def test_options_that_make_no_sense_are_one_line(
    cli: Cli, places: tuple[object, ...], options: list[str], words: str
) -> None:
    code, out, said = cli("review", *places, *options)
    assert (code, out) == (2, "")
    assert words in said.splitlines()[-1]


def test_another_host_is_said_to_be_seen_by_others(cli: Cli, places: tuple[object, ...]) -> None:
    _, _, said = cli("review", *places, "--host", "203.0.113.7", "--no_browser")
    assert said.splitlines()[0] == (
        "listening on 203.0.113.7: whoever reads the traffic of your network sees your photos and can take "
        "over the page"
    )


def test_a_phone_is_told_where_to_go(places: tuple[object, ...]) -> None:
    hosts = reachable_hosts("0.0.0.0")
    running = Running(*places, "--host", "0.0.0.0")
    try:
        assert running.address.startswith("http://127.0.0.1:")
        assert running.process.stdout
        for host in hosts[1:]:
            words, _, address = running.process.stdout.readline().strip().rpartition(" ")
            assert (words, address.startswith(f"http://{host}:")) == ("on another device, once:", True)
            assert urllib.request.urlopen(address).status == 200
            with pytest.raises(urllib.error.HTTPError, match="403"):
                urllib.request.urlopen(address)
        assert running.session()["folder"] == "photos"
    finally:
        running.end(signal.SIGTERM)


def test_without_a_decision_there_is_nothing_to_compare(
    cli: Cli, places: tuple[object, ...], tmp_path: Path
) -> None:
    with ChoiceStore(tmp_path / "choices"):
        pass
    code, _, said = cli("review", *places, "--export", "--comparisons", tmp_path / "pairs.csv")
    assert code == 1
    assert "you decided nothing that compares two of its photos" in said

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from phototriage.errors import FeatureError
from phototriage.features.cache.model_folder import model_folder
from phototriage.features.runtime.model_file import ModelFile, PublishedFile

DATA = b"a network" * 100


@pytest.fixture(autouse=True)
def _online(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)


@pytest.fixture
def published() -> Iterator[tuple[PublishedFile, list[str]]]:
    """A file at its maker's place, and the paths that were asked for."""
    asked: list[str] = []

    class Maker(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200 if self.path.endswith("net.onnx") else 404)
            self.end_headers()
            self.wfile.write(DATA)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Maker) as server:
        threading.Thread(target=server.serve_forever, daemon=True, kwargs={"poll_interval": 0.01}).start()
        url = f"http://127.0.0.1:{server.server_port}/1/net.onnx"
        yield PublishedFile(url, hashlib.sha256(DATA).hexdigest(), len(DATA)), asked
        server.shutdown()


def test_it_is_downloaded_once(published: tuple[PublishedFile, list[str]], tmp_path: Path) -> None:
    file, asked = published
    model = ModelFile(file, None, tmp_path)
    with pytest.raises(FeatureError, match=r"^there is no net\.onnx in .*models; fetch http"):
        model.local()
    assert model.fetched() == model.fetched() == model.local() == tmp_path / "models" / "net.onnx"
    assert model.read() == DATA
    assert asked == ["/1/net.onnx"]


def test_a_given_folder_comes_first(published: tuple[PublishedFile, list[str]], tmp_path: Path) -> None:
    file, asked = published
    given = tmp_path / "weights"
    given.mkdir()
    model = ModelFile(file, given, tmp_path / "cache")
    assert model.path.parent == model_folder(tmp_path / "cache")
    (given / "net.onnx").write_bytes(DATA)
    assert model.fetched() == given / "net.onnx"
    assert asked == []


def test_another_file_than_the_published_one_is_not_kept(
    published: tuple[PublishedFile, list[str]], tmp_path: Path
) -> None:
    file, _ = published
    other = PublishedFile(file.url, "0" * 64, file.size)
    with pytest.raises(FeatureError, match=r"gives is not net\.onnx as it was published; fetch http"):
        ModelFile(other, None, tmp_path).fetched()
    assert not model_folder(tmp_path).exists()


@pytest.mark.parametrize(("said", "asks"), [("1", False), ("true", False), ("0", True), ("", True)])
def test_whoever_says_offline_is_not_asked_for_a_network(
    said: str,
    asks: bool,
    published: tuple[PublishedFile, list[str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file, asked = published
    monkeypatch.setenv("HF_HUB_OFFLINE", said)
    model = ModelFile(file, None, tmp_path)
    if not asks:
        with pytest.raises(
            FeatureError, match=r"^net\.onnx is not here, and HF_HUB_OFFLINE forbids .*; fetch "
        ):
            model.fetched()
        assert asked == []
        (tmp_path / "models").mkdir()
        (tmp_path / "models" / "net.onnx").write_bytes(DATA)
    assert model.fetched().read_bytes() == DATA
    assert bool(asked) == asks


def test_without_a_network_it_says_what_to_do(
    published: tuple[PublishedFile, list[str]], tmp_path: Path
) -> None:
    file, _ = published
    gone = PublishedFile(file.url.replace("net.onnx", "gone.onnx"), file.sha256, file.size)
    closed = PublishedFile("http://127.0.0.1:1/net.onnx", file.sha256, file.size)
    for each, problem in ((gone, "404"), (closed, "refused")):
        with pytest.raises(FeatureError) as raised:
            ModelFile(each, None, tmp_path).fetched()
        assert str(raised.value).startswith(f"{each.name} is neither here nor to be downloaded (")
        assert problem in str(raised.value)
        assert "--weights_dir WEIGHTS" in str(raised.value)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (DATA[:100], "is only 100 of 900 bytes: its download was cut off; remove it, and fetch http"),
        (bytes(len(DATA)), "is another file than its maker published; remove it, and fetch http"),
        (DATA + b"!", "is another file than its maker published"),
        (b"", "is only 0 of 900 bytes"),
    ],
)
def test_a_damaged_or_swapped_file_is_refused(data: bytes, problem: str, tmp_path: Path) -> None:
    published = PublishedFile("http://127.0.0.1:1/net.onnx", hashlib.sha256(DATA).hexdigest(), len(DATA))
    (tmp_path / "net.onnx").write_bytes(data)
    model = ModelFile(published, tmp_path, tmp_path / "cache")
    for use in (model.local, model.fetched, model.read):
        with pytest.raises(FeatureError) as raised:
            use()
        assert problem in str(raised.value)


def test_a_folder_that_cannot_be_written_is_named(
    published: tuple[PublishedFile, list[str]], tmp_path: Path
) -> None:
    (tmp_path / "models").write_text("a file where the folder should be")
    with pytest.raises(FeatureError, match="choose another place with --cache_dir"):
        ModelFile(published[0], None, tmp_path).fetched()

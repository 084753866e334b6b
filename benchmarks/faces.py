"""What the `faces` block sees of eyes, focus and faces, what it takes for one, and what it costs.

python benchmarks/faces.py eyes SHARED_FOLDER
python benchmarks/faces.py softness SHARED_FOLDER
python benchmarks/faces.py detection SHARED_FOLDER OUT_FOLDER
python benchmarks/faces.py bad_input SHARED_FOLDER
python benchmarks/faces.py cost SHARED_FOLDER [--rounds 3] [--photos 16]

The folder holds weights/, faces/ (eyes.csv and photos/), clive/, photos/, kodak/ and fullsize/.

eyes: crops of faces with open and with closed eyes, all brought to the same face height, encoded alike and
put on grey; the whole extractor sees them. Nothing is tuned on them: bytes per pixel tell the classes apart.
softness: two takes of a face, framed, lit and scaled a little otherwise, one of them blurred; the share in
which the blurred one reads softer, and how far two sound takes differ in 95 % of the faces.
detection: every face that is kept in clive/ and photos/, numbered, on sheets for people to judge.
bad_input: faces that fill the frame, stand on their heads or are many.
cost: milliseconds of CPU a photo of 12 megapixels, with faces pasted in, medians over rounds.
"""

import argparse
import csv
import os
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

import cv2
import numpy as np
from numpy.typing import NDArray

from phototriage import RankOptions, rank_folder
from phototriage.features import ExtractorOptions, build_extractors, extract
from phototriage.features.block import LONG_SIDE, CloserLook
from phototriage.features.extractors.faces.face import EYES_CLOSED, Face
from phototriage.features.extractors.faces.measuring import find_faces, measure_faces
from phototriage.features.extractors.faces.networks import Networks, face_models, start_networks
from phototriage.features.extractors.faces.yunet import Detection
from phototriage.photos import decode

Pixels = NDArray[np.uint8]
HEIGHTS = (225, 112, 64, 48, 40, 32)
BLURS = (0.5, 0.8, 1.2, 2.0)
CANVAS, GREY = 800, 128
FACES = (0, 1, 4, 16)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("what", choices=("eyes", "softness", "detection", "bad_input", "cost"))
    parser.add_argument("shared", type=Path)
    parser.add_argument("out", type=Path, nargs="?")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--photos", type=int, default=16)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    match arguments.what:
        case "eyes":
            eyes(arguments.shared)
        case "softness":
            order(arguments.shared)
        case "detection":
            detection(arguments.shared, arguments.out)
        case "bad_input":
            bad_input(arguments.shared)
        case "cost":
            cost(arguments.shared, arguments.rounds, arguments.photos)


def networks_of(shared: Path) -> Networks:
    return start_networks(face_models(ExtractorOptions(weights_dir=shared / "weights"), Path("cache")))


def faces_in(photo: Pixels, networks: Networks) -> list[Face]:
    """Of a photo of at most LONG_SIDE."""
    return measure_faces(photo, CloserLook(max(photo.shape), lambda side: photo[..., 1]), networks)[0]


def crops(shared: Path, networks: Networks) -> list[tuple[str, Pixels, Detection]]:
    """Eyes, picture, and where its tallest face is, in pixels."""
    found = []
    with (shared / "faces" / "eyes.csv").open() as table:
        for row in csv.DictReader(table):
            picture = decode((shared / "faces" / "photos" / row["photo"]).read_bytes(), LONG_SIDE).pixels
            if faces := find_faces(picture, networks):
                tallest = max(faces, key=lambda face: face.box[3])
                found.append((row["eyes"], picture, tallest.scaled(picture.shape[1], picture.shape[0])))
    return found


def scaled_to(picture: Pixels, face: Detection, height: float) -> Pixels:
    factor = height / face.box[3]
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(picture, None, fx=factor, fy=factor, interpolation=how), np.uint8)


def encoded(picture: Pixels, quality: int = 92) -> Pixels:
    data = cv2.imencode(".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])
    return decode(data[1].tobytes(), None).pixels


def on_canvas(picture: Pixels) -> Pixels:
    """In the middle of a grey square, cut where it is larger."""
    height, width = (min(CANVAS, side) for side in picture.shape[:2])
    top, left = ((a - b) // 2 for a, b in zip(picture.shape[:2], (height, width), strict=True))
    canvas = np.full((CANVAS, CANVAS, 3), GREY, np.uint8)
    y, x = (CANVAS - height) // 2, (CANVAS - width) // 2
    canvas[y : y + height, x : x + width] = picture[top : top + height, left : left + width]
    return canvas


def eyes(shared: Path) -> None:
    networks = networks_of(shared)
    taken = crops(shared, networks)
    print(f"{len(taken)} crops")
    print("| face height, px | found, closed and open | AUC | caught | open taken for closed |")
    print("|---|---|---|---|---|")
    for height in HEIGHTS:
        blinks: dict[str, list[float]] = {"closed": [], "open": []}
        for label, picture, face in taken:
            found = faces_in(on_canvas(encoded(scaled_to(picture, face, height))), networks)
            blinks[label] += [max(found, key=lambda each: each.pixels).blink] if found else []
        shut, wide = (np.array(blinks[label]) for label in ("closed", "open"))
        sooner = np.mean(shut[:, None] > wide) + np.mean(shut[:, None] == wide) / 2
        caught, wrong = (100 * np.mean(each >= EYES_CLOSED) for each in (shut, wide))
        print(f"| {height} | {len(shut)}, {len(wide)} | {sooner:.3f} | {caught:.1f} % | {wrong:.1f} % |")


def order(shared: Path) -> None:
    networks = networks_of(shared)
    taken = crops(shared, networks)
    header = " | ".join(f"σ {sigma}, face | eyes" for sigma in BLURS)
    print(f"| face height, px | faces | {header} | repeat, face | eyes |")
    print("|---|---|" + "---|---|" * (len(BLURS) + 1))
    for height in HEIGHTS[:4]:
        rows: list[list[float]] = []
        rng = np.random.default_rng(height)
        for _, picture, face in taken:
            if face.box[3] < height:
                continue  # enlarged, it has nothing to lose
            takes = [
                found
                for sigma in (0, 0, *BLURS)
                if (found := softness_of(take(picture, face, height, sigma, rng), networks))
            ]
            if len(takes) == len(BLURS) + 2:
                rows.append(np.ravel(takes).tolist())
        both = np.array(rows).reshape(len(rows), len(BLURS) + 2, 2)
        right = np.mean(both[:, 2:] < both[:, :1], axis=0).ravel()
        noise = np.quantile(np.abs(both[:, 0] - both[:, 1]), 0.95, axis=0)
        cells = [*(f"{100 * share:.0f} %" for share in right), *(f"{each:.2f}" for each in noise)]
        print(f"| {height} | {len(rows)} | {' | '.join(cells)} |")


def take(picture: Pixels, face: Detection, height: float, sigma: float, rng: np.random.Generator) -> Pixels:
    photo = scaled_to(picture, face, height * rng.uniform(0.97, 1.03))
    if sigma:
        photo = np.asarray(cv2.GaussianBlur(photo, (0, 0), sigma), np.uint8)
    photo = np.roll(photo, rng.integers(-2, 3, 2), axis=(0, 1))
    photo = np.clip(photo * rng.uniform(0.9, 1.1) + rng.normal(0, 1, photo.shape), 0, 255).astype(np.uint8)
    return on_canvas(encoded(photo, int(rng.integers(88, 96))))


def softness_of(photo: Pixels, networks: Networks) -> tuple[float, float] | None:
    found = faces_in(photo, networks)
    if not found:
        return None
    tallest = max(found, key=lambda each: each.pixels)
    return tallest.softness, tallest.eye_softness


TILE, ACROSS, DOWN = 150, 10, 6


def detection(shared: Path, out: Path) -> None:
    networks = networks_of(shared)
    out.mkdir(parents=True, exist_ok=True)
    tiles: list[Pixels] = []
    photos = sorted((shared / "clive" / "photos").iterdir()) + sorted((shared / "photos").glob("*/*"))
    with_faces = dropped = 0
    for path in photos:
        data = path.read_bytes()
        photo = decode(data, LONG_SIDE)
        look = CloserLook(max(photo.width, photo.height), partial(grey_of, data))
        faces, count = measure_faces(photo.pixels, look, networks)
        with_faces += count > 0
        dropped += len(find_faces(photo.pixels, networks)) - count
        tiles += [tile(photo.pixels, face, len(tiles) + place) for place, face in enumerate(faces)]
    print(
        f"{len(photos)} photos, {with_faces} with faces, {len(tiles)} faces kept, {dropped} left by the mesh"
    )
    each = ACROSS * DOWN
    for sheet, start in enumerate(range(0, len(tiles), each)):
        some = tiles[start : start + each]
        some += [np.zeros_like(tiles[0])] * (each - len(some))
        rows = [np.hstack(some[row * ACROSS : (row + 1) * ACROSS]) for row in range(DOWN)]
        cv2.imwrite(str(out / f"{sheet}.png"), cv2.cvtColor(np.vstack(rows), cv2.COLOR_RGB2BGR))


def grey_of(data: bytes, side: int) -> Pixels:
    return decode(data, side, grey=True).pixels


def tile(photo: Pixels, face: Face, number: int) -> Pixels:
    """What is around a face, with its box, its number, height and blink."""
    height, width = photo.shape[:2]
    x, y = (face.left + face.width / 2) * width, (face.top + face.height / 2) * height
    half = 0.9 * max(face.width * width, face.height * height)
    to_tile = np.array([[2 * half / TILE, 0, x - half], [0, 2 * half / TILE, y - half]])
    cut = cv2.warpAffine(photo, to_tile, (TILE, TILE), flags=cv2.INTER_AREA | cv2.WARP_INVERSE_MAP)
    label = f"{number} {face.pixels:.0f}px b{face.blink:.2f}"
    cv2.putText(cut, label, (2, 12), cv2.FONT_HERSHEY_SIMPLEX, 0.42, (255, 255, 0), 1, cv2.LINE_AA)
    return np.asarray(cut, np.uint8)


def bad_input(shared: Path) -> None:
    networks = networks_of(shared)
    taken = [(picture, face) for label, picture, face in crops(shared, networks) if label == "open"]
    for name, change in CHANGES.items():
        found = [faces_in(change(picture, face), networks) for picture, face in taken]
        shut = [max(each, key=lambda face: face.pixels).blink >= EYES_CLOSED for each in found if each]
        share = f"{100 * np.mean(shut):.0f} %" if shut else "none"
        print(f"| {name} | {100 * len(shut) / len(found):.0f} % | {share} |")
    crowd = np.full((CANVAS, CANVAS, 3), GREY, np.uint8)
    for place in range(200):
        row, column = divmod(place, 16)
        small = scaled_to(*taken[place % len(taken)], 30)[:50, :50]
        crowd[row * 60 : row * 60 + small.shape[0], column * 50 : column * 50 + small.shape[1]] = small
    faces, count = measure_faces(crowd, CloserLook(CANVAS, lambda side: crowd[..., 1]), networks)
    print(f"200 faces of 30 px in one photo: {count} counted, {len(faces)} kept")


def closest(picture: Pixels, face: Detection, share: float) -> Pixels:
    """Cut to a square with a side of the face's height over `share`, and enlarged to the canvas."""
    left, top, width, height = face.box
    half = height / share / 2
    x, y = left + width / 2, top + height / 2
    to_canvas = np.array([[2 * half / CANVAS, 0, x - half], [0, 2 * half / CANVAS, y - half]])
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    return np.asarray(
        cv2.warpAffine(picture, to_canvas, (CANVAS, CANVAS), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    )


CHANGES: dict[str, Callable[[Pixels, Detection], Pixels]] = {
    "upright": lambda picture, face: on_canvas(scaled_to(picture, face, 200)),
    "a quarter turn": lambda picture, face: np.rot90(on_canvas(scaled_to(picture, face, 200))).copy(),
    "upside down": lambda picture, face: np.rot90(on_canvas(scaled_to(picture, face, 200)), 2).copy(),
    **{
        f"{100 * share:.0f} % of the frame": partial(closest, share=share)
        for share in (0.5, 0.7, 0.9, 1.1, 1.4)
    },
    "grey": lambda picture, face: np.repeat(on_canvas(scaled_to(picture, face, 200))[..., 1:2], 3, axis=2),
    "painted (OpenCV's stylization)": lambda picture, face: painted(on_canvas(scaled_to(picture, face, 200))),
    "drawn in pencil (OpenCV's)": lambda picture, face: drawn(on_canvas(scaled_to(picture, face, 200))),
    "dark, an eighth of the light": lambda picture, face: on_canvas(scaled_to(picture, face, 200) // 8),
    "black bar over the eyes": lambda picture, face: on_canvas(
        scaled_to(covered(picture, face, (0, 0, 0), -0.25, 0.25), face, 200)
    ),
    "mask over nose and mouth": lambda picture, face: on_canvas(
        scaled_to(covered(picture, face, (170, 200, 220), 0.3, 1.2), face, 200)
    ),
}


def painted(photo: Pixels) -> Pixels:
    return np.asarray(cv2.stylization(photo, sigma_s=60, sigma_r=0.45), np.uint8)


def drawn(photo: Pixels) -> Pixels:
    grey, _ = cv2.pencilSketch(photo, sigma_s=60, sigma_r=0.07, shade_factor=0.05)
    return np.repeat(grey[..., None], 3, axis=2)


def covered(
    picture: Pixels, face: Detection, color: tuple[int, int, int], begin: float, end: float
) -> Pixels:
    """From `begin` to `end`, in distances of the eyes below them."""
    eyes = np.array([face.right_eye, face.left_eye])
    distance = float(np.hypot(*(eyes[0] - eyes[1])))
    y, left, width = eyes[:, 1].mean(), face.box[0], face.box[2]
    changed = picture.copy()
    rows = slice(max(0, round(y + begin * distance)), max(0, round(y + end * distance)))
    changed[rows, max(0, round(left)) : round(left + width)] = color
    return changed


def cost(shared: Path, rounds: int, count: int) -> None:
    networks = networks_of(shared)
    sources = [(picture, face) for _, picture, face in crops(shared, networks) if face.box[3] > 150]
    print(
        "| faces a photo | rank without | faces beside the other blocks | in a pass of their own | ratios |"
    )
    print("|---|---|---|---|---|")
    for faces in FACES:
        with tempfile.TemporaryDirectory() as place:
            photos = write_photos(shared, sources, Path(place) / "photos", count, faces)
            found = [arms(photos, Path(place), shared) for _ in range(rounds)]
        rank, beside, alone = (1000 * median(each) / count for each in zip(*found, strict=True))
        ratios = f"{(rank + beside) / rank:.2f}, {(rank + alone) / rank:.2f}"
        print(f"| {faces} | {rank:.0f} ms | {beside:.0f} ms | {alone:.0f} ms | {ratios} |", flush=True)


def write_photos(
    shared: Path, sources: list[tuple[Pixels, Detection]], folder: Path, count: int, faces: int
) -> list[Path]:
    """Of 4,000 × 3,000 pixels, in series of four, with so many faces of 300 pixels in each."""
    backgrounds = sorted((shared / "kodak").glob("*.png"))
    paths = []
    for number in range(count):
        picture = decode(backgrounds[number // 4 % len(backgrounds)].read_bytes(), LONG_SIDE).pixels
        photo = np.asarray(cv2.resize(picture, (4000, 3000), interpolation=cv2.INTER_CUBIC), np.uint8)
        for face in range(faces):
            cut = scaled_to(*sources[(4 * (number // 4) + face) % len(sources)], 300)[:700, :900]
            y, x = 750 * (face // 4), 1000 * (face % 4)
            photo[y : y + cut.shape[0], x : x + cut.shape[1]] = cut
        path = folder / f"{number // 4:03d}" / f"{number:03d}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(cv2.imencode(".jpg", cv2.cvtColor(photo, cv2.COLOR_RGB2BGR))[1].tobytes())
        paths.append(path)
    return paths


def arms(photos: list[Path], place: Path, shared: Path) -> tuple[float, float, float]:
    """Seconds of CPU of `rank`, and of faces besides: with the blocks of its first pass, and alone."""
    files = {str(number): path for number, path in enumerate(photos)}
    options = ExtractorOptions(weights_dir=shared / "weights")
    others = ["lite", "iqa", "iqa_plus"]

    def measured(names: list[str]) -> float:
        with tempfile.TemporaryDirectory(dir=place) as cache:
            extractors = build_extractors(names, options, cache)
            return cpu(lambda: extract(files, extractors, cache))

    with tempfile.TemporaryDirectory(dir=place) as cache:
        ranking = RankOptions(by_folder=True, cache_dir=Path(cache))
        rank = cpu(lambda: rank_folder(photos[0].parents[1], ranking))
    return rank, measured([*others, "faces"]) - measured(others), measured(["faces"])


def cpu(work: Callable[[], object]) -> float:
    """Seconds of CPU time of this process and of those it started and has ended."""
    before = os.times()
    work()
    after = os.times()
    return sum(np.subtract(after[:4], before[:4]))


if __name__ == "__main__":
    main()

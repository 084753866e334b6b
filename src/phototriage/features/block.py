"""Numbers per photo, and where they came from."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from phototriage.array_like import as_array, as_names
from phototriage.contiguous import in_one_piece
from phototriage.errors import Failure, FeatureError
from phototriage.photos import Capture

__all__ = [
    "LONG_SIDE",
    "TABLE",
    "Block",
    "CloserLook",
    "Failure",
    "Features",
    "InStore",
    "PhotoView",
    "check_blocks",
    "check_weights_dir",
    "fixed_picture",
]


LONG_SIDE = 800
"""Photos are measured at a long side of at most this many pixels, the size of PhotoTriage's own files.
One size for all extractors that ask for no other `PhotoView`, so that one decode serves them all."""


@dataclass(frozen=True)
class PhotoView:
    """What an extractor is given of a photo.

    long_side: of the pixels, at most. grey: luma, uint8 (h, w), rather than RGB, uint8 (h, w, 3).
    closer: whether it is given a `CloserLook` as well.
    """

    long_side: int = LONG_SIDE
    grey: bool = False
    closer: bool = False


@dataclass(frozen=True)
class CloserLook:
    """The way back to a photo's file, for extractors that look again where they found something.

    long_side: of the whole photo, in pixels. grey: a long side, at most → luma, uint8 (h, w), upright; of a
    photo that is too large to be decoded whole, less than was asked for. Raises PhotoError as `decode` does.
    """

    long_side: int
    grey: Callable[[int], NDArray[np.uint8]]


TABLE = "table"
"""The name of the block of a table's numbers, of which only the names of the columns say what they are."""

_FEW = 8
"""Names of columns to show."""


@dataclass(frozen=True)
class Block:
    """What one extractor measures.

    `fingerprint` names everything that moves the numbers (extractor, its version, preprocessing, decoding);
    two blocks with the same fingerprint hold interchangeable numbers. `columns` has a name per number.
    """

    name: str
    fingerprint: str
    columns: tuple[str, ...]

    @property
    def dim(self) -> int:
        """How many numbers a photo has in this block."""
        return len(self.columns)

    @property
    def layers(self) -> str:
        """The layers whose outputs these are, by the names of the columns, as in layer3_mean+layer4_mean.

        Empty where the columns name none.
        """
        found = (re.fullmatch(r"(.+)_\d+", column) for column in self.columns)
        names = dict.fromkeys(match[1] for match in found if match)
        return "+".join(name for name in names if name != self.name)

    @property
    def weights_folder(self) -> str:
        """The name of the folder of weights that made them; empty for weights of the hub, and for none."""
        parts = () if self.name == TABLE else self.fingerprint.split("/")
        return next((part.partition("#")[0] for part in parts if "#" in part), "")


@dataclass(frozen=True, eq=False)
class InStore:
    """A block of many photos whose vectors stay in the store, since all of them would fill the memory.

    fetch: rows of the photos to their vectors, float32 (m, block.dim).
    """

    block: Block
    fetch: Callable[[NDArray[np.intp]], NDArray[np.float32]]


@dataclass(frozen=True)
class Features:
    """Numbers of many photos.

    `photos`: n keys, each once. `matrix`: float32, shape (n, sum of the blocks' dims), finite. `in_store`:
    further blocks, which are not part of the matrix; `select` finds both.
    `failures`: the photos that were asked for and have no row. `content_hashes`, `captures`: what the photos'
    files hold and how they were captured, in the order of `photos`; None where the numbers come from a table.
    `replaced`: photo that was asked for and cannot be used → the one of `photos` that stands in for it.
    """

    photos: tuple[str, ...]
    matrix: NDArray[np.float32]
    blocks: tuple[Block, ...]
    failures: tuple[Failure, ...] = ()
    content_hashes: tuple[str, ...] | None = None
    captures: tuple[Capture, ...] | None = None
    replaced: dict[str, str] = field(default_factory=dict)
    in_store: tuple[InStore, ...] = ()
    _row_of: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        expected = (len(self.photos), sum(block.dim for block in self.blocks))
        if self.matrix.shape != expected or self.matrix.dtype != np.float32:
            raise FeatureError(
                f"features must be float32 {expected}, not {self.matrix.dtype} {self.matrix.shape}"
            )
        # The extremes, which a NaN spreads to, are found without a table of all numbers.
        if self.matrix.size and not np.isfinite([self.matrix.min(), self.matrix.max()]).all():
            row = int(np.argmin(np.isfinite(self.matrix).all(axis=1)))
            raise FeatureError(f"the features of {self.photos[row]} are not all finite numbers")
        object.__setattr__(self, "_row_of", {photo: row for row, photo in enumerate(self.photos)})
        if len(self._row_of) != len(self.photos):
            raise FeatureError("a photo has features twice")

    @classmethod
    def from_arrays(
        cls, photos: Iterable[Any], matrix: Any, names: Iterable[str] | None = None
    ) -> "Features":
        """Numbers of your own, such as the embeddings of any network.

        Args:
            photos: n names, each once: text, paths or whole numbers.
            matrix: (n, d) numbers: an array, a tensor of torch, or nested lists; kept as float32.
            names: d names of the numbers, each once; by default "0", "1" …. A ranker trained on them asks
                for these names.

        Raises FeatureError if the three do not fit together, or a number is not finite in float32.
        """
        keys = tuple(as_names(photos, "photo", FeatureError))
        try:
            numbers = as_array(matrix)
        except ValueError as error:  # rows of different lengths
            raise FeatureError(f"the matrix is no table: {error}") from error
        if numbers.ndim != 2 or len(numbers) != len(keys) or not numbers.shape[1]:
            raise FeatureError(
                f"{len(keys)} photos need a matrix of {len(keys)} rows and at least one column, "
                f"not one of the shape {numbers.shape}"
            )
        if numbers.dtype.kind not in "biuf":
            raise FeatureError(f"the matrix must hold numbers, not {numbers.dtype}")
        columns = tuple(map(str, range(numbers.shape[1]) if names is None else names))
        if len(columns) != numbers.shape[1] or len(set(columns)) != len(columns):
            raise FeatureError(
                f"{numbers.shape[1]} columns need as many different names, not {len(set(columns))}"
            )
        with np.errstate(over="ignore"):  # told with the photo's name
            rows = np.array(numbers, np.float32, order="C")
        return cls(keys, rows, (Block(TABLE, f"{TABLE}/{','.join(columns)}", columns),))

    def __contains__(self, photo: object) -> bool:
        return photo in self._row_of

    def __len__(self) -> int:
        return len(self.photos)

    @property
    def all_blocks(self) -> tuple[Block, ...]:
        """Those of the matrix, and those whose vectors are in the store."""
        return (*self.blocks, *(each.block for each in self.in_store))

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the matrix's columns, in order."""
        return tuple(column for block in self.blocks for column in block.columns)

    def rows(self, photos: Iterable[str]) -> NDArray[np.intp]:
        """The matrix rows of `photos`, in their order. Raises FeatureError for a photo without features."""
        try:
            return np.array([self._row_of[photo] for photo in photos], dtype=np.intp)
        except KeyError as missing:
            raise FeatureError(f"no features for photo {missing.args[0]!r}") from None

    @property
    def content_hash_of(self) -> dict[str, str]:
        """Photo → content hash; empty where they are not known."""
        return dict(zip(self.photos, self.content_hashes or (), strict=False))

    def known_hashes(self, photos: Iterable[str]) -> tuple[str, ...]:
        """The content hashes of those of `photos` that have features; none where they are not known."""
        if self.content_hashes is None:
            return ()
        return tuple(self.content_hashes[self._row_of[photo]] for photo in photos if photo in self)

    def select(self, blocks: Sequence[Block], rows: NDArray[np.intp] | None = None) -> NDArray[np.float32]:
        """The columns of `blocks`, in their order: float32 (n, sum of dims); of all rows, or of these.

        Those of a table are found by their names, wherever they stand. Raises FeatureError, naming both
        sides, where a block or a column is absent or was made differently.
        """
        check_blocks(blocks, self.all_blocks)
        stored = {each.block.name: each for each in self.in_store}
        if any(block.name in stored for block in blocks):
            wanted = np.arange(len(self)) if rows is None else rows
            parts = [
                stored[block.name].fetch(wanted) if block.name in stored else self.select([block], rows)
                for block in blocks
            ]
            return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)
        columns = _places(tuple(blocks), self.blocks)
        if isinstance(columns, slice):  # of a large library, not all is copied for the sake of one block
            return self.matrix[:, columns].copy() if rows is None else self.matrix[rows, columns]
        return np.take(self.matrix if rows is None else self.matrix[rows], columns, axis=1)


@lru_cache
def _places(blocks: tuple[Block, ...], given: tuple[Block, ...]) -> NDArray[np.intp] | slice:
    """Where the columns of `blocks` stand among those of `given`."""
    named = [(block.name, column) for block in given for column in block.columns]
    place_of = {name: place for place, name in enumerate(named)}
    place_of |= {(TABLE, column): place for place, (_, column) in enumerate(named)}
    places = [place_of[block.name, column] for block in blocks for column in block.columns]
    return in_one_piece(np.array(places, np.intp))


def check_blocks(needed: Sequence[Block], given: Sequence[Block]) -> None:
    """Raises FeatureError, naming both sides, where `given` lacks one of `needed` or was made otherwise."""
    here = {block.name: block for block in given}
    columns = [column for block in given for column in block.columns]
    for block in needed:
        if block.name == TABLE:
            if lacking := [column for column in block.columns if column not in columns]:
                raise FeatureError(
                    f"the model was trained on a table with the column '{lacking[0]}', which is not here; "
                    f"there are {', '.join(columns[:_FEW])}{' …' if len(columns) > _FEW else ''}"
                )
            continue
        found = here.get(block.name)
        if found is None:
            raise FeatureError(
                f"the model needs the features '{block.name}' ({block.fingerprint}); "
                f"here are only {', '.join(here) or 'none'}"
            )
        if found != block:
            remedy = "make them the same way, or train anew"
            if folder := block.weights_folder:
                remedy = f"give the folder with that {folder}/ by --weights_dir, or train anew"
            raise FeatureError(
                f"the model was trained on '{block.name}' features made as {block.fingerprint}, "
                f"these are made as {found.fingerprint}: {remedy}"
            )


def check_weights_dir(blocks: Sequence[Block], weights_dir: Path | None) -> None:
    """Raises FeatureError if one of `blocks` needs the weights of a folder, and no folder is given."""
    for block in blocks:
        if block.weights_folder and weights_dir is None:
            raise FeatureError(
                f"the model was trained on '{block.name}' features of the weights in a folder "
                f"{block.weights_folder}/: give the folder that holds it by --weights_dir"
            )


@cache
def fixed_picture() -> NDArray[np.uint8]:
    """uint8 RGB (200, 800, 3), read-only: coloured slopes from black to white, with a fine pattern.

    It is the same everywhere: what is made of it tells whether a library computes otherwise.
    """
    row, column = np.indices((200, LONG_SIDE), np.int32)
    slope = np.abs((column + 2 * row) % 640 - 320)
    tints = [(row - 100) // 5, (column - 400) // 20, (300 - column + row) // 12]
    pattern = 16 * ((row // 3 + column // 5) % 2)
    picture = np.stack([slope + tint + pattern - 40 for tint in tints], axis=-1).clip(0, 255)
    pixels = picture.astype(np.uint8)
    pixels.flags.writeable = False
    return pixels

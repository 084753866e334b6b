import hashlib

from phototriage.features.fixed_picture import fixed_picture


def test_it_is_the_same_everywhere() -> None:
    picture = fixed_picture()
    assert (picture.shape, picture.dtype) == ((200, 800, 3), "uint8")
    assert (picture.min(), picture.max()) == (0, 255)
    assert hashlib.sha256(picture.tobytes()).hexdigest()[:16] == "a10d2528a719fca8"
    assert not picture.flags.writeable

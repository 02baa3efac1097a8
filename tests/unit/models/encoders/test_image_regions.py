import numpy as np

from quintet.maths.hog import WIDTH as HOG_WIDTH
from quintet.models.encoders.image_regions import ImageRegions
from quintet.types import ImageMedia, Modality, Segment, SegmentKind

REGIONS = tuple(Segment(SegmentKind.REGION, no) for no in range(49))


def encode(pixels: np.ndarray) -> np.ndarray:
    media = ImageMedia(modality=Modality.IMAGE, format="png", segments=REGIONS, pixels=pixels)
    return np.concatenate(ImageRegions().encode(media, REGIONS))


def test_regions_are_numbered_along_the_rows():
    pixels = np.full((70, 140, 3), 128, np.uint8)
    pixels[12:18, 102:118] = 255
    level = encode(pixels)[:, HOG_WIDTH - 1]
    assert level.argmax() == 1 * 7 + 5


def test_size_matters_little():
    small = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    a = encode(np.kron(small, np.ones((8, 8, 1), np.uint8))).ravel()
    b = encode(np.kron(small, np.ones((16, 16, 1), np.uint8))).ravel()
    other = encode(np.kron(small[::-1], np.ones((8, 8, 1), np.uint8))).ravel()
    assert np.linalg.norm(a - b) < 0.3 * np.linalg.norm(a - other)


def test_colour_tells_pictures_of_one_drawing_apart():
    drawing = np.zeros((60, 60, 3), np.uint8)
    red, green = drawing.copy(), drawing.copy()
    red[20:40, 20:40, 0] = 200
    green[20:40, 20:40, 1] = 200
    assert np.abs(encode(red) - encode(green))[:, -6:].max() > 0.3

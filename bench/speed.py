"""Speed as ratios to a limit or a peer in the same run, and latency and memory of search."""

from __future__ import annotations

import io
import os
import resource
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

import av
import numpy as np
import trimesh
from PIL import Image

import quintet
from quintet.flows.add import default_workers
from quintet.index.flat import Flat
from quintet.media import image, pose, raster, video
from quintet.media.isolate import Box
from quintet.media.limits import Limits
from quintet.store.records import FileRow, Record, TextRow
from quintet.store.sqlite import Store
from quintet.types import Channel, Item, Modality, Segment, SegmentKind

SEGMENTS = 100_000
QUERIES = 200
WORDS = 5_000
"""Different words of the made-up texts; the k-th is used 1 / k as often."""


def measure(data: Path, scratch: Path) -> str:
    """The section of the results page."""
    rows = [
        *_adding(data / "fivemedia" / "train", scratch),
        _views(),
        _film(scratch),
        _jpeg(),
        *_search(scratch),
        _vectors(),
    ]
    return "\n".join(
        [
            "## Speed",
            "",
            "| what | measured | against | ratio or bar |",
            "|---|---|---|---|",
            *(f"| {what} | {ours} | {theirs} | {ratio} |" for what, ours, theirs, ratio in rows),
        ]
    )


Row = tuple[str, str, str, str]


def _timed(work: Callable[[], object], times: int = 3) -> float:
    seconds = []
    for _ in range(times):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return median(seconds)


def _adding(root: Path, scratch: Path) -> list[Row]:
    """The whole of ``add`` against nothing but decoding, in the same box with as many workers."""
    files = [p for p in root.rglob("*") if p.is_file()]
    workers = default_workers()
    with Box(workers=workers) as box, ThreadPoolExecutor(workers) as pool:
        _decode(box, files[0])
        started = time.perf_counter()
        list(pool.map(lambda path: _decode(box, path), files))
        decode = time.perf_counter() - started
    (scratch / "added").mkdir()
    with quintet.open(scratch / "added") as lib:
        added = lib.add(root).seconds
    return [
        (
            f"`add` of {len(files)} files of five media",
            f"{added:.0f} s",
            f"{decode:.0f} s to decode them",
            f"{decode / added:.2f} (bar 0.5)",
        )
    ]


def _decode(box: Box, path: Path) -> None:
    with path.open("rb") as file:
        box.open(file)


def _views() -> Row:
    ball = trimesh.creation.icosphere(subdivisions=4)
    faces = np.asarray(ball.faces, dtype=np.int32)
    vertices = pose.normalised(np.asarray(ball.vertices), faces)
    raster.depth_views(vertices, faces, 256)
    ours = _timed(lambda: raster.depth_views(vertices, faces, 256))
    theirs, name = _peer(vertices, faces)
    ratio = f"{theirs / ours:.1f}× faster" if theirs else "peer not installed"
    return (
        "47 views at 256² of 5 120 triangles",
        f"{1000 * ours:.0f} ms",
        f"{name} {1000 * theirs:.0f} ms" if theirs else name,
        ratio,
    )


def _peer(vertices: np.ndarray, faces: np.ndarray) -> tuple[float, str]:
    """moderngl on the system's OpenGL (software here), drawing the same triangles' depth."""
    try:
        import moderngl

        context = moderngl.create_standalone_context(backend="egl")
    except Exception as e:  # noqa: BLE001 - any failure of a driver means that there is no peer
        return 0.0, f"moderngl: {type(e).__name__}"
    program = context.program(
        vertex_shader="#version 330\nin vec3 at; uniform mat3 turn;"
        "void main() { gl_Position = vec4(turn * at * 0.9, 1.0); }",
        fragment_shader="#version 330\nout vec4 c; void main() { c = vec4(gl_FragCoord.z); }",
    )
    buffer = context.buffer(vertices[faces].astype("f4").tobytes())
    drawn = context.vertex_array(program, [(buffer, "3f", "at")])
    frame = context.simple_framebuffer((256, 256))
    frame.use()
    context.enable(moderngl.DEPTH_TEST)
    turns = [np.linalg.qr(np.random.default_rng(n).normal(size=(3, 3)))[0] for n in range(47)]

    def draw() -> None:
        for turn in turns:
            frame.clear()
            program["turn"].write(turn.T.astype("f4").tobytes())
            drawn.render()
            frame.read(components=1)

    draw()
    return _timed(draw), f"moderngl ({context.info['GL_RENDERER'][:24]})"


def _film(scratch: Path) -> Row:
    path = scratch / "film.mp4"
    _make_film(path)
    with path.open("rb") as file:
        ours = _timed(lambda: video.decode(file, "mp4", Limits()), 1)

    def every_frame() -> None:
        with av.open(str(path)) as film:
            for frame in film.decode(video=0):
                frame.to_ndarray(format="rgb24")

    theirs = _timed(every_frame, 1)
    return (
        "a 60 s film of 1280×720, key frames first, cut into shots",
        f"{ours:.1f} s ({60 / ours:.0f}× real time)",
        f"PyAV, every frame, {theirs:.1f} s",
        f"{theirs / ours:.1f}× faster",
    )


def _make_film(path: Path) -> None:
    rng = np.random.default_rng(0)
    with av.open(str(path), "w") as film:
        stream = film.add_stream("libx264", rate=25, options={"g": "50", "preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 1280, 720, "yuv420p"
        for n in range(60 * 25):
            if n % 125 == 0:
                scene = rng.integers(0, 255, (720, 1280, 3), dtype=np.uint8) // 4
                scene += rng.integers(0, 190, 3, dtype=np.uint8)
            frame = av.VideoFrame.from_ndarray(np.roll(scene, 4 * n, axis=1), format="rgb24")
            film.mux(stream.encode(frame))
        film.mux(stream.encode())


def _jpeg() -> Row:
    rng = np.random.default_rng(0)
    small = rng.integers(0, 255, (300, 400, 3), dtype=np.uint8)
    data = io.BytesIO()
    Image.fromarray(small).resize((4000, 3000)).save(data, "JPEG", quality=90)
    ours = _timed(lambda: image.decode(data, "jpeg", Limits()))

    def full() -> None:
        data.seek(0)
        with Image.open(data) as picture:
            picture.convert("RGB").resize((384, 288))

    theirs = _timed(full)
    return (
        "a JPEG of 12 megapixels to 384 px",
        f"{1000 * ours:.0f} ms",
        f"Pillow, whole picture then resize, {1000 * theirs:.0f} ms",
        f"{theirs / ours:.1f}× faster",
    )


def _search(scratch: Path) -> list[Row]:
    """Full text on SEGMENTS sentences, warm; words are as frequent as in language."""
    folder = scratch / "text"
    rng = np.random.default_rng(0)
    share = 1 / np.arange(1, WORDS + 1)
    before = _rss()
    with Store.create(folder) as store:
        for n in range(SEGMENTS // 100):
            store.put([_document(n, rng.choice(WORDS, (100, 12), p=share / share.sum()))])
        size = sum(p.stat().st_size for p in folder.glob("library.sqlite*"))
    with Store.open(folder) as store:
        asked = [f"w{rng.integers(10, WORDS)}x w{rng.integers(10, WORDS)}x" for _ in range(QUERIES)]
        for words in asked[:20]:
            store.text_search(words, 200)
        taken = [1000 * _timed(lambda w=w: store.text_search(w, 200), 1) for w in asked]
    grown = max(0, _rss() - before)
    p50, p99 = np.percentile(taken, [50, 99])
    return [
        (
            f"text search, {SEGMENTS} segments, warm, p50",
            f"{p50:.1f} ms",
            "",
            "bar 10 ms",
        ),
        ("the same, p99", f"{p99:.1f} ms", "", "bar 30 ms"),
        (
            "memory per stored segment while searching",
            f"{grown / SEGMENTS:.0f} B",
            f"{size / SEGMENTS:.0f} B on disk (text, full-text index, segment)",
            "",
        ),
    ]


def _document(n: int, words: np.ndarray) -> Record:
    lines = [" ".join(f"w{w}x" for w in row) for row in words]
    segments = [Segment(SegmentKind.SENTENCE, i, text=line) for i, line in enumerate(lines)]
    item = Item(f"{n:064x}", Modality.TEXT, "txt", f"/made/{n}.txt", 1, 1, "2026-01-01")
    return Record(
        item=item,
        file=FileRow(item.path, "/made", 1, 1, n, item.id),
        segments={Channel.WRITTEN: segments},
        local={},
        encoder={},
        texts=[TextRow("text", s.text, Channel.WRITTEN, s.no) for s in segments],
    )


def _rss() -> int:
    """Resident bytes of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * (os.sysconf("SC_PAGE_SIZE") or resource.getpagesize())


def _vectors() -> Row:
    rng = np.random.default_rng(0)
    z = rng.standard_normal((SEGMENTS, 300), dtype=np.float32)
    z /= np.linalg.norm(z, axis=1, keepdims=True)
    index = Flat()
    index.add(range(SEGMENTS), z)
    queries = z[rng.integers(0, SEGMENTS, QUERIES)] + 0.01
    taken = [1000 * _timed(lambda q=q: index.search(q, 200), 1) for q in queries]
    bare = [1000 * _timed(lambda q=q: z @ q, 1) for q in queries]
    p50, p99 = np.percentile(taken, [50, 99])
    return (
        f"exact search of {SEGMENTS} vectors of 300, p50 / p99",
        f"{p50:.1f} / {p99:.1f} ms",
        f"the matrix product alone {median(bare):.1f} ms",
        f"{median(bare) / p50:.1f}× faster (bar 10 / 30 ms)",
    )

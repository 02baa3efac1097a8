import io
from fractions import Fraction

import av
import numpy as np
import pytest
from PIL import Image

from quintet.errors import Code, FileProblem
from quintet.media import animation, video
from quintet.media.limits import Limits
from quintet.types import Modality, SegmentKind

RATE = 10
COLOURS = ((200, 30, 30), (30, 200, 30), (30, 30, 200))


def scenes(seconds=1.5, size=(64, 96)):
    """Frames of three scenes of one colour each, with a bright patch that moves."""
    for colour in COLOURS:
        for no in range(int(seconds * RATE)):
            frame = np.full((*size, 3), colour, np.uint8)
            frame[4:12, (no * 3) % 80 : (no * 3) % 80 + 8] = 255
            yield frame


def film(frames, container="mp4", codec="mpeg4", pix_fmt="yuv420p", sound=False, gop=12, tags=None):
    made = io.BytesIO()
    frames = list(frames)
    with av.open(made, "w", format=container) as out:
        out.metadata.update(tags or {})
        stream = out.add_stream(codec, rate=RATE, options={"g": str(gop)})
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = pix_fmt
        track = out.add_stream("aac", rate=22_050, layout="mono") if sound else None
        for frame in frames:
            out.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        out.mux(stream.encode(None))
        if track is not None:
            t = np.arange(22_050 * len(frames) // RATE) / 22_050
            wave = (0.5 * np.sin(2 * np.pi * 440 * t)).astype(np.float32)[None]
            voice = av.AudioFrame.from_ndarray(wave, format="fltp", layout="mono")
            voice.sample_rate = 22_050
            for packet in (*track.encode(voice), *track.encode(None)):
                out.mux(packet)
    return made


def decoded(file, limits=None, **given):
    found = video.sniff(file)
    assert found is not None
    return video.decode(file, found, limits or Limits(), **given)


def assert_promises(media):
    assert media.modality is Modality.VIDEO
    assert media.frames.dtype == np.uint8
    assert media.times_s.dtype == np.float32
    assert len(media.frames) == len(media.times_s) == len(media.shot_of_frame)
    assert (np.diff(media.times_s) > 0).all()
    assert (np.diff(media.shot_of_frame) >= 0).all()
    assert set(media.shot_of_frame.tolist()) == set(range(len(media.segments)))
    for no, s in enumerate(media.segments):
        assert (s.kind, s.no) == (SegmentKind.SHOT, no)
        inside = media.times_s[media.shot_of_frame == no]
        assert s.start_s - 1e-3 <= inside.min() <= inside.max() <= s.end_s + 1e-3
    assert media.segments[0].start_s == 0
    assert media.segments[-1].end_s == media.duration_s


@pytest.mark.parametrize(
    ("container", "codec", "pix_fmt", "format"),
    [
        ("mp4", "mpeg4", "yuv420p", "mp4"),
        ("mov", "mpeg4", "yuv420p", "mov"),
        ("matroska", "mpeg4", "yuv420p", "mkv"),
        ("avi", "mjpeg", "yuvj420p", "avi"),
        ("mpegts", "mpeg4", "yuv420p", "mpegts"),
        ("flv", "flv1", "yuv420p", "flv"),
    ],
)
def test_containers_and_shots(container, codec, pix_fmt, format):
    media = decoded(film(scenes(), container, codec, pix_fmt))
    assert_promises(media)
    assert media.format == format
    assert media.duration_s == pytest.approx(4.5, abs=0.2)
    assert [s.start_s for s in media.segments] == pytest.approx([0, 1.5, 3.0], abs=0.15)
    for no, colour in enumerate(COLOURS):
        middle = media.frames[media.shot_of_frame == no].mean(axis=(0, 1, 2))
        assert middle == pytest.approx(colour, abs=25)


def test_frames_are_small_and_keep_their_shape():
    media = decoded(film(scenes(0.5, (240, 480))))
    assert media.frames.shape[1:] == (112, 224, 3)
    assert media.metadata["width"] == "480"


def test_key_frames_alone_where_a_film_is_long(monkeypatch):
    monkeypatch.setattr(video, "EXACT_PIXELS", 1)
    monkeypatch.setattr(video, "POOR_S", 1.0)
    media = decoded(film(scenes(2.0), gop=5))
    assert_promises(media)
    assert len(media.segments) == 3
    assert np.diff(media.times_s).min() >= 0.5 - 1e-3  # every fifth of ten a second


def test_few_key_frames_are_not_enough(monkeypatch):
    monkeypatch.setattr(video, "EXACT_PIXELS", 1)
    monkeypatch.setattr(video, "POOR_S", 0.5)
    monkeypatch.setattr(video, "POOR_PIXELS", 1 << 40)
    media = decoded(film([next(scenes())] * 40, gop=600))
    assert len(media.frames) == video.FRAMES_PER_SHOT


def test_candidates_are_bounded(monkeypatch):
    monkeypatch.setattr(video, "CANDIDATES", 10)
    media = decoded(film(scenes()))
    assert_promises(media)
    assert len(media.frames) <= 11


def test_choose_is_even_ordered_and_bounded():
    first = np.array([0, 100, 103], np.int64)
    frames, shot = video.choose(first, 104)
    assert (shot == 0).sum() == video.FRAMES_PER_SHOT
    assert frames[shot == 0][[0, -1]].tolist() == [0, 99]
    assert frames[shot == 1].tolist() == [100, 101, 102]
    assert frames[shot == 2].tolist() == [103]
    many, _ = video.choose(np.arange(512, dtype=np.int64) * 4, 2048)
    assert len(many) == video.MAX_FRAMES


def test_sound_track_is_nested():
    media = decoded(film(scenes(), sound=True))
    assert media.sound is not None
    assert media.sound.modality is Modality.AUDIO
    assert media.sound.duration_s == pytest.approx(4.5, abs=0.2)
    spectrum = np.abs(np.fft.rfft(media.sound.samples.astype(float)))
    hz = spectrum.argmax() * media.sound.sample_rate_hz / len(media.sound.samples)
    assert hz == pytest.approx(440, abs=3)
    assert decoded(film(scenes())).sound is None


def test_side_car_subtitles():
    cars = {"A.SRT": b"1\n00:00:01,000 --> 00:00:02,000\nA dog barks\n", "a.txt": b"not read"}
    media = decoded(film(scenes(0.5)), sidecars=cars)
    assert media.subtitles is not None
    (cue,) = media.subtitles.segments
    assert (cue.kind, cue.text, cue.start_s, cue.end_s) == (SegmentKind.CUE, "A dog barks", 1, 2)


def test_embedded_subtitles():
    made = io.BytesIO()
    with av.open(made, "w", format="matroska") as out:
        stream = out.add_stream("mpeg4", rate=RATE)
        stream.height, stream.width, stream.pix_fmt = 64, 96, "yuv420p"
        with av.open(io.BytesIO(b"1\n00:00:01,000 --> 00:00:02,500\n<b>Hello</b>, world\n")) as srt:
            track = out.add_stream_from_template(srt.streams.subtitles[0])
            for frame in scenes(0.5):
                out.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
            out.mux(stream.encode(None))
            for packet in srt.demux(srt.streams.subtitles[0]):
                if packet.pts is not None:
                    packet.stream = track
                    out.mux(packet)
    media = decoded(made)
    assert media.subtitles is not None
    (cue,) = media.subtitles.segments
    assert (cue.text, cue.start_s, cue.end_s) == ("Hello, world", 1.0, 2.5)


def test_tags():
    assert decoded(film(scenes(0.3), tags={"title": "Holiday"})).metadata["title"] == "Holiday"


@pytest.mark.parametrize("name", ["GIF", "WEBP", "PNG"])
def test_animated_pictures_are_films(name):
    made = io.BytesIO()
    first, *rest = [Image.fromarray(f) for f in scenes(1.0)]
    first.save(made, name, save_all=True, append_images=rest, duration=100, lossless=True)
    assert video.sniff(made) == name.lower()
    media = decoded(made)
    assert_promises(media)
    assert len(media.segments) == 3
    assert media.duration_s == pytest.approx(3.0, abs=0.2)


def test_still_pictures_are_no_films():
    made = io.BytesIO()
    Image.new("RGB", (8, 8)).save(made, "GIF")
    assert video.sniff(made) is None


def test_frames_of_an_animation_are_bounded():
    made = io.BytesIO()
    first, *rest = [Image.new("L", (2, 2), no % 256) for no in range(300)]
    first.save(made, "GIF", save_all=True, append_images=rest, duration=10)
    media = decoded(made, Limits(frames=20))
    assert media.metadata["decoded_s"] == "0.2"
    assert media.times_s[-1] < 0.2


def test_damaged_animation_is_corrupt():
    with pytest.raises(FileProblem) as caught:
        animation.decode(io.BytesIO(b"GIF89a" + bytes(20)), "gif", Limits(), 10)
    assert caught.value.code is Code.CORRUPT


def test_truncated_film_is_decoded_as_far_as_it_goes():
    whole = film(scenes(), "matroska").getvalue()
    media = decoded(io.BytesIO(whole[: len(whole) * 2 // 3]))
    assert_promises(media)


@pytest.mark.parametrize("limits", [Limits(pixels=1000), Limits(duration_s=1.0), Limits(streams=1)])
def test_declared_sizes_over_the_limits(limits):
    with pytest.raises(FileProblem) as caught:
        video.decode(film(scenes(), sound=True), "mp4", limits)
    assert caught.value.code is Code.TOO_LARGE


def test_rotation_is_applied():
    matrix = b"".join(
        int(v * (1 << 16) if no % 3 < 2 else v * (1 << 30)).to_bytes(4, "big", signed=True)
        for no, v in enumerate((0, 1, 0, -1, 0, 0, 0, 0, 1))
    )
    identity = b"".join(
        int(v * (1 << 16) if no % 3 < 2 else v * (1 << 30)).to_bytes(4, "big", signed=True)
        for no, v in enumerate((1, 0, 0, 0, 1, 0, 0, 0, 1))
    )
    left_red = np.zeros((64, 96, 3), np.uint8)
    left_red[:, :48, 0] = 220
    plain = film([left_red] * 5).getvalue()
    at = plain.index(b"tkhd")
    turned = plain[:at] + plain[at:].replace(identity, matrix, 1)
    assert decoded(io.BytesIO(plain)).frames.shape[1:3] == (64, 96)
    frame = decoded(io.BytesIO(turned)).frames[0].astype(int)
    assert frame.shape == (96, 64, 3)
    # this matrix turns the picture clockwise: what was left is above
    assert frame[10, 32, 0] > 150 > 60 > frame[-10, 32, 0]


def test_time_starts_with_the_first_frame():
    made = io.BytesIO()
    with av.open(made, "w", format="matroska") as out:
        stream = out.add_stream("mjpeg", rate=RATE)
        stream.height, stream.width, stream.pix_fmt = 64, 96, "yuvj420p"
        for no, pixels in enumerate(scenes(0.5)):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = 500 + no, Fraction(1, RATE)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    assert decoded(made).times_s[0] == 0

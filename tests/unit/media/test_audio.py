import io

import av
import numpy as np
import pytest
import soundfile

from quintet.errors import Code, FileProblem
from quintet.media import audio
from quintet.media.limits import Limits
from quintet.types import Modality, SegmentKind

RATE = 44_100


def tone(seconds=2.0, hz=440.0, rate=RATE, channels=1):
    t = np.arange(int(seconds * rate)) / rate
    return np.repeat(0.5 * np.sin(2 * np.pi * hz * t)[:, None], channels, axis=1).astype(np.float32)


def by_soundfile(samples, name, subtype=None, rate=RATE):
    made = io.BytesIO()
    soundfile.write(made, samples, rate, format=name, subtype=subtype)
    return made


def by_av(samples, container, codec, rate=RATE, tags=None):
    made = io.BytesIO()
    with av.open(made, "w", format=container) as out:
        out.metadata.update(tags or {})
        stream = out.add_stream(codec, rate=rate, layout="mono")
        planar = samples.T.copy()
        frame = av.AudioFrame.from_ndarray(planar, format="fltp", layout="mono")
        frame.sample_rate = rate
        for piece in stream.encode(frame):
            out.mux(piece)
        for piece in stream.encode(None):
            out.mux(piece)
    return made


def decoded(file, limits=None):
    found = audio.sniff(file)
    assert found is not None
    return audio.decode(file, found, limits or Limits())


def pitch(media):
    spectrum = np.abs(np.fft.rfft(media.samples.astype(float)))
    return spectrum.argmax() * media.sample_rate_hz / len(media.samples)


@pytest.mark.parametrize(
    ("name", "subtype", "format"),
    [
        ("WAV", "PCM_16", "wav"),
        ("WAV", "PCM_24", "wav"),
        ("WAV", "FLOAT", "wav"),
        ("WAV", "IMA_ADPCM", "wav"),
        ("FLAC", None, "flac"),
        ("OGG", "VORBIS", "ogg"),
        ("OGG", "OPUS", "ogg"),
        ("MP3", None, "mp3"),
        ("AIFF", None, "aiff"),
        ("CAF", None, "caf"),
        ("AU", None, "au"),
        ("W64", None, "w64"),
    ],
)
def test_formats(name, subtype, format):
    rate = 48_000 if subtype == "OPUS" else RATE
    media = decoded(by_soundfile(tone(rate=rate), name, subtype, rate))
    assert (media.modality, media.format) == (Modality.AUDIO, format)
    assert media.samples.dtype == np.int16
    assert media.sample_rate_hz == audio.SAMPLE_RATE_HZ
    assert media.duration_s == pytest.approx(2, abs=0.12)
    assert pitch(media) == pytest.approx(440, abs=2)
    assert np.abs(media.samples.astype(int)).max() == pytest.approx(0.5 * 32767, rel=0.15)


@pytest.mark.parametrize(
    ("container", "codec", "format"),
    [
        ("mp4", "aac", "mp4"),
        ("ipod", "aac", "m4a"),
        ("adts", "aac", "aac"),
        ("matroska", "aac", "mkv"),
        ("ac3", "ac3", "ac3"),
    ],
)
def test_containers(container, codec, format):
    media = decoded(by_av(tone(), container, codec))
    assert media.format == format
    assert pitch(media) == pytest.approx(440, abs=2)


def test_stereo_is_the_mean_of_its_channels():
    both = tone(channels=2) * np.array([1, -1], np.float32)
    assert np.abs(decoded(by_soundfile(both, "WAV")).samples).max() <= 1


def test_resampling_keeps_the_pitch_and_removes_what_would_fold_back():
    high = decoded(by_soundfile(tone(hz=15_000), "WAV")).samples[2000:-2000]
    assert np.abs(high.astype(int)).max() < 33  # 60 dB below full scale
    assert pitch(decoded(by_soundfile(tone(rate=8000), "WAV", rate=8000))) == pytest.approx(
        440, abs=2
    )


def test_windows_cover_the_sound():
    media = decoded(by_soundfile(tone(3.0), "WAV"))
    assert {s.kind for s in media.segments} == {SegmentKind.WINDOW}
    assert [s.no for s in media.segments] == list(range(len(media.segments)))
    assert media.segments[0].start_s == 0
    assert media.segments[-1].end_s == pytest.approx(3.0, abs=1e-3)
    starts = [s.start_s for s in media.segments]
    assert np.diff(starts) == pytest.approx(audio.HOP_S)


@pytest.mark.parametrize(
    ("seconds", "count"), [(0.01, 1), (0.96, 1), (0.97, 2), (1.44, 2), (5, 10)]
)
def test_window_counts(seconds, count):
    assert len(audio.windows(seconds)) == count


def test_tags():
    tags = {"title": "Rain", "artist": "Ann", "album": "Sky", "genre": "field", "date": "1999"}
    metadata = decoded(by_av(tone(), "ipod", "aac", tags=tags)).metadata
    assert {k: metadata[k] for k in tags} == tags


def test_cover_picture_does_not_make_a_film():
    cover = io.BytesIO()
    from PIL import Image

    Image.new("RGB", (16, 16)).save(cover, "PNG")
    frame = b"\0image/png\0\x03\0" + cover.getvalue()
    picture = b"APIC" + len(frame).to_bytes(4, "big") + b"\0\0" + frame
    size = len(picture)
    header = b"ID3\x03\0\0" + bytes((size >> shift) & 0x7F for shift in (21, 14, 7, 0))
    tagged = io.BytesIO(header + picture + by_soundfile(tone(), "MP3").getvalue())
    assert decoded(tagged).format == "mp3"


def test_long_sounds_are_cut_and_say_so(monkeypatch):
    monkeypatch.setattr(audio, "MAX_DECODED_S", 1.0)
    media = decoded(by_soundfile(tone(3.0), "WAV"))
    assert len(media.samples) == audio.SAMPLE_RATE_HZ
    assert media.duration_s == pytest.approx(3.0, abs=0.01)
    assert media.metadata["decoded_s"] == "1"


def test_declared_length_over_the_limit():
    with pytest.raises(FileProblem) as caught:
        decoded(by_soundfile(tone(3.0), "WAV"), Limits(duration_s=2.0))
    assert caught.value.code is Code.TOO_LARGE


def test_no_samples_is_no_content():
    with pytest.raises(FileProblem) as caught:
        decoded(by_soundfile(np.zeros((0, 1), np.float32), "WAV"))
    assert caught.value.code is Code.NO_CONTENT


def test_truncated_sound_is_decoded_as_far_as_it_goes():
    whole = by_soundfile(tone(4.0), "WAV").getvalue()
    assert decoded(io.BytesIO(whole[: len(whole) // 2])).duration_s == pytest.approx(2, abs=0.1)


def test_nonsense_numbers_become_silence():
    samples = tone()
    samples[100:200] = np.nan
    assert decoded(by_soundfile(samples, "WAV", "FLOAT")).samples.any()


@pytest.mark.parametrize("data", [b"", b"ID", b"OggX", b"\xff\xfe words in UTF-16", bytes(1000)])
def test_other_content_is_no_sound(data):
    assert audio.sniff(io.BytesIO(data)) is None


def test_known_signature_that_cannot_be_opened_is_corrupt():
    with pytest.raises(FileProblem) as caught:
        audio.sniff(io.BytesIO(b"fLaC" + bytes(200)))
    assert caught.value.code is Code.CORRUPT

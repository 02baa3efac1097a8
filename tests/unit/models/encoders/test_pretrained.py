"""Pretrained encoders on tiny random checkpoints that are made here."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from quintet.errors import MissingExtra, ModelError, UsageError
from quintet.media.image import regions
from quintet.models.encoders.pretrained import Pretrained, in_box
from quintet.nets import pretrained_files
from quintet.types import (
    AudioMedia,
    ImageMedia,
    Modality,
    Segment,
    SegmentKind,
    TextMedia,
    VideoMedia,
)

transformers = pytest.importorskip("transformers")
transformers.logging.set_verbosity_error()
logging.getLogger("sentence_transformers").setLevel(logging.ERROR)

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WORDS += ["a", "dog", "barks", "at", "the", "red", "car", "狗", "叫"]
TINY = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 48,
}
SENTENCES = ("a dog barks", "the red car", "狗 叫 at the car a dog barks at the red car")


def save_tokens(folder: Path) -> None:
    (folder / "vocab.txt").write_text("\n".join(WORDS), encoding="utf-8")
    transformers.BertTokenizerFast(vocab=str(folder / "vocab.txt")).save_pretrained(folder)


def save_model(folder: Path, model: Any) -> Path:
    folder.mkdir(exist_ok=True)
    model.eval().save_pretrained(folder, safe_serialization=True)
    return folder


def bert(folder: Path) -> Path:
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=len(WORDS), max_position_embeddings=24, pad_token_id=0, **TINY
    )
    save_model(folder, transformers.BertModel(config))
    save_tokens(folder)
    return folder


def clip(folder: Path) -> Path:
    torch.manual_seed(1)
    config = transformers.CLIPConfig(
        text_config={
            **TINY,
            "vocab_size": len(WORDS),
            "max_position_embeddings": 24,
            "bos_token_id": 2,
            "eos_token_id": 3,
            "pad_token_id": 0,
        },
        vision_config={**TINY, "image_size": 28, "patch_size": 4},
        projection_dim=16,
    )
    save_model(folder, transformers.CLIPModel(config))
    save_tokens(folder)
    settings = {
        "do_center_crop": True,
        "crop_size": {"height": 28, "width": 28},
        "size": {"shortest_edge": 28},
        "image_mean": [0.48, 0.45, 0.4],
        "image_std": [0.27, 0.26, 0.28],
    }
    (folder / "preprocessor_config.json").write_text(json.dumps(settings))
    return folder


def siglip(folder: Path) -> Path:
    torch.manual_seed(7)
    config = transformers.SiglipConfig(
        text_config={**TINY, "vocab_size": len(WORDS), "max_position_embeddings": 12},
        vision_config={**TINY, "image_size": 28, "patch_size": 7},
    )
    save_model(folder, transformers.SiglipModel(config))
    save_tokens(folder)
    return folder


def clap(folder: Path) -> Path:
    torch.manual_seed(8)
    config = transformers.ClapConfig(
        text_config={
            **TINY,
            "vocab_size": len(WORDS),
            "max_position_embeddings": 26,
            "pad_token_id": 0,
        },
        audio_config={
            "spec_size": 32,
            "num_mel_bins": 16,
            "patch_size": 2,
            "patch_stride": [2, 2],
            "window_size": 4,
            "depths": [1, 1],
            "num_attention_heads": [1, 1],
            "num_hidden_layers": 2,
            "patch_embeds_hidden_size": 8,
            "hidden_size": 16,
            "num_classes": 2,
            "projection_dim": 12,
            "aff_block_r": 1,
        },
        projection_dim=12,
    )
    save_model(folder, transformers.ClapModel(config))
    save_tokens(folder)
    transformers.ClapFeatureExtractor(
        feature_size=16, hop_length=1024, truncation="rand_trunc", max_length_s=1
    ).save_pretrained(folder)
    return folder


def vit(folder: Path) -> Path:
    torch.manual_seed(2)
    config = transformers.ViTConfig(image_size=32, patch_size=8, **TINY)
    return save_model(folder, transformers.ViTModel(config, add_pooling_layer=False))


def resnet(folder: Path) -> Path:
    torch.manual_seed(3)
    config = transformers.ResNetConfig(
        embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1], layer_type="basic"
    )
    folder = save_model(folder, transformers.ResNetModel(config))
    (folder / "preprocessor_config.json").write_text('{"size": {"shortest_edge": 64}}')
    return folder


def wav2vec2(folder: Path) -> Path:
    torch.manual_seed(4)
    config = transformers.Wav2Vec2Config(
        conv_dim=(16, 16),
        conv_kernel=(10, 8),
        conv_stride=(5, 4),
        num_feat_extract_layers=2,
        num_conv_pos_embeddings=8,
        num_conv_pos_embedding_groups=2,
        **TINY,
    )
    save_model(folder, transformers.Wav2Vec2Model(config))
    transformers.Wav2Vec2FeatureExtractor().save_pretrained(folder)
    return folder


def ast(folder: Path) -> Path:
    torch.manual_seed(5)
    config = transformers.ASTConfig(
        patch_size=8, frequency_stride=8, time_stride=8, max_length=64, num_mel_bins=32, **TINY
    )
    save_model(folder, transformers.ASTModel(config))
    made = transformers.ASTFeatureExtractor(num_mel_bins=32, max_length=64)
    made.save_pretrained(folder)
    return folder


def videomae(folder: Path) -> Path:
    torch.manual_seed(6)
    config = transformers.VideoMAEConfig(
        image_size=16, patch_size=8, num_frames=4, tubelet_size=2, **TINY
    )
    return save_model(folder, transformers.VideoMAEModel(config))


def text_media(sentences: tuple[str, ...] = SENTENCES) -> TextMedia:
    segments = [Segment(SegmentKind.SENTENCE, no, text=s) for no, s in enumerate(sentences)]
    return TextMedia(
        modality=Modality.TEXT, format="txt", segments=tuple(segments), text=" ".join(sentences)
    )


def image_media(side: int = 28, seed: int = 0) -> ImageMedia:
    pixels = np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8)
    return ImageMedia(modality=Modality.IMAGE, format="png", segments=regions(), pixels=pixels)


def audio_media(rate: int = 16_000) -> AudioMedia:
    samples = (8000 * np.sin(np.arange(2 * rate) * 0.2)).astype(np.int16)
    spans = ((0.0, 0.96), (0.48, 1.44), (1.9, 2.0))
    segments = tuple(
        Segment(SegmentKind.WINDOW, no, start_s=a, end_s=b) for no, (a, b) in enumerate(spans)
    )
    return AudioMedia(
        modality=Modality.AUDIO,
        format="wav",
        segments=segments,
        samples=samples,
        sample_rate_hz=rate,
        duration_s=2.0,
    )


def video_media() -> VideoMedia:
    frames = np.random.default_rng(0).integers(0, 256, (7, 16, 16, 3), dtype=np.uint8)
    return VideoMedia(
        modality=Modality.VIDEO,
        format="mp4",
        segments=tuple(Segment(SegmentKind.SHOT, no) for no in range(3)),
        frames=frames,
        times_s=np.arange(7, dtype=np.float32),
        shot_of_frame=np.array([0, 0, 0, 0, 0, 1, 1]),
        duration_s=7.0,
    )


def test_text_is_the_mean_over_the_tokens_of_each_sentence(tmp_path: Path) -> None:
    encoder = Pretrained(model=str(bert(tmp_path / "m")), modality=Modality.TEXT, batch=2)
    media = text_media()
    rows = encoder.encode(media, media.segments)
    assert encoder.d == 32
    assert [r.shape for r in rows] == [(1, 32)] * 3
    model = transformers.AutoModel.from_pretrained(tmp_path / "m").eval()
    tokens = transformers.AutoTokenizer.from_pretrained(tmp_path / "m")
    for sentence, row in zip(SENTENCES, rows, strict=True):
        with torch.no_grad():
            states = model(**tokens(sentence, return_tensors="pt")).last_hidden_state[0]
        np.testing.assert_allclose(row[0], states.mean(0).numpy(), atol=1e-5)


def test_long_sentences_are_cut_not_refused(tmp_path: Path) -> None:
    encoder = Pretrained(model=str(bert(tmp_path / "m")))
    media = text_media(("a dog " * 200,))
    assert np.isfinite(encoder.encode(media, media.segments)[0]).all()


def test_sentence_transformers_folder(tmp_path: Path) -> None:
    st = pytest.importorskip("sentence_transformers")
    from sentence_transformers.sentence_transformer import modules

    transformer = modules.Transformer(str(bert(tmp_path / "bert")))
    pooling = modules.Pooling(32, pooling_mode="cls")
    dense = modules.Dense(32, 12)
    made = st.SentenceTransformer(modules=[transformer, pooling, dense], device="cpu")
    made.save(str(tmp_path / "st"), create_model_card=False)
    encoder = Pretrained(model=str(tmp_path / "st"))
    media = text_media()
    rows = np.concatenate(encoder.encode(media, media.segments))
    assert (encoder.d, rows.shape) == (12, (3, 12))
    np.testing.assert_allclose(rows, made.encode(list(SENTENCES)), atol=1e-5)


def test_dual_encoder_puts_text_and_image_into_one_space(tmp_path: Path) -> None:
    folder = str(clip(tmp_path / "m"))
    words, eyes = Pretrained(model=folder), Pretrained(model=folder, modality=Modality.IMAGE)
    assert words.d == eyes.d == 16
    model = transformers.AutoModel.from_pretrained(folder).eval()
    tokens = transformers.AutoTokenizer.from_pretrained(folder)
    media = text_media()
    for sentence, row in zip(SENTENCES, words.encode(media, media.segments), strict=True):
        with torch.no_grad():
            wanted = model.get_text_features(**tokens(sentence, return_tensors="pt"))
        np.testing.assert_allclose(row[0], wanted.pooler_output[0].numpy(), atol=1e-5)


def test_regions_of_a_dual_encoder_average_to_the_models_own_vector(tmp_path: Path) -> None:
    folder = str(clip(tmp_path / "m"))
    media = image_media()
    rows = np.concatenate(
        Pretrained(model=folder, modality=Modality.IMAGE).encode(media, media.segments)
    )
    assert rows.shape == (49, 16)
    processor = transformers.CLIPImageProcessorPil.from_pretrained(folder)
    inputs = processor(images=media.pixels, return_tensors="pt")
    model = transformers.AutoModel.from_pretrained(folder).eval()
    with torch.no_grad():
        wanted = model.get_image_features(**inputs).pooler_output[0].numpy()
    np.testing.assert_allclose(rows.mean(0), wanted, atol=1e-4)
    assert rows.std(0).max() > 1e-3


def test_siglip_reads_text_and_image(tmp_path: Path) -> None:
    folder = str(siglip(tmp_path / "m"))
    words, eyes = Pretrained(model=folder), Pretrained(model=folder, modality=Modality.IMAGE)
    told, seen = text_media(), image_media()
    rows = np.concatenate(eyes.encode(seen, seen.segments))
    assert rows.shape == (49, eyes.d) == (49, 32)
    assert rows.std(0).max() > 1e-4
    assert [r.shape for r in words.encode(told, told.segments)] == [(1, 32)] * 3


def test_clap_reads_text_and_sound(tmp_path: Path) -> None:
    folder = str(clap(tmp_path / "m"))
    words, ears = Pretrained(model=folder), Pretrained(model=folder, modality=Modality.AUDIO)
    told, heard = text_media(), audio_media(48_000)
    assert [r.shape for r in words.encode(told, told.segments)] == [(1, 12)] * 3
    rows = np.concatenate(ears.encode(heard, heard.segments))
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), np.ones(3), atol=1e-5)


def test_clip_inside_a_sentence_transformers_folder(tmp_path: Path) -> None:
    clip(tmp_path / "0_CLIPModel")
    part = {"idx": 0, "name": "0", "path": "0_CLIPModel"}
    kind = {"type": "sentence_transformers.models.CLIPModel"}
    (tmp_path / "modules.json").write_text(json.dumps([part | kind]))
    wrapped = Pretrained(model=str(tmp_path), modality=Modality.IMAGE)
    plain = Pretrained(model=str(tmp_path / "0_CLIPModel"), modality=Modality.IMAGE)
    media = image_media()
    np.testing.assert_array_equal(
        wrapped.encode(media, media.segments), plain.encode(media, media.segments)
    )


def test_vision_model_pools_its_patches_by_region(tmp_path: Path) -> None:
    encoder = Pretrained(model=str(vit(tmp_path / "m")), modality=Modality.IMAGE)
    media = image_media(side=32)
    boxes = [(0.0, 0.0, 0.25, 0.25), (0.5, 0.0, 1.0, 0.5)]
    segments = [Segment(SegmentKind.REGION, no, box=b) for no, b in enumerate(boxes)]
    rows = encoder.encode(media, segments)
    x = torch.from_numpy(media.pixels.astype(np.float32) / 127.5 - 1).permute(2, 0, 1)[None]
    model = transformers.AutoModel.from_pretrained(tmp_path / "m", add_pooling_layer=False).eval()
    with torch.no_grad():
        grid = model(pixel_values=x).last_hidden_state[0, 1:].reshape(4, 4, 32)
    np.testing.assert_allclose(rows[0][0], grid[0, 0].numpy(), atol=1e-4)
    np.testing.assert_allclose(rows[1][0], grid[:2, 2:].mean((0, 1)).numpy(), atol=1e-4)


def test_convolutional_network_has_a_grid_too(tmp_path: Path) -> None:
    encoder = Pretrained(model=str(resnet(tmp_path / "m")), modality=Modality.IMAGE)
    media = image_media(side=64)
    rows = np.concatenate(encoder.encode(media, media.segments))
    assert rows.shape == (49, encoder.d) == (49, 16)
    assert rows.std(0).max() > 0


@pytest.mark.parametrize("make", [wav2vec2, ast])
@pytest.mark.parametrize("rate", [16_000, 22_050])
def test_sound_gives_one_vector_a_window(tmp_path: Path, make: Any, rate: int) -> None:
    encoder = Pretrained(model=str(make(tmp_path / "m")), modality=Modality.AUDIO)
    media = audio_media(rate)
    rows = encoder.encode(media, media.segments)
    assert [r.shape for r in rows] == [(1, 32)] * 3
    again = encoder.encode(media, media.segments[1:2])
    np.testing.assert_array_equal(again[0], rows[1])


def test_sound_equals_the_model_called_directly(tmp_path: Path) -> None:
    encoder = Pretrained(model=str(wav2vec2(tmp_path / "m")), modality=Modality.AUDIO)
    media = audio_media()
    row = encoder.encode(media, media.segments[:1])[0][0]
    features = transformers.Wav2Vec2FeatureExtractor.from_pretrained(tmp_path / "m")
    x = media.samples[:15_360].astype(np.float32) / 32_768
    model = transformers.AutoModel.from_pretrained(tmp_path / "m").eval()
    with torch.no_grad():
        inputs = features(x, sampling_rate=16_000, return_tensors="pt")
        wanted = model(inputs["input_values"]).last_hidden_state[0].mean(0)
    np.testing.assert_allclose(row, wanted.numpy(), atol=1e-5)


def test_video_model_gives_one_vector_a_shot(tmp_path: Path) -> None:
    encoder = Pretrained(model=str(videomae(tmp_path / "m")), modality=Modality.VIDEO)
    media = video_media()
    rows = encoder.encode(media, media.segments)
    assert [r.shape for r in rows] == [(1, 32), (1, 32), (0, 32)]
    assert np.isfinite(np.concatenate(rows)).all()


def test_picture_model_gives_one_vector_a_frame(tmp_path: Path) -> None:
    encoder = Pretrained(model=str(clip(tmp_path / "m")), modality=Modality.VIDEO, batch=2)
    media = video_media()
    rows = encoder.encode(media, media.segments)
    assert [r.shape for r in rows] == [(5, 16), (2, 16), (0, 16)]
    alone = Pretrained(model=str(tmp_path / "m"), modality=Modality.VIDEO)
    np.testing.assert_allclose(alone.encode(media, media.segments)[1], rows[1], atol=1e-5)


def test_same_bytes_same_vectors_and_version(tmp_path: Path) -> None:
    folder = str(bert(tmp_path / "m"))
    media = text_media()
    one, two = Pretrained(model=folder), Pretrained(model=folder)
    assert one.version == two.version
    for a, b in zip(
        one.encode(media, media.segments), two.encode(media, media.segments), strict=True
    ):
        np.testing.assert_array_equal(a, b)


def test_nothing_is_printed(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    encoder = Pretrained(model=str(bert(tmp_path / "m")))
    capfd.readouterr()
    media = text_media()
    encoder.encode(media, media.segments)
    assert capfd.readouterr() == ("", "")
    assert transformers.utils.logging.is_progress_bar_enabled()


def test_version_follows_the_weights(tmp_path: Path) -> None:
    folder = bert(tmp_path / "m")
    before = Pretrained(model=str(folder)).version
    weights = folder / "model.safetensors"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(bytes(data))
    assert Pretrained(model=str(folder)).version != before


def test_pickled_weights_are_refused(tmp_path: Path) -> None:
    folder = bert(tmp_path / "m")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(ModelError, match=r"pytorch_model\.bin is a pickle"):
        Pretrained(model=str(folder))


def test_pickled_weights_of_a_part_are_refused(tmp_path: Path) -> None:
    folder = bert(tmp_path / "m")
    (folder / "2_Dense").mkdir()
    (folder / "2_Dense" / "config.json").write_text("{}")
    (folder / "2_Dense" / "pytorch_model.bin").write_bytes(b"x")
    with pytest.raises(ModelError, match="pickle"):
        Pretrained(model=str(folder))


def test_code_of_a_model_is_not_run(tmp_path: Path) -> None:
    folder = bert(tmp_path / "m")
    ran = tmp_path / "ran"
    (folder / "own.py").write_text(f"open({str(ran)!r}, 'w')\nclass C: pass\n")
    config = json.loads((folder / "config.json").read_text())
    config |= {"model_type": "own", "auto_map": {"AutoConfig": "own.C", "AutoModel": "own.C"}}
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError):
        Pretrained(model=str(folder))
    assert not ran.exists()


def test_own_module_of_a_sentence_pipeline_is_refused(tmp_path: Path) -> None:
    folder = bert(tmp_path / "m")
    (folder / "modules.json").write_text('[{"idx": 0, "name": "0", "path": "", "type": "own.C"}]')
    with pytest.raises(ModelError, match="its own code"):
        Pretrained(model=str(folder))


def test_damaged_weights_are_a_clear_error(tmp_path: Path) -> None:
    folder = bert(tmp_path / "m")
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:500])
    media = text_media()
    encoder = Pretrained(model=str(folder))
    with pytest.raises(ModelError, match="cannot be opened"):
        encoder.encode(media, media.segments)


def test_missing_weights_are_not_made_up(tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    folder = bert(tmp_path / "m")
    weights = load_file(folder / "model.safetensors")
    weights.pop("encoder.layer.1.output.dense.weight")
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    media = text_media()
    with pytest.raises(ModelError, match=r"lacks 1 weights, first encoder\.layer\.1"):
        Pretrained(model=str(folder)).encode(media, media.segments)


def test_an_id_that_is_not_cached_is_not_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import socket

    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("the network was used")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    with pytest.raises(ModelError, match="download=True"):
        Pretrained(model="nobody/no-such-model")


def test_a_cached_id_needs_no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    commit = "a" * 40
    repo = tmp_path / "models--someone--tiny"
    (repo / "refs").mkdir(parents=True)
    (repo / "refs" / "main").write_text(commit)
    (repo / "snapshots").mkdir()
    bert(repo / "snapshots" / commit)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    encoder = Pretrained(model="someone/tiny")
    media = text_media()
    assert encoder.name == "someone/tiny"
    assert encoder.encode(media, media.segments)[0].shape == (1, 32)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no model folder"):
        Pretrained(model=str(tmp_path / "absent"))


def test_a_missing_library_gives_the_line_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = bert(tmp_path / "m")
    monkeypatch.setattr(pretrained_files, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"pip install 'quintet\[pretrained\]'"):
        Pretrained(model=str(folder))


def test_without_a_model_and_for_another_medium(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="which model"):
        Pretrained()
    folder = str(bert(tmp_path / "m"))
    with pytest.raises(UsageError, match="reads text, not audio"):
        Pretrained(model=folder, modality=Modality.AUDIO)
    with pytest.raises(UsageError, match="used for text"):
        Pretrained(model=folder).encode(image_media(), image_media().segments)


def test_a_box_weighs_patches_by_the_share_inside() -> None:
    grid = np.arange(4, dtype=np.float32).reshape(2, 2, 1)
    assert in_box(grid, (0, 0, 1, 1))[0] == pytest.approx(1.5)
    assert in_box(grid, (0, 0, 0.75, 0.5))[0] == pytest.approx(1 / 3)

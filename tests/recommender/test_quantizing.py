# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportMissingImports=false, reportUnknownParameterType=false
"""The int8 form of a model: near the float one, each token by itself, whatever its channels and its weights are."""

from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray
from onnx import ModelProto, TensorProto, helper, numpy_helper

from recommender.embeddings.calibrating import largest_of_channels
from recommender.embeddings.quantizing import LARGE_TABLE, quantize, rounded_weights, smoothing, uneven

WORDS, WIDTH = LARGE_TABLE // 32 + 1, 32
Floats = NDArray[np.float32]
IDS = np.random.default_rng(1).integers(0, WORDS, size=(4, 12))


def drawn(*shape: int) -> Floats:
    return np.random.default_rng(shape).normal(size=shape).astype(np.float32)


def small_model(**changed: Floats) -> ModelProto:
    """What a transformer has, without attention: a table, a normalization with one large channel, products, a GELU."""
    gains = np.ones(WIDTH, dtype=np.float32)
    gains[5] = 40
    values: dict[str, Floats] = {
        "table": drawn(WORDS, WIDTH),
        "gains": gains,
        "offsets": drawn(WIDTH),
        "wide": drawn(WIDTH, 4 * WIDTH) / np.float32(6) / gains[:, None],
        "narrow": drawn(4 * WIDTH, WIDTH) / np.float32(12),
        **changed,
    }
    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["words"]),
        helper.make_node("LayerNormalization", ["words", "gains", "offsets"], ["normal"]),
        helper.make_node("MatMul", ["normal", "wide"], ["widened"]),
        helper.make_node("Gelu", ["widened"], ["bent"]),
        helper.make_node("MatMul", ["bent", "narrow"], ["tokens"]),
    ]
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["texts", "tokens"])],
        [helper.make_tensor_value_info("tokens", TensorProto.FLOAT, ["texts", "tokens", WIDTH])],
        [numpy_helper.from_array(value, name) for name, value in values.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


def run(model: ModelProto, ids: NDArray[np.int64]) -> Floats:
    session: Any = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(["tokens"], {"input_ids": ids})[0]


def quantized(model: ModelProto, largest: dict[str, Floats] | None = None) -> ModelProto:
    made = ModelProto()
    made.CopyFrom(model)
    quantize(made, largest_of_channels(model, list(IDS)) if largest is None else largest)
    onnx.checker.check_model(made)
    return made


def error(real: Floats, near: Floats) -> float:
    return float(np.linalg.norm(real - near) / np.linalg.norm(real))


def test_all_weights_are_int8_and_what_comes_out_is_near():
    model = small_model()
    made = quantized(model)
    kinds = {one.name: one.data_type for one in made.graph.initializer if len(one.dims) == 2 and one.dims[1] > 1}
    assert set(kinds.values()) == {TensorProto.INT8}
    assert len(kinds) == 3
    assert made.ByteSize() < model.ByteSize() / 3
    assert error(run(model, IDS), run(made, IDS)) < 0.02


def test_a_token_is_rounded_by_itself():
    made = quantized(small_model())
    together = run(made, IDS)
    for place, ids in enumerate(IDS):
        assert np.array_equal(run(made, ids[None])[0], together[place])
    assert np.array_equal(run(made, IDS[:, :1]), together[:, :1])


def test_a_large_channel_leaves_steps_for_the_others():
    model = small_model()
    real = run(model, IDS)
    (name,) = uneven(model)
    wide = next(numpy_helper.to_array(one) for one in model.graph.initializer if one.name == "wide")
    as_they_are = {name: np.abs(wide).max(axis=1)}  # as large as their weights: nothing moves
    assert np.allclose(smoothing(as_they_are[name], as_they_are[name]), 1)
    assert error(real, run(quantized(model), IDS)) < error(real, run(quantized(model, as_they_are), IDS)) / 2


def test_rows_of_zeros_stay_zeros():
    made = quantized(small_model(gains=np.zeros(WIDTH, dtype=np.float32), offsets=np.zeros(WIDTH, dtype=np.float32)))
    assert not run(made, IDS).any()


def test_the_largest_weights_do_not_overflow():
    """All weights alike and all activations at their largest: processors without VNNI would lose half of the sum."""
    flat = {"gains": np.zeros(WIDTH, dtype=np.float32), "offsets": np.ones(WIDTH, dtype=np.float32)}
    ones = {"wide": np.ones((WIDTH, 4 * WIDTH), dtype=np.float32), "narrow": np.ones((4 * WIDTH, WIDTH), np.float32)}
    model = small_model(**flat, **ones)
    assert error(run(model, IDS), run(quantized(model), IDS)) < 0.02


@pytest.mark.parametrize("of_neighbours", [1, -1])
def test_weights_are_rounded_to_half_a_step_and_pairs_stay_below_128(of_neighbours: int):
    weights = drawn(384, 50)
    weights[1::2, :25] = of_neighbours * weights[0::2, :25]
    rounded, scales = rounded_weights(weights)
    assert np.abs(rounded * scales - weights).max(axis=0) == pytest.approx(scales / 2, rel=0.2)
    pairs = np.abs(rounded[0::2].astype(int) + rounded[1::2].astype(int))
    assert pairs.max() <= 128
    assert np.abs(rounded.astype(int)).max() == 127 if of_neighbours < 0 else pairs.max() >= 127

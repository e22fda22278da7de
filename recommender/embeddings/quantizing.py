# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportMissingImports=false, reportUnknownParameterType=false
"""How an exported float model becomes an int8 one: by which scale each number is rounded.

In a product each token's activations have a scale of their own, and so has each column of weights: a token is rounded
in the same way whatever stands beside it. After a layer normalization a few channels are far larger than the others
and would leave them only some of the 256 steps: each channel is divided by a factor, and its weights are multiplied
with it (SmoothQuant, Xiao et al. 2023). In a table of embeddings each row has its scale.
"""

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

Floats: TypeAlias = NDArray[np.float32]

MICROSOFT = "com.microsoft"
MOST = 127
"""The largest rounded weight."""
MOST_OF_PAIR = 127.5
"""The most that two neighbours of a column may sum to, before they are rounded: processors without VNNI add their
products with two activations, of at most 255 each, in 16 bits, and those hold 128 times 255."""
ZERO, ZERO_AFTER_GELU = 128, 32
"""Where among the 256 steps of activations zero lies: in the middle, but after a GELU, whose negatives are small."""
SMOOTHING = 0.5
"""How much of a channel's range moves from its activations to its weights: 0 is nothing, 1 all."""
SMALLEST = 1e-12
MATRIX = 2
LARGE_TABLE = 1_000_000
"""Tables of fewer numbers, as of positions, stay as they are."""


def quantize(model: ModelProto, largest: Mapping[str, Floats]) -> None:
    """Make the products with weights, and the large tables, of `model` int8, in place.

    `largest` has the largest absolute value of each channel for the activations that are `uneven`.
    """
    rewriting = _Rewriting(model, largest)
    for node in model.graph.node:
        rewriting.add(node)
    used = {name for node in rewriting.nodes for name in node.input}
    kept = [one for one in model.graph.initializer if one.name in used]
    del model.graph.node[:], model.graph.initializer[:]
    model.graph.node.extend(rewriting.nodes)
    model.graph.initializer.extend([*kept, *rewriting.constants.values()])
    model.opset_import.append(helper.make_opsetid(MICROSOFT, 1))


def uneven(model: ModelProto) -> list[str]:
    """The names of the activations that have large channels, and are multiplied with weights."""
    multiplied = {node.input[0] for node in _products(model)}
    return [node.output[0] for node in _of(model, "LayerNormalization") if node.output[0] in multiplied]


def smoothing(activations: Floats, weights: Floats) -> Floats:
    """A factor for each channel, of geometric mean 1, by its largest activation and its largest weight."""
    raw = np.maximum(activations, SMALLEST) ** SMOOTHING / np.maximum(weights, SMALLEST) ** (1 - SMOOTHING)
    return np.asarray(raw / np.exp(np.log(raw).mean()), dtype=np.float32)


def rounded_weights(weights: Floats) -> tuple[NDArray[np.int8], Floats]:
    """Weights of shape (channels, columns) as int8, and the scale of each column. The channels are even in number."""
    pairs = np.abs(weights[0::2] + weights[1::2]).max(axis=0)
    scales = np.maximum(np.abs(weights).max(axis=0) / MOST, pairs / MOST_OF_PAIR)
    scales = np.maximum(scales, SMALLEST).astype(np.float32)
    return np.rint(weights / scales).astype(np.int8), scales


def _of(model: ModelProto, kind: str) -> list[NodeProto]:
    return [node for node in model.graph.node if node.op_type == kind]


def _matrices(model: ModelProto) -> dict[str, TensorProto]:
    return {one.name: one for one in model.graph.initializer if len(one.dims) == MATRIX}


def _products(model: ModelProto) -> list[NodeProto]:
    """The products of activations with weights."""
    weights = _matrices(model)
    return [node for node in _of(model, "MatMul") if node.input[1] in weights]


class _Rewriting:
    """The nodes of the int8 model, and their constants. A tensor that both models have keeps its name."""

    def __init__(self, model: ModelProto, largest: Mapping[str, Floats]) -> None:
        self.nodes: list[NodeProto] = []
        self.constants: dict[str, TensorProto] = {}
        self._matrices = _matrices(model)
        self._products = {node.output[0] for node in _products(model)}
        self._after_gelu = {node.output[0] for node in _of(model, "Gelu")}
        self._factors = self._smoothing(model, largest)
        self._rows: dict[str, tuple[str, str]] = {}

    def add(self, node: NodeProto) -> None:
        """Add what stands for a node of the float model."""
        if node.output[0] in self._products:
            self._add_product(node)
        elif node.op_type == "Gather" and self._is_large(node.input[0]):
            self._add_look_up(node)
        else:
            self.nodes.append(node)

    def _smoothing(self, model: ModelProto, largest: Mapping[str, Floats]) -> dict[str, Floats]:
        """The factors of the channels of activations, the same for all products that these go into."""
        heaviest: dict[str, Floats] = {}
        for node in _products(model):
            weights: Floats = np.abs(self._value(node.input[1])).max(axis=1)
            heaviest[node.input[0]] = np.maximum(heaviest.get(node.input[0], SMALLEST), weights)
        return {name: smoothing(largest[name], heaviest[name]) for name in uneven(model)}

    def _add_product(self, node: NodeProto) -> None:
        """Rows of uint8 times columns of int8, then times what each row was divided by."""
        activations, name = node.input[0], node.output[0]
        step, zero = self._steps(activations)
        rows, divisors = self._rounded_rows(activations)
        weights = self._value(node.input[1])
        if activations in self._factors:
            weights = weights * self._factors[activations][:, None]
        rounded, scales = rounded_weights(weights)
        columns, of_columns = self._constant(f"{name}/weights", rounded), self._constant(f"{name}/scales", scales)
        inputs = (rows, columns, step, of_columns, zero)
        product = self._node("MatMulIntegerToFloat", *inputs, name=f"{name}/even", domain=MICROSOFT)
        self._node("Mul", product, divisors, name=name)

    def _rounded_rows(self, name: str) -> tuple[str, str]:
        """The names of the rows as uint8, and of what each was divided by: the same for all products of these rows.

        A row of zeros is divided by zero, but whatever uint8 comes of that is multiplied by zero in the end.
        """
        if name not in self._rows:
            step, zero = self._steps(name)
            smooth = name
            if name in self._factors:
                inverse = self._constant(f"{name}/factors", 1 / self._factors[name])
                smooth = self._node("Mul", name, inverse, name=f"{name}/smooth")
            above, below = 255 - self._zero(name), self._zero(name)
            sizes = self._node("LeakyRelu", smooth, name=f"{name}/sizes", alpha=-above / below)
            last = self._constant("last", np.array([-1]))
            divisors = self._node("ReduceMax", sizes, last, name=f"{name}/divisors")
            even = self._node("Div", smooth, divisors, name=f"{name}/even")
            self._rows[name] = self._node("QuantizeLinear", even, step, zero, name=f"{name}/rounded"), divisors
        return self._rows[name]

    def _zero(self, activations: str) -> int:
        return ZERO_AFTER_GELU if activations in self._after_gelu else ZERO

    def _steps(self, activations: str) -> tuple[str, str]:
        """The names of the step and of the zero that even rows, of -1 to 1, are rounded by."""
        zero = self._zero(activations)
        step = self._constant(f"step_above_{zero}", np.float32(1 / (255 - zero)))
        return step, self._constant(f"zero_at_{zero}", np.uint8(zero))

    def _is_large(self, name: str) -> bool:
        return name in self._matrices and self._value(name).size > LARGE_TABLE

    def _add_look_up(self, node: NodeProto) -> None:
        table, places, name = node.input[0], node.input[1], node.output[0]
        floats = self._value(table)
        scales = np.maximum(np.abs(floats).max(axis=1, keepdims=True), SMALLEST) / MOST
        rounded = self._constant(f"{table}/rounded", np.rint(floats / scales).astype(np.int8))
        rows = self._node("Gather", rounded, places, name=f"{name}/rows")
        even = self._node("Cast", rows, name=f"{name}/even", to=TensorProto.FLOAT)
        scale = self._node("Gather", self._constant(f"{table}/scales", scales), places, name=f"{name}/scales")
        self._node("Mul", even, scale, name=name)

    def _node(self, kind: str, *inputs: str, name: str, domain: str = "", **attributes: Any) -> str:
        """Add a node with one output, which has its name."""
        self.nodes.append(helper.make_node(kind, inputs, [name], name=name, domain=domain, **attributes))
        return name

    def _constant(self, name: str, value: Any) -> str:
        self.constants[name] = numpy_helper.from_array(np.asarray(value), name)
        return name

    def _value(self, name: str) -> Floats:
        return numpy_helper.to_array(self._matrices[name])

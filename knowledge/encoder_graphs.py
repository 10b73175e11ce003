"""The two towers of the built-in encoder as ONNX graphs, drawn from their weights when loaded.

ONNX Runtime's fused operators run a short question about three times faster than eager PyTorch on
two cores, and need neither torch in memory nor an exported file on disk. Knows nothing of text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

Array = NDArray[Any]
Weights = Mapping[str, Array]

_FUSED = "com.microsoft"


@dataclass(frozen=True)
class Layer:
    """One encoder layer of BERT (Devlin et al. 2019). Matrices have the shape (input, output)."""

    qkv: Array
    qkv_bias: Array
    mix: Array
    mix_bias: Array
    mix_norm: tuple[Array, Array]
    widen: Array
    widen_bias: Array
    narrow: Array
    narrow_bias: Array
    narrow_norm: tuple[Array, Array]


class _Graph:
    """Nodes and weights in the order in which they are added."""

    def __init__(self, *, heads: int, epsilon: float) -> None:
        self._heads = heads
        self._epsilon = epsilon
        self._nodes: list[NodeProto] = []
        self._weights: list[TensorProto] = []

    def weight(self, values: Array) -> str:
        name = f"weight{len(self._weights)}"
        self._weights.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def add(self, operator: str, inputs: list[str], **attributes: Any) -> str:
        output = f"value{len(self._nodes)}"
        self._nodes.append(helper.make_node(operator, inputs, [output], **attributes))
        return output

    def embed(self, words: Array, positions: Array, norm: tuple[Array, Array]) -> tuple[str, str]:
        """Hidden states, and the number of real tokens in each row."""
        inputs = ["input_ids", "", self.weight(words), self.weight(positions), ""]
        inputs += [*map(self.weight, norm), "attention_mask"]
        outputs = ["hidden", "lengths"]
        self._nodes.append(
            helper.make_node(
                "EmbedLayerNormalization", inputs, outputs, domain=_FUSED, epsilon=self._epsilon
            )
        )
        return "hidden", "lengths"

    def layer(self, layer: Layer, hidden: str, lengths: str) -> str:
        attended = self.add(
            "Attention",
            [hidden, self.weight(layer.qkv), self.weight(layer.qkv_bias), lengths],
            domain=_FUSED,
            num_heads=self._heads,
        )
        mixed = self.add("MatMul", [attended, self.weight(layer.mix)])
        middle = self._add_and_norm(mixed, hidden, layer.mix_norm, layer.mix_bias)
        wide = self.add("MatMul", [middle, self.weight(layer.widen)])
        active = self.add("BiasGelu", [wide, self.weight(layer.widen_bias)], domain=_FUSED)
        narrow = self.add("MatMul", [active, self.weight(layer.narrow)])
        return self._add_and_norm(narrow, middle, layer.narrow_norm, layer.narrow_bias)

    def _add_and_norm(self, update: str, skip: str, norm: tuple[Array, Array], bias: Array) -> str:
        inputs = [update, skip, *map(self.weight, norm), self.weight(bias)]
        return self.add("SkipLayerNormalization", inputs, domain=_FUSED, epsilon=self._epsilon)

    def sum_of_tokens(self, hidden: str) -> str:
        """(batch, length, width) -> (batch, width), padding left out."""
        mask = self.add("Cast", ["attention_mask"], to=TensorProto.FLOAT)
        column = self.add("Unsqueeze", [mask, self.weight(np.array([2]))])
        masked = self.add("Mul", [hidden, column])
        return self.add("ReduceSum", [masked, self.weight(np.array([1]))], keepdims=0)

    def sum_of_words(self, table: Array, matrix: Array) -> str:
        """What the matrix (output, input) makes of the sum of the tokens' rows of the table."""
        words = self.sum_of_tokens(self.add("Gather", [self.weight(table), "input_ids"]))
        return self.add("MatMul", [words, self.weight(matrix.T)])

    def unit(self, vectors: str) -> str:
        """Scaled to length 1."""
        return self.add("LpNormalization", [vectors], axis=-1, p=2)

    def finish(self, sums: str, width: int) -> ModelProto:
        """Scales to length 1: whether it was a sum or a mean of tokens then makes no difference."""
        self._nodes.append(helper.make_node("LpNormalization", [sums], ["vectors"], axis=-1, p=2))
        return self.give("vectors", ["batch", width])

    def give(self, name: str, shape: list[str | int]) -> ModelProto:
        """The graph as a model whose only output is the value `name`."""
        inputs = [
            helper.make_tensor_value_info(name, TensorProto.INT32, ["batch", "length"])
            for name in ("input_ids", "attention_mask")
        ]
        output = helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        return helper.make_model(
            helper.make_graph(self._nodes, "encoder", inputs, [output], self._weights),
            opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid(_FUSED, 1)],
            ir_version=10,
        )


def english_graph(weights: Weights, config: Mapping[str, Any]) -> ModelProto:
    """input_ids and attention_mask, int32 (batch, length) -> vectors, float32 (batch, width).

    `weights` and `config` are those of Hugging Face's BertModel; padding stands on the right. The
    mean of the tokens is the sentence's vector, as in Sentence-BERT (Reimers & Gurevych 2019).
    """
    graph, hidden = _english(weights, config)
    return graph.finish(graph.sum_of_tokens(hidden), config["hidden_size"])


def english_states_graph(weights: Weights, config: Mapping[str, Any]) -> ModelProto:
    """The same, not pooled: states of every token, float32 (batch, length, width)."""
    graph, hidden = _english(weights, config)
    return graph.give(hidden, ["batch", "length", config["hidden_size"]])


def _english(weights: Weights, config: Mapping[str, Any]) -> tuple[_Graph, str]:
    """The graph up to the last layer, and the name of its output."""
    graph = _Graph(heads=config["num_attention_heads"], epsilon=config["layer_norm_eps"])
    # There is one segment: its vector is added to every position once, here.
    positions = weights["embeddings.position_embeddings.weight"]
    segment = weights["embeddings.token_type_embeddings.weight"][0]
    words = weights["embeddings.word_embeddings.weight"]
    norm = _pair(weights, "embeddings.LayerNorm")
    hidden, lengths = graph.embed(words, positions + segment, norm)
    for number in range(config["num_hidden_layers"]):
        layer = bert_layer(weights, number)
        hidden = graph.layer(layer, hidden, lengths)
    return graph, hidden


def chinese_graph(weights: Weights, english: Weights, config: Mapping[str, Any]) -> ModelProto:
    """The same inputs and output for knowledge/chinese.py's network, with the layers it borrows
    from `english`."""
    weights = {name: values.astype(np.float32) for name, values in weights.items()}
    graph = _Graph(heads=config["heads"], epsilon=config["epsilon"])
    words = weights["reader.words.weight"]
    norm = _pair(weights, "reader.norm")
    hidden, lengths = graph.embed(words, weights["reader.positions.weight"], norm)
    for number in range(config["layers"]):
        layer = _corrected(bert_layer(english, number), weights, f"reader.layers.{number}.")
        hidden = graph.layer(layer, hidden, lengths)
    # The table lies in the graph twice: the fused operator gives no sum of what it looks up.
    shortcut = graph.sum_of_words(words, weights["reader.shortcut.weight"])
    read = graph.unit(graph.add("Add", [graph.sum_of_tokens(hidden), shortcut]))
    bag = graph.unit(graph.sum_of_words(weights["bag.words.weight"], weights["bag.expand.weight"]))
    return graph.finish(graph.add("Add", [read, bag]), config["width"])


def bert_layer(weights: Weights, number: int) -> Layer:
    """One of the layers of Hugging Face's BertModel."""
    prefix = f"encoder.layer.{number}."
    parts = [f"{prefix}attention.self.{part}" for part in ("query", "key", "value")]
    return Layer(
        qkv=np.concatenate([weights[f"{part}.weight"].T for part in parts], axis=1),
        qkv_bias=np.concatenate([weights[f"{part}.bias"] for part in parts]),
        mix=weights[f"{prefix}attention.output.dense.weight"].T,
        mix_bias=weights[f"{prefix}attention.output.dense.bias"],
        mix_norm=_pair(weights, f"{prefix}attention.output.LayerNorm"),
        widen=weights[f"{prefix}intermediate.dense.weight"].T,
        widen_bias=weights[f"{prefix}intermediate.dense.bias"],
        narrow=weights[f"{prefix}output.dense.weight"].T,
        narrow_bias=weights[f"{prefix}output.dense.bias"],
        narrow_norm=_pair(weights, f"{prefix}output.LayerNorm"),
    )


def _corrected(layer: Layer, weights: Weights, prefix: str) -> Layer:
    """The borrowed matrices with the Chinese tower's corrections, its own biases and norms."""

    def matrix(name: str) -> Array:
        up, down = weights[f"{prefix}{name}.up"], weights[f"{prefix}{name}.down"]
        corrected: Array = getattr(layer, name) + (up @ down).T
        return corrected

    return Layer(
        qkv=matrix("qkv"),
        qkv_bias=weights[f"{prefix}qkv.bias"],
        mix=matrix("mix"),
        mix_bias=weights[f"{prefix}mix.bias"],
        mix_norm=_pair(weights, f"{prefix}mix_norm"),
        widen=matrix("widen"),
        widen_bias=weights[f"{prefix}widen.bias"],
        narrow=matrix("narrow"),
        narrow_bias=weights[f"{prefix}narrow.bias"],
        narrow_norm=_pair(weights, f"{prefix}narrow_norm"),
    )


def _pair(weights: Weights, norm: str) -> tuple[Array, Array]:
    return weights[f"{norm}.weight"], weights[f"{norm}.bias"]

"""The writer's network as two ONNX graphs, drawn from the weights that network.py has trained.

ONNX Runtime needs neither torch nor transformers in memory. One passage is read and one answer
written at a time: nothing is padded, and nothing masked but what comes later in the answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from knowledge.graph import FUSED, Array, Graph, Norm

Weights = Mapping[str, Array]
Config = Mapping[str, Any]

# PyTorch's, which network.py leaves as it is.
_EPSILON = 1e-5


def reading_graph(weights: Weights, config: Config) -> Graph:
    """A passage behind the question -> what the decoder needs of it.

    Inputs: `states` (1, words, read_width), `kinds` and `shared` (1, words) as in network.py, and
    `asked` (1), how many of the words are the question's. Outputs: `holds` (1, 1), `words` and
    `pointed` (words, width), and each decoder layer's keys and values (1, heads, words, -1).
    """
    graph = _Network(weights, config)
    asked = graph.take_numbers("asked", 1)
    x = graph.linear("bring_in", graph.take("states", 1, "words", config["read_width"]))
    for name in ("kinds", "shared"):
        x = graph.add("Add", [x, graph.look_up(name, graph.take_numbers(name, 1, "words"))])
    layers = [f"encoder.{number}" for number in range(config["encoder_layers"])]
    norms = [*(f"{layer}.norms.0" for layer in layers), "read_norm"]
    normed = graph.norm(norms[0], x)
    for layer, following in zip(layers, norms[1:], strict=True):
        attended = graph.attend(f"{layer}.attention", normed)
        normed, x = graph.onto(x, f"{layer}.attention.mix", attended, f"{layer}.norms.1")
        wide = graph.widen(f"{layer}.feed.0", normed)
        normed, x = graph.onto(x, f"{layer}.feed.2", wide, following)
    words = graph.add("Squeeze", [normed, graph.weight(np.array([0]))])
    graph.give(graph.judge(words, asked), "holds", 1, 1)
    graph.give(words, "words", "words", config["width"])
    graph.give(graph.linear("pointed", words), "pointed", "words", config["width"])
    for number in range(config["decoder_layers"]):
        keys, values = graph.keys_values(f"decoder.{number}.crossed", normed)
        graph.give(keys, f"keys{number}", *graph.by_head("words"))
        graph.give(values, f"values{number}", *graph.by_head("words"))
    return graph


def writing_graph(weights: Weights, config: Config) -> Graph:
    """The next tokens of an answer -> scores of what follows the last of them.

    Inputs: `tokens` and their `places` in the answer (1, tokens); what `reading_graph` gave of all
    passages, one behind the other, with `prior` (1, words), the log-probability that a word's
    passage holds the answer; and each layer's past (2, 1, heads, tokens before, -1). Outputs:
    `scores` (1, joints + words), and the layers' past together with these tokens.
    """
    graph = _Network(weights, config)
    tokens = graph.take_numbers("tokens", 1, "tokens")
    places = graph.look_up("positions", graph.take_numbers("places", 1, "tokens"))
    words = graph.take("words", "words", config["width"])
    x = graph.add("Add", [graph.embed(tokens, words), places])
    layers = [f"decoder.{number}" for number in range(config["decoder_layers"])]
    norms = [*(f"{layer}.norms.0" for layer in layers), "write_norm"]
    normed = graph.norm(norms[0], x)
    for number, (layer, following) in enumerate(zip(layers, norms[1:], strict=True)):
        past = graph.take(f"past{number}", 2, *graph.by_head("before"))
        own, known = graph.attend_back(f"{layer}.own", normed, past)
        graph.give(known, f"known{number}", 2, *graph.by_head("known"))
        normed, x = graph.onto(x, f"{layer}.own.mix", own, f"{layer}.norms.1")
        read = [
            graph.take(f"{name}{number}", *graph.by_head("words")) for name in ("keys", "values")
        ]
        crossed = graph.cross(f"{layer}.crossed", normed, read)
        normed, x = graph.onto(x, f"{layer}.crossed.mix", crossed, f"{layer}.norms.2")
        wide = graph.widen(f"{layer}.feed.0", normed)
        normed, x = graph.onto(x, f"{layer}.feed.2", wide, following)
    last = graph.add("Gather", [normed, graph.weight(np.array(-1))], axis=1)
    pointed = graph.take("pointed", "words", config["width"])
    graph.give(graph.score(last, pointed, graph.take("prior", 1, "words")), "scores", 1, "choices")
    return graph


class _Network(Graph):
    """The parts of network.py, by the names of their weights."""

    def __init__(self, weights: Weights, config: Config) -> None:
        super().__init__(epsilon=_EPSILON)
        self._values = {name: values.astype(np.float32) for name, values in weights.items()}
        self._joints: int = config["joints"]
        self._heads: int = config["heads"]
        self._width: int = config["width"]

    def by_head(self, words: str) -> tuple[int | str, ...]:
        """The shape of keys and of values."""
        return 1, self._heads, words, self._width // self._heads

    def linear(self, part: str, value: str) -> str:
        return self.add("Add", [self._product(part, value), self._bias(part)])

    def look_up(self, part: str, numbers: str) -> str:
        return self.add("Gather", [self.weight(self._values[f"{part}.weight"]), numbers])

    def norm(self, part: str, value: str) -> str:
        inputs = [value, *map(self.weight, self._norm(part))]
        return self.add("LayerNormalization", inputs, axis=-1, epsilon=self._epsilon)

    def widen(self, part: str, value: str) -> str:
        return self.gelu(value, self._matrix(part), self._values[f"{part}.bias"])

    def onto(self, x: str, part: str, value: str, norm: str) -> list[str]:
        """`x` with what the linear `part` makes of the value: normalised, and as it is."""
        bias = self._values[f"{part}.bias"]
        return self.add_and_norm(self._product(part, value), x, self._norm(norm), bias)

    def attend(self, part: str, value: str) -> str:
        """To itself, in both directions."""
        inputs = [value, *self._query_key_value(part)]
        return self.add("Attention", inputs, domain=FUSED, num_heads=self._heads)

    def attend_back(self, part: str, value: str, past: str) -> list[str]:
        """To the past and, backwards, to itself. Also gives the past with the value's own."""
        inputs = [value, *self._query_key_value(part), "", past]
        return self.add_all(
            "Attention", inputs, outputs=2, domain=FUSED, num_heads=self._heads, unidirectional=1
        )

    def keys_values(self, part: str, value: str) -> list[str]:
        """What `cross` attends to."""
        shape = self.weight(np.array([1, -1, self._heads, self._width // self._heads]))
        halves = self.add_all(
            "Split", [self.linear(f"{part}.key_value", value)], outputs=2, axis=-1
        )
        split = [self.add("Reshape", [half, shape]) for half in halves]
        return [self.add("Transpose", [half], perm=[0, 2, 1, 3]) for half in split]

    def cross(self, part: str, value: str, keys_values: Sequence[str]) -> str:
        inputs = [self.linear(f"{part}.query", value), *keys_values]
        return self.add("MultiHeadAttention", inputs, domain=FUSED, num_heads=self._heads)

    def judge(self, words: str, asked: str) -> str:
        """Log-odds from the question's mean, the passage's mean and its strongest signs."""
        start, end = (self.weight(np.array([at], np.int32)) for at in (0, 1 << 30))
        question = self.add("Slice", [words, start, asked])
        passage = self.add("Slice", [words, asked, end])
        pooled = [
            self.add("ReduceMean", [question], axes=[0]),
            self.add("ReduceMean", [passage], axes=[0]),
            self.add("ReduceMax", [passage], axes=[0]),
        ]
        return self.linear("judge.2", self.widen("judge.0", self.add("Concat", pooled, axis=1)))

    def embed(self, tokens: str, words: str) -> str:
        """Joints have vectors of their own; a copy's is recalled from the word."""
        first, last = (self.weight(np.array(n, np.int32)) for n in (self._joints, self._joints - 1))
        none = self.weight(np.array(0, np.int32))
        places = self.add("Max", [self.add("Sub", [tokens, first]), none])
        recalled = self.linear("recall", self.add("Gather", [words, places]))
        own = self.look_up("joints", self.add("Min", [tokens, last]))
        copies = self.add("GreaterOrEqual", [tokens, first])
        column = self.add("Unsqueeze", [copies, self.weight(np.array([2]))])
        return self.add("Where", [column, recalled, own])

    def score(self, last: str, pointed: str, prior: str) -> str:
        """Of the joints, then of each word."""
        scale = self.weight(np.array(self._width**-0.5, np.float32))
        pointing = self.add("Mul", [self.linear("point", last), scale])
        trusted = self.add("Mul", [prior, self.weight(self._values["trust"])])
        copied = self.add("Gemm", [pointing, pointed, trusted], transB=1)
        return self.add("Concat", [self.linear("say", last), copied], axis=1)

    def _product(self, part: str, value: str) -> str:
        return self.add("MatMul", [value, self.weight(self._matrix(part))])

    def _bias(self, part: str) -> str:
        return self.weight(self._values[f"{part}.bias"])

    def _matrix(self, part: str) -> Array:
        """(input, output)"""
        return self._values[f"{part}.weight"].T

    def _norm(self, part: str) -> Norm:
        return self._values[f"{part}.weight"], self._values[f"{part}.bias"]

    def _query_key_value(self, part: str) -> list[str]:
        parts = (f"{part}.query", f"{part}.key_value")
        matrix = np.concatenate([self._matrix(name) for name in parts], axis=1)
        bias = np.concatenate([self._values[f"{name}.bias"] for name in parts])
        return [self.weight(matrix), self.weight(bias)]

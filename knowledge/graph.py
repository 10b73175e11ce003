"""Networks drawn as ONNX graphs, node by node, and run by ONNX Runtime. Knows no network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper

Array = NDArray[Any]
Norm = tuple[Array, Array]

# The operators that ONNX Runtime adds to the standard's: fused parts of Transformers.
FUSED = "com.microsoft"
# Greater weights are handed over as they lie in memory: as a part of the graph they would be copied
# three times on their way, and 170 MiB of the English encoder's copies were never given back.
_LARGE_BYTES = 1024


class Graph:
    """Values are known by the names that its methods return. All that is given is float32."""

    def __init__(self, *, epsilon: float) -> None:
        self._epsilon = epsilon
        self._nodes: list[NodeProto] = []
        self._weights: list[TensorProto] = []
        self._large: dict[str, Array] = {}
        self._inputs: list[ValueInfoProto] = []
        self._outputs: list[ValueInfoProto] = []

    def take(self, name: str, *shape: str | int, type: int = TensorProto.FLOAT) -> str:
        """An input. Dimensions of any size have a name."""
        self._inputs.append(helper.make_tensor_value_info(name, type, shape))
        return name

    def take_numbers(self, name: str, *shape: str | int) -> str:
        return self.take(name, *shape, type=TensorProto.INT32)

    def weight(self, values: Array) -> str:
        name = f"weight{len(self._weights)}"
        values = np.asarray(values, order="C")
        if values.nbytes < _LARGE_BYTES:
            self._weights.append(numpy_helper.from_array(values, name))
        else:
            self._weights.append(_elsewhere(name, values))
            self._large[name] = values
        return name

    def add(self, operator: str, inputs: Sequence[str], **attributes: Any) -> str:
        return self.add_all(operator, inputs, outputs=1, **attributes)[0]

    def add_all(
        self, operator: str, inputs: Sequence[str], *, outputs: int, **attributes: Any
    ) -> list[str]:
        names = [f"value{len(self._nodes)}.{number}" for number in range(outputs)]
        self._nodes.append(helper.make_node(operator, inputs, names, **attributes))
        return names

    def gelu(self, value: str, matrix: Array, bias: Array) -> str:
        product = self.add("MatMul", [value, self.weight(matrix)])
        return self.add("BiasGelu", [product, self.weight(bias)], domain=FUSED)

    def add_and_norm(self, update: str, skip: str, norm: Norm, bias: Array) -> list[str]:
        """The sum of update, skip and bias: normalised, and as it is."""
        inputs = [update, skip, *map(self.weight, norm), self.weight(bias)]
        normed, _, _, plain = self.add_all(
            "SkipLayerNormalization", inputs, outputs=4, domain=FUSED, epsilon=self._epsilon
        )
        return [normed, plain]

    def give(self, value: str, name: str, *shape: str | int) -> None:
        """An output."""
        self._nodes.append(helper.make_node("Identity", [value], [name]))
        self._outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))

    def session(self, *, threads: int = 0) -> onnxruntime.InferenceSession:
        """Ready to run. `threads` work on one call; 0 are as many as there are cores."""
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        options.intra_op_num_threads = threads
        # A spinning pool would burn a core between two questions.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        values = map(onnxruntime.OrtValue.ortvalue_from_numpy, self._large.values())
        options.add_external_initializers(list(self._large), list(values))
        model = helper.make_model(
            helper.make_graph(self._nodes, "graph", self._inputs, self._outputs, self._weights),
            opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid(FUSED, 1)],
            ir_version=10,
        )
        return onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )


def _elsewhere(name: str, values: Array) -> TensorProto:
    """A weight whose values the graph does not hold."""
    kind = helper.np_dtype_to_tensor_dtype(values.dtype)
    weight = TensorProto(name=name, data_type=kind, dims=values.shape)
    weight.data_location = TensorProto.EXTERNAL
    weight.external_data.add(key="location", value="memory")
    return weight

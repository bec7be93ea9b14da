"""Operations that TensorFlow hands to XLA slowly, replaced by equals that it hands over at once.

For some operations TensorFlow builds a module of MLIR each time they occur, which takes 4 ms, and
a small network has twenty of them; for others it asks XLA directly. What XLA is asked for is the
same, so no number changes. (``BiasAddGrad`` is left alone: as a sum over the same axes it is
another order of additions.) This is done on the functions that TensorFlow keeps of a traced loop.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from overfit_core.training.types import KerasObject

if TYPE_CHECKING:
    from tensorflow.core.framework.function_pb2 import FunctionDef
    from tensorflow.core.framework.node_def_pb2 import NodeDef

SHAPES = "_output_shapes"
"""The attribute of a node in which TensorFlow writes down the shapes of its outputs."""
Ranks = dict[str, int]
"""By node with one output, its number of axes."""


def lower_directly(function: FunctionDef) -> None:
    """Replace what can be replaced in a function, and forget the shapes that it says.

    Args:
        function: With shapes as ``tf.Graph.as_graph_def(add_shapes=True)`` writes them; without
            them fewer operations are replaced. Changed in place.
    """
    ranks = _ranks(function)
    nodes: list[NodeDef] = []
    outputs = {}
    for node in function.node_def:
        replace = _REPLACEMENTS.get(node.op)
        plain = "T" in node.attr and node.attr["T"].type in _floats()
        made = replace(node, ranks) if replace is not None and plain else None
        nodes += made or [node]
        if made is not None and node.op in _OUTPUTS:
            before, after = _OUTPUTS[node.op]
            outputs[f"{node.name}:{before}:0"] = f"{node.name}:{after}:0"
    for node in nodes:
        node.attr.pop(SHAPES, None)
        node.input[:] = [outputs.get(given, given) for given in node.input]
    # A copy: changing protobuf's own map under its iterator leaves some entries out.
    for name, given in dict(function.ret).items():
        function.ret[name] = outputs.get(given, given)
    function.ClearField("node_def")
    function.node_def.extend(nodes)


def _relu(node: NodeDef, ranks: Ranks) -> list[NodeDef]:
    features, *controls = node.input
    zero = _zero(node)
    return [zero, _instead(node, "Maximum", [features, f"{zero.name}:output:0", *controls])]


def _relu_gradient(node: NodeDef, ranks: Ranks) -> list[NodeDef]:
    gradient, features, *controls = node.input
    zero = _zero(node)
    none = f"{zero.name}:output:0"
    positive = _beside(node, "Greater", [features, none])
    chosen = [f"{positive.name}:z:0", gradient, none, *controls]
    return [zero, positive, _instead(node, "SelectV2", chosen)]


def _select(node: NodeDef, ranks: Ranks) -> list[NodeDef] | None:
    """Without the old rule by which a vector chooses rows."""
    rank = ranks.get(_source(node.input[0]))
    if rank is None or rank != ranks.get(node.name):
        return None
    return [_instead(node, "SelectV2", node.input)]


def _reciprocal(node: NodeDef, ranks: Ranks) -> list[NodeDef]:
    return [_instead(node, "Inv", node.input)]


Replacement = Callable[["NodeDef", Ranks], "list[NodeDef] | None"]
_REPLACEMENTS: dict[str, Replacement] = {
    "Relu": _relu,
    "ReluGrad": _relu_gradient,
    "Select": _select,
    "Reciprocal": _reciprocal,
}
_OUTPUTS = {"Relu": ("activations", "z"), "ReluGrad": ("backprops", "output")}
"""Where the output of what comes instead has another name."""


def _ranks(function: FunctionDef) -> Ranks:
    shapes = {node.name: node.attr[SHAPES].list.shape for node in function.node_def}
    return {
        name: len(found[0].dim)
        for name, found in shapes.items()
        if len(found) == 1 and not found[0].unknown_rank
    }


def _source(given: str) -> str:
    """The node that an input comes from."""
    return given.partition(":")[0]


def _instead(node: NodeDef, operation: str, inputs: KerasObject) -> NodeDef:
    made = type(node)(name=node.name, op=operation, input=inputs, device=node.device)
    made.attr["T"].CopyFrom(node.attr["T"])
    return made


def _beside(node: NodeDef, operation: str, inputs: list[str]) -> NodeDef:
    made = _instead(node, operation, inputs)
    made.name = _inside(node, operation)
    return made


def _inside(node: NodeDef, name: str) -> str:
    """A name that nothing else of the function has."""
    return f"{node.name}/_overfit/{name}"


def _zero(node: NodeDef) -> NodeDef:
    import tensorflow as tf

    kind = node.attr["T"].type
    made = type(node)(name=_inside(node, "zero"), op="Const", device=node.device)
    made.attr["dtype"].type = kind
    made.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(0.0, tf.as_dtype(kind)))
    return made


def _floats() -> tuple[int, int]:
    import tensorflow as tf

    return tf.float32.as_datatype_enum, tf.float64.as_datatype_enum

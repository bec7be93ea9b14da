"""The layer kinds: one frozen pydantic class each, told apart by `kind`.

Importing this package imports no Keras; only a layer's `build` does.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from overfit_core.models.layers.attention import Attention
from overfit_core.models.layers.base import BaseLayer, BuildContext, Shape
from overfit_core.models.layers.convolution import Conv1D, Conv2D
from overfit_core.models.layers.dense import Dense
from overfit_core.models.layers.pooling import (
    AveragePooling1D,
    AveragePooling2D,
    Flatten,
    GlobalAveragePooling,
    GlobalMaxPooling,
    MaxPooling1D,
    MaxPooling2D,
)
from overfit_core.models.layers.recurrent import GRU, LSTM, Recurrent, SimpleRNN
from overfit_core.models.layers.regulation import (
    Activation,
    BatchNormalization,
    Dropout,
    LayerNormalization,
)

Layer = Annotated[
    Dense
    | Conv1D
    | Conv2D
    | MaxPooling1D
    | MaxPooling2D
    | AveragePooling1D
    | AveragePooling2D
    | GlobalAveragePooling
    | GlobalMaxPooling
    | Flatten
    | SimpleRNN
    | LSTM
    | GRU
    | Dropout
    | BatchNormalization
    | LayerNormalization
    | Activation
    | Attention,
    Field(discriminator="kind"),
]
"""Any layer, as it stands in a spec: `kind` says which."""

LAYERS: dict[str, type[BaseLayer]] = {
    layer.model_fields["kind"].default: layer
    for layer in (
        Dense,
        Conv1D,
        Conv2D,
        MaxPooling1D,
        MaxPooling2D,
        AveragePooling1D,
        AveragePooling2D,
        GlobalAveragePooling,
        GlobalMaxPooling,
        Flatten,
        SimpleRNN,
        LSTM,
        GRU,
        Dropout,
        BatchNormalization,
        LayerNormalization,
        Activation,
        Attention,
    )
}
"""Layer classes by kind, in the order in which they are offered."""

__all__ = [
    "GRU",
    "LAYERS",
    "LSTM",
    "Activation",
    "Attention",
    "AveragePooling1D",
    "AveragePooling2D",
    "BaseLayer",
    "BatchNormalization",
    "BuildContext",
    "Conv1D",
    "Conv2D",
    "Dense",
    "Dropout",
    "Flatten",
    "GlobalAveragePooling",
    "GlobalMaxPooling",
    "Layer",
    "LayerNormalization",
    "MaxPooling1D",
    "MaxPooling2D",
    "Recurrent",
    "Shape",
    "SimpleRNN",
]

"""What has to be known of a model before its loop is compiled."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import keras

Backend = Literal["xla", "tensorflow"]


def all_layers(model: keras.Model) -> Iterator[keras.Layer]:
    """Yield every layer, those inside other layers as well."""
    yield from model._flatten_layers(include_self=False)


def backend_for(model: keras.Model) -> Backend:
    """Choose XLA or TensorFlow's own kernels by a fixed rule.

    On a CPU, XLA's convolutions are slower than TensorFlow's kernels by half, while its dense and
    recurrent loops are several times faster (measured in ``benchmarks/``). Attention takes a
    second longer to compile under XLA, and then trains faster, and more steadily.
    """
    import keras

    slow = (
        keras.layers.Conv1D,
        keras.layers.Conv2D,
        keras.layers.Conv3D,
        keras.layers.DepthwiseConv1D,
        keras.layers.DepthwiseConv2D,
        keras.layers.Conv1DTranspose,
        keras.layers.Conv2DTranspose,
        keras.layers.Conv3DTranspose,
        keras.layers.SeparableConv1D,
        keras.layers.SeparableConv2D,
    )
    for layer in all_layers(model):
        if isinstance(layer, slow) or not layer.supports_jit:
            return "tensorflow"
    return "xla"


def differs_in_training(model: keras.Model) -> bool:
    """Tell whether the model can behave differently in training and in inference.

    True for dropout, noise, augmented images, batch and spectral normalisation, and, to be safe,
    for a layer or a model of the caller's own whose call takes ``training``.
    """
    import keras
    from keras.src.layers.preprocessing.image_preprocessing.base_image_preprocessing_layer import (
        BaseImagePreprocessingLayer,
    )

    random = (
        keras.layers.BatchNormalization,
        keras.layers.GaussianNoise,
        keras.layers.SpectralNormalization,
        BaseImagePreprocessingLayer,
    )
    if not type(model).__module__.startswith("keras.") and model._call_has_training_arg:
        return True
    for layer in all_layers(model):
        rates = [getattr(layer, name, 0) for name in ("rate", "dropout", "recurrent_dropout")]
        if any(isinstance(rate, int | float) and rate for rate in rates):
            return True
        if isinstance(layer, random):
            return True
        foreign = not type(layer).__module__.startswith("keras.")
        if foreign and layer._call_has_training_arg:
            return True
    return False

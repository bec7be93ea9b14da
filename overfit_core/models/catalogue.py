"""Names that a model may use: activations and initialisers, with one line on each."""

from __future__ import annotations

from typing import Literal

Activation = Literal[
    "linear",
    "relu",
    "leaky_relu",
    "relu6",
    "elu",
    "selu",
    "celu",
    "silu",
    "gelu",
    "mish",
    "softplus",
    "softsign",
    "squareplus",
    "tanh",
    "sigmoid",
    "hard_tanh",
    "hard_sigmoid",
    "hard_silu",
    "hard_shrink",
    "soft_shrink",
    "tanh_shrink",
    "log_sigmoid",
    "exponential",
    "softmax",
    "log_softmax",
]

Initializer = Literal[
    "glorot_uniform",
    "glorot_normal",
    "he_uniform",
    "he_normal",
    "lecun_uniform",
    "lecun_normal",
    "orthogonal",
    "random_normal",
    "random_uniform",
    "truncated_normal",
    "zeros",
    "ones",
]

Padding = Literal["valid", "same"]
CausalPadding = Literal["valid", "same", "causal"]

ACTIVATIONS: dict[Activation, str] = {
    "linear": "x itself: no activation",
    "relu": "max(x, 0); a unit that is never positive gets no gradient: it is dead",
    "leaky_relu": "x where positive, else 0.2 x: a unit cannot die",
    "relu6": "min(max(x, 0), 6)",
    "elu": "x where positive, else exp(x) - 1",
    "selu": "elu scaled so that activations keep mean 0 and variance 1 (with lecun_normal)",
    "celu": "a continuously differentiable elu",
    "silu": "x sigmoid(x), also called swish",
    "gelu": "x times the normal distribution function of x",
    "mish": "x tanh(softplus(x))",
    "softplus": "log(1 + exp(x)): a smooth relu",
    "softsign": "x / (1 + |x|)",
    "squareplus": "(x + sqrt(x^2 + 4)) / 2",
    "tanh": "between -1 and 1; saturates at both ends",
    "sigmoid": "between 0 and 1; saturates at both ends",
    "hard_tanh": "x clipped to -1 .. 1",
    "hard_sigmoid": "a sigmoid of three straight pieces",
    "hard_silu": "x hard_sigmoid(x)",
    "hard_shrink": "x where |x| > 0.5, else 0",
    "soft_shrink": "x pulled towards 0 by 0.5",
    "tanh_shrink": "x - tanh(x)",
    "log_sigmoid": "log(sigmoid(x))",
    "exponential": "exp(x)",
    "softmax": "shares that add up to 1 over the last axis",
    "log_softmax": "log(softmax(x))",
}

INITIALIZERS: dict[Initializer, str] = {
    "glorot_uniform": "uniform, variance 2 / (inputs + outputs) (Glorot & Bengio 2010)",
    "glorot_normal": "normal, variance 2 / (inputs + outputs) (Glorot & Bengio 2010)",
    "he_uniform": "uniform, variance 2 / inputs, for relu (He et al. 2015)",
    "he_normal": "normal, variance 2 / inputs, for relu (He et al. 2015)",
    "lecun_uniform": "uniform, variance 1 / inputs (LeCun et al. 1998)",
    "lecun_normal": "normal, variance 1 / inputs (LeCun et al. 1998)",
    "orthogonal": "a random orthogonal matrix (Saxe et al. 2014)",
    "random_normal": "normal with a standard deviation of its own (0.05)",
    "random_uniform": "uniform between -0.05 and 0.05",
    "truncated_normal": "normal cut off at two standard deviations (0.05)",
    "zeros": "all 0: every unit of a layer stays the same as every other",
    "ones": "all 1: every unit of a layer stays the same as every other",
}
"""What each initialiser draws from. Each random one is seeded per layer."""

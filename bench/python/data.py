"""Sizes and data that all frameworks share; bench/ makes the same for this library."""
import numpy as np

# name: (batch, widths of the layers)
MLPS = {"mlp_step": (128, (784, 512, 256, 10)), "small_mlp_step": (32, (2, 16, 10))}
DEEP_LAYERS = 100
DEEP_WIDTH = 32
LEARNING_RATE = 0.01


def mlp(name):
    """Inputs, labels, and (weight, bias) of each layer, in float32 and int32."""
    batch, widths = MLPS[name]
    rng = np.random.default_rng(0)
    x = rng.normal(size=(batch, widths[0])).astype(np.float32)
    labels = rng.integers(0, widths[-1], batch).astype(np.int32)
    layers = [
        ((rng.normal(size=(m, n)) * (2 / m) ** 0.5).astype(np.float32), np.zeros(n, np.float32)) for m, n in zip(widths, widths[1:])
    ]
    return x, labels, layers


def deep():
    """An input and the weights of a net of many narrow layers."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(8, DEEP_WIDTH)).astype(np.float32)
    weights = [(rng.normal(size=(DEEP_WIDTH, DEEP_WIDTH)) / DEEP_WIDTH**0.5).astype(np.float32) for _ in range(DEEP_LAYERS)]
    return x, weights

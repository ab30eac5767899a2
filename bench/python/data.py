"""Sizes and data that all frameworks share; bench/ makes the same for this library."""
import json
import pathlib

import numpy as np

# name: (batch, widths of the layers)
MLPS = {"mlp_step": (128, (784, 512, 256, 10)), "small_mlp_step": (32, (2, 16, 10))}
DEEP_LAYERS = 100
DEEP_WIDTH = 32
LEARNING_RATE = 0.01
CNN = {"batch": 64, "size": 28, "filters": (32, 64), "dense": 128, "classes": 10}
BLOCK = {"batch": 8, "tokens": 128, "width": 256, "heads": 4, "hidden": 1024}
STATES = 100
NORMALS = 1_000_000
TRANSFER = 16 << 20
GRU = {"steps": 100, "batch": 32, "width": 128}
INFERENCE = json.loads((pathlib.Path(__file__).parent.parent / "inference.json").read_text())
INFERENCE_BATCHES = (1, 32)
SCALING = json.loads((pathlib.Path(__file__).parent.parent / "scalingSizes.json").read_text())


def mlp(name, batch=None):
    """Inputs, labels, and (weight, bias) of each layer, in float32 and int32."""
    usual, widths = MLPS[name]
    batch = batch or usual
    rng = np.random.default_rng(0)
    x = rng.normal(size=(batch, widths[0])).astype(np.float32)
    labels = rng.integers(0, widths[-1], batch).astype(np.int32)
    return x, labels, [dense(rng, m, n) for m, n in zip(widths, widths[1:])]


def deep(layers=DEEP_LAYERS):
    """An input and the weights of a net of many narrow layers."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(8, DEEP_WIDTH)).astype(np.float32)
    weights = [(rng.normal(size=(DEEP_WIDTH, DEEP_WIDTH)) / DEEP_WIDTH**0.5).astype(np.float32) for _ in range(layers)]
    return x, weights


def dense(rng, m, n):
    """Weight and bias of a dense layer."""
    return (rng.normal(size=(m, n)) * (2 / m) ** 0.5).astype(np.float32), np.zeros(n, np.float32)


def cnn(batch=CNN["batch"]):
    """Pictures, labels, kernels with biases (height, width, in, out), dense layers."""
    rng = np.random.default_rng(1)
    size, (a, b) = CNN["size"], CNN["filters"]
    x = rng.normal(size=(batch, size, size, 1)).astype(np.float32)
    labels = rng.integers(0, CNN["classes"], batch).astype(np.int32)
    kernels = [((rng.normal(size=(3, 3, m, n)) * (2 / (9 * m)) ** 0.5).astype(np.float32), np.zeros(n, np.float32)) for m, n in ((1, a), (a, b))]
    layers = [dense(rng, (size // 4) ** 2 * b, CNN["dense"]), dense(rng, CNN["dense"], CNN["classes"])]
    return x, labels, kernels, layers


def block(batch=BLOCK["batch"]):
    """Sequences, what they are to become, and the weights of a transformer's block."""
    rng = np.random.default_rng(1)
    width, hidden = BLOCK["width"], BLOCK["hidden"]
    shape = (batch, BLOCK["tokens"], width)
    x, y = rng.normal(size=shape).astype(np.float32), rng.normal(size=shape).astype(np.float32)
    weights = {name: dense(rng, width, width) for name in ("query", "key", "value", "out")}
    weights |= {"up": dense(rng, width, hidden), "down": dense(rng, hidden, width)}
    weights |= {name: (np.ones(width, np.float32), np.zeros(width, np.float32)) for name in ("norm1", "norm2")}
    return x, y, weights


def gru():
    """Inputs [steps, batch, width], and the layers of the gates r and z and of the candidate, on [x, h]."""
    rng = np.random.default_rng(1)
    steps, batch, width = GRU["steps"], GRU["batch"], GRU["width"]
    xs = rng.normal(size=(steps, batch, width)).astype(np.float32)
    return xs, {"rz": dense(rng, 2 * width, 2 * width), "h": dense(rng, 2 * width, width)}


def uniform(seed, shape, scale, offset=0.0):
    """The numbers of bench/inferenceData.ts: a hash of seed and position."""
    x = np.arange(np.prod(shape), dtype=np.uint32) + np.uint32(seed * 0x9E3779B9 & 0xFFFFFFFF)
    for shift, factor in ((16, 0x7FEB352D), (15, 0x846CA68B)):
        x = (x ^ (x >> np.uint32(shift))) * np.uint32(factor)
    x ^= x >> np.uint32(16)
    return (((x >> np.uint32(8)) / 2.0**23 - 1) * scale + offset).astype(np.float32).reshape(shape)


def inference(model, batch):
    """A net's input, and its weights by name."""
    spec = INFERENCE[model]
    weights = {}
    for i, (name, shape) in enumerate(spec["weights"].items()):
        if len(shape) > 1:
            weights[name] = uniform(i + 1, shape, (6 / np.prod(shape[:-1])) ** 0.5)
        else:
            weights[name] = uniform(i + 1, shape, 0.1, 1.0 if name.startswith("scale") else 0.0)
    return uniform(0, (batch, *spec["input"]), 3**0.5), weights


def pairs(weights, names, kind="kernel"):
    """(kernel, bias) of layers."""
    return [(weights[f"{kind}{name}"], weights[f"bias{name}"]) for name in names]


def inference_cases(make):
    """An entry for each net and batch size."""
    return {f"infer_{model}_{batch}": make(model, batch) for model in INFERENCE for batch in INFERENCE_BATCHES}


def scaling_cases(makers):
    """An entry for each size of each kind that grows: makers has a function of the size for each kind."""
    return {f"scale_{kind}_{n}": make(n) for kind, make in makers.items() for n in SCALING[kind]}

"""Saves files with this library and reads them with BrainTools, NumPy and safetensors; prints what is equal, and fails if anything is not.

Run from a checkout with a Python that has braintools, numpy, ml_dtypes and safetensors: python scripts/check-files.py
"""
import pathlib
import subprocess
import sys
import tempfile
import warnings

import braintools
import ml_dtypes  # noqa: F401  (registers the types)
import numpy as np
from safetensors import deserialize

warnings.simplefilter("ignore")
ROOT = pathlib.Path(__file__).resolve().parents[1]
SAVE = """
const { file, numpy: np, ParamState } = require('./lib');
const [folder] = process.argv.slice(-1);
const arrays = {};
for (const d of ['bool', 'int8', 'uint16', 'int32', 'bfloat16', 'float8_e5m2', 'float16', 'float32']) arrays[d] = np.array([[0, 1, 2], [1, 0, 2]], { dtype: d });
file.msgpackSave(folder + '/model.msgpack', { model: { weight: new ParamState(arrays.float32), bias: new ParamState(np.array([0.5])) }, step: 7, lr: file.float(1), arrays });
file.saveSafetensors(folder + '/model.safetensors', arrays);
const { bfloat16, float8_e5m2, ...plain } = arrays;
file.savez(folder + '/model.npz', plain);
file.savezCompressed(folder + '/small.npz', plain);
file.numpySave(folder + '/x.npy', arrays.float32);
"""


def check(what, ok):
    print(f"{'equal' if ok else 'DIFFERENT'}: {what}")
    return ok


with tempfile.TemporaryDirectory() as folder:
    folder = pathlib.Path(folder)
    subprocess.run(["node", "-r", "./test/support/register.js", "-e", SAVE, folder], cwd=ROOT, check=True)
    values = np.array([[0, 1, 2], [1, 0, 2]])
    good = []

    def same(a, dtype):
        a = np.asarray(a)
        return a.dtype.name == dtype and a.shape == (2, 3) and np.array_equal(a.astype(np.float64), values.astype(np.dtype(dtype)).astype(np.float64))

    loaded = braintools.file.msgpack_load(folder / "model.msgpack")
    good.append(check("msgpack, state and numbers", same(loaded["model"]["weight"], "float32") and loaded["step"] == 7 and isinstance(loaded["lr"], float) and loaded["model"]["bias"].tolist() == [0.5]))
    good += [check(f"msgpack, {d}", same(a, d)) for d, a in loaded["arrays"].items()]
    # safetensors' own NumPy reader knows no float8.
    for d, t in deserialize((folder / "model.safetensors").read_bytes()):
        good.append(check(f"safetensors, {d} as {t['dtype']}", same(np.frombuffer(t["data"], np.dtype(d)).reshape(t["shape"]), d)))
    for name in ("model.npz", "small.npz"):
        good += [check(f"{name}, {d}", same(a, d)) for d, a in np.load(folder / name).items()]
    good.append(check("x.npy", same(np.load(folder / "x.npy"), "float32")))

print(f"{sum(good)} of {len(good)} equal")
sys.exit(0 if all(good) else 1)

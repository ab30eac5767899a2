"""A new process to its first result: first_result.py jax|brainstate|torch [first|mlp]

`first` is a compiled x + 1 (in PyTorch x + 1), `mlp` a first training step of the larger net. Prints {"value", "seconds"}, the latter from the start of
this file; the driver, which started the process, measures the whole.
"""
import time

start = time.perf_counter()
import json
import sys

framework = sys.argv[1]
what = sys.argv[2] if len(sys.argv) > 2 else "first"
if what == "mlp":
    module = __import__(f"{framework}_cases")
    value = float(module.training("mlp_step")()())
elif framework == "jax":
    import jax
    import jax.numpy as jnp

    value = float(jax.jit(lambda x: x + 1)(jnp.float32(1)))
elif framework == "brainstate":
    import brainstate
    import jax.numpy as jnp

    value = float(brainstate.transform.jit(lambda x: x + 1)(jnp.float32(1)))
else:
    import torch

    value = float(torch.ones(()) + 1)
print(json.dumps({"value": value, "seconds": time.perf_counter() - start}), flush=True)

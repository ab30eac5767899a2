"""JAX's side of the benchmark; see protocol.py."""
import jax
import jax.numpy as jnp

import data
from protocol import serve


def loss_of(layers, x, labels):
    for weight, bias in layers[:-1]:
        x = jax.nn.relu(x @ weight + bias)
    weight, bias = layers[-1]
    logits = x @ weight + bias
    chosen = jnp.take_along_axis(logits, labels[:, None], axis=1)[:, 0]
    return jnp.mean(jax.nn.logsumexp(logits, axis=1) - chosen)


def sgd_step(layers, x, labels):
    loss, grads = jax.value_and_grad(loss_of)(layers, x, labels)
    return jax.tree.map(lambda p, g: p - data.LEARNING_RATE * g, layers, grads), loss


def on_device(tree):
    return jax.tree.map(jnp.asarray, tree)


def dispatch():
    f = jax.jit(lambda x: x + 1)
    x = jnp.float32(1)
    return lambda: f(x).block_until_ready()


def counter():
    f = jax.jit(lambda count: count + 1, donate_argnums=0)
    state = {"count": jnp.float32(0)}

    def call():
        state["count"] = f(state["count"])
        state["count"].block_until_ready()

    return call


def training(name):
    def setup():
        step = jax.jit(sgd_step, donate_argnums=0)
        x, labels, layers = on_device(data.mlp(name))
        state = {"layers": layers}

        def call():
            state["layers"], loss = step(state["layers"], x, labels)
            jax.block_until_ready(state["layers"])
            return loss

        return call

    return setup


def trace_lower_mlp():
    x, labels, layers = on_device(data.mlp("mlp_step"))

    def call():
        # A function of its own each time: JAX keeps what it traced by function.
        jax.jit(lambda layers, x, labels: sgd_step(layers, x, labels)).lower(layers, x, labels)

    return call


def trace_lower_deep():
    x, weights = on_device(data.deep())

    def call():
        def loss(weights, x):
            for weight in weights:
                x = jnp.tanh(x @ weight)
            return jnp.sum(x)

        jax.jit(jax.grad(loss)).lower(weights, x)

    return call


def eager_add():
    a, b = jnp.float32(1), jnp.float32(2)
    return lambda: (a + b).block_until_ready()


if __name__ == "__main__":
    serve("jax", {"jax": jax.__version__}, {
        "dispatch": dispatch, "counter": counter, "mlp_step": training("mlp_step"), "small_mlp_step": training("small_mlp_step"),
        "trace_lower_mlp": trace_lower_mlp, "trace_lower_deep": trace_lower_deep, "eager_add": eager_add,
    })

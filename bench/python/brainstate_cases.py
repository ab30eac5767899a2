"""BrainState's side of the benchmark; see protocol.py."""
import brainstate
import braintools
import jax
import jax.numpy as jnp

import data
from protocol import serve

transform = brainstate.transform


class MLP(brainstate.nn.Module):
    def __init__(self, layers):
        super().__init__()
        self.layers = []
        for weight, bias in layers:
            layer = brainstate.nn.Linear(*weight.shape)
            layer.weight.value = {"weight": jnp.asarray(weight), "bias": jnp.asarray(bias)}
            self.layers.append(layer)

    def __call__(self, x):
        for layer in self.layers[:-1]:
            x = jax.nn.relu(layer(x))
        return self.layers[-1](x)


def make_step(name):
    """A model's states, a training step that is not compiled yet, and its arguments."""
    x, labels, layers = data.mlp(name)
    model = MLP(layers)
    states = model.states(brainstate.ParamState)
    optimizer = braintools.optim.SGD(lr=data.LEARNING_RATE)
    optimizer.register_trainable_weights(states)

    def step(x, labels):
        def loss():
            logits = model(x)
            chosen = jnp.take_along_axis(logits, labels[:, None], axis=1)[:, 0]
            return jnp.mean(jax.nn.logsumexp(logits, axis=1) - chosen)

        grads, value = transform.grad(loss, states, return_value=True)()
        optimizer.update(grads)
        return value

    return states, step, (jnp.asarray(x), jnp.asarray(labels))


def dispatch():
    f = transform.jit(lambda x: x + 1)
    x = jnp.float32(1)
    return lambda: f(x).block_until_ready()


def counter():
    count = brainstate.ShortTermState(jnp.float32(0))

    @transform.jit
    def increment():
        count.value = count.value + 1

    def call():
        increment()
        count.value.block_until_ready()

    return call


def training(name):
    def setup():
        states, step, arguments = make_step(name)
        compiled = transform.jit(step)

        def call():
            loss = compiled(*arguments)
            jax.block_until_ready(states.to_dict_values())
            return loss

        return call

    return setup


def trace_lower_mlp():
    _, step, arguments = make_step("mlp_step")
    return lambda: transform.jit(lambda x, labels: step(x, labels)).lower(*arguments)


def trace_lower_deep():
    x, weights = data.deep()
    x = jnp.asarray(x)
    states = brainstate.util.FlattedDict({("weights", i): brainstate.ParamState(jnp.asarray(w)) for i, w in enumerate(weights)})

    def call():
        def loss(x):
            for state in states.values():
                x = jnp.tanh(x @ state.value)
            return jnp.sum(x)

        transform.jit(transform.grad(loss, states)).lower(x)

    return call


if __name__ == "__main__":
    serve("brainstate", {"brainstate": brainstate.__version__, "braintools": braintools.__version__, "jax": jax.__version__}, {
        "dispatch": dispatch, "counter": counter, "mlp_step": training("mlp_step"), "small_mlp_step": training("small_mlp_step"),
        "trace_lower_mlp": trace_lower_mlp, "trace_lower_deep": trace_lower_deep,
    })

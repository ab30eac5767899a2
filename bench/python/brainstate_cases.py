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


def sgd(model, loss_of):
    """A model's states, and a training step that is not compiled yet."""
    states = model.states(brainstate.ParamState)
    optimizer = braintools.optim.SGD(lr=data.LEARNING_RATE)
    optimizer.register_trainable_weights(states)

    def step(x, labels):
        grads, value = transform.grad(lambda: loss_of(model(x), labels), states, return_value=True)()
        optimizer.update(grads)
        return value

    return states, step


def compiled(states, step, arguments):
    step = transform.jit(step)

    def call():
        loss = step(*arguments)
        jax.block_until_ready(states.to_dict_values())
        return loss

    return call


def cross_entropy(logits, labels):
    chosen = jnp.take_along_axis(logits, labels[:, None], axis=1)[:, 0]
    return jnp.mean(jax.nn.logsumexp(logits, axis=1) - chosen)


def make_step(name):
    """The states of an MLP, its training step, and the step's arguments."""
    x, labels, layers = data.mlp(name)
    return *sgd(MLP(layers), cross_entropy), (jnp.asarray(x), jnp.asarray(labels))


class CNN(brainstate.nn.Module):
    def __init__(self):
        super().__init__()
        size, (a, b) = data.CNN["size"], data.CNN["filters"]
        zeros = braintools.init.ZeroInit()
        self.parts = brainstate.nn.Sequential(
            brainstate.nn.Conv2d((size, size, 1), a, 3, b_init=zeros), jax.nn.relu, brainstate.nn.MaxPool2d(2, 2),
            brainstate.nn.Conv2d((size // 2, size // 2, a), b, 3, b_init=zeros), jax.nn.relu, brainstate.nn.MaxPool2d(2, 2),
        )
        self.dense = brainstate.nn.Linear((size // 4) ** 2 * b, data.CNN["dense"])
        self.out = brainstate.nn.Linear(data.CNN["dense"], data.CNN["classes"])

    def __call__(self, x):
        x = self.parts(x)
        return self.out(jax.nn.relu(self.dense(x.reshape(x.shape[0], -1))))


def cnn_step():
    x, labels, _, _ = data.cnn()
    loss_of = lambda logits, y: jnp.mean(braintools.metric.softmax_cross_entropy_with_integer_labels(logits, y))
    return compiled(*sgd(CNN(), loss_of), (jnp.asarray(x), jnp.asarray(labels)))


def gru_grad():
    xs = jnp.asarray(data.gru()[0])
    batch = data.GRU["batch"]
    cell = brainstate.nn.GRUCell(data.GRU["width"], data.GRU["width"])
    cell.init_state(batch)
    states = cell.states(brainstate.ParamState)

    @transform.jit
    def f(xs):
        def loss():
            cell.reset_state(batch)
            return jnp.mean(jnp.square(transform.for_loop(cell.update, xs)))

        return transform.grad(loss, states)()

    return lambda: jax.block_until_ready(f(xs))


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
    return lambda: compiled(*make_step(name))


def many_states():
    counts = [brainstate.ShortTermState(jnp.float32(i)) for i in range(data.STATES)]

    @transform.jit
    def increment():
        for c in counts:
            c.value = c.value + 1

    def call():
        increment()
        counts[-1].value.block_until_ready()

    return call


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
        "cnn_step": cnn_step, "gru_grad": gru_grad, "many_states": many_states,
        "trace_lower_mlp": trace_lower_mlp, "trace_lower_deep": trace_lower_deep,
    })

"""JAX's side of the benchmark; see protocol.py."""
import jax
import jax.numpy as jnp
import numpy as np

import data
from protocol import serve


def cross_entropy(logits, labels):
    chosen = jnp.take_along_axis(logits, labels[:, None], axis=1)[:, 0]
    return jnp.mean(jax.nn.logsumexp(logits, axis=1) - chosen)


def mlp(layers, x):
    for weight, bias in layers[:-1]:
        x = jax.nn.relu(x @ weight + bias)
    weight, bias = layers[-1]
    return x @ weight + bias


def mlp_loss(layers, x, labels):
    return cross_entropy(mlp(layers, x), labels)


def sgd(loss_of):
    def step(params, x, y):
        loss, grads = jax.value_and_grad(loss_of)(params, x, y)
        return jax.tree.map(lambda p, g: p - data.LEARNING_RATE * g, params, grads), loss

    return step


mlp_step = sgd(mlp_loss)


def max_pool(x):
    return jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")


def cnn(params, x):
    kernels, ((w1, b1), (w2, b2)) = params
    for kernel, bias in kernels:
        x = max_pool(jax.nn.relu(jax.lax.conv_general_dilated(x, kernel, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")) + bias))
    return jax.nn.relu(x.reshape(x.shape[0], -1) @ w1 + b1) @ w2 + b2


def cnn_loss(params, x, labels):
    return cross_entropy(cnn(params, x), labels)


def layer_norm(x, scale, bias):
    mean = jnp.mean(x, axis=-1, keepdims=True)
    variance = jnp.mean(jnp.square(x), axis=-1, keepdims=True) - jnp.square(mean)
    return (x - mean) * jax.lax.rsqrt(variance + 1e-6) * scale + bias


def block(p, x):
    def of(name, v):
        weight, bias = p[name]
        return v @ weight + bias

    def heads(v):
        return v.reshape(*v.shape[:-1], data.BLOCK["heads"], -1)

    n = layer_norm(x, *p["norm1"])
    seen = jax.nn.dot_product_attention(heads(of("query", n)), heads(of("key", n)), heads(of("value", n)))
    h = x + of("out", seen.reshape(x.shape))
    return h + of("down", jax.nn.gelu(of("up", layer_norm(h, *p["norm2"]))))


def block_loss(p, x, y):
    return jnp.mean(jnp.square(block(p, x) - y))


def gru_loss(p, xs):
    (w_rz, b_rz), (w_h, b_h) = p["rz"], p["h"]

    def step(h, x):
        r, z = jnp.split(jax.nn.sigmoid(jnp.concatenate([x, h], axis=-1) @ w_rz + b_rz), 2, axis=-1)
        h = (1 - z) * h + z * jnp.tanh(jnp.concatenate([x, r * h], axis=-1) @ w_h + b_h)
        return h, h

    return jnp.mean(jnp.square(jax.lax.scan(step, jnp.zeros(xs.shape[1:]), xs)[1]))


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


def steps(loss_of, make):
    def setup():
        x, y, *params = on_device(make())
        params = params[0] if len(params) == 1 else params
        step = jax.jit(sgd(loss_of), donate_argnums=0)
        state = {"params": params}

        def call():
            state["params"], loss = step(state["params"], x, y)
            jax.block_until_ready(state["params"])
            return loss

        return call

    return setup


def gru_grad():
    xs, params = on_device(data.gru())
    f = jax.jit(jax.grad(gru_loss))
    return lambda: jax.block_until_ready(f(params, xs))


def trace_lower_mlp():
    x, labels, layers = on_device(data.mlp("mlp_step"))

    def call():
        # A function of its own each time: JAX keeps what it traced by function.
        jax.jit(lambda layers, x, labels: mlp_step(layers, x, labels)).lower(layers, x, labels)

    return call


def trace_lower_deep(layers=data.DEEP_LAYERS):
    def setup():
        x, weights = on_device(data.deep(layers))

        def call():
            def loss(weights, x):
                for weight in weights:
                    x = jnp.tanh(x @ weight)
                return jnp.sum(x)

            jax.jit(jax.grad(loss)).lower(weights, x)

        return call

    return setup


def training(name, batch=None):
    return steps(mlp_loss, lambda: data.mlp(name, batch))


def many_states(n=data.STATES):
    def setup():
        step = jax.jit(lambda xs: [x + 1 for x in xs], donate_argnums=0)
        state = {"xs": [jnp.float32(i) for i in range(n)]}

        def call():
            state["xs"] = step(state["xs"])
            state["xs"][-1].block_until_ready()

        return call

    return setup


def normals():
    key = jax.random.key(0)
    f = jax.jit(lambda k: jax.random.normal(k, (data.NORMALS,)))
    return lambda: f(key).block_until_ready()


def to_device():
    host = np.ones(data.TRANSFER, np.float32)
    return lambda: jnp.array(host).block_until_ready()


def inference(model, batch):
    def setup():
        x, weights = data.inference(model, batch)
        if model == "mlp":
            forward, params = mlp, data.pairs(weights, (0, 1, 2))
        elif model == "cnn":
            forward, params = cnn, (data.pairs(weights, (0, 1)), data.pairs(weights, (2, 3)))
        else:
            names = ("query", "key", "value", "out", "up", "down")
            forward, params = block, dict(zip(names, data.pairs(weights, [f"_{name}" for name in names])))
            params |= dict(zip(("norm1", "norm2"), data.pairs(weights, ("_norm1", "_norm2"), "scale")))
        x, params = on_device((x, params))
        f = jax.jit(forward)
        return lambda: f(params, x).block_until_ready()

    return setup


def eager(a, b):
    return lambda: lambda: (a + b).block_until_ready()


if __name__ == "__main__":
    serve("jax", {"jax": jax.__version__}, {
        "dispatch": dispatch, "counter": counter, "mlp_step": training("mlp_step"), "small_mlp_step": training("small_mlp_step"),
        "cnn_step": steps(cnn_loss, data.cnn), "block_step": steps(block_loss, data.block), "gru_grad": gru_grad,
        "trace_lower_mlp": trace_lower_mlp, "trace_lower_deep": trace_lower_deep(), "eager_add": eager(jnp.float32(1), jnp.float32(2)), "eager_vectors": eager(jnp.ones(8), jnp.ones(8)), "many_states": many_states(), "normals": normals, "to_device": to_device,
        **data.inference_cases(inference),
        **data.scaling_cases({"states": many_states, "layers": trace_lower_deep, "batch": lambda n: training("mlp_step", n)}),
    })

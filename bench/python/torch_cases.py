"""PyTorch's side of the benchmark, eager, as it is mostly used; see protocol.py."""
import torch

import data
from protocol import serve


def dispatch():
    x = torch.ones(())
    return lambda: x + 1


def counter():
    count = torch.zeros(())
    return lambda: count.add_(1)


def mlp(layers):
    modules = []
    for weight, bias in layers:
        modules += [dense(weight, bias), torch.nn.ReLU()]
    return torch.nn.Sequential(*modules[:-1])


def training(name):
    def setup():
        x, labels, layers = data.mlp(name)
        return sgd(mlp(layers), torch.nn.functional.cross_entropy, torch.from_numpy(x), torch.from_numpy(labels).long())

    return setup


def dense(weight, bias):
    linear = torch.nn.Linear(*weight.shape)
    with torch.no_grad():
        linear.weight.copy_(torch.from_numpy(weight.T))
        linear.bias.copy_(torch.from_numpy(bias))
    return linear


def cnn(kernels, layers):
    parts = []
    for kernel, bias in kernels:
        conv = torch.nn.Conv2d(kernel.shape[2], kernel.shape[3], 3, padding="same")
        with torch.no_grad():
            conv.weight.copy_(torch.from_numpy(kernel.transpose(3, 2, 0, 1)))
            conv.bias.copy_(torch.from_numpy(bias))
        parts += [conv, torch.nn.ReLU(), torch.nn.MaxPool2d(2)]
    return torch.nn.Sequential(*parts, torch.nn.Flatten(), dense(*layers[0]), torch.nn.ReLU(), dense(*layers[1]))


def block():
    """PyTorch's own layer; its weights are of its own initialisation."""
    return torch.nn.TransformerEncoderLayer(
        data.BLOCK["width"], data.BLOCK["heads"], data.BLOCK["hidden"], dropout=0.0, batch_first=True, norm_first=True, layer_norm_eps=1e-6,
        activation=lambda x: torch.nn.functional.gelu(x, approximate="tanh"),
    )


def sgd(model, loss_of, x, y):
    optimizer = torch.optim.SGD(model.parameters(), lr=data.LEARNING_RATE)

    def call():
        optimizer.zero_grad()
        loss = loss_of(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    return call


def cnn_step():
    x, labels, kernels, layers = data.cnn()
    x = torch.from_numpy(x.transpose(0, 3, 1, 2).copy())
    return sgd(cnn(kernels, layers), torch.nn.functional.cross_entropy, x, torch.from_numpy(labels).long())


def block_step():
    x, y, _ = data.block()
    return sgd(block(), torch.nn.functional.mse_loss, torch.from_numpy(x), torch.from_numpy(y))


def gru_grad():
    xs, _ = data.gru()
    xs = torch.from_numpy(xs)
    net = torch.nn.GRU(data.GRU["width"], data.GRU["width"])

    def call():
        net.zero_grad()
        torch.mean(torch.square(net(xs)[0])).backward()

    return call


def normals():
    return lambda: torch.randn(data.NORMALS)


def to_device():
    host = torch.ones(data.TRANSFER)
    return lambda: host.clone()


def inference(model, batch):
    def setup():
        x, weights = data.inference(model, batch)
        if model == "mlp":
            net = mlp(data.pairs(weights, (0, 1, 2)))
        elif model == "cnn":
            # Features come before space here: pictures, and the rows of the first dense layer.
            kernel, bias = data.pairs(weights, (2,))[0]
            features = weights["bias1"].size
            side = int((len(kernel) // features) ** 0.5)
            rows = kernel.reshape(side, side, features, -1).transpose(2, 0, 1, 3).reshape(kernel.shape)
            net = cnn(data.pairs(weights, (0, 1)), [(rows, bias), *data.pairs(weights, (3,))])
            x = x.transpose(0, 3, 1, 2).copy()
        else:
            net = block_of(weights)
        net, x = net.eval(), torch.from_numpy(x)

        def call():
            with torch.inference_mode():
                return net(x)

        return call

    return setup


def block_of(weights):
    """PyTorch's own layer with given weights."""
    net = block()
    of = lambda name: [torch.from_numpy(w) for w in data.pairs(weights, (f"_{name}",), "scale" if name.startswith("norm") else "kernel")[0]]
    qkv = [of(name) for name in ("query", "key", "value")]
    attention = net.self_attn
    with torch.no_grad():
        attention.in_proj_weight.copy_(torch.cat([w for w, _ in qkv], 1).T)
        attention.in_proj_bias.copy_(torch.cat([b for _, b in qkv]))
        for layer, name in ((attention.out_proj, "out"), (net.linear1, "up"), (net.linear2, "down"), (net.norm1, "norm1"), (net.norm2, "norm2")):
            weight, bias = of(name)
            layer.weight.copy_(weight.T if weight.ndim > 1 else weight)
            layer.bias.copy_(bias)
    return net


def eager(a, b):
    return lambda: lambda: a + b


if __name__ == "__main__":
    serve("torch", {"torch": torch.__version__}, {
        "dispatch": dispatch, "counter": counter, "mlp_step": training("mlp_step"), "small_mlp_step": training("small_mlp_step"),
        "cnn_step": cnn_step, "block_step": block_step, "gru_grad": gru_grad, "eager_add": eager(torch.tensor(1.0), torch.tensor(2.0)), "eager_vectors": eager(torch.ones(8), torch.ones(8)), "normals": normals, "to_device": to_device,
        **data.inference_cases(inference),
    })

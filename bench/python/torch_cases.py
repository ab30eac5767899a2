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


def training(name):
    def setup():
        x, labels, layers = data.mlp(name)
        modules = []
        for weight, bias in layers:
            linear = torch.nn.Linear(*weight.shape)
            with torch.no_grad():
                linear.weight.copy_(torch.from_numpy(weight.T))
                linear.bias.copy_(torch.from_numpy(bias))
            modules += [linear, torch.nn.ReLU()]
        model = torch.nn.Sequential(*modules[:-1])
        optimizer = torch.optim.SGD(model.parameters(), lr=data.LEARNING_RATE)
        x, labels = torch.from_numpy(x), torch.from_numpy(labels).long()

        def call():
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(model(x), labels)
            loss.backward()
            optimizer.step()
            return loss

        return call

    return setup


def eager_add():
    a, b = torch.tensor(1.0), torch.tensor(2.0)
    return lambda: a + b


if __name__ == "__main__":
    serve("torch", {"torch": torch.__version__}, {
        "dispatch": dispatch, "counter": counter, "mlp_step": training("mlp_step"), "small_mlp_step": training("small_mlp_step"), "eager_add": eager_add,
    })

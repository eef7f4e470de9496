"""Stores what PyTorch's LSTM gives: outputs, last states and all gradients, of random weights.

    python3 lstm.py

The numbers go to lstm.json beside this file.
"""

import json
import os

import torch

HERE = os.path.dirname(os.path.abspath(__file__))


def drawn(*shape):
    """Random numbers of two decimals, which take little room."""
    return torch.round(torch.randn(*shape) * 60) / 100


def listed(tensor):
    return {"shape": list(tensor.shape), "data": [float(f"{v:.7g}") for v in tensor.flatten().tolist()]}


def case(depth, batch, length, inputs, width):
    torch.manual_seed(depth)
    model = torch.nn.LSTM(inputs, width, depth, batch_first=True)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(drawn(*parameter.shape))
    x, hidden, cell = drawn(batch, length, inputs), drawn(depth, batch, width), drawn(depth, batch, width)
    given = [tensor.requires_grad_() for tensor in (x, hidden, cell)]
    outputs, (last_hidden, last_cell) = model(x, (hidden, cell))
    weigh = drawn(batch, length, width)
    loss = (outputs * weigh).sum() + (last_cell * 0.5).sum()
    slopes = torch.autograd.grad(loss, given + list(model.parameters()))
    names = ["x", "hidden", "cell"] + [name for name, _ in model.named_parameters()]
    return {
        "depth": depth,
        "weights": {name: listed(value) for name, value in model.named_parameters()},
        "given": {name: listed(value) for name, value in zip(names, given)},
        "weigh": listed(weigh),
        "outputs": listed(outputs),
        "hidden": listed(last_hidden),
        "cell": listed(last_cell),
        "slopes": {name: listed(value) for name, value in zip(names, slopes)},
    }


def main():
    stored = {
        "software": f"PyTorch {torch.__version__}",
        "cases": [case(1, 2, 5, 3, 4), case(2, 3, 1, 2, 3), case(3, 2, 4, 4, 2)],
    }
    with open(os.path.join(HERE, "lstm.json"), "w", encoding="utf8") as file:
        json.dump(stored, file, separators=(",", ":"))
        file.write("\n")


main()

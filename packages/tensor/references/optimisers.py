"""Ten steps of each optimiser on a fixed quadratic, and the values of the schedules.

The loss is sum(curvature * (x - target)^2) / 2, so that its gradient is known without any engine.
"""

import json
import math

import torch

STEPS = 10
START = [[1.0, -2.0, 0.5], [3.0, 0.0, -1.0]]
TARGET = [[0.5, 1.0, 0.25], [-1.0, 2.0, 0.0]]
CURVATURE = [[1.0, 0.1, 2.0], [0.5, 3.0, 0.01]]

ADAM = {"learningRate": 0.1, "betas": [0.9, 0.999], "epsilon": 1e-8}
ADAM_FAST = {"learningRate": 0.05, "betas": [0.5, 0.9], "epsilon": 1e-3}
# label -> (op, attributes)
RUNS = {
    "plain": ("sgd", {"learningRate": 0.1}),
    "weight decay": ("sgd", {"learningRate": 0.1, "weightDecay": 0.05}),
    "momentum": ("sgd", {"learningRate": 0.1, "momentum": 0.9}),
    "momentum, weight decay": ("sgd", {"learningRate": 0.1, "momentum": 0.9, "weightDecay": 0.05}),
    "nesterov": ("sgd", {"learningRate": 0.1, "momentum": 0.9, "nesterov": True}),
    "adam": ("adam", ADAM),
    "adam, other betas": ("adam", ADAM_FAST),
    "adam, weight decay": ("adam", {**ADAM, "weightDecay": 0.05}),
    "adamW": ("adamW", {**ADAM, "weightDecay": 0.1}),
    "adamW, other betas": ("adamW", {**ADAM_FAST, "weightDecay": 0.01}),
}
CLASSES = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam, "adamW": torch.optim.AdamW}
NAMES = {"learningRate": "lr", "weightDecay": "weight_decay", "epsilon": "eps"}


def short(tensor):
    return [float(f"{value:.9g}") for value in tensor.detach().reshape(-1).tolist()]


def run(label, op, attributes):
    x = torch.tensor(START, dtype=torch.float64, requires_grad=True)
    target, curvature = (torch.tensor(rows, dtype=torch.float64) for rows in (TARGET, CURVATURE))
    optimiser = CLASSES[op]([x], **{NAMES.get(name, name): v for name, v in attributes.items()})
    seen = []
    for _ in range(STEPS):
        optimiser.zero_grad()
        (curvature * (x - target) ** 2 / 2).sum().backward()
        optimiser.step()
        seen.append(short(x))
    return {"op": op, "label": label, "attributes": attributes, "steps": seen}


def scheduled(make, count):
    """The factor that PyTorch's scheduler puts on a learning rate of one, a step at a time."""
    optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler = make(optimiser)
    seen = []
    for _ in range(count):
        seen.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        scheduler.step()
    return [float(f"{value:.9g}") for value in seen]


rates = torch.optim.lr_scheduler
WARM, TOTAL = 4, 12


def warm_up(shape):
    """Linear from 1 / WARM to one over WARM steps, then `shape` of the share of what is left."""

    def factor(step):
        return (step + 1) / WARM if step < WARM else shape((step - WARM) / (TOTAL - WARM))

    return lambda optimiser: rates.LambdaLR(optimiser, factor)


def half_cosine(share):
    return (1 + math.cos(math.pi * share)) / 2


# op, attributes, scheduler; values are factors of the base rate at steps 0, 1, 2, ...
SCHEDULES = [
    ("cosine", {"steps": 10}, lambda o: rates.CosineAnnealingLR(o, 10), 11),
    ("cosine", {"steps": 10, "end": 0.1}, lambda o: rates.CosineAnnealingLR(o, 10, 0.1), 11),
    ("linear", {"steps": 10, "end": 0.0}, lambda o: rates.LinearLR(o, 1.0, 0.0, 10), 13),
    ("linear", {"steps": 10, "end": 0.2}, lambda o: rates.LinearLR(o, 1.0, 0.2, 10), 13),
    ("constant", {}, lambda o: rates.ConstantLR(o, 1.0), 5),
    ("warmUp", {"warmUp": WARM, "then": "constant"}, warm_up(lambda share: 1.0), 8),
    ("warmUp", {"warmUp": WARM, "then": "cosine", "steps": TOTAL}, warm_up(half_cosine), TOTAL + 1),
    (
        "warmUp",
        {"warmUp": WARM, "then": "linear", "steps": TOTAL},
        warm_up(lambda s: 1 - s),
        TOTAL + 1,
    ),
]


def text():
    compact = lambda value: json.dumps(value, separators=(",", ":"))
    problem = {"start": START, "target": TARGET, "curvature": CURVATURE}
    runs = [compact(run(label, *what)) for label, what in RUNS.items()]
    schedules = [
        compact({"op": op, "attributes": attributes, "factors": scheduled(make, count)})
        for op, attributes, make, count in SCHEDULES
    ]
    lines = [
        f'{{"software":"PyTorch {torch.__version__.split("+")[0]}"',
        f'"problem":{compact(problem)}',
        '"runs":[\n' + ",\n".join(runs) + "\n]",
        '"schedules":[\n' + ",\n".join(schedules) + "\n]}",
    ]
    return ",\n".join(lines) + "\n"

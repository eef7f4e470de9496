"""Ten steps of each optimiser on a fixed quadratic, and the values of the schedules.

The loss is sum(curvature * (x - target)^2) / 2, so that its gradient is known without any engine.
Adafactor, Lion and LAMB, which PyTorch 1.13 lacks, are computed from their papers' algorithms.
"""

import json
import math

import numpy as np
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
    "rmsProp": ("rmsProp", {"learningRate": 0.01}),
    "rmsProp, momentum": (
        "rmsProp",
        {"learningRate": 0.01, "keep": 0.9, "epsilon": 1e-3, "momentum": 0.9},
    ),
    "rmsProp, weight decay": ("rmsProp", {"learningRate": 0.02, "keep": 0.8, "weightDecay": 0.1}),
    "adafactor": ("adafactor", {}),
    "adafactor, a rate of its own": (
        "adafactor",
        {"learningRate": 0.05, "scaleByParameter": False, "weightDecay": 0.1},
    ),
    "adafactor, momentum": ("adafactor", {"learningRate": 0.3, "momentum": 0.9}),
    "lion": ("lion", {"learningRate": 0.05, "weightDecay": 0.1}),
    "lion, other betas": ("lion", {"learningRate": 0.05, "betas": [0.5, 0.8]}),
    "lamb": ("lamb", {"learningRate": 0.1, "weightDecay": 0.05}),
    "lamb, other betas": ("lamb", {"learningRate": 0.1, **{**ADAM_FAST, "epsilon": 1e-4}}),
}
CLASSES = {
    "sgd": torch.optim.SGD,
    "adam": torch.optim.Adam,
    "adamW": torch.optim.AdamW,
    "rmsProp": torch.optim.RMSprop,
}
NAMES = {"learningRate": "lr", "weightDecay": "weight_decay", "epsilon": "eps", "keep": "alpha"}


def rms(x):
    return np.sqrt(np.mean(x**2))


def adafactor(x, slope, learningRate=None, scaleByParameter=True, weightDecay=0.0, momentum=0.0):
    """Shazeer and Stern 2018, algorithms 4 and 5; the decay shrinks the parameter by its rate."""
    rows, columns, moved = np.zeros(x.shape[0]), np.zeros(x.shape[1]), np.zeros_like(x)
    for t in range(1, STEPS + 1):
        g = slope(x)
        keep = 1 - t**-0.8
        squares = g**2 + 1e-30
        rows = keep * rows + (1 - keep) * squares.sum(axis=1)
        columns = keep * columns + (1 - keep) * squares.sum(axis=0)
        update = g / np.sqrt(np.outer(rows, columns) / rows.sum())
        update = update / max(1.0, rms(update))
        relative = min(1e-2, 1 / math.sqrt(t)) if learningRate is None else learningRate
        rate = relative * (max(1e-3, rms(x)) if scaleByParameter else 1.0)
        update = rate * update
        if momentum:
            moved = momentum * moved + (1 - momentum) * update
            update = moved
        x = x - rate * weightDecay * x - update
        yield x


def lion(x, slope, learningRate, betas=(0.9, 0.99), weightDecay=0.0):
    """Chen et al. 2023, algorithm 2."""
    moment = np.zeros_like(x)
    for _ in range(STEPS):
        g = slope(x)
        direction = np.sign(betas[0] * moment + (1 - betas[0]) * g)
        x = x - learningRate * (direction + weightDecay * x)
        moment = betas[1] * moment + (1 - betas[1]) * g
        yield x


def lamb(x, slope, learningRate, betas=(0.9, 0.999), epsilon=1e-6, weightDecay=0.0):
    """You et al. 2020, algorithm 2, with the identity for phi."""
    first, second = np.zeros_like(x), np.zeros_like(x)
    for t in range(1, STEPS + 1):
        g = slope(x)
        first = betas[0] * first + (1 - betas[0]) * g
        second = betas[1] * second + (1 - betas[1]) * g**2
        ratio = first / (1 - betas[0] ** t) / (np.sqrt(second / (1 - betas[1] ** t)) + epsilon)
        update = ratio + weightDecay * x
        x = x - learningRate * np.linalg.norm(x) / np.linalg.norm(update) * update
        yield x


FROM_PAPERS = {"adafactor": adafactor, "lion": lion, "lamb": lamb}


def short(tensor):
    return [float(f"{value:.9g}") for value in tensor.detach().reshape(-1).tolist()]


def run(label, op, attributes):
    if op in FROM_PAPERS:
        start, target, curvature = (np.array(rows) for rows in (START, TARGET, CURVATURE))
        places = FROM_PAPERS[op](start, lambda x: curvature * (x - target), **attributes)
        steps = [short(torch.from_numpy(x)) for x in places]
    else:
        steps = run_torch(op, attributes)
    return {"op": op, "label": label, "attributes": attributes, "steps": steps}


def run_torch(op, attributes):
    x = torch.tensor(START, dtype=torch.float64, requires_grad=True)
    target, curvature = (torch.tensor(rows, dtype=torch.float64) for rows in (TARGET, CURVATURE))
    optimiser = CLASSES[op]([x], **{NAMES.get(name, name): v for name, v in attributes.items()})
    seen = []
    for _ in range(STEPS):
        optimiser.zero_grad()
        (curvature * (x - target) ** 2 / 2).sum().backward()
        optimiser.step()
        seen.append(short(x))
    return seen


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


def noam(step):
    """Vaswani et al. 2017, eq. 3, over its largest value; their steps count from one."""
    return min((step + 1) / WARM, math.sqrt(WARM / max(step, 1)))


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
    ("polynomial", {"steps": 8, "power": 2.0}, lambda o: rates.PolynomialLR(o, 8, 2.0), 11),
    ("polynomial", {"steps": 8, "power": 0.5}, lambda o: rates.PolynomialLR(o, 8, 0.5), 11),
    ("oneCycle", {"steps": 20}, lambda o: rates.OneCycleLR(o, 1.0, 20), 20),
    (
        "oneCycle",
        {"steps": 11, "rising": 0.5, "start": 0.1, "end": 0.001},
        lambda o: rates.OneCycleLR(o, 1.0, 11, pct_start=0.5, div_factor=10, final_div_factor=100),
        11,
    ),
    ("warmRestarts", {"period": 4}, lambda o: rates.CosineAnnealingWarmRestarts(o, 4), 14),
    (
        "warmRestarts",
        {"period": 3, "growth": 2, "end": 0.1},
        lambda o: rates.CosineAnnealingWarmRestarts(o, 3, 2, 0.1),
        24,
    ),
    ("inverseSquareRoot", {"warmUp": WARM}, lambda o: rates.LambdaLR(o, noam), 20),
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

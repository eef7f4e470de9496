"""A small GPT from fixed weights: PyTorch's losses over ten steps of several optimisers.

Pre-norm blocks, learned positions, exact GELU, causal softmax attention, untied head without bias.
Everything is computed in float64 from weights that float32 holds exactly as printed.
"""

import json
import math

import numpy as np
import torch
import torch.nn.functional as F

VOCABULARY, WIDTH, DEPTH, HEADS, LENGTH, BATCH, STEPS = 31, 32, 2, 4, 16, 4, 10
EPSILON = 1e-5
random = np.random.RandomState(20)


def drawn(*shape, scale=0.1, mean=0.0):
    """Four decimals are enough for an initial weight, and keep the file short."""
    values = np.round(mean + scale * random.standard_normal(shape), 4).astype(np.float32)
    return torch.tensor(values, dtype=torch.float64)


def linear(path, outputs, inputs):
    return {f"{path}.weight": drawn(outputs, inputs), f"{path}.bias": drawn(outputs, scale=0.02)}


def norm(path):
    return {f"{path}.weight": drawn(WIDTH, mean=1.0), f"{path}.bias": drawn(WIDTH, scale=0.02)}


def initial_weights():
    weights = {"tokens.weight": drawn(VOCABULARY, WIDTH), "positions.weight": drawn(LENGTH, WIDTH)}
    for block in range(DEPTH):
        path = f"blocks.{block}"
        weights |= norm(f"{path}.attentionNorm")
        for name in ("query", "key", "value", "output"):
            weights |= linear(f"{path}.attention.{name}", WIDTH, WIDTH)
        weights |= norm(f"{path}.feedForwardNorm")
        weights |= linear(f"{path}.feedForward.expand", 4 * WIDTH, WIDTH)
        weights |= linear(f"{path}.feedForward.contract", WIDTH, 4 * WIDTH)
    return weights | norm("norm") | {"head.weight": drawn(VOCABULARY, WIDTH)}


def attention(w, path, x):
    apply = lambda name, x: F.linear(x, w[f"{path}.{name}.weight"], w[f"{path}.{name}.bias"])
    split = lambda x: x.reshape(BATCH, LENGTH, HEADS, WIDTH // HEADS).transpose(1, 2)
    q, k, v = (split(apply(name, x)) for name in ("query", "key", "value"))
    scores = q @ k.transpose(-1, -2) / math.sqrt(WIDTH // HEADS)
    hidden = torch.ones(LENGTH, LENGTH, dtype=torch.bool).triu(1)
    scores = scores.masked_fill(hidden, -math.inf)
    mixed = (torch.softmax(scores, -1) @ v).transpose(1, 2).reshape(BATCH, LENGTH, WIDTH)
    return apply("output", mixed)


def loss_of(w, ids, labels):
    normed = lambda path, x: F.layer_norm(
        x, (WIDTH,), w[f"{path}.weight"], w[f"{path}.bias"], EPSILON
    )
    apply = lambda path, x: F.linear(x, w[f"{path}.weight"], w[f"{path}.bias"])
    x = w["tokens.weight"][ids] + w["positions.weight"]
    for block in range(DEPTH):
        path = f"blocks.{block}"
        x = x + attention(w, f"{path}.attention", normed(f"{path}.attentionNorm", x))
        expanded = F.gelu(apply(f"{path}.feedForward.expand", normed(f"{path}.feedForwardNorm", x)))
        x = x + apply(f"{path}.feedForward.contract", expanded)
    logits = normed("norm", x) @ w["head.weight"].t()
    return F.cross_entropy(logits.reshape(-1, VOCABULARY), labels.reshape(-1))


def trained(weights, batches, optimiser, clip=None, dtype=torch.float64):
    """Losses before each step, the norms of the gradients before clipping, the last weights."""
    w = {
        path: tensor.clone().to(dtype).detach().requires_grad_() for path, tensor in weights.items()
    }
    optimiser = optimiser(list(w.values()))
    losses, norms = [], []
    for ids, labels in batches:
        loss = loss_of(w, ids, labels)
        optimiser.zero_grad()
        loss.backward()
        limit = math.inf if clip is None else clip
        norms.append(float(torch.nn.utils.clip_grad_norm_(w.values(), limit)))
        optimiser.step()
        losses.append(float(loss))
    return losses, norms, w


ADAM = {"learningRate": 1e-3, "betas": [0.9, 0.999], "epsilon": 1e-8}
adam = lambda parameters: torch.optim.Adam(parameters, lr=1e-3)
adam_w = lambda parameters: torch.optim.AdamW(parameters, lr=1e-3, weight_decay=0.1)
sgd = lambda parameters: torch.optim.SGD(parameters, lr=0.5)
RUNS = {
    "adam": (adam, None, ADAM),
    "adamW": (adam_w, None, {**ADAM, "weightDecay": 0.1}),
    "adamClipped": (adam, 0.5, {**ADAM, "clipNorm": 0.5}),
    "sgdClipped": (sgd, 0.5, {"learningRate": 0.5, "clipNorm": 0.5}),
}


def short(values):
    return [float(f"{value:.9g}") for value in values]


def flat(tensor):
    """float32's fewest digits that give the same value back."""
    return [float(str(np.float32(value))) for value in tensor.detach().reshape(-1).tolist()]


def run(weights, batches, name):
    optimiser, clip, attributes = RUNS[name]
    losses, norms, last = trained(weights, batches, optimiser, clip)
    single = trained(weights, batches, optimiser, clip, torch.float32)[0]
    # A reference whose own rounding shows would fail an engine that is right.
    assert max(abs(a - b) for a, b in zip(losses, single)) < 2e-5, name
    # Softmax ignores a key's bias: its gradient is rounding, which Adam would blow up.
    sums = {path: short([last[path].sum()])[0] for path in last if not path.endswith("key.bias")}
    return {
        "attributes": attributes,
        "losses": short(losses),
        "gradientNorms": short(norms),
        "sumsOfLastWeights": sums,
    }


def text():
    weights = initial_weights()
    draw = lambda: torch.tensor(random.randint(0, VOCABULARY, (BATCH, LENGTH + 1)))
    # Two batches that return: the loss falls, so a wrong update shows.
    pair = [draw(), draw()]
    rows = [pair[step % 2] for step in range(STEPS)]
    batches = [(row[:, :-1], row[:, 1:]) for row in rows]
    stored = {
        "software": "PyTorch " + torch.__version__.split("+")[0],
        "config": {
            "vocabulary": VOCABULARY,
            "width": WIDTH,
            "depth": DEPTH,
            "heads": HEADS,
            "length": LENGTH,
            "batch": BATCH,
            "normEpsilon": EPSILON,
        },
        "weights": {
            path: {"shape": list(tensor.shape), "data": flat(tensor)}
            for path, tensor in weights.items()
        },
        "batches": [
            {"ids": ids.reshape(-1).tolist(), "labels": labels.reshape(-1).tolist()}
            for ids, labels in batches
        ],
        "runs": {name: run(weights, batches, name) for name in RUNS},
    }
    lines = [
        f"{json.dumps(key)}:{json.dumps(value, separators=(',', ':'))}"
        for key, value in stored.items()
    ]
    return "{\n" + ",\n".join(lines) + "\n}\n"

"""Writes gtrxl.json: python3 gtrxl.py; needs PyTorch.

There is no official code. These are the paper's formulas (sections 2.2, 3.1 and 3.2) and Transformer-XL's attention, one
score at a time, for every gate and for both places of the norms: policy, value and gradients of a small agent that goes on
from a memory. No code of others is run.
"""

import json
import math
import os

import torch
import torch.nn.functional as F

HERE = os.path.dirname(os.path.abspath(__file__))
BATCH, STEPS, MEMORY, SEEN, WIDTH, HEADS, HEAD, HIDDEN, ACTIONS, DEPTH = 2, 3, 4, 3, 4, 2, 3, 5, 2, 2
GATES = {
    "addition": [],
    "input": ["weight"],
    "output": ["weight", "bias"],
    "highway": ["weight", "bias"],
    "sigtanh": ["weight", "candidate", "bias"],
    "gru": [
        "resetFromOutput", "resetFromStream", "updateFromOutput", "updateFromStream",
        "candidateFromOutput", "candidateFromStream", "bias",
    ],
}


def listed(tensor):
    return [float(f"{value:.6g}") for value in tensor.detach().flatten().tolist()]


def drawn(*shape):
    return (torch.round(torch.randn(*shape, dtype=torch.float64) * 60) / 100).requires_grad_()


def parameters(kind):
    found = {"encoder.weight": drawn(WIDTH, SEEN), "encoder.bias": drawn(WIDTH)}
    for layer in range(DEPTH):
        at = f"blocks.{layer}."
        inner = HEADS * HEAD
        for name in ("query", "key", "value", "position"):
            found[f"{at}attention.{name}.weight"] = drawn(inner, WIDTH)
        found[f"{at}attention.output.weight"] = drawn(WIDTH, inner)
        found[f"{at}attention.contentBias"] = drawn(HEADS, 1, HEAD)
        found[f"{at}attention.positionBias"] = drawn(HEADS, 1, HEAD)
        found[f"{at}expand.weight"], found[f"{at}expand.bias"] = drawn(HIDDEN, WIDTH), drawn(HIDDEN)
        found[f"{at}contract.weight"], found[f"{at}contract.bias"] = drawn(WIDTH, HIDDEN), drawn(WIDTH)
        for norm in ("attentionNorm", "feedForwardNorm"):
            found[f"{at}{norm}.weight"], found[f"{at}{norm}.bias"] = drawn(WIDTH), drawn(WIDTH)
        for place in ("attentionGate", "feedForwardGate"):
            for part in GATES[kind]:
                name = f"{at}{place}.{part}"
                if part == "bias":
                    found[name] = drawn(WIDTH)
                else:
                    found[f"{name}.weight"] = drawn(WIDTH, WIDTH)
    found["policy.weight"], found["policy.bias"] = drawn(ACTIONS, WIDTH), drawn(ACTIONS)
    found["value.weight"], found["value.bias"] = drawn(1, WIDTH), drawn(1)
    return found


def gate(kind, weights, at, x, y):
    def times(name, value):
        return value @ weights[f"{at}.{name}.weight"].T

    bias = weights.get(f"{at}.bias")
    if kind == "addition":
        return x + y
    if kind == "input":
        return torch.sigmoid(times("weight", x)) * x + y
    if kind == "output":
        return x + torch.sigmoid(times("weight", x) - bias) * y
    if kind == "highway":
        share = torch.sigmoid(times("weight", x) + bias)
        return share * x + (1 - share) * y
    if kind == "sigtanh":
        return x + torch.sigmoid(times("weight", y) - bias) * torch.tanh(times("candidate", y))
    reset = torch.sigmoid(times("resetFromOutput", y) + times("resetFromStream", x))
    update = torch.sigmoid(times("updateFromOutput", y) + times("updateFromStream", x) - bias)
    candidate = torch.tanh(times("candidateFromOutput", y) + times("candidateFromStream", reset * x))
    return (1 - update) * x + update * candidate


def sine(distance):
    half = math.ceil(WIDTH / 2)
    angles = [distance / 10000 ** (2 * (column % half) / WIDTH) for column in range(WIDTH)]
    row = [math.sin(a) if column < half else math.cos(a) for column, a in enumerate(angles)]
    return torch.tensor(row, dtype=torch.float64)


def attend(weights, at, x, context):
    parts = {n: weights[f"{at}.{n}.weight"] for n in ("query", "key", "value", "position", "output")}
    u, v = weights[f"{at}.contentBias"][:, 0], weights[f"{at}.positionBias"][:, 0]
    rows = []
    for b in range(BATCH):
        for i in range(STEPS):
            place, heads = i + MEMORY, []
            seen = [j for j in range(MEMORY + STEPS) if 0 <= place - j <= MEMORY]
            for h in range(HEADS):
                own = slice(h * HEAD, (h + 1) * HEAD)
                q = parts["query"][own] @ x[b, i]
                scores = []
                for j in seen:
                    k = parts["key"][own] @ context[b, j]
                    r = parts["position"][own] @ sine(place - j)
                    scores.append(((q + u[h]) @ k + (q + v[h]) @ r) / math.sqrt(HEAD))
                shares = torch.softmax(torch.stack(scores), 0)
                heads.append(sum(s * (parts["value"][own] @ context[b, j]) for s, j in zip(shares, seen)))
            rows.append(parts["output"] @ torch.cat(heads))
    return torch.stack(rows).reshape(BATCH, STEPS, WIDTH)


def normed(weights, at, x):
    return F.layer_norm(x, (WIDTH,), weights[f"{at}.weight"], weights[f"{at}.bias"], 1e-5)


def forward_pass(weights, at, x):
    hidden = F.relu(x @ weights[f"{at}.expand.weight"].T + weights[f"{at}.expand.bias"])
    return hidden @ weights[f"{at}.contract.weight"].T + weights[f"{at}.contract.bias"]


def agent(kind, norm, weights, observations, memories):
    x = observations @ weights["encoder.weight"].T + weights["encoder.bias"]
    for layer, memory in enumerate(memories):
        at = f"blocks.{layer}"
        context = torch.cat([memory, x], 1)
        if norm == "input":
            context = normed(weights, f"{at}.attentionNorm", context)
            y = F.relu(attend(weights, f"{at}.attention", context[:, MEMORY:], context))
            x = gate(kind, weights, f"{at}.attentionGate", x, y)
            z = F.relu(forward_pass(weights, at, normed(weights, f"{at}.feedForwardNorm", x)))
            x = gate(kind, weights, f"{at}.feedForwardGate", x, z)
        else:
            y = attend(weights, f"{at}.attention", x, context)
            x = normed(weights, f"{at}.attentionNorm", gate(kind, weights, f"{at}.attentionGate", x, y))
            z = forward_pass(weights, at, x)
            x = normed(weights, f"{at}.feedForwardNorm", gate(kind, weights, f"{at}.feedForwardGate", x, z))
    logits = x @ weights["policy.weight"].T + weights["policy.bias"]
    return logits, (x @ weights["value.weight"].T + weights["value.bias"])[..., 0]


def main():
    torch.manual_seed(9)
    observations = drawn(BATCH, STEPS, SEEN).detach()
    memories = [drawn(BATCH, MEMORY, WIDTH).detach() for _ in range(DEPTH)]
    stored = {"observations": listed(observations), "memories": [listed(m) for m in memories], "cases": []}
    for kind, norm in [(kind, "input") for kind in GATES] + [("addition", "stream"), ("gru", "stream")]:
        weights = parameters(kind)
        logits, values = agent(kind, norm, weights, observations, memories)
        loss = (logits.sin() * 2).sum() + values.square().sum()
        slopes = torch.autograd.grad(loss, list(weights.values()))
        stored["cases"].append({
            "gate": kind, "norm": norm,
            "weights": {name: listed(value) for name, value in weights.items()},
            "logits": listed(logits), "values": listed(values),
            "slopes": {name: listed(slope) for name, slope in zip(weights, slopes)},
        })
    with open(os.path.join(HERE, "gtrxl.json"), "w") as file:
        json.dump(stored, file)
        file.write("\n")


main()

"""Writes relative-attention.json: python3 relative-attention.py; needs PyTorch.

Transformer-XL's attention by its formula (section 3.3), one score at a time: no shifting of matrices, so that a wrong shift
would be seen. No code of others is run.
"""

import json
import math
import os

import torch

HERE = os.path.dirname(os.path.abspath(__file__))
BATCH, QUERIES, KEYS, WIDTH, HEADS, HEAD = 2, 3, 5, 6, 2, 4


def listed(tensor):
    return [float(f"{value:.7g}") for value in tensor.detach().flatten().tolist()]


def drawn(*shape):
    return (torch.round(torch.randn(*shape, dtype=torch.float64) * 50) / 100).requires_grad_()


def sine(distance):
    half = math.ceil(WIDTH / 2)
    angles = [distance / 10000 ** (2 * (column % half) / WIDTH) for column in range(WIDTH)]
    row = [math.sin(a) if column < half else math.cos(a) for column, a in enumerate(angles)]
    return torch.tensor(row, dtype=torch.float64)


def attend(x, context, weights, furthest):
    query, key, value, position, output, u, v = weights
    rows = []
    for b in range(BATCH):
        for i in range(QUERIES):
            place = i + KEYS - QUERIES
            heads = []
            for h in range(HEADS):
                part = slice(h * HEAD, (h + 1) * HEAD)
                q = query[part] @ x[b, i]
                seen = [j for j in range(KEYS) if 0 <= place - j <= furthest]
                scores = []
                for j in seen:
                    k, r = key[part] @ context[b, j], position[part] @ sine(place - j)
                    scores.append(((q + u[h]) @ k + (q + v[h]) @ r) / math.sqrt(HEAD))
                shares = torch.softmax(torch.stack(scores), 0)
                heads.append(sum(share * (value[part] @ context[b, j]) for share, j in zip(shares, seen)))
            rows.append(output @ torch.cat(heads))
    return torch.stack(rows).reshape(BATCH, QUERIES, WIDTH)


def main():
    torch.manual_seed(5)
    inner = HEADS * HEAD
    memory, x = drawn(BATCH, KEYS - QUERIES, WIDTH), drawn(BATCH, QUERIES, WIDTH)
    weights = [drawn(inner, WIDTH) for _ in range(4)] + [drawn(WIDTH, inner), drawn(HEADS, HEAD), drawn(HEADS, HEAD)]
    weigh = drawn(BATCH, QUERIES, WIDTH).detach()
    names = ["query.weight", "key.weight", "value.weight", "position.weight", "output.weight", "contentBias", "positionBias"]
    stored = {"memory": listed(memory), "x": listed(x), "weigh": listed(weigh), "cases": []}
    stored["weights"] = {name: listed(value) for name, value in zip(names, weights)}
    for furthest in (KEYS, 2):
        outputs = attend(x, torch.cat([memory, x], 1), weights, furthest)
        slopes = torch.autograd.grad((outputs * weigh).sum(), [x, *weights])
        found = {name: listed(slope) for name, slope in zip(["x", *names], slopes)}
        stored["cases"].append({"furthest": furthest, "outputs": listed(outputs), "slopes": found})
    with open(os.path.join(HERE, "relative-attention.json"), "w") as file:
        json.dump(stored, file)
        file.write("\n")


main()

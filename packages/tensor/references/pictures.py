"""Parts of systems that draw, from fixed weights in PyTorch: T5's encoder of texts with its products unscaled, an
autoencoder of images, embeddings of numbers and positions of a grid.

Everything is computed in float64 from weights that float32 holds exactly as printed.
"""

import json
import math

import numpy as np
import torch
import torch.nn.functional as F

random = np.random.RandomState(31)


def drawn(*shape, scale=0.4, mean=0.0):
    values = np.round(mean + scale * random.standard_normal(shape), 2).astype(np.float32)
    return torch.tensor(values, dtype=torch.float64)


def listed(value):
    return {"shape": list(value.shape), "data": [float(f"{v:.9g}") for v in value.flatten().tolist()]}


def rms(x, weight):
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6) * weight


def bucket(distance, buckets, furthest):
    """T5's bidirectional buckets of key place minus query place (Raffel et al. 2020)."""
    side = buckets // 2
    start = side if distance > 0 else 0
    away = abs(distance)
    single = side // 2
    if away < single:
        return start + away
    far = single + int(math.log(away / single) / math.log(furthest / single) * (side - single))
    return start + min(far, side - 1)


def text_encoder():
    vocabulary, width, heads, head, hidden, length, depth = 9, 6, 2, 4, 10, 5, 2
    weights = {"tokens.weight": drawn(vocabulary, width, scale=1)}
    weights["encoder.blocks.0.attention.bias.weight"] = drawn(8, heads)
    for block in range(depth):
        path = f"encoder.blocks.{block}"
        weights[f"{path}.attentionNorm.weight"] = drawn(width, mean=1)
        for name in ("query", "key", "value"):
            weights[f"{path}.attention.{name}.weight"] = drawn(heads * head, width)
        weights[f"{path}.attention.output.weight"] = drawn(width, heads * head)
        weights[f"{path}.feedForwardNorm.weight"] = drawn(width, mean=1)
        weights[f"{path}.feedForward.expand.weight"] = drawn(hidden, width)
        weights[f"{path}.feedForward.gate.weight"] = drawn(hidden, width)
        weights[f"{path}.feedForward.contract.weight"] = drawn(width, hidden)
    weights["encoder.norm.weight"] = drawn(width, mean=1)
    ids = torch.tensor([[1, 2, 3, 4, 5], [8, 7, 0, 0, 0]])
    mask = torch.tensor([[1, 1, 1, 1, 1], [1, 1, 0, 0, 0]], dtype=torch.bool)
    places = torch.tensor([[bucket(k - q, 8, 4) for k in range(length)] for q in range(length)])
    bias = weights["encoder.blocks.0.attention.bias.weight"][places].permute(2, 0, 1)
    x = weights["tokens.weight"][ids]
    for block in range(depth):
        w = lambda name: weights[f"encoder.blocks.{block}.{name}.weight"]
        y = rms(x, w("attentionNorm"))
        # T5's query is that of a scaled product times 1 / sqrt(width of a head).
        q, k, v = (
            (y @ w(f"attention.{name}").T).reshape(2, length, heads, head).transpose(1, 2)
            for name in ("query", "key", "value")
        )
        scores = (q / math.sqrt(head)) @ k.transpose(-1, -2) + bias
        scores = scores.masked_fill(~mask[:, None, None], -math.inf)
        mixed = (scores.softmax(-1) @ v).transpose(1, 2).reshape(2, length, heads * head)
        x = x + mixed @ w("attention.output").T
        y = rms(x, w("feedForwardNorm"))
        gate = F.gelu(y @ w("feedForward.gate").T, approximate="tanh")
        x = x + (gate * (y @ w("feedForward.expand").T)) @ w("feedForward.contract").T
    states = rms(x, weights["encoder.norm.weight"])
    return {
        "weights": {name: listed(value) for name, value in weights.items()},
        "ids": ids.tolist(),
        "mask": mask.int().tolist(),
        "states": listed(states),
    }


def autoencoder():
    weights = {}

    def convolution(path, channels, out, side=3):
        weights[f"{path}.weight"] = drawn(out, channels, side, side, scale=0.3)
        weights[f"{path}.bias"] = drawn(out, scale=0.1)

    def norm(path, channels):
        weights[f"{path}.weight"] = drawn(channels, mean=1)
        weights[f"{path}.bias"] = drawn(channels, scale=0.1)

    def block(path, channels):
        norm(f"{path}.firstNorm", channels)
        convolution(f"{path}.first", channels, channels)
        norm(f"{path}.secondNorm", channels)
        convolution(f"{path}.second", channels, channels)

    first, second, latents = 4, 8, 2
    convolution("inward", 3, first)
    block("down.0.blocks.0", first)
    convolution("down.0.change", first, second)
    block("down.1.blocks.0", second)
    norm("lastNorm", second)
    convolution("toLatents", second, 2 * latents)
    convolution("fromLatents", latents, second)
    block("up.0.blocks.0", second)
    convolution("up.0.change", second, first)
    block("up.1.blocks.0", first)
    norm("outNorm", first)
    convolution("outward", first, 3)

    def conv(path, x, stride=1):
        return F.conv2d(x, weights[f"{path}.weight"], weights[f"{path}.bias"], padding=1, stride=stride)

    def normed(path, x):
        groups = min(8, x.shape[1])
        return F.silu(F.group_norm(x, groups, weights[f"{path}.weight"], weights[f"{path}.bias"], 1e-6))

    def residual(path, x):
        hidden = conv(f"{path}.first", normed(f"{path}.firstNorm", x))
        return x + conv(f"{path}.second", normed(f"{path}.secondNorm", hidden))

    images = drawn(2, 3, 6, 4, scale=1)
    x = residual("down.0.blocks.0", conv("inward", images))
    x = residual("down.1.blocks.0", conv("down.0.change", x, stride=2))
    mean, log_variance = conv("toLatents", normed("lastNorm", x)).chunk(2, 1)
    x = residual("up.0.blocks.0", conv("fromLatents", mean))
    x = conv("up.0.change", F.interpolate(x, scale_factor=2, mode="nearest"))
    pictures = conv("outward", normed("outNorm", residual("up.1.blocks.0", x)))
    divergence = (0.5 * (mean.pow(2) + log_variance.exp() - log_variance - 1)).mean()
    return {
        "weights": {name: listed(value) for name, value in weights.items()},
        "images": listed(images),
        "mean": listed(mean),
        "logVariance": listed(log_variance),
        "pictures": listed(pictures),
        "divergence": divergence.item(),
    }


def scalars():
    width, frequencies = 3, 8
    weights = {
        "first.weight": drawn(width, frequencies),
        "first.bias": drawn(width),
        "second.weight": drawn(width, width),
        "second.bias": drawn(width),
    }
    numbers = torch.tensor([[0.0, 2.5], [31.0, 999.0]], dtype=torch.float64)
    falling = torch.exp(-math.log(10_000) * torch.arange(frequencies // 2, dtype=torch.float64) / (frequencies // 2))
    angles = numbers[..., None] * falling
    waves = torch.cat([angles.cos(), angles.sin()], -1)
    inner = F.silu(waves @ weights["first.weight"].T + weights["first.bias"])
    vectors = (inner @ weights["second.weight"].T + weights["second.bias"]).reshape(2, -1)
    return {
        "weights": {name: listed(value) for name, value in weights.items()},
        "numbers": listed(numbers),
        "vectors": listed(vectors),
    }


def positions():
    rows, columns, width, base, scale = 3, 2, 8, 4, 2.0

    def wave(places):
        omega = 1 / 10_000 ** (torch.arange(width // 4, dtype=torch.float64) / (width / 4))
        out = places[:, None] * omega
        return torch.cat([out.sin(), out.cos()], 1)

    y = torch.arange(rows, dtype=torch.float64) / (rows / base) / scale
    x = torch.arange(columns, dtype=torch.float64) / (columns / base) / scale
    grid_y, grid_x = torch.meshgrid(y, x, indexing="ij")
    table = torch.cat([wave(grid_x.flatten()), wave(grid_y.flatten())], 1)
    return {"rows": rows, "columns": columns, "width": width, "base": base, "scale": scale, "table": listed(table)}


def text():
    content = {"text": text_encoder(), "autoencoder": autoencoder(), "scalars": scalars(), "positions": positions()}
    return json.dumps(content, separators=(",", ":")) + "\n"

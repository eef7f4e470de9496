"""Scaled dot-product attention on [B, H, T, K]: inputs q, k, v, then a mask or a bias.

A boolean mask keeps where it is true; a float mask is added to the scores.
"""

import math

import torch

from case import Family

family = Family("attention")


def attention(q, k, v, mask=None, causal=False, scale=None):
    scores = q @ k.transpose(-1, -2) * (1 / math.sqrt(q.shape[-1]) if scale is None else scale)
    if causal:
        keep = torch.ones(scores.shape[-2:], dtype=torch.bool).tril()
        scores = scores.masked_fill(~keep, -math.inf)
    if mask is not None and mask.dtype == torch.bool:
        scores = scores.masked_fill(~mask, -math.inf)
    elif mask is not None:
        scores = scores + mask
    return torch.softmax(scores, -1) @ v


# label -> (q, k, v, shape of the mask or None, kind of mask, attributes)
CASES = {
    "plain": ((2, 2, 3, 4), (2, 2, 3, 4), (2, 2, 3, 4), None, None, {}),
    "causal": ((1, 2, 4, 4), (1, 2, 4, 4), (1, 2, 4, 4), None, None, {"causal": True}),
    "scale": ((1, 2, 3, 2), (1, 2, 3, 2), (1, 2, 3, 2), None, None, {"scale": 0.25}),
    "cross": ((1, 2, 3, 4), (1, 2, 5, 4), (1, 2, 5, 4), None, None, {}),
    "value width": ((1, 2, 3, 4), (1, 2, 3, 4), (1, 2, 3, 2), None, None, {}),
    "bias": ((2, 2, 3, 4), (2, 2, 3, 4), (2, 2, 3, 4), (2, 2, 3, 3), "bias", {}),
    "bias broadcast": ((2, 2, 3, 4), (2, 2, 3, 4), (2, 2, 3, 4), (2, 3, 3), "bias", {}),
    "bias, causal": (
        (1, 2, 3, 4),
        (1, 2, 3, 4),
        (1, 2, 3, 4),
        (1, 2, 3, 3),
        "bias",
        {"causal": True},
    ),
    "mask": ((2, 2, 3, 4), (2, 2, 5, 4), (2, 2, 5, 4), (3, 5), "mask", {}),
    "mask of keys": ((2, 2, 3, 4), (2, 2, 5, 4), (2, 2, 5, 4), (2, 1, 1, 5), "mask", {}),
    "mask, causal": (
        (2, 1, 4, 2),
        (2, 1, 4, 2),
        (2, 1, 4, 2),
        (2, 1, 1, 4),
        "mask",
        {"causal": True},
    ),
    "one key": ((1, 1, 2, 2), (1, 1, 1, 2), (1, 1, 1, 2), None, None, {}),
}
for label, (q, k, v, shape, kind, attributes) in CASES.items():
    draw = family.draw("scaledDotProductAttention", label)
    inputs = [draw.normal(*q), draw.normal(*k), draw.normal(*v)]
    if kind == "bias":
        inputs.append(draw.normal(*shape))
    if kind == "mask":
        keep = draw.booleans(*shape)
        # The first key stays visible, so that no row is empty.
        keep[..., 0] = True
        inputs.append(keep)
    compute = lambda *tensors: attention(*tensors, **attributes)
    family.add("scaledDotProductAttention", label, inputs, compute, attributes)

text = family.text

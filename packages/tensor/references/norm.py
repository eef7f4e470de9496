"""Softmax and the norms. Inputs stand as x, scale, bias, then a running mean and variance."""

import torch
import torch.nn.functional as F

from case import Family

family = Family("norm")
EPSILON = 1e-5

SOFTMAXES = {
    "last": ((2, 5), -1),
    "first": ((4, 2), 0),
    "middle": ((2, 4, 3), 1),
    "rank 1": ((5,), 0),
    "one": ((3, 1), 1),
    "zero rows": ((0, 3), 1),
}
INF = float("inf")
for op, function in (("softmax", torch.softmax), ("logSoftmax", torch.log_softmax)):
    for label, (shape, axis) in SOFTMAXES.items():
        inputs = [family.draw(op, label).normal(*shape, scale=2.0)]
        family.add(op, label, inputs, lambda x: function(x, axis), {"axis": axis})
    large = torch.tensor([[1000.0, 999.0, -1000.0], [-500.0, -501.0, -502.0]])
    family.add(op, "edge large", [large], lambda x: function(x, -1), {"axis": -1})
masked = torch.tensor([[0.5, -INF, 1.0], [-INF, -INF, 2.0]])
family.add("softmax", "edge masked", [masked], lambda x: torch.softmax(x, -1), {"axis": -1})

LAYERS = {
    "rank 2": ((3, 4), 1),
    "rank 3": ((2, 3, 4), 1),
    "last two axes": ((2, 3, 4), 2),
    "rank 1": ((6,), 1),
    "zero rows": ((0, 4), 1),
}


def affine(draw, shape, with_scale, with_bias):
    scale = [draw.normal(*shape) + 1] * with_scale
    return scale + [draw.normal(*shape)] * with_bias


def layer_norm(x, scale=None, bias=None, count=1, epsilon=EPSILON):
    return F.layer_norm(x, x.shape[x.dim() - count :], scale, bias, epsilon)


def rms_norm(x, scale=None, count=1, epsilon=EPSILON):
    axes = list(range(-count, 0))
    y = x * torch.rsqrt(x.square().mean(axes, keepdim=True) + epsilon)
    return y if scale is None else y * scale


for label, (shape, count) in LAYERS.items():
    attributes = {"axes": list(range(-count, 0)), "epsilon": EPSILON}
    for words, flags in {"plain": (0, 0), "scale": (1, 0), "scale and bias": (1, 1)}.items():
        name = f"{label}, {words}"
        draw = family.draw("layerNorm", name)
        inputs = [draw.normal(*shape)] + affine(draw, shape[len(shape) - count :], *flags)
        compute = lambda *tensors: layer_norm(*tensors, count=count)
        family.add("layerNorm", name, inputs, compute, attributes)
        if words == "scale and bias":
            continue
        draw = family.draw("rmsNorm", name)
        inputs = [draw.normal(*shape)] + affine(draw, shape[len(shape) - count :], *flags)
        compute = lambda *tensors: rms_norm(*tensors, count=count)
        family.add("rmsNorm", name, inputs, compute, attributes)
for op, compute in (("layerNorm", layer_norm), ("rmsNorm", rms_norm)):
    attributes = {"axes": [-1], "epsilon": 0.1}
    inputs = [family.draw(op, "edge").normal(2, 4)]
    family.add(op, "large epsilon", inputs, lambda x: compute(x, epsilon=0.1), attributes)
    flat = torch.full((2, 4), 3.0)
    family.add(op, "edge constant rows", [flat], compute, {"axes": [-1], "epsilon": EPSILON})

BATCHES = {"features": (6, 3), "1-D": (2, 3, 4), "2-D": (2, 3, 2, 3), "3-D": (2, 2, 2, 2, 2)}


def batch_norm(x, scale, bias, epsilon=EPSILON):
    """Training: y, and the mean and biased variance of the batch that y was made with."""
    axes = [axis for axis in range(x.dim()) if axis != 1]
    y = F.batch_norm(x, None, None, scale, bias, True, 0.0, epsilon)
    return y, x.mean(axes), x.var(axes, unbiased=False)


for label, shape in BATCHES.items():
    draw = family.draw("batchNorm", label)
    inputs = [draw.normal(*shape)] + affine(draw, shape[1:2], 1, 1)
    attributes = {"training": True, "epsilon": EPSILON}
    family.add("batchNorm", f"training {label}", inputs, batch_norm, attributes)
    inputs += [draw.normal(shape[1]), draw.uniform(0.2, 2.0, shape[1])]
    attributes = {"training": False, "epsilon": EPSILON}
    compute = lambda x, s, b, m, v: F.batch_norm(x, m, v, s, b, False, 0.0, EPSILON)
    # PyTorch gives no gradient to running statistics, so the formula stands in for the call.
    view = [1, -1] + [1] * (len(shape) - 2)
    written = lambda x, s, b, m, v: (
        (x - m.view(view)) * torch.rsqrt(v.view(view) + EPSILON) * s.view(view) + b.view(view)
    )
    doubles = [tensor.double() for tensor in inputs]
    assert torch.allclose(compute(*doubles), written(*doubles), atol=1e-12)
    family.add("batchNorm", f"inference {label}", inputs, written, attributes)

GROUPS = {
    "two": ((2, 4, 3), 2),
    "one": ((2, 4, 2, 2), 1),
    "each": ((2, 3, 2, 2), 3),
    "features": ((3, 6), 2),
}
for label, (shape, groups) in GROUPS.items():
    for words, flags in {"plain": (0, 0), "scale and bias": (1, 1)}.items():
        name = f"{label}, {words}"
        draw = family.draw("groupNorm", name)
        inputs = [draw.normal(*shape)] + affine(draw, shape[1:2], *flags)
        compute = lambda x, s=None, b=None: F.group_norm(x, groups, s, b, EPSILON)
        family.add("groupNorm", name, inputs, compute, {"groups": groups, "epsilon": EPSILON})

INSTANCES = {"1-D": (2, 3, 4), "2-D": (2, 2, 3, 2), "3-D": (1, 2, 2, 2, 2)}
for label, shape in INSTANCES.items():
    for words, flags in {"plain": (0, 0), "scale and bias": (1, 1)}.items():
        name = f"{label}, {words}"
        draw = family.draw("instanceNorm", name)
        inputs = [draw.normal(*shape)] + affine(draw, shape[1:2], *flags)
        compute = lambda x, s=None, b=None: F.instance_norm(x, None, None, s, b, True, 0.0, EPSILON)
        family.add("instanceNorm", name, inputs, compute, {"epsilon": EPSILON})

text = family.text

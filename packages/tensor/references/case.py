"""One stored case: inputs, attributes, outputs, and the gradients of sum(output * cotangent).

Inputs are float32 (or integer) values; PyTorch computes in float64 and the result is rounded to
float32, so that a difference from a stored number is the tested engine's own error.
"""

import json
import math
import zlib

import numpy as np
import torch

NAMES = {
    torch.float32: "float32",
    torch.float64: "float32",
    torch.float16: "float16",
    torch.int32: "int32",
    torch.int64: "int64",
    torch.uint8: "uint8",
    torch.bool: "bool",
}


class Draw:
    """Values from a seed that is the case's own name: adding a case changes no other."""

    def __init__(self, name):
        self.generator = np.random.RandomState(zlib.crc32(name.encode()))

    def normal(self, *shape, scale=1.0):
        values = np.round(np.asarray(self.generator.standard_normal(shape)) * scale, 2)
        return torch.tensor(values, dtype=torch.float32)

    def uniform(self, low, high, *shape):
        values = np.round(np.asarray(self.generator.uniform(low, high, shape)), 2)
        return torch.tensor(values, dtype=torch.float32)

    def distinct(self, *shape):
        """Values without ties, so that order-dependent results have one answer."""
        count = int(np.prod(shape))
        values = self.generator.permutation(count).reshape(shape) * 0.25 - count * 0.1
        return torch.tensor(np.round(values, 2), dtype=torch.float32)

    def integers(self, low, high, *shape, dtype=torch.int32):
        return torch.tensor(self.generator.randint(low, high, shape), dtype=dtype)

    def booleans(self, *shape):
        return torch.tensor(self.generator.randint(0, 2, shape), dtype=torch.bool)


def number(value, dtype):
    if dtype in ("int32", "int64", "uint8", "bool"):
        return str(int(value))
    if math.isnan(value):
        return '"NaN"'
    if math.isinf(value):
        return '"Infinity"' if value > 0 else '"-Infinity"'
    text = str(np.float32(value))
    return text[:-2] if text.endswith(".0") else text


def written(tensor, dtype=None):
    """The JSON text of one tensor; floats in the fewest digits that give the float32 back."""
    tensor = tensor.detach()
    dtype = dtype or NAMES[tensor.dtype]
    flat = tensor.double() if tensor.is_floating_point() else tensor
    if flat.dtype == torch.float64 and dtype == "float32":
        flat = flat.float()
    data = ",".join(number(value, dtype) for value in flat.reshape(-1).tolist())
    shape = json.dumps(list(tensor.shape), separators=(",", ":"))
    return '{"dtype":"%s","shape":%s,"data":[%s]}' % (dtype, shape, data)


def leaf(tensor, differentiable):
    if tensor.dtype == torch.float32:
        return tensor.double().requires_grad_(differentiable)
    return tensor


class Family:
    """Collects the cases of one family and writes them, one case a line."""

    def __init__(self, name):
        self.name = name
        self.lines = []

    def draw(self, op, label):
        return Draw(f"{self.name}/{op}/{label}")

    def add(self, op, label, inputs, compute, attributes=None, outputs=None, gradient=True):
        """Records `compute(*inputs)`; `outputs` names the dtypes where they are not PyTorch's."""
        leaves = [leaf(tensor, gradient) for tensor in inputs]
        results = compute(*leaves)
        results = list(results) if isinstance(results, (tuple, list)) else [results]
        dtypes = outputs or [None] * len(results)
        fields = [
            '"op":%s,"label":%s' % (json.dumps(op), json.dumps(label)),
            '"inputs":[%s]' % ",".join(written(tensor) for tensor in inputs),
            '"attributes":%s' % json.dumps(attributes or {}, separators=(",", ":")),
            '"outputs":[%s]' % ",".join(map(written, results, dtypes)),
        ]
        if gradient and any(result.requires_grad for result in results):
            fields += self.differentiated(op, label, leaves, results)
        self.lines.append("{%s}" % ",".join(fields))

    def differentiated(self, op, label, leaves, results):
        draw = self.draw(op, label + "/cotangent")
        cotangents = [
            draw.normal(*result.shape) if result.requires_grad else None for result in results
        ]
        total = sum(
            (result * cotangent.double()).sum()
            for result, cotangent in zip(results, cotangents)
            if cotangent is not None
        )
        total.backward()
        gradients = [
            (
                (torch.zeros_like(leaf) if leaf.grad is None else leaf.grad)
                if leaf.requires_grad
                else None
            )
            for leaf in leaves
        ]
        return [
            '"%s":[%s]' % (name, ",".join("null" if t is None else written(t) for t in tensors))
            for name, tensors in (("cotangents", cotangents), ("gradients", gradients))
        ]

    def text(self):
        cases = ",\n".join(self.lines)
        return '{"software":"PyTorch %s","cases":[\n%s\n]}\n' % (
            torch.__version__.split("+")[0],
            cases,
        )

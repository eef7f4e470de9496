"""Recurrences over the first axis: each gives all its states stacked and the last one."""

import torch

from case import Family

family = Family("scan")


def states(step, carry, xs):
    seen = []
    for x in xs:
        carry = step(carry, x)
        seen.append(carry)
    return torch.stack(seen), carry


def recurrent(x, h, w, u):
    """h' = tanh(x W^T + h U^T)"""
    return states(lambda h, x: torch.tanh(x @ w.t() + h @ u.t()), h, x)


def decaying(x, h, a):
    """h' = a h + x"""
    return states(lambda h, x: a * h + x, h, x)


def gated(x, h, w, u):
    """A gated cell without biases: rows of W and U stand as reset, update, candidate."""

    def step(h, x):
        wr, wz, wn = (x @ w.t()).chunk(3, -1)
        ur, uz, un = (h @ u.t()).chunk(3, -1)
        update = torch.sigmoid(wz + uz)
        candidate = torch.tanh(wn + torch.sigmoid(wr + ur) * un)
        return (1 - update) * candidate + update * h

    return states(step, h, x)


# op -> (compute, {label: shapes of the inputs in the function's order})
CELLS = {
    "recurrent": (
        recurrent,
        {
            "five steps": [(5, 2, 3), (2, 4), (4, 3), (4, 4)],
            "one step": [(1, 2, 3), (2, 4), (4, 3), (4, 4)],
            "batch of one": [(5, 1, 2), (1, 3), (3, 2), (3, 3)],
        },
    ),
    "decaying": (decaying, {"five steps": [(5, 2, 3), (2, 3), (3,)], "rank 1": [(5,), (), ()]}),
    "gated": (gated, {"five steps": [(5, 2, 3), (2, 4), (12, 3), (12, 4)]}),
}
for op, (compute, shapes) in CELLS.items():
    for label, inputs in shapes.items():
        draw = family.draw(op, label)
        tensors = [draw.normal(*shape, scale=0.6) for shape in inputs]
        family.add(op, label, tensors, compute)

text = family.text

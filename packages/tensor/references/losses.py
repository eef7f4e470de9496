"""Cross-entropy with class weights: every option alone and together, with the gradient of the logits."""

import itertools
import json

import torch

LOGITS = [[1.0, 2.0, 0.5], [-1.0, 0.0, 3.0], [4.0, -2.0, 0.0], [0.1, 0.2, 0.3]]
LABELS = [2, 0, 1, 1]
SOFT = [[0.2, 0.3, 0.5], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.5, 0.5, 0.0]]
WEIGHTS = [0.5, 2.0, 1.25]
REDUCTIONS = ("mean", "sum", "none")


def short(tensor):
    return [float(f"{value:.9g}") for value in tensor.detach().reshape(-1).tolist()]


def case(labels, smoothing, ignored, reduction):
    logits = torch.tensor(LOGITS, dtype=torch.float64, requires_grad=True)
    is_soft = isinstance(labels[0], list)
    target = torch.tensor(labels, dtype=torch.float64 if is_soft else torch.int64)
    loss = torch.nn.functional.cross_entropy(
        logits,
        target,
        weight=torch.tensor(WEIGHTS, dtype=torch.float64),
        label_smoothing=smoothing,
        reduction=reduction,
        **({} if ignored is None else {"ignore_index": ignored}),
    )
    loss.sum().backward()
    options = {"labelSmoothing": smoothing, "reduction": reduction}
    if ignored is not None:
        options["ignoreIndex"] = ignored
    return {"labels": labels, "options": options, "loss": short(loss), "slope": short(logits.grad)}


def text():
    compact = lambda value: json.dumps(value, separators=(",", ":"))
    hard = itertools.product([LABELS], [0.0, 0.1], [None, 0], REDUCTIONS)
    soft = itertools.product([SOFT], [0.0, 0.1], [None], REDUCTIONS)
    cases = [compact(case(*what)) for what in [*hard, *soft]]
    lines = [
        f'{{"software":"PyTorch {torch.__version__.split("+")[0]}"',
        f'"logits":{compact(LOGITS)}',
        f'"classWeights":{compact(WEIGHTS)}',
        '"cases":[\n' + ",\n".join(cases) + "\n]}",
    ]
    return ",\n".join(lines) + "\n"

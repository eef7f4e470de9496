"""Writes contrastive.json: python3 contrastive.py PATH_TO_A_CLONE_OF_LINKTRANSFORMER; needs PyTorch.

Losses and gradients of LinkTransformer's own loss classes, which are run with what they import for logging left out.
"""

import json
import math
import pathlib
import sys
import types

import torch

HERE = pathlib.Path(__file__).parent


def official(root):
    """The losses' module, without the packages that it only logs with."""
    for name in ("sentence_transformers", "transformers", "transformers.utils", "wandb"):
        sys.modules[name] = types.ModuleType(name)
    import logging as log

    sys.modules["sentence_transformers"].LoggingHandler = log.NullHandler
    sys.modules["sentence_transformers"].losses = None
    sys.modules["sentence_transformers"].SentenceTransformer = torch.nn.Module
    sys.modules["transformers.utils"].logging = types.SimpleNamespace(set_verbosity_error=lambda: None)
    module = types.ModuleType("losses")
    path = pathlib.Path(root) / "src" / "linktransformer" / "modified_sbert" / "losses.py"
    exec(compile(path.read_text(), str(path), "exec"), module.__dict__)
    return module


class Given(torch.nn.Module):
    """Stands for the encoder: the sentences are their embeddings."""

    def forward(self, features):
        return {"sentence_embedding": features}


def listed(tensor):
    return [float(f"{v:.7g}") for v in tensor.detach().flatten().tolist()]


def main():
    losses = official(sys.argv[1])
    torch.manual_seed(3)
    supervised = []
    for labels, temperature in (([0, 0, 1, 1, 1, 2, 2], 0.07), ([4, 3, 4, 3], 0.2)):
        raw = torch.round(torch.randn(len(labels), 5) * 100) / 100
        unit = torch.nn.functional.normalize(raw, dim=1).requires_grad_()
        loss = losses.SupConLoss_wandb(Given(), temperature=temperature)([unit], torch.tensor(labels))
        loss.backward()
        supervised.append({"embeddings": listed(unit), "labels": labels, "temperature": temperature,
                           "loss": loss.item(), "slope": listed(unit.grad)})
    online = []
    for labels, margin in (([1, 0, 1, 0, 1, 0], 0.5), ([1, 0, 0, 0], 0.7), ([1, 1, 1, 0], 0.5), ([1, 0], 0.9)):
        first, second = (torch.nn.functional.normalize(torch.randn(len(labels), 4), dim=1) for _ in "ab")
        second = torch.nn.functional.normalize(first + 0.6 * second, dim=1)
        first.requires_grad_()
        loss = losses.OnlineContrastiveLoss_wandb(Given(), margin=margin)([first, second], torch.tensor(labels))
        distances = 1 - torch.nn.functional.cosine_similarity(first, second)
        given = distances.detach().clone().requires_grad_()
        negatives, positives = given[torch.tensor(labels) == 0], given[torch.tensor(labels) == 1]
        hard = negatives[negatives < (positives.max() if len(positives) > 1 else negatives.mean())]
        far = positives[positives > (negatives.min() if len(negatives) > 1 else positives.mean())]
        again = far.pow(2).sum() + torch.relu(margin - hard).pow(2).sum()
        assert math.isclose(again.item(), loss.item(), rel_tol=1e-5, abs_tol=1e-7)
        again.backward()
        online.append({"distances": listed(given), "labels": labels, "margin": margin,
                       "loss": loss.item(), "slope": listed(given.grad)})
    with open(HERE / "contrastive.json", "w", encoding="utf8") as file:
        json.dump({"supervised": supervised, "online": online}, file, separators=(",", ":"))
        file.write("\n")


main()

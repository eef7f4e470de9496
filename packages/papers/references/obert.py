"""Reference numbers of the Optimal BERT Surgeon, from the official code.

    python3 obert.py PATH_TO_A_CLONE_OF_THE_OFFICIAL_CODE

The numbers go to obert.json beside this file; nothing else of that code does. Of github.com/neuralmagic/sparseml the file
modifier_pruning_obs.py is run as it stands; what it imports of the rest of the package (recipes, loggers, processes)
is replaced by empty stand-ins, for none of it computes. It computes in double precision.
"""

import importlib.util
import json
import os
import sys
import types

import torch


class ParamsScorer:
    """Holds the parameters; one process broadcasts to nobody."""

    def __init__(self, params, dist_backend=None):
        self._params = params
        self._is_main_proc = True
        self._pickle_exclude_params = []

    def _broadcast_list_from_main(self, values):
        return values


def stand_ins():
    def anything(*_, **__):
        return lambda of: of

    names = {
        "sparseml.pytorch.sparsification.modifier": {
            "ModifierProp": anything,
            "PyTorchModifierYAML": anything,
        },
        "sparseml.pytorch.sparsification.pruning.mask_creator": {
            "PruningMaskCreator": object,
            "get_mask_creator_default": None,
        },
        "sparseml.pytorch.sparsification.pruning.modifier_pruning_base": {
            "BaseGradualPruningModifier": object
        },
        "sparseml.pytorch.sparsification.pruning.scorer": {"PruningParamsGradScorer": ParamsScorer},
        "sparseml.pytorch.utils": {"MEMORY_BOUNDED": "MEMORY_BOUNDED", "GradSampler": object},
        "sparseml.pytorch.utils.logger": {"BaseLogger": object},
        "sparseml.utils": {"interpolate": None},
    }
    for name, members in names.items():
        parts = name.split(".")
        for i in range(1, len(parts) + 1):
            path = ".".join(parts[:i])
            if path not in sys.modules:
                sys.modules[path] = types.ModuleType(path)
        for key, value in members.items():
            setattr(sys.modules[name], key, value)


def official(checkout):
    stand_ins()
    path = f"{checkout}/src/sparseml/pytorch/sparsification/pruning/modifier_pruning_obs.py"
    spec = importlib.util.spec_from_file_location("modifier_pruning_obs", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def rounded(tensor):
    return [float(f"{value:.6g}") for value in tensor.detach().reshape(-1).tolist()]


def case(module, shape, block, group, damping, count, pruned_before, share, seed, scale=0.05):
    torch.manual_seed(seed)
    weight = torch.nn.Parameter((torch.randn(shape) * 0.3).float().double())
    mask = torch.ones(shape)
    flat = mask.reshape(-1)
    flat[pruned_before] = 0
    weight.data.mul_(mask)
    gradients = [(torch.randn(shape) * scale).float().double() for _ in range(count)]
    scorer = module.OBSPruningParamsScorer(
        [weight], count, damping, block, "unstructured" if group == 1 else "block4"
    )
    scorer._enabled_grad_buffering = True
    given = {"weight": rounded(weight), "gradients": [rounded(g) for g in gradients]}
    for gradient in gradients:
        weight.grad = gradient.clone()
        scorer.pre_optim_step_update([mask])
    inverse = scorer._finvs[0].f_inv.clone()
    scores = scorer.score_parameters()[0]
    by_group = scores.reshape(-1)[::group]
    alive = [i for i in range(len(by_group)) if by_group[i] != float("-inf")]
    chosen = sorted(alive, key=lambda i: by_group[i].item())[: int(share * len(by_group))]
    after = flat.clone()
    for i in chosen:
        after[i * group : (i + 1) * group] = 0
    scorer.mask_update([after.reshape(shape)], [(after - flat).reshape(shape)])
    return {
        **{"shape": shape, "block": block, "group": group, "damping": damping},
        **given,
        "before": pruned_before,
        "inverse": rounded(inverse),
        "alive": alive,
        "scores": rounded(by_group[alive]),
        "chosen": chosen,
        "after": rounded(weight),
    }


def main():
    torch.set_default_dtype(torch.float64)
    module = official(sys.argv[1])
    cases = [
        case(module, [5, 7], 10, 1, 1e-3, 20, [3, 17], 0.4, 1),
        case(module, [4, 12], 16, 4, 1e-4, 24, list(range(8, 12)), 0.5, 2),
        case(module, [3, 8], 6, 1, 1e-7, 40, [], 0.6, 3, 0.002),
    ]
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "obert.json")
    with open(path, "w", encoding="utf8") as file:
        file.write(json.dumps(cases, separators=(",", ":")) + "\n")


main()

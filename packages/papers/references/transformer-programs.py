"""Stores what the official code of Transformer Programs gives: logits of small models with random weights, relaxed by
softmax and made discrete, over all that its configuration can say; and parameter counts of the sizes that its scripts train.

    python3 transformer-programs.py PATH_TO_A_CLONE_OF_THE_OFFICIAL_CODE

The numbers go to transformer-programs.json beside this file; nothing else of that code does.
"""

import json
import os
import sys
import types

import torch

HERE = os.path.dirname(os.path.abspath(__file__))


def rearrange(x, pattern):
    """The two patterns for which the code asks einops, which need not be installed."""
    if pattern == "a b c d -> a d (b c)":
        return x.permute(0, 3, 1, 2).reshape(x.shape[0], x.shape[3], -1)
    if pattern == "b i q h -> b q (i h)":
        return x.permute(0, 2, 1, 3).reshape(x.shape[0], x.shape[2], -1)
    raise ValueError(pattern)


def listed(tensor):
    return {"shape": list(tensor.shape), "data": [float(f"{v:.7g}") for v in tensor.flatten().tolist()]}


# Each says what differs from the code's defaults, and how the model is run.
CASES = [
    ("tokens as they are, counts", dict(one_hot_embed=True, count_only=True, n_vars_cat=1, n_vars_num=1, n_cat_mlps=2), {}),
    (
        "learned variables and numbers, pooled",
        dict(
            n_vars_cat=3,
            n_vars_num=2,
            n_heads_cat=1,
            rel_pos_bias="clipped",
            act_type="GeLU",
            mlp_vars_in=3,
            unembed_num=False,
            unembed_mask=[True, False, True, False],
            pool_outputs=True,
            d_vocab_out=4,
        ),
        dict(temperature=0.4),
    ),
    (
        "scores for predicates, causal",
        dict(n_vars_cat=2, attention_type="score", attention_temp=1.7, n_heads_num=0, n_num_mlps=0, count_only=True),
        dict(causal=True),
    ),
    (
        "the first match, sums of the first number, no modules",
        dict(
            one_hot_embed=True,
            n_vars_cat=1,
            n_vars_num=3,
            rel_pos_bias="none",
            selector_width=True,
            n_cat_mlps=0,
            n_num_mlps=0,
            n_heads_num=3,
        ),
        dict(temperature=2.0),
    ),
    (
        "numerical heads alone, shorter than the longest",
        dict(n_vars_cat=2, n_vars_num=1, count_only=True, n_heads_cat=0, n_num_mlps=2, n_layers=3),
        dict(length=3, causal=True),
    ),
]

SMALL = dict(
    d_vocab=5, d_vocab_out=3, n_layers=2, d_var=6, d_mlp=7, n_heads_cat=2, n_heads_num=2, n_ctx=5, n_cat_mlps=1, n_num_mlps=1
)


def tokens(length, random):
    """Sequences of several lengths; 0 fills them up."""
    ids = torch.randint(1, SMALL["d_vocab"], (4, length), generator=random)
    ids[1, length - 1 :] = 0
    ids[2, max(1, length - 2) :] = 0
    return ids


def case(programs, label, given, run, seed):
    random = torch.Generator().manual_seed(seed)
    options = {**SMALL, **given}
    model = programs.TransformerProgramModel(**{"sample_fn": programs.softmax, **options})
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            fixed = options.get("one_hot_embed") and name == "embed.W_E"
            if parameter.requires_grad and not fixed:
                scale = 8 if name.endswith("rel_pos_bias.bias") else 1
                drawn = torch.randn(parameter.shape, generator=random) * scale
                parameter.copy_(torch.round(drawn * 100) / 100)
    ids = tokens(run.get("length", SMALL["n_ctx"]), random)
    shown = (ids != 0).float()
    mask = (shown.unsqueeze(-1) @ shown.unsqueeze(-2)).bool()
    if run.get("causal"):
        mask = torch.tril(mask)
    temperature = run.get("temperature", 0.7)
    logits = {}
    with torch.no_grad():
        for name in ("softmax", "argmax"):
            model.set_temp(temperature, getattr(programs, name))
            logits[name] = model(ids, mask=mask)
    if options.get("pool_outputs"):
        logits = {name: value[:, :1] for name, value in logits.items()}
    parameters = dict(model.named_parameters())
    return {
        "label": label,
        "options": {**options, "causal": bool(run.get("causal"))},
        "temperature": temperature,
        "ids": listed(ids),
        "weights": {name: listed(value) for name, value in parameters.items()},
        "buffers": [name for name in model.state_dict() if name not in parameters],
        "logits": {name: listed(value) for name, value in logits.items()},
    }


# What the scripts of the code train, by our presets' names.
SIZES = {
    "rasp": dict(
        d_vocab=8, d_vocab_out=8, d_var=8, n_ctx=8, n_layers=3, n_heads_cat=4, n_heads_num=4, n_cat_mlps=2, n_num_mlps=2,
        one_hot_embed=True, count_only=True, n_vars_cat=1, n_vars_num=1, d_mlp=64,
    ),
    "dyck": dict(
        d_vocab=6, d_vocab_out=4, d_var=16, n_ctx=16, n_layers=3, n_heads_cat=4, n_heads_num=4, n_cat_mlps=2, n_num_mlps=2,
        one_hot_embed=True, count_only=True, n_vars_cat=1, n_vars_num=1, d_mlp=64,
    ),
    "induction": dict(
        d_vocab=10, d_vocab_out=6, d_var=10, n_ctx=10, n_layers=2, n_heads_cat=1, n_heads_num=0, n_cat_mlps=0, n_num_mlps=0,
        one_hot_embed=True, count_only=True, n_vars_cat=1, n_vars_num=1, d_mlp=64,
    ),
    "named-entities": dict(
        d_vocab=10002, d_vocab_out=11, d_var=32, n_ctx=32, n_layers=2, n_heads_cat=8, n_heads_num=0, n_cat_mlps=1,
        n_num_mlps=0, n_vars_cat=4, n_vars_num=1, count_only=True, d_mlp=64,
    ),
    "texts": dict(
        d_vocab=10002, d_vocab_out=8, d_var=64, n_ctx=64, n_layers=2, n_heads_cat=4, n_heads_num=0, n_cat_mlps=1,
        n_num_mlps=0, n_vars_cat=4, n_vars_num=1, count_only=True, d_mlp=64, pool_outputs=True,
    ),
    "short-texts": dict(
        d_vocab=5002, d_vocab_out=8, d_var=25, n_ctx=25, n_layers=2, n_heads_cat=4, n_heads_num=0, n_cat_mlps=1,
        n_num_mlps=0, n_vars_cat=4, n_vars_num=1, count_only=True, d_mlp=64, pool_outputs=True,
    ),
}


def main():
    stand_in = types.ModuleType("einops")
    stand_in.rearrange = rearrange
    sys.modules.setdefault("einops", stand_in)
    sys.path.insert(0, sys.argv[1])
    from src.models import programs

    counts = {}
    for name, given in SIZES.items():
        model = programs.TransformerProgramModel(sample_fn=programs.softmax, **given)
        counts[name] = sum(p.numel() for p in model.parameters() if p.requires_grad)
    torch.manual_seed(0)
    cases = [case(programs, label, given, run, seed) for seed, (label, given, run) in enumerate(CASES)]
    with open(os.path.join(HERE, "transformer-programs.json"), "w", encoding="utf-8") as file:
        json.dump({"counts": counts, "cases": cases}, file, separators=(",", ":"))
        file.write("\n")


if __name__ == "__main__":
    main()

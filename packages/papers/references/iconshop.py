"""Stores what the official code of IconShop gives for small random weights.

    python3 iconshop.py PATH_OF_IconShop

The path is a clone of kingnobro/IconShop. Its decoder needs `einops` for four ways to reorder axes, which stand here
where it is not installed. The numbers go to iconshop.json beside this script.
"""

import json
import os
import sys
import tempfile
import types

import torch


def rearrange(x, pattern):
    """The patterns that the decoder asks of einops."""
    if pattern == "n -> () n ()":
        return x[None, :, None]
    if pattern == "d -> () () d":
        return x[None, None, :]
    if pattern == "b n c -> b c n":
        return x.permute(0, 2, 1)
    if pattern == "b c n -> (b n) c":
        return x.permute(0, 2, 1).reshape(-1, x.shape[1])
    raise ValueError(pattern)


try:
    import einops  # noqa: F401
except ImportError:
    sys.modules["einops"] = types.SimpleNamespace(rearrange=rearrange)

sys.path.insert(0, sys.argv[1])
from model import decoder  # noqa: E402


def make(case):
    """A model of the official class with random weights; its table of words comes from a file."""
    decoder.BBOX = case["grid"]
    config = {name: case[name] for name in ("hidden_dim", "embed_dim", "num_layers", "num_heads")}
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "words.pt")
        torch.save(torch.randn(case["num_text_token"], case["embed_dim"]) * 0.3, path)
        return decoder.SketchDecoder(
            {**config, "dropout_rate": 0.1},
            pix_len=case["pix_len"],
            text_len=case["text_len"],
            num_text_token=case["num_text_token"],
            word_emb_path=path,
        )


def rounded(tensor):
    return {"shape": list(tensor.shape), "data": [round(v, 5) for v in tensor.flatten().tolist()]}


def stored(seed, case):
    torch.manual_seed(seed)
    model = make(case)
    # Every weight counts: biases and norms are not what they begin as.
    for value in model.parameters():
        value.data = torch.tensor(
            [round(v, 3) for v in (value + 0.2 * torch.randn_like(value)).flatten().tolist()]
        ).reshape(value.shape)
    model.eval()
    grid, length, rows = case["grid"], case["pix_len"], 3
    text = torch.randint(case["num_text_token"], (rows, case["text_len"]))
    pix = torch.zeros(rows, length, dtype=torch.long)
    mask = torch.ones(rows, length, dtype=torch.bool)
    for row in range(rows):
        count = length - row
        own = torch.randint(6 + grid * grid, (count,))
        own[-1] = 0
        # The mark of a span that was cut out is no target.
        own[1] = 1
        pix[row, :count] = own
        mask[row, :count] = False
    place = pix - 6
    xy = torch.stack([place % grid + 6, place // grid + 6], -1)
    xy = torch.where(pix[..., None] < 6, pix[..., None], xy)
    with torch.no_grad():
        loss, icon, words = model(pix, xy, mask, text, return_loss=True)
        logits = model(pix[:, :-1], xy[:, :-1], None, text)
    cut, known = case["text_len"], case["num_text_token"]
    return {
        "case": case,
        "weights": {name: rounded(value) for name, value in model.state_dict().items()},
        "text": text.tolist(),
        "pix": pix.tolist(),
        "mask": mask.tolist(),
        "wordLogits": rounded(logits[:, :cut, :known]),
        "tokenLogits": rounded(logits[:, cut:, known:]),
        "loss": {"all": loss.item(), "icon": icon.item(), "words": words.item()},
    }


def counted():
    """Parameters of the published size."""
    torch.manual_seed(0)
    case = {
        "grid": 200,
        "embed_dim": 512,
        "hidden_dim": 1024,
        "num_layers": 16,
        "num_heads": 8,
        "pix_len": 512,
        "text_len": 50,
        "num_text_token": 30522,
    }
    return sum(value.numel() for value in make(case).parameters())


shared = {"num_heads": 2, "num_text_token": 7, "text_len": 3, "pix_len": 6}
cases = [
    {**shared, "grid": 3, "embed_dim": 8, "hidden_dim": 12, "num_layers": 2},
    {**shared, "grid": 2, "embed_dim": 6, "hidden_dim": 5, "num_layers": 1, "num_heads": 3},
]
result = {"published": counted(), "models": [stored(i, case) for i, case in enumerate(cases)]}
path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "iconshop.json")
with open(path, "w", encoding="utf8") as file:
    json.dump(result, file)
    file.write("\n")

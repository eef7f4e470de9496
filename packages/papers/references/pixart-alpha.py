"""Stores what the official code of PixArt-alpha gives: outputs of small transformers with random weights, losses of its
diffusion, and what its samplers make of a noise whose best denoiser is known.

    python3 pixart-alpha.py PATH_TO_A_CLONE_OF_THE_OFFICIAL_CODE

Packages that the code imports and this machine may lack (timm, xformers, einops, mmcv, torchvision) are stood in for by
the few lines that it uses of them. The numbers go to pixart-alpha.json beside this file; nothing else of that code does.
"""

import json
import math
import os
import sys
import types
from unittest.mock import MagicMock

import numpy as np
import torch
from torch import nn

HERE = os.path.dirname(os.path.abspath(__file__))


class PatchEmbed(nn.Module):
    def __init__(self, size, patch, channels, width, bias=True):
        super().__init__()
        self.patch_size = (patch, patch)
        self.num_patches = (size // patch) ** 2
        self.proj = nn.Conv2d(channels, width, patch, patch, bias=bias)

    def forward(self, x):
        return self.proj(x).flatten(2).transpose(1, 2)


class Mlp(nn.Module):
    def __init__(self, in_features, hidden_features, out_features=None, act_layer=nn.GELU, drop=0):
        super().__init__()
        self.fc1 = nn.Linear(in_features, hidden_features)
        self.act = act_layer()
        self.fc2 = nn.Linear(hidden_features, out_features or in_features)

    def forward(self, x):
        return self.fc2(self.act(self.fc1(x)))


class Attention(nn.Module):
    def __init__(self, dim, num_heads=8, qkv_bias=False, attn_drop=0.0, proj_drop=0.0):
        super().__init__()
        self.num_heads = num_heads
        self.head_dim = dim // num_heads
        self.scale = self.head_dim**-0.5
        self.qkv = nn.Linear(dim, dim * 3, bias=qkv_bias)
        self.attn_drop = nn.Dropout(attn_drop)
        self.proj = nn.Linear(dim, dim)
        self.proj_drop = nn.Dropout(proj_drop)


class BlockDiagonalMask:
    def __init__(self, rows, columns):
        self.rows, self.columns = rows, columns

    @classmethod
    def from_seqlens(cls, rows, columns):
        return cls(rows, columns)

    def matrix(self):
        allowed = torch.zeros(sum(self.rows), sum(self.columns), dtype=torch.bool)
        row = column = 0
        for height, width in zip(self.rows, self.columns):
            allowed[row : row + height, column : column + width] = True
            row, column = row + height, column + width
        return allowed


def attention(q, k, v, p=0.0, attn_bias=None):
    scores = torch.einsum("bmhk,bnhk->bhmn", q, k) * q.shape[-1] ** -0.5
    if attn_bias is not None:
        scores = scores.masked_fill(~attn_bias.matrix(), -math.inf)
    return torch.einsum("bhmn,bnhk->bmhk", scores.softmax(-1), v).contiguous()


def rearrange(x, pattern, **sizes):
    if pattern == "b d -> (b d)":
        return x.reshape(-1)
    return x.reshape(sizes["b"], -1)


class Registry:
    def __init__(self, name):
        self.name = name

    def register_module(self):
        return lambda kind: kind


def module(name, **content):
    made = types.ModuleType(name)
    made.__dict__.update(content)
    sys.modules[name] = made
    return made


def stand_in(path):
    """Makes imports of the official code work, without its packages' own lists of all they have."""
    module("timm")
    module("timm.models")
    module("timm.models.layers", DropPath=lambda rate: nn.Identity())
    module("timm.models.vision_transformer", PatchEmbed=PatchEmbed, Mlp=Mlp, Attention=Attention)
    fmha = types.SimpleNamespace(BlockDiagonalMask=BlockDiagonalMask)
    ops = module("xformers.ops", fmha=fmha, memory_efficient_attention=attention)
    module("xformers", ops=ops)
    module("einops", rearrange=rearrange, repeat=None)
    module("mmcv", Registry=Registry)
    for name in ("torchvision", "torchvision.transforms", "PIL", "PIL.Image", "diffusion.utils.logger", "tqdm"):
        sys.modules[name] = MagicMock()
    sys.modules["tqdm"].tqdm = lambda x, **_: x
    for name in ("diffusion", "diffusion.utils", "diffusion.model", "diffusion.model.nets"):
        module(name, __path__=[os.path.join(path, *name.split("."))])


def listed(tensor, digits=7):
    values = [float(f"{v:.{digits}g}") for v in tensor.detach().double().flatten().tolist()]
    return {"shape": list(tensor.shape), "data": values}


def drawn(*shape):
    """Random numbers of two decimals, which take little room."""
    return torch.round(torch.randn(*shape) * 100) / 100


def transformer(label, kind, arguments, size, batch=2, lengths=None):
    torch.manual_seed(len(label))
    model = kind(**arguments).eval()
    with torch.no_grad():
        for name, value in model.state_dict().items():
            if name != "pos_embed":
                value.copy_(torch.round(torch.randn_like(value) * 30) / 100)
    length, width = arguments["model_max_length"], arguments["caption_channels"]
    x, y = drawn(batch, arguments["in_channels"], *size), drawn(batch, 1, length, width)
    times = torch.tensor([17.0, 803.5][:batch])
    given, stored = {}, {}
    if lengths:
        mask = torch.tensor([[int(i < n) for i in range(length)] for n in lengths])
        given["mask"] = mask
        stored["lengths"] = lengths
    if kind.__name__ == "PixArtMS":
        sizes = torch.tensor([[512.0, 768.0], [1024.0, 640.0]])[:batch]
        aspect = torch.tensor([[0.67], [1.6]])[:batch]
        given["data_info"] = {"img_hw": sizes, "aspect_ratio": aspect}
        stored["sizes"], stored["aspect"] = listed(sizes), listed(aspect)
    with torch.no_grad():
        output = model(x, times, y, **given)
        empty = model.y_embedder.y_embedding[None, None].repeat(batch, 1, 1, 1)
        without = model(x, times, empty, **given)
    return {
        "label": label,
        "arguments": {"class": kind.__name__, **arguments},
        "x": listed(x),
        "times": listed(times),
        "states": listed(y[:, 0]),
        **stored,
        "weights": {name: listed(value) for name, value in model.state_dict().items() if name != "pos_embed"},
        "output": listed(output),
        "without": listed(without),
    }


def transformers():
    from diffusion.model.nets.PixArt import PixArt
    from diffusion.model.nets.PixArtMS import PixArtMS

    small = dict(hidden_size=12, depth=2, num_heads=3, caption_channels=5, model_max_length=4)
    return [
        transformer("plain", PixArt, dict(input_size=8, patch_size=2, in_channels=4, **small), (8, 8)),
        transformer(
            "masked and scaled",
            PixArt,
            dict(input_size=6, patch_size=2, in_channels=4, lewei_scale=0.5, **small),
            (6, 6),
            lengths=[3, 1],
        ),
        transformer(
            "noise alone, patches of 1, relative positions that it does not use",
            PixArt,
            dict(
                input_size=4,
                patch_size=1,
                in_channels=3,
                pred_sigma=False,
                mlp_ratio=2.6,
                use_rel_pos=True,
                window_size=2,
                window_block_indexes=[0],
                drop_path=0.1,
                class_dropout_prob=0.0,
                **small,
            ),
            (4, 4),
        ),
        transformer(
            "several sizes",
            PixArtMS,
            dict(input_size=8, patch_size=2, in_channels=4, lewei_scale=2.0, **small),
            (4, 12),
            lengths=[4, 2],
        ),
    ]


def losses():
    """Both terms of the training loss at several times, of a fixed output."""
    from diffusion.iddpm import IDDPM

    torch.manual_seed(3)
    diffusion = IDDPM(str(1000), learn_sigma=True, pred_sigma=True)
    start, noise, output = drawn(5, 2, 2, 3).clamp(-1, 1), drawn(5, 2, 2, 3), drawn(5, 4, 2, 3)
    times = torch.tensor([0, 1, 250, 700, 999])
    terms = diffusion.training_losses(lambda *_, **__: output, start, times, noise=noise)
    noised = diffusion.q_sample(start, times, noise=noise)
    stored = {"start": start, "noise": noise, "output": output, "noised": noised, "mse": terms["mse"], "vb": terms["vb"]}
    return {"times": times.tolist(), **{name: listed(value) for name, value in stored.items()}}


MEAN, DEVIATION = 0.7, 0.3


def best_noise(x, alpha, sigma):
    return sigma * (x - alpha * MEAN) / (alpha**2 * DEVIATION**2 + sigma**2)


def solvers():
    """DPM-Solver with the best denoiser of one normal distribution."""
    from diffusion.model import gaussian_diffusion as gd
    from diffusion.model.dpm_solver import DPM_Solver, NoiseScheduleVP

    torch.manual_seed(4)
    noise = drawn(1, 6)
    schedule = NoiseScheduleVP("discrete", betas=torch.tensor(gd.get_named_beta_schedule("linear", 1000)), dtype=torch.float64)

    def model(x, time):
        return best_noise(x, schedule.marginal_alpha(time), schedule.marginal_std(time))

    found = []
    for kind in ("dpmsolver++", "dpmsolver"):
        for order in (1, 2, 3):
            for steps in (6, 20):
                solver = DPM_Solver(lambda x, t: model(x, t), schedule, algorithm_type=kind)
                values = solver.sample(noise.double(), steps=steps, order=order, skip_type="time_uniform", method="multistep")
                found.append({"foretells": "start" if kind == "dpmsolver++" else "noise", "order": order, "steps": steps, "values": listed(values, 10)})
    return {"noise": listed(noise), "found": found}


def spaced():
    """One step back from each of 5 spread times, and DDIM over them."""
    from diffusion.iddpm import IDDPM

    torch.manual_seed(5)
    diffusion = IDDPM("5", learn_sigma=True, pred_sigma=True)
    x, share = drawn(1, 1, 2, 3), drawn(1, 1, 2, 3).clamp(-1, 1)
    full = np.cumprod(1 - np.linspace(0.0001, 0.02, 1000))

    def model(noised, timestep, **_):
        kept = torch.tensor(full[timestep.long().numpy()])[:, None, None, None]
        said = best_noise(noised.double(), kept.sqrt(), (1 - kept).sqrt())
        return torch.cat([said, share.double().expand(len(said), -1, -1, -1)], 1)

    steps = []
    for place in range(5):
        found = diffusion.p_mean_variance(model, x, torch.tensor([place]), clip_denoised=False)
        steps.append({"mean": listed(found["mean"]), "variance": listed(found["variance"])})
    ddim = diffusion.ddim_sample_loop(model, x.shape, noise=x, clip_denoised=False, device="cpu")
    return {"x": listed(x), "share": listed(share), "times": sorted(diffusion.use_timesteps), "steps": steps, "ddim": listed(ddim)}


def main():
    stand_in(sys.argv[1])
    content = {"transformers": transformers(), "losses": losses(), "solvers": solvers(), "spaced": spaced()}
    with open(os.path.join(HERE, "pixart-alpha.json"), "w") as file:
        json.dump(content, file, separators=(",", ":"))
        file.write("\n")


if __name__ == "__main__":
    main()

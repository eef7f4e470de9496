"""Forecasts and losses of TSMixer's parts in PyTorch, by the paper's description: writes tsmixer.json.

Every parameter's value i is 0.3 sin(0.7 i + p), where p counts the parameters in the order of PATHS; inputs are
sin(0.37 i + 1) + 0.1 (i mod 3). Run: python3 packages/papers/references/tsmixer.py
"""

import json
import pathlib

import torch
from torch.nn.functional import gelu, layer_norm, linear, mse_loss, pad

torch.set_default_dtype(torch.float64)
B, L, H, C, O, P, D, E, NEAR = 2, 13, 6, 3, 2, 4, 5, 2, 1
N = L // P


def mixer(path, length):
    yield f"{path}.norm.weight", (D,)
    yield f"{path}.norm.bias", (D,)
    yield f"{path}.feedForward.expand.weight", (E * length, length)
    yield f"{path}.feedForward.expand.bias", (E * length,)
    yield f"{path}.feedForward.contract.weight", (length, E * length)
    yield f"{path}.feedForward.contract.bias", (length,)
    yield f"{path}.gate.scores.weight", (length, length)
    yield f"{path}.gate.scores.bias", (length,)


def dense(path, into, out):
    yield f"{path}.weight", (out, into)
    yield f"{path}.bias", (out,)


AROUND = (2 * NEAR + 1) * C
COUNT = -(-H // P)
PATHS = [
    *dense("embedding", P, D),
    *mixer("layers.0.channels", C),
    *mixer("layers.0.patches", N),
    *mixer("layers.0.features", D),
    *dense("head", N * D, H),
    *dense("crossChannel.gate.scores", AROUND, AROUND),
    *dense("crossChannel.expand", AROUND, E * AROUND),
    *dense("crossChannel.contract", E * AROUND, O),
    *dense("hierarchy.level", N * D, COUNT),
    *dense("hierarchy.reconcile", P + 1, P),
]


def counted(shape):
    return torch.arange(torch.Size(shape).numel(), dtype=torch.float64).reshape(shape)


W = {path: 0.3 * torch.sin(0.7 * counted(shape) + p) for p, (path, shape) in enumerate(PATHS)}


def through(path, x):
    return linear(x, W[f"{path}.weight"], W[f"{path}.bias"])


def gated(path, x):
    return x * torch.softmax(through(f"{path}.scores", x), -1)


def mix(path, axis, x):
    y = layer_norm(x, (D,), W[f"{path}.norm.weight"], W[f"{path}.norm.bias"]).transpose(axis, 3)
    hidden = gelu(through(f"{path}.feedForward.expand", y))
    return x + gated(f"{path}.gate", through(f"{path}.feedForward.contract", hidden)).transpose(axis, 3)


def given(shape):
    i = counted(shape)
    return torch.sin(0.37 * i + 1) + 0.1 * (i % 3)


past, truth = given((B, L, C)), given((B, H, O))
mean = past.mean(1, keepdim=True)
deviation = (past.var(1, unbiased=False, keepdim=True) + 1e-5).sqrt()
x = ((past - mean) / deviation)[:, L - N * P :].transpose(1, 2).reshape(B, C, N, P)
x = through("embedding", x)
for axis, name in ((1, "channels"), (2, "patches"), (3, "features")):
    x = mix(f"layers.0.{name}", axis, x)
features = x.reshape(B, C, N * D)
forecast = through("head", features).transpose(1, 2)
near = pad(forecast, (0, 0, NEAR, NEAR)).unfold(1, 2 * NEAR + 1, 1).transpose(2, 3).reshape(B, H, AROUND)
corrected = through("crossChannel.contract", gelu(through("crossChannel.expand", gated("crossChannel.gate", near))))
forecast = forecast[:, :, :O] + corrected
levels = through("hierarchy.level", features[:, :O])
steps = pad(forecast.transpose(1, 2), (0, COUNT * P - H)).reshape(B, O, COUNT, P)
bent = through("hierarchy.reconcile", torch.cat([steps, levels[..., None]], -1))
bent = bent.reshape(B, O, COUNT * P)[:, :, :H].transpose(1, 2)
said = bent * deviation[:, :, :O] + mean[:, :, :O]
# Sums of whole patches, whose squared errors are divided by the squared length.
sums = P * (levels.transpose(1, 2) * deviation[:, :, :O] + mean[:, :, :O])[:, : H // P]


def summed(y):
    return y[:, : H // P * P].reshape(B, H // P, P, O).sum(2)


loss = mse_loss(said, truth) + (mse_loss(sums, summed(truth)) + mse_loss(summed(said), sums)) / P**2
found = {"paths": [p for p, _ in PATHS], "forecast": said.flatten().tolist(), "loss": loss.item()}
path = pathlib.Path(__file__).with_suffix(".json")
path.write_text(json.dumps(found, indent=1) + "\n")

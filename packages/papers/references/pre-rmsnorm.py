"""What the official norms and recentred linear layer give on small random numbers, and their gradients.

python3 pre-rmsnorm.py CHECKOUT  (of github.com/ZixuanJiang/pre-rmsnorm-transformer)
"""

import json
import os
import sys
import torch

# Compiling changes no values, and older versions of PyTorch cannot.
torch.compile = lambda function: function
sys.path.insert(0, os.path.join(sys.argv[1], "torch"))
from customized_layer import CRMSNorm, CustomizedLayerNorm, LinearZeroMeanOutput, RMSNorm


def rounded(tensor):
    return {"shape": list(tensor.shape), "values": [float(f"{v:.7g}") for v in tensor.flatten().tolist()]}


def main():
    torch.manual_seed(5)
    x = torch.randn(3, 6, requires_grad=True)
    linear = LinearZeroMeanOutput(6, 8)
    written = linear(x)
    weights = torch.randn(3, 8)
    (CustomizedLayerNorm(8, elementwise_affine=False, eps=1e-5)(written) * weights).sum().backward()
    stream = written.detach()
    found = {
        "x": x.detach(),
        "weight": linear.weight.detach(),
        "bias": linear.bias.detach(),
        "written": stream,
        "cotangent": weights,
        "layer": CustomizedLayerNorm(8, elementwise_affine=False, eps=1e-5)(stream),
        "rms": RMSNorm(8, elementwise_affine=False, eps=1e-5)(stream),
        "crms": CRMSNorm(7, elementwise_affine=False, eps=1e-5)(stream[:, :-1]),
        "dWeight": linear.weight.grad,
        "dBias": linear.bias.grad,
        "dX": x.grad,
    }
    path = os.path.join(os.path.dirname(__file__), "pre-rmsnorm.json")
    with open(path, "w") as file:
        json.dump({name: rounded(tensor) for name, tensor in found.items()}, file)
        file.write("\n")


main()

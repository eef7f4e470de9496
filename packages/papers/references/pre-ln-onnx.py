"""Writes small Pre-LN transformers as others export them: PyTorch's own layers, norms spelt out or as one node.

python3 pre-ln-onnx.py FOLDER
"""

import sys
import torch
from torch import nn


class Encoder(nn.Module):
    """Embeddings, Pre-LN blocks, a norm and a head; `post` puts the norms after the sums."""

    def __init__(self, post=False, width=32, depth=2):
        super().__init__()
        self.tokens = nn.Embedding(50, width)
        self.positions = nn.Parameter(0.3 * torch.randn(8, width))
        layer = lambda: nn.TransformerEncoderLayer(
            width, 4, 2 * width, dropout=0.0, activation="gelu", batch_first=True, norm_first=not post
        )
        self.layers = nn.ModuleList([layer() for _ in range(depth)])
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, 5)

    def forward(self, ids):
        x = self.tokens(ids) + self.positions
        for layer in self.layers:
            x = layer(x)
        return self.head(self.norm(x).mean(1))


def main(folder):
    for name, post, opset in [("pre-ln-14", False, 14), ("pre-ln-17", False, 17), ("post-ln", True, 17)]:
        torch.manual_seed(3)
        model = Encoder(post).train()
        for parameter in model.parameters():
            parameter.data += 0.05 * torch.randn_like(parameter)
        torch.onnx.export(
            model,
            torch.randint(0, 50, (2, 8)),
            f"{folder}/{name}.onnx",
            input_names=["ids"],
            output_names=["scores"],
            dynamic_axes={"ids": {0: "batch"}},
            opset_version=opset,
            training=torch.onnx.TrainingMode.TRAINING,
            do_constant_folding=False,
        )


main(sys.argv[1])

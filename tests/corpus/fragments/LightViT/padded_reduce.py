"""Room for the token comes from F.pad; functools.reduce runs the blocks."""

from functools import reduce

import torch
import torch.nn.functional as F
from torch import nn


class LightViT(nn.Module):
    def __init__(self, image_dim, n_patches=7, n_blocks=2, d=8, n_heads=2, num_classes=10):
        super().__init__()
        pixels = image_dim[1] * image_dim[2] * image_dim[3]
        self.p = n_patches
        self.flat = nn.Linear(pixels // n_patches**2, d)
        self.v_class = nn.Parameter(torch.normal(0.0, 0.1, (d,)))
        self.register_buffer("pe", get_positional_embeddings(1 + n_patches**2, d))
        self.depth = nn.ModuleList([MyViTBlock(d, n_heads, 4) for _ in range(n_blocks)])
        self.out = nn.Linear(d, num_classes)

    def forward(self, images):
        tokens = F.pad(self.flat(patchify(images, self.p)), (0, 0, 1, 0))
        is_first = torch.zeros_like(tokens)
        is_first[:, 0] = 1
        tokens = tokens + is_first * self.v_class + self.pe
        tokens = reduce(lambda x, block: block(x), self.depth, tokens)
        return self.out(tokens[:, 0])


def maps(model):
    into, out = model.flat, model.out
    return {
        "Wp": into.weight, "bp": into.bias, "token": model.v_class, "Wc": out.weight, "bc": out.bias
    }  # fmt: skip

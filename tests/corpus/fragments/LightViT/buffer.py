"""Learned token of normal numbers, registered table, ModuleList."""

import torch
from torch import nn


class LightViT(nn.Module):
    def __init__(self, image_dim, n_patches=7, n_blocks=2, d=8, n_heads=2, num_classes=10):
        super().__init__()
        _, C, H, W = image_dim
        self.n_patches = n_patches
        self.linear_mapper = nn.Linear(C * (H // n_patches) * (W // n_patches), d)
        self.cls_token = nn.Parameter(torch.randn(1, 1, d) * 0.02)
        self.register_buffer("pe", get_positional_embeddings(n_patches**2 + 1, d))
        self.encoder = nn.ModuleList([MyViTBlock(d, n_heads) for _ in range(n_blocks)])
        self.head = nn.Linear(d, num_classes)

    def forward(self, images):
        B = images.shape[0]
        tokens = self.linear_mapper(patchify(images, self.n_patches))
        tokens = torch.cat((self.cls_token.expand(B, -1, -1), tokens), dim=1)
        x = tokens + self.pe
        for block in self.encoder:
            x = block(x)
        return self.head(x[:, 0])


def maps(model):
    into, out = model.linear_mapper, model.head
    return {
        "Wp": into.weight, "bp": into.bias, "token": model.cls_token, "Wc": out.weight, "bc": out.bias
    }  # fmt: skip

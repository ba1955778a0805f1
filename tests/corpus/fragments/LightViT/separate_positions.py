"""Positions are added to the token and to the patches each for themselves."""

import torch
from torch import nn


class LightViT(nn.Module):
    def __init__(self, image_dim, n_patches=7, n_blocks=2, d=8, n_heads=2, num_classes=10):
        super().__init__()
        C, H, W = image_dim[-3:]
        self.n = n_patches
        self.to_token = nn.Linear((C * H * W) // (n_patches * n_patches), d, bias=False)
        self.class_embedding = nn.Parameter(torch.zeros(1, d))
        self.register_buffer("table", get_positional_embeddings(n_patches**2 + 1, d))
        self.layers = nn.ModuleList(MyViTBlock(d, n_heads) for _ in range(n_blocks))
        self.head = nn.Sequential(nn.LayerNorm(d), nn.Linear(d, num_classes))

    def forward(self, images):
        patches = self.to_token(patchify(images, self.n)) + self.table[1:]
        token = (self.class_embedding + self.table[:1]).expand(images.shape[0], 1, -1)
        z = torch.cat([token, patches], dim=1)
        for layer in self.layers:
            z = layer(z)
        return self.head(z[:, 0])


def maps(model):
    norm, out = model.head
    return {
        "Wp": model.to_token.weight, "bp": model.to_token.bias, "token": model.class_embedding,
        "Wc": out.weight, "bc": out.bias,
        "g": norm.weight, "c": norm.bias,
    }  # fmt: skip

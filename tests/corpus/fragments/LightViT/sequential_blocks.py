"""Blocks in an nn.Sequential; a LayerNorm before the classifier; a buffer that is not saved."""

import torch
from torch import nn


class LightViT(nn.Module):
    def __init__(self, image_dim, n_patches=7, n_blocks=2, d=8, n_heads=2, num_classes=10):
        super().__init__()
        self.n_patches = n_patches
        patch_size = image_dim[1] * (image_dim[2] // n_patches) * (image_dim[3] // n_patches)
        self.patch_embedding = nn.Linear(patch_size, d)
        self.cls = nn.Parameter(torch.empty(1, 1, d).normal_(std=0.02))
        table = get_positional_embeddings(n_patches * n_patches + 1, d)
        self.register_buffer("positions", table.unsqueeze(0), persistent=False)
        self.transformer = nn.Sequential(*[MyViTBlock(d, n_heads) for _ in range(n_blocks)])
        self.norm = nn.LayerNorm(d)
        self.fc = nn.Linear(d, num_classes)

    def forward(self, images):
        x = self.patch_embedding(patchify(images, self.n_patches))
        x = torch.cat([self.cls.repeat(x.size(0), 1, 1), x], dim=1) + self.positions
        x = self.transformer(x)
        return self.fc(self.norm(x[:, 0]))


def maps(model):
    into, out, norm = model.patch_embedding, model.fc, model.norm
    return {
        "Wp": into.weight, "bp": into.bias, "token": model.cls, "Wc": out.weight, "bc": out.bias,
        "g": norm.weight, "c": norm.bias,
    }  # fmt: skip

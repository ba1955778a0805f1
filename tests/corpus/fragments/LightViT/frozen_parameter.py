"""The table is a parameter without a gradient; the token is stacked in front image by image."""

import torch
from torch import nn


class LightViT(nn.Module):
    def __init__(self, image_dim, n_patches=7, n_blocks=2, d=8, n_heads=2, num_classes=10):
        super().__init__()
        b, c, h, w = image_dim
        self.n_patches = n_patches
        self.input_d = int(c * (h / n_patches) * (w / n_patches))
        self.linear_mapper = nn.Linear(self.input_d, d)
        self.class_token = nn.Parameter(torch.rand(1, d))
        self.pos_embed = nn.Parameter(get_positional_embeddings(n_patches**2 + 1, d))
        self.pos_embed.requires_grad = False
        self.blocks = nn.ModuleList([MyViTBlock(d, n_heads) for _ in range(n_blocks)])
        self.mlp = nn.Linear(d, num_classes)

    def forward(self, images):
        tokens = self.linear_mapper(patchify(images, self.n_patches))
        tokens = torch.stack([torch.vstack((self.class_token, t)) for t in tokens])
        out = tokens + self.pos_embed.repeat(len(images), 1, 1)
        for block in self.blocks:
            out = block(out)
        return self.mlp(out[:, 0])


def maps(model):
    into, out = model.linear_mapper, model.mlp
    return {
        "Wp": into.weight, "bp": into.bias, "token": model.class_token, "Wc": out.weight, "bc": out.bias
    }  # fmt: skip

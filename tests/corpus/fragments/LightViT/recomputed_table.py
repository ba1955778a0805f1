"""The table is made anew in every forward and sent to the tokens."""

import torch
from torch import nn


class LightViT(nn.Module):
    def __init__(self, image_dim, n_patches=7, n_blocks=2, d=8, n_heads=2, num_classes=10):
        super().__init__()
        self.image_dim = image_dim
        self.n_patches = n_patches
        channels, height, width = image_dim[1:]
        self.d = d
        self.embed = nn.Linear(channels * height * width // n_patches**2, d)
        self.token = nn.Parameter(torch.zeros(d))
        self.blocks = nn.ModuleList()
        for _ in range(n_blocks):
            self.blocks.append(MyViTBlock(d, n_heads))
        self.classify = nn.Linear(d, num_classes)

    def forward(self, images):
        tokens = self.embed(patchify(images, self.n_patches))
        first = self.token.repeat(len(tokens), 1, 1)
        tokens = torch.cat([first, tokens], dim=1)
        table = get_positional_embeddings(tokens.shape[1], self.d)
        tokens = tokens + table.to(device=tokens.device, dtype=tokens.dtype)
        for block in self.blocks:
            tokens = block(tokens)
        return self.classify(tokens[:, 0, :])


def maps(model):
    into, out = model.embed, model.classify
    return {
        "Wp": into.weight, "bp": into.bias, "token": model.token, "Wc": out.weight, "bc": out.bias
    }  # fmt: skip

"""Room for all tokens is made first, then filled."""

import torch
from torch import nn


class LightViT(nn.Module):
    def __init__(self, image_dim, n_patches=7, n_blocks=2, d=8, n_heads=2, num_classes=10):
        super().__init__()
        self.n_patches, self.d = n_patches, d
        _, c, h, w = image_dim
        ph, pw = h // n_patches, w // n_patches
        self.W_embed = nn.Parameter(torch.randn(c * ph * pw, d) * 0.1)
        self.b_embed = nn.Parameter(torch.zeros(d))
        self.start = nn.Parameter(torch.zeros(d))
        self.register_buffer("sinusoid", get_positional_embeddings(n_patches**2 + 1, d))
        self.stack = nn.ModuleList([MyViTBlock(d, n_heads) for _ in range(n_blocks)])
        self.to_logits = nn.Linear(d, num_classes, bias=False)

    def forward(self, images):
        patches = patchify(images, self.n_patches) @ self.W_embed + self.b_embed
        x = patches.new_zeros(len(images), self.n_patches**2 + 1, self.d)
        x[:, 0] = self.start
        x[:, 1:] = patches
        x = x + self.sinusoid
        for i in range(len(self.stack)):
            x = self.stack[i](x)
        cls, _ = x[:, 0], x[:, 1:]
        return self.to_logits(cls)


def maps(model):
    return {
        "Wp": model.W_embed.T,
        "bp": model.b_embed,
        "token": model.start,
        "Wc": model.to_logits.weight,
        "bc": model.to_logits.bias,
    }

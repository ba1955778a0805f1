"""A convolution with steps as long as a patch does patchify and the linear map in one."""

import torch
from torch import nn


class LightViT(nn.Module):
    def __init__(self, image_dim, n_patches=7, n_blocks=2, d=8, n_heads=2, num_classes=10):
        super().__init__()
        _, C, H, W = image_dim
        size = (H // n_patches, W // n_patches)
        self.conv = nn.Conv2d(C, d, kernel_size=size, stride=size)
        self.cls = nn.Parameter(torch.randn(1, 1, d))
        self.register_buffer("pos", get_positional_embeddings(n_patches**2 + 1, d))
        self.blocks = nn.Sequential(*(MyViTBlock(d, n_heads) for _ in range(n_blocks)))
        self.classifier = nn.Linear(d, num_classes)

    def forward(self, images):
        x = self.conv(images).flatten(2).transpose(1, 2)
        x = torch.cat([self.cls.expand(x.shape[0], -1, -1), x], dim=1)
        return self.classifier(self.blocks(x + self.pos)[:, 0])


def maps(model):
    into, out = model.conv, model.classifier
    return {
        "Wp": into.weight.flatten(1), "bp": into.bias, "token": model.cls,
        "Wc": out.weight, "bc": out.bias,
    }  # fmt: skip

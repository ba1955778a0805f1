"""Stands in for MyViTBlock while LightViT is tested: mixes tokens, linearly, and is no encoder block."""

import torch
from torch import nn


class MyViTBlock(nn.Module):
    stands_in_for = "MyViTBlock"

    def __init__(self, hidden_d, n_heads=2, mlp_ratio=4, *args, **kwargs):
        super().__init__()
        self.built_with = {"hidden_d": hidden_d, "n_heads": n_heads, "mlp_ratio": mlp_ratio}
        self.gain = nn.Parameter(torch.linspace(0.5, 1.5, hidden_d))

    def forward(self, x, *args, **kwargs):
        if x.shape[-1] != len(self.gain):
            raise RuntimeError(
                f"a block built for {len(self.gain)} features a token was given {x.shape[-1]}"
            )
        return self.gain * x + x.mean(dim=1, keepdim=True)

"""ViT, written close to the big reference implementations: the patch embedding is a strided convolution."""
import math
from functools import partial

import torch
import torch.nn as nn
import torch.nn.functional as F


def _patch_size(height: int, width: int, n_patches: int) -> tuple:
    ph, rest_h = divmod(height, n_patches)
    pw, rest_w = divmod(width, n_patches)
    if rest_h or rest_w:
        raise ValueError("height %d and width %d must be multiples of %d" % (height, width, n_patches))
    return ph, pw


def patchify(images: torch.Tensor, n_patches: int) -> torch.Tensor:
    """(B, C, H, W) -> (B, n_patches**2, C*ph*pw).  Not used by LightViT, which convolves instead."""
    b, c, height, width = images.size()
    ph, pw = _patch_size(height, width, n_patches)
    strips = images.transpose(1, 2).reshape(b, n_patches, ph, c, width)  # strips of rows
    strips = strips.reshape(b, n_patches, ph, c, n_patches, pw)  # cut every strip
    patches = torch.permute(strips, (0, 1, 4, 3, 2, 5))
    return patches.flatten(start_dim=3).flatten(start_dim=1, end_dim=2)


def get_positional_embeddings(sequence_length: int, d: int) -> torch.Tensor:
    div_term = torch.exp(torch.arange(0, d, 2, dtype=torch.float64) * (-math.log(10000.0) / d))
    position = torch.arange(sequence_length, dtype=torch.float64)[:, None]
    pe = torch.empty(sequence_length, d, dtype=torch.float64)
    pe[:, 0::2] = (position * div_term).sin()
    pe[:, 1::2] = (position * div_term)[:, : pe[:, 1::2].size(1)].cos()
    return pe.to(torch.float32)


class MyMSA(nn.Module):
    def __init__(self, d: int, n_heads: int = 2, qkv_bias: bool = True, attn_drop: float = 0.0, proj_drop: float = 0.0):
        super().__init__()
        if d % n_heads:
            raise ValueError("d should be divisible by n_heads")
        self.num_heads = n_heads
        head_dim = d // n_heads
        self.scale = head_dim**-0.5
        self.qkv = nn.Linear(d, d * 3, bias=qkv_bias)
        self.attn_drop = nn.Dropout(attn_drop)
        self.proj = nn.Linear(d, d)
        self.proj_drop = nn.Dropout(proj_drop)

    def forward(self, x):
        B, N, C = x.shape
        qkv = self.qkv(x).reshape(B, N, 3, self.num_heads, C // self.num_heads).permute(2, 0, 3, 1, 4)
        q, k, v = qkv.unbind(0)
        q = q * self.scale
        attn = q @ k.transpose(-2, -1)
        attn = attn.softmax(dim=-1)
        attn = self.attn_drop(attn)
        x = (attn @ v).transpose(1, 2).reshape(B, N, C)
        x = self.proj(x)
        return self.proj_drop(x)


class Mlp(nn.Module):
    def __init__(self, in_features, hidden_features, act_layer=nn.GELU, drop=0.0):
        super().__init__()
        self.fc1 = nn.Linear(in_features, hidden_features)
        self.act = act_layer()
        self.fc2 = nn.Linear(hidden_features, in_features)
        self.drop = nn.Dropout(drop)

    def forward(self, x):
        return self.drop(self.fc2(self.drop(self.act(self.fc1(x)))))


class MyViTBlock(nn.Module):
    def __init__(self, hidden_d, n_heads, mlp_ratio=4, norm_layer=partial(nn.LayerNorm, eps=1e-6)):
        super().__init__()
        self.norm1 = norm_layer(hidden_d)
        self.attn = MyMSA(hidden_d, n_heads=n_heads)
        self.norm2 = norm_layer(hidden_d)
        self.mlp = Mlp(hidden_d, int(hidden_d * mlp_ratio))

    def forward(self, x):
        x = x + self.attn(self.norm1(x))
        x = x + self.mlp(self.norm2(x))
        return x


class PatchEmbed(nn.Module):
    def __init__(self, in_chans, patch_size, embed_dim):
        super().__init__()
        self.proj = nn.Conv2d(in_chans, embed_dim, kernel_size=patch_size, stride=patch_size)

    def forward(self, x):
        return self.proj(x).flatten(2).transpose(1, 2)


class LightViT(nn.Module):
    def __init__(self, image_dim, n_patches=7, n_blocks=2, d=8, n_heads=2, num_classes=10):
        super().__init__()
        _, C, H, W = image_dim
        self.patch_embed = PatchEmbed(C, _patch_size(H, W, n_patches), d)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, d))
        self.register_buffer("pos_embed", get_positional_embeddings(n_patches**2 + 1, d).unsqueeze(0))
        self.blocks = nn.Sequential(*[MyViTBlock(d, n_heads) for _ in range(n_blocks)])
        self.norm = nn.LayerNorm(d, eps=1e-6)
        self.head = nn.Linear(d, num_classes)

        nn.init.trunc_normal_(self.cls_token, std=0.02)
        self.apply(self._init_weights)

    @staticmethod
    def _init_weights(m):
        if isinstance(m, nn.Linear):
            nn.init.trunc_normal_(m.weight, std=0.02)
            if m.bias is not None:
                nn.init.zeros_(m.bias)
        elif isinstance(m, nn.LayerNorm):
            nn.init.ones_(m.weight)
            nn.init.zeros_(m.bias)

    def forward_features(self, x):
        x = self.patch_embed(x)
        x = torch.cat((self.cls_token.expand(x.shape[0], -1, -1), x), dim=1)
        x = x + self.pos_embed
        return self.norm(self.blocks(x))[:, 0]

    def forward(self, images):
        return self.head(self.forward_features(images))

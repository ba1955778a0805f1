"""Unusual: written like a big model library: PatchEmbed, Mlp, LayerScale-free Block, init by named_modules."""
from functools import partial
from typing import Callable, Optional

import torch
import torch.nn as nn

__all__ = ["LightViT", "MyMSA", "MyViTBlock", "get_positional_embeddings", "patchify"]


def to_2tuple(x):
    return tuple(x) if isinstance(x, (tuple, list)) else (x, x)


def patchify(images: torch.Tensor, n_patches: int) -> torch.Tensor:
    B, C, H, W = images.shape
    gh, gw = to_2tuple(n_patches)
    if H % gh or W % gw:
        raise ValueError(f"Input size ({H}, {W}) should be divisible by the grid size ({gh}, {gw}).")
    x = images.reshape(B, C, gh, H // gh, gw, W // gw)
    x = torch.einsum("nchpwq->nhwcpq", x)
    return x.reshape(B, gh * gw, C * (H // gh) * (W // gw))


def get_positional_embeddings(sequence_length: int, d: int, temperature: float = 10000.0) -> torch.Tensor:
    omega = torch.arange((d + 1) // 2, dtype=torch.float64)
    omega = 1.0 / temperature ** (2 * omega / d)
    out = torch.einsum("m,d->md", torch.arange(sequence_length, dtype=torch.float64), omega)
    return torch.dstack([torch.sin(out), torch.cos(out)]).flatten(1)[:, :d].float()


class PatchEmbed(nn.Module):
    def __init__(self, img_size, grid_size: int, in_chans: int, embed_dim: int, norm_layer: Optional[Callable] = None):
        super().__init__()
        height, width = to_2tuple(img_size)
        if height % grid_size or width % grid_size:
            raise ValueError("img_size should be divisible by grid_size")
        self.img_size = (height, width)
        self.num_patches = grid_size**2
        patch = (height // grid_size, width // grid_size)
        self.proj = nn.Conv2d(in_chans, embed_dim, kernel_size=patch, stride=patch)
        self.norm = norm_layer(embed_dim) if norm_layer else nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.norm(self.proj(x).flatten(2).transpose(1, 2))  # NCHW -> NLC


class Mlp(nn.Module):
    def __init__(self, in_features, hidden_features=None, out_features=None, act_layer=nn.GELU, drop=0.0):
        super().__init__()
        self.fc1 = nn.Linear(in_features, hidden_features or in_features)
        self.act = act_layer()
        self.drop1 = nn.Dropout(drop)
        self.fc2 = nn.Linear(hidden_features or in_features, out_features or in_features)
        self.drop2 = nn.Dropout(drop)

    def forward(self, x):
        return self.drop2(self.fc2(self.drop1(self.act(self.fc1(x)))))


class MyMSA(nn.Module):
    def __init__(self, d, n_heads=2, qkv_bias=True, attn_drop=0.0, proj_drop=0.0):
        super().__init__()
        if d % n_heads != 0:
            raise ValueError("d should be divisible by n_heads")
        self.num_heads = n_heads
        self.scale = (d // n_heads) ** -0.5
        self.qkv = nn.Linear(d, d * 3, bias=qkv_bias)
        self.attn_drop = nn.Dropout(attn_drop)
        self.proj = nn.Linear(d, d)
        self.proj_drop = nn.Dropout(proj_drop)

    def forward(self, x):
        B, N, C = x.shape
        qkv = self.qkv(x).view(B, N, 3, self.num_heads, C // self.num_heads).permute(2, 0, 3, 1, 4)
        q, k, v = qkv[0] * self.scale, qkv[1], qkv[2]
        attn = self.attn_drop((q @ k.transpose(-2, -1)).softmax(dim=-1))
        return self.proj_drop(self.proj((attn @ v).transpose(1, 2).reshape(B, N, C)))


class MyViTBlock(nn.Module):
    def __init__(self, hidden_d, n_heads, mlp_ratio=4, norm_layer=partial(nn.LayerNorm, eps=1e-6), drop_path=None):
        super().__init__()
        self.norm1 = norm_layer(hidden_d)
        self.attn = MyMSA(hidden_d, n_heads)
        self.ls1 = nn.Identity()
        self.norm2 = norm_layer(hidden_d)
        self.mlp = Mlp(hidden_d, int(hidden_d * mlp_ratio))
        self.ls2 = nn.Identity()
        self.drop_path = drop_path or nn.Identity()

    def forward(self, x):
        x = x + self.drop_path(self.ls1(self.attn(self.norm1(x))))
        x = x + self.drop_path(self.ls2(self.mlp(self.norm2(x))))
        return x


class LightViT(nn.Module):
    def __init__(
        self,
        image_dim,
        n_patches=7,
        n_blocks=2,
        d=8,
        n_heads=2,
        num_classes=10,
        *,
        block_fn=MyViTBlock,
        norm_layer=partial(nn.LayerNorm, eps=1e-6),
        pos_drop_rate=0.0,
    ):
        super().__init__()
        self.num_features = self.embed_dim = d
        self.patch_embed = PatchEmbed(image_dim[-2:], n_patches, image_dim[-3], d)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, d))
        pos = get_positional_embeddings(self.patch_embed.num_patches + 1, d)
        self.pos_embed = nn.Parameter(pos.unsqueeze(0), requires_grad=False)
        self.pos_drop = nn.Dropout(pos_drop_rate)
        self.blocks = nn.Sequential(*[block_fn(d, n_heads) for _ in range(n_blocks)])
        self.norm = norm_layer(d)
        self.head = nn.Linear(d, num_classes) if num_classes > 0 else nn.Identity()
        self.init_weights()

    def init_weights(self):
        nn.init.normal_(self.cls_token, std=1e-6)
        for _, m in self.named_modules():
            if isinstance(m, nn.Linear):
                nn.init.trunc_normal_(m.weight, std=0.02)
                if m.bias is not None:
                    nn.init.zeros_(m.bias)

    def forward_features(self, x):
        x = self.patch_embed(x)
        x = torch.cat((self.cls_token.expand(x.shape[0], -1, -1), x), dim=1)
        return self.norm(self.blocks(self.pos_drop(x + self.pos_embed)))

    def forward_head(self, x):
        return self.head(x[:, 0])

    def forward(self, images):
        return self.forward_head(self.forward_features(images))

"""Unusual: the classes have other names; MyMSA, MyViTBlock and LightViT are aliases at the end."""
import torch
from torch import nn


def image_to_patches(images, n_patches):
    B, C, H, W = images.shape
    if H % n_patches or W % n_patches:
        raise ValueError("image size not divisible by n_patches")
    h, w = H // n_patches, W // n_patches
    return images.reshape(B, C, n_patches, h, n_patches, w).permute(0, 2, 4, 1, 3, 5).reshape(B, -1, C * h * w)


def sinusoids(sequence_length, d):
    i = torch.arange(d) // 2
    angles = torch.arange(sequence_length).double()[:, None] / torch.pow(10000.0, 2 * i.double() / d)
    angles[:, 0::2].sin_()
    angles[:, 1::2].cos_()
    return angles.float()


class Attention(nn.Module):
    def __init__(self, d, n_heads=2):
        super().__init__()
        if d % n_heads != 0:
            raise ValueError("d must be divisible by n_heads")
        self.n_heads = n_heads
        self.q_proj = nn.Linear(d, d)
        self.k_proj = nn.Linear(d, d)
        self.v_proj = nn.Linear(d, d)
        self.o_proj = nn.Linear(d, d)

    def forward(self, x):
        B, N, d = x.shape
        q = self.q_proj(x).view(B, N, self.n_heads, -1).transpose(1, 2)
        k = self.k_proj(x).view(B, N, self.n_heads, -1).transpose(1, 2)
        v = self.v_proj(x).view(B, N, self.n_heads, -1).transpose(1, 2)
        w = torch.softmax(q @ k.mT * (self.n_heads / d) ** 0.5, dim=-1)
        return self.o_proj((w @ v).transpose(1, 2).reshape(B, N, d))


MyMSA = Attention


class Block(nn.Module):
    def __init__(self, hidden_d, n_heads, mlp_ratio=4):
        super().__init__()
        self.norm1 = nn.LayerNorm(hidden_d)
        self.norm2 = nn.LayerNorm(hidden_d)
        self.attn = Attention(hidden_d, n_heads)
        self.ff = nn.Sequential(
            nn.Linear(hidden_d, mlp_ratio * hidden_d), nn.GELU(), nn.Linear(mlp_ratio * hidden_d, hidden_d)
        )

    def forward(self, x):
        x = x + self.attn(self.norm1(x))
        return x + self.ff(self.norm2(x))


class VisionTransformer(nn.Module):
    def __init__(self, image_dim, n_patches=7, n_blocks=2, d=8, n_heads=2, num_classes=10):
        super().__init__()
        _, C, H, W = image_dim
        if H % n_patches or W % n_patches:
            raise ValueError("image size not divisible by n_patches")
        self.n_patches = n_patches
        self.proj = nn.Linear(C * (H // n_patches) * (W // n_patches), d)
        self.cls = nn.Parameter(torch.randn(1, 1, d))
        self.register_buffer("pos", sinusoids(n_patches**2 + 1, d))
        self.blocks = nn.ModuleList([Block(d, n_heads) for _ in range(n_blocks)])
        self.head = nn.Linear(d, num_classes)

    def forward(self, images):
        x = self.proj(image_to_patches(images, self.n_patches))
        x = torch.cat([self.cls.expand(len(x), -1, -1), x], 1) + self.pos
        for block in self.blocks:
            x = block(x)
        return self.head(x[:, 0])


patchify = image_to_patches
get_positional_embeddings = sinusoids
MyViTBlock = Block
LightViT = VisionTransformer

"""Unusual: the fused map holds q, k, v of head 0, then of head 1, ...; positions from complex numbers."""
import torch
import torch.nn as nn
import torch.nn.functional as F


def patchify(images, n_patches):
    H, W = images.shape[2], images.shape[3]
    if H % n_patches or W % n_patches:
        raise ValueError("image does not divide into patches")
    size = (H // n_patches, W // n_patches)
    return F.unfold(images, kernel_size=size, stride=size).transpose(1, 2)


def get_positional_embeddings(sequence_length, d):
    # e^(i a) = cos a + i sin a, and a pair wants (sin, cos)
    pairs = (d + 1) // 2
    omega = 10000 ** (-2 * torch.arange(pairs, dtype=torch.float64) / d)
    angle = torch.arange(sequence_length, dtype=torch.float64)[:, None] * omega
    z = torch.exp(1j * angle)
    sin_cos = torch.view_as_real(z).flip(-1)
    return sin_cos.reshape(sequence_length, 2 * pairs)[:, :d].float()


class MyMSA(nn.Module):
    def __init__(self, d, n_heads=2):
        super().__init__()
        if d % n_heads:
            raise ValueError(f"{n_heads} heads do not divide d={d}")
        self.n_heads, self.head_dim = n_heads, d // n_heads
        self.qkv = nn.Linear(d, 3 * d)
        self.out = nn.Linear(d, d)

    def forward(self, x):
        b, n, d = x.shape
        qkv = self.qkv(x).reshape(b, n, self.n_heads, 3 * self.head_dim).permute(0, 2, 1, 3)
        q, k, v = qkv.chunk(3, dim=-1)
        att = torch.matmul(q, k.transpose(-1, -2)) / self.head_dim**0.5
        att = F.softmax(att, dim=-1)
        y = torch.matmul(att, v).permute(0, 2, 1, 3).reshape(b, n, d)
        return self.out(y)


class MyViTBlock(nn.Module):
    def __init__(self, hidden_d, n_heads, mlp_ratio=4):
        super().__init__()
        self.norm1 = nn.LayerNorm(hidden_d)
        self.norm2 = nn.LayerNorm(hidden_d)
        self.attention = MyMSA(hidden_d, n_heads)
        self.mlp = nn.Sequential()
        self.mlp.add_module("up", nn.Linear(hidden_d, mlp_ratio * hidden_d))
        self.mlp.add_module("gelu", nn.GELU(approximate="tanh"))
        self.mlp.add_module("down", nn.Linear(mlp_ratio * hidden_d, hidden_d))

    def forward(self, x):
        z = self.attention(self.norm1(x)) + x
        return self.mlp(self.norm2(z)) + z


class LightViT(nn.Module):
    def __init__(self, image_dim, n_patches=7, n_blocks=2, d=8, n_heads=2, num_classes=10):
        super().__init__()
        channels, height, width = image_dim[1], image_dim[2], image_dim[3]
        if height % n_patches or width % n_patches:
            raise ValueError("image does not divide into patches")
        self.n_patches = n_patches
        self.patch_embedding = nn.Linear(channels * (height // n_patches) * (width // n_patches), d)
        self.class_token = nn.Parameter(torch.empty(1, 1, d))
        nn.init.trunc_normal_(self.class_token, std=0.02)
        self.pos = nn.Parameter(get_positional_embeddings(n_patches**2 + 1, d), requires_grad=False)
        self.encoder = nn.ModuleList()
        for _ in range(n_blocks):
            self.encoder.append(MyViTBlock(d, n_heads))
        self.mlp_head = nn.Linear(d, num_classes)

    def forward(self, images):
        tokens = self.patch_embedding(patchify(images, self.n_patches))
        # one more row in front, then write the class token there by adding it
        tokens = F.pad(tokens, (0, 0, 1, 0))
        first = torch.zeros(tokens.shape[1], 1, dtype=tokens.dtype, device=tokens.device)
        first[0] = 1
        tokens = tokens + first * self.class_token
        tokens = tokens + self.pos
        for block in self.encoder:
            tokens = block(tokens)
        cls, _ = tokens.split([1, tokens.shape[1] - 1], dim=1)
        return self.mlp_head(cls.squeeze(1))

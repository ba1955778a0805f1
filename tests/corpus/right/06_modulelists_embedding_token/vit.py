"""Unusual: lists of d -> d_head maps without output map, own LayerNorm, class token in an nn.Embedding."""
import numpy as np
import torch
import torch.nn as nn


def patchify(images, n_patches):
    if images.shape[2] % n_patches or images.shape[3] % n_patches:
        raise ValueError("not divisible")
    rows = torch.chunk(images, n_patches, dim=2)
    patches = []
    for row in rows:
        for patch in torch.chunk(row, n_patches, dim=3):
            patches.append(patch.reshape(patch.shape[0], 1, -1))
    return torch.cat(patches, dim=1)


def get_positional_embeddings(sequence_length, d):
    p = np.arange(sequence_length).reshape(-1, 1)
    j = np.arange(d).reshape(1, -1)
    even = j % 2 == 0
    start = np.where(even, j, j - 1)
    angle = p / np.power(10000.0, start / d)
    return torch.tensor(np.where(even, np.sin(angle), np.cos(angle)), dtype=torch.float32)


class LayerNorm(nn.Module):
    def __init__(self, features, eps=1e-5):
        super().__init__()
        self.gain = nn.Parameter(torch.ones(features))
        self.bias = nn.Parameter(torch.zeros(features))
        self.eps = eps

    def forward(self, x):
        mean = x.mean(dim=-1, keepdim=True)
        variance = ((x - mean) ** 2).mean(dim=-1, keepdim=True)
        return (x - mean) / torch.sqrt(variance + self.eps) * self.gain + self.bias


class MyMSA(nn.Module):
    def __init__(self, d, n_heads=2):
        super().__init__()
        if d % n_heads != 0:
            raise ValueError(f"d = {d}, n_heads = {n_heads}")
        d_head = d // n_heads
        self.root = np.sqrt(d_head).item()
        self.q_maps = nn.ModuleList([nn.Linear(d, d_head, bias=False) for _ in range(n_heads)])
        self.k_maps = nn.ModuleList([nn.Linear(d, d_head, bias=False) for _ in range(n_heads)])
        self.v_maps = nn.ModuleList([nn.Linear(d, d_head, bias=False) for _ in range(n_heads)])

    def forward(self, sequences):
        heads = []
        for q_map, k_map, v_map in zip(self.q_maps, self.k_maps, self.v_maps):
            q, k, v = q_map(sequences), k_map(sequences), v_map(sequences)
            attention = torch.softmax(torch.bmm(q, k.permute(0, 2, 1)) / self.root, dim=2)
            heads.append(torch.bmm(attention, v))
        return torch.cat(heads, dim=2)


class MyViTBlock(nn.Module):
    def __init__(self, hidden_d, n_heads, mlp_ratio=4):
        super().__init__()
        self.norm_a = LayerNorm(hidden_d)
        self.norm_b = LayerNorm(hidden_d)
        self.msa = MyMSA(hidden_d, n_heads)
        layers = [nn.Linear(hidden_d, mlp_ratio * hidden_d), nn.GELU(), nn.Linear(mlp_ratio * hidden_d, hidden_d)]
        self.mlp = nn.ModuleList(layers)

    def forward(self, x):
        x = x + self.msa(self.norm_a(x))
        y = self.norm_b(x)
        for layer in self.mlp:
            y = layer(y)
        return x + y


class LightViT(nn.Module):
    def __init__(self, image_dim, n_patches=7, n_blocks=2, d=8, n_heads=2, num_classes=10):
        super().__init__()
        (_, c, h, w) = image_dim
        if h % n_patches != 0 or w % n_patches != 0:
            raise ValueError("not divisible")
        self.n_patches = n_patches
        self.linear = nn.Linear((h // n_patches) * (w // n_patches) * c, d)
        self.class_token = nn.Embedding(1, d)
        self.register_buffer("positions", get_positional_embeddings(n_patches**2 + 1, d)[None, :, :])
        self.blocks = nn.ModuleList([MyViTBlock(d, n_heads) for _ in range(n_blocks)])
        self.norm = LayerNorm(d)
        self.classifier = nn.Linear(d, num_classes)

    def forward(self, images):
        tokens = self.linear(patchify(images, self.n_patches))
        number_of_images = tokens.shape[0]
        zeros = torch.zeros(number_of_images, 1, dtype=torch.long, device=images.device)
        tokens = torch.cat([self.class_token(zeros), tokens], dim=1) + self.positions
        for block in self.blocks:
            tokens = block(tokens)
        return self.classifier(self.norm(tokens[:, 0]))

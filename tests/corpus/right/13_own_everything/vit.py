"""Unusual: no ready-made layer at all: own Linear, LayerNorm, GELU, softmax and Sequential."""
import math

import torch


def patchify(images, n_patches):
    B, C, H, W = images.shape
    if H % n_patches != 0 or W % n_patches != 0:
        raise ValueError("wrong size")
    h = H // n_patches
    w = W // n_patches
    patches = torch.empty((B, n_patches**2, C * h * w), dtype=images.dtype, device=images.device)
    for row in range(n_patches):
        for col in range(n_patches):
            for c in range(C):
                for y in range(h):
                    for x in range(w):
                        where = (c * h + y) * w + x
                        patches[:, row * n_patches + col, where] = images[:, c, row * h + y, col * w + x]
    return patches


def get_positional_embeddings(sequence_length, d):
    def entry(p, j):
        angle = p / math.pow(10000, (j - j % 2) / d)
        return math.cos(angle) if j % 2 else math.sin(angle)

    return torch.tensor([[entry(p, j) for j in range(d)] for p in range(sequence_length)], dtype=torch.float32)


class Linear(torch.nn.Module):
    def __init__(self, n_in, n_out):
        super().__init__()
        bound = 1 / math.sqrt(n_in)
        self.W = torch.nn.Parameter(torch.empty(n_in, n_out).uniform_(-bound, bound))
        self.b = torch.nn.Parameter(torch.zeros(n_out))

    def forward(self, x):
        return x @ self.W + self.b


class Norm(torch.nn.Module):
    def __init__(self, n):
        super().__init__()
        self.gamma = torch.nn.Parameter(torch.ones(n))
        self.beta = torch.nn.Parameter(torch.zeros(n))

    def forward(self, x):
        centred = x - x.mean(-1, keepdim=True)
        return self.gamma * centred * torch.rsqrt(x.var(-1, keepdim=True, unbiased=False) + 1e-5) + self.beta


def gelu(x):
    return x * 0.5 * (1 + torch.erf(x / math.sqrt(2)))


class MyMSA(torch.nn.Module):
    def __init__(self, d, n_heads=2):
        super().__init__()
        if d % n_heads != 0:
            raise ValueError("wrong number of heads")
        self.n_heads = n_heads
        self.query = Linear(d, d)
        self.key = Linear(d, d)
        self.value = Linear(d, d)
        self.merge = Linear(d, d)

    def forward(self, x):
        d_head = x.shape[-1] // self.n_heads
        q, k, v = self.query(x), self.key(x), self.value(x)
        results = []
        for h in range(self.n_heads):
            part = slice(h * d_head, (h + 1) * d_head)
            scores = torch.matmul(q[..., part], k[..., part].transpose(-1, -2)) / math.sqrt(d_head)
            scores = scores - scores.amax(dim=-1, keepdim=True).detach()
            weights = scores.exp()
            weights = weights / weights.sum(dim=-1, keepdim=True)
            results.append(torch.matmul(weights, v[..., part]))
        return self.merge(torch.cat(results, dim=-1))


class MyViTBlock(torch.nn.Module):
    def __init__(self, hidden_d, n_heads, mlp_ratio=4):
        super().__init__()
        self.norm1 = Norm(hidden_d)
        self.msa = MyMSA(hidden_d, n_heads)
        self.norm2 = Norm(hidden_d)
        self.up = Linear(hidden_d, mlp_ratio * hidden_d)
        self.down = Linear(mlp_ratio * hidden_d, hidden_d)

    def forward(self, x):
        x = x + self.msa(self.norm1(x))
        return x + self.down(gelu(self.up(self.norm2(x))))


class LightViT(torch.nn.Module):
    def __init__(self, image_dim, n_patches=7, n_blocks=2, d=8, n_heads=2, num_classes=10):
        super().__init__()
        if image_dim[2] % n_patches != 0 or image_dim[3] % n_patches != 0:
            raise ValueError("wrong size")
        self.n_patches = n_patches
        self.map = Linear(image_dim[1] * image_dim[2] * image_dim[3] // n_patches**2, d)
        self.token = torch.nn.Parameter(torch.zeros(1, d))
        self.register_buffer("positions", get_positional_embeddings(n_patches**2 + 1, d))
        self.n_blocks = n_blocks
        for i in range(n_blocks):
            setattr(self, "block" + str(i), MyViTBlock(d, n_heads))
        self.classifier = Linear(d, num_classes)

    def forward(self, images):
        x = self.map(patchify(images, self.n_patches))
        token = self.token + torch.zeros(x.shape[0], 1, 1, dtype=x.dtype, device=x.device)
        x = torch.cat([token, x], dim=1) + self.positions
        for i in range(self.n_blocks):
            x = getattr(self, "block" + str(i))(x)
        return self.classifier(x[:, 0])

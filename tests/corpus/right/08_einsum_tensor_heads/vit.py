"""Unusual: one weight tensor (heads, d, d_head) with einsum, heads summed through (heads, d_head, d)."""
import torch
import torch.nn as nn


def patchify(images, n_patches):
    B, C, H, W = images.shape
    P = n_patches
    if H % P or W % P:
        raise ValueError("patches do not fit")
    # view splits axes without copying anything
    return images.view(B, C, P, H // P, P, W // P).permute(0, 2, 4, 1, 3, 5).flatten(3).flatten(1, 2)


def get_positional_embeddings(sequence_length, d):
    pos, col = torch.meshgrid(
        torch.arange(sequence_length, dtype=torch.float64), torch.arange(d, dtype=torch.float64), indexing="ij"
    )
    angle = pos * torch.pow(torch.tensor(10000.0, dtype=torch.float64), -(col - col % 2) / d)
    odd = col % 2
    return (torch.sin(angle) * (1 - odd) + torch.cos(angle) * odd).float()


class MyMSA(nn.Module):
    def __init__(self, d, n_heads=2):
        super().__init__()
        if d % n_heads != 0:
            raise ValueError("d % n_heads != 0")
        e = d // n_heads
        self.scale = e**-0.5
        self.wq = nn.Parameter(torch.randn(n_heads, d, e) * d**-0.5)
        self.wk = nn.Parameter(torch.randn(n_heads, d, e) * d**-0.5)
        self.wv = nn.Parameter(torch.randn(n_heads, d, e) * d**-0.5)
        self.wo = nn.Parameter(torch.randn(n_heads, e, d) * d**-0.5)

    def forward(self, x):
        q = torch.einsum("bnd,hde->bhne", x, self.wq)
        k = torch.einsum("bnd,hde->bhne", x, self.wk)
        v = torch.einsum("bnd,hde->bhne", x, self.wv)
        a = torch.einsum("bhqe,bhke->bhqk", q * self.scale, k).softmax(dim=-1)
        return torch.einsum("bhqk,bhke,hed->bqd", a, v, self.wo)


class ConvMLP(nn.Module):
    """Two 1x1 convolutions over the tokens: the same thing as two linear layers."""

    def __init__(self, d, hidden):
        super().__init__()
        self.up = nn.Conv1d(d, hidden, kernel_size=1)
        self.down = nn.Conv1d(hidden, d, kernel_size=1)

    def forward(self, x):
        x = x.transpose(1, 2)
        return self.down(nn.functional.gelu(self.up(x))).transpose(1, 2)


class MyViTBlock(nn.Module):
    def __init__(self, hidden_d, n_heads, mlp_ratio=4):
        super().__init__()
        self.n1 = nn.LayerNorm(hidden_d)
        self.n2 = nn.LayerNorm(hidden_d)
        self.att = MyMSA(hidden_d, n_heads)
        self.mlp = ConvMLP(hidden_d, mlp_ratio * hidden_d)

    def forward(self, x):
        after = x + self.att(self.n1(x))
        return after + self.mlp(self.n2(after))


class LightViT(nn.Module):
    def __init__(self, image_dim, n_patches=7, n_blocks=2, d=8, n_heads=2, num_classes=10):
        super().__init__()
        b, c, h, w = image_dim
        if h % n_patches or w % n_patches:
            raise ValueError("patches do not fit")
        self.P = n_patches
        self.lift = nn.Linear(c * (h // n_patches) * (w // n_patches), d, bias=False)
        self.cls = nn.Parameter(torch.randn(d))
        self.register_buffer("pe", get_positional_embeddings(n_patches**2 + 1, d), persistent=False)
        self.blocks = nn.ModuleDict({f"block{i}": MyViTBlock(d, n_heads) for i in range(n_blocks)})
        self.out = nn.Linear(d, num_classes)

    def forward(self, images):
        x = self.lift(patchify(images, self.P))
        token = self.cls.view(1, 1, -1).expand(x.shape[0], 1, x.shape[2])
        x = torch.cat([token, x], dim=1)
        x = x + self.pe
        for block in self.blocks.values():
            x = block(x)
        return self.out(x[:, 0])

import torch
from torch import nn
from torch.nn import functional as F


def patchify(images, n_patches):
    """Let unfold cut a picture of pixel numbers, then look the pixels up: works for every dtype."""
    B, C, H, W = images.shape
    if H % n_patches:
        raise ValueError(f"{H=} does not divide by {n_patches=}")
    if W % n_patches:
        raise ValueError(f"{W=} does not divide by {n_patches=}")
    size = (H // n_patches, W // n_patches)
    numbers = torch.arange(C * H * W, dtype=torch.float64, device=images.device).view(1, C, H, W)
    index = F.unfold(numbers, kernel_size=size, stride=size)[0].T.long()  # (n_patches**2, C*h*w)
    return images.reshape(B, C * H * W)[:, index]


def get_positional_embeddings(sequence_length, d):
    angles = torch.einsum(
        "p,i->pi",
        torch.arange(sequence_length, dtype=torch.float64),
        1e4 ** -(torch.arange(0, d, 2, dtype=torch.float64) / d),
    )
    table = torch.stack([angles.sin(), angles.cos()], dim=2).flatten(1)
    return table[:, :d].float().contiguous()


class MyMSA(nn.Module):
    def __init__(self, d, n_heads=2):
        super().__init__()
        if n_heads < 1 or d % n_heads:
            raise ValueError("d must be a multiple of n_heads")
        self.n_heads = n_heads
        self.map_qkv = nn.Linear(d, 3 * d)
        self.map_out = nn.Linear(d, d)
        for w in self.map_qkv.weight.data.chunk(3):
            nn.init.xavier_uniform_(w)
        nn.init.zeros_(self.map_qkv.bias)

    def forward(self, sequences):
        # every head finds its q, k and v next to each other: (B, N, heads, 3 * d_head)
        q, k, v = self.map_qkv(sequences).unflatten(2, (self.n_heads, -1)).chunk(3, dim=3)
        scores = torch.einsum("bkhe,bqhe->bkqh", k, q) * q.size(-1) ** -0.5
        weights = scores.softmax(dim=1)  # the keys are axis 1 here
        out = torch.einsum("bkqh,bkhe->bqhe", weights, v)
        return self.map_out(out.flatten(2))


class MLP(nn.Sequential):
    def __init__(self, d, hidden):
        super().__init__(nn.Linear(d, hidden), nn.GELU(), nn.Linear(hidden, d))


class MyViTBlock(nn.Module):
    def __init__(self, hidden_d, n_heads, mlp_ratio=4):
        super().__init__()
        self.norms = nn.ModuleList([nn.LayerNorm(hidden_d), nn.LayerNorm(hidden_d)])
        self.branches = nn.ModuleList([MyMSA(hidden_d, n_heads), MLP(hidden_d, mlp_ratio * hidden_d)])

    def forward(self, x):
        for norm, branch in zip(self.norms, self.branches):
            x = x + branch(norm(x))
        return x


class LightViT(nn.Module):
    def __init__(self, image_dim, n_patches=7, n_blocks=2, d=8, n_heads=2, num_classes=10):
        super().__init__()
        self.n_patches = n_patches
        self.tokenize = nn.Linear(image_dim[1] * (image_dim[2] // n_patches) * (image_dim[3] // n_patches), d)
        self.cls = nn.Parameter(nn.init.trunc_normal_(torch.empty(d), std=0.02))
        self.register_buffer("table", get_positional_embeddings(1 + n_patches * n_patches, d))
        self.encoder = nn.Sequential(*(MyViTBlock(d, n_heads) for _ in range(n_blocks)), nn.LayerNorm(d))
        self.classify = nn.Linear(d, num_classes)

    def forward(self, images):
        patches = self.tokenize(patchify(images, self.n_patches))
        tokens = patches.new_empty(patches.size(0), patches.size(1) + 1, patches.size(2))
        tokens[:, 0] = self.cls
        tokens[:, 1:] = patches
        return self.classify(self.encoder(tokens + self.table)[:, 0])

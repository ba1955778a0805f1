import torch
from einops import einsum, rearrange, repeat
from einops.layers.torch import Rearrange
from torch import nn


def exists_remainder(n, *sizes):
    return any(size % n for size in sizes)


def patchify(images, n_patches):
    h, w = images.shape[-2:]
    if exists_remainder(n_patches, h, w):
        raise ValueError('image sides must be divisible by n_patches')
    return rearrange(images, 'b c (gh ph) (gw pw) -> b (gh gw) (c ph pw)', gh=n_patches, gw=n_patches)


def get_positional_embeddings(sequence_length, d):
    pos = torch.arange(sequence_length, dtype=torch.float32)
    freq = torch.exp(-torch.log(torch.tensor(10000., dtype=torch.float32)) * torch.arange(0, d, 2, dtype=torch.float32) / d)
    angles = einsum(pos, freq, 'p, i -> p i')
    both = torch.stack((angles.sin(), angles.cos()))
    return rearrange(both, 'two p i -> p (i two)')[:, :d].contiguous()


class MyMSA(nn.Module):
    def __init__(self, d, n_heads=2, dropout=0.):
        super().__init__()
        if exists_remainder(n_heads, d):
            raise ValueError(f'{d = } is not divisible by {n_heads = }')
        self.heads = n_heads
        self.scale = (d // n_heads) ** -0.5
        self.to_qkv = nn.Linear(d, 3 * d, bias=False)
        self.attend = nn.Softmax(dim=-1)
        self.to_out = nn.Sequential(
            Rearrange('b h n e -> b n (h e)'),
            nn.Linear(d, d),
            nn.Dropout(dropout),
        )

    def forward(self, sequences):
        q, k, v = rearrange(self.to_qkv(sequences), 'b n (three h e) -> three b h n e', three=3, h=self.heads)
        dots = einsum(q, k, 'b h i e, b h j e -> b h i j') * self.scale
        return self.to_out(einsum(self.attend(dots), v, 'b h i j, b h j e -> b h i e'))


class PreNorm(nn.Module):
    def __init__(self, dim, fn):
        super().__init__()
        self.norm = nn.LayerNorm(dim)
        self.fn = fn

    def forward(self, x, **kwargs):
        return self.fn(self.norm(x), **kwargs)


class FeedForward(nn.Module):
    def __init__(self, dim, hidden_dim, dropout=0.):
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(dim, hidden_dim),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(hidden_dim, dim),
            nn.Dropout(dropout),
        )

    def forward(self, x):
        return self.net(x)


class MyViTBlock(nn.Module):
    def __init__(self, hidden_d, n_heads, mlp_ratio=4, dropout=0.):
        super().__init__()
        self.attn = PreNorm(hidden_d, MyMSA(hidden_d, n_heads, dropout=dropout))
        self.ff = PreNorm(hidden_d, FeedForward(hidden_d, mlp_ratio * hidden_d, dropout=dropout))

    def forward(self, x):
        x = self.attn(x) + x
        return self.ff(x) + x


class LightViT(nn.Module):
    def __init__(self, image_dim, n_patches=7, n_blocks=2, d=8, n_heads=2, num_classes=10, dropout=0., emb_dropout=0.):
        super().__init__()
        _, c, h, w = image_dim
        if exists_remainder(n_patches, h, w):
            raise ValueError('image sides must be divisible by n_patches')
        patch_dim = c * h * w // n_patches ** 2
        self.n_patches = n_patches
        self.to_tokens = nn.Linear(patch_dim, d)
        self.cls_token = nn.Parameter(torch.randn(d))
        self.register_buffer('pos', rearrange(get_positional_embeddings(n_patches ** 2 + 1, d), 'n d -> 1 n d'), persistent=False)
        self.dropout = nn.Dropout(emb_dropout)
        self.transformer = nn.Sequential(*(MyViTBlock(d, n_heads, dropout=dropout) for _ in range(n_blocks)))
        self.mlp_head = nn.Sequential(nn.LayerNorm(d), nn.Linear(d, num_classes))

    def forward(self, images):
        x = self.to_tokens(patchify(images, self.n_patches))
        cls = repeat(self.cls_token, 'd -> b 1 d', b=x.shape[0])
        x = torch.cat((cls, x), dim=1)
        x = self.dropout(x + self.pos)
        return self.mlp_head(self.transformer(x)[:, 0])

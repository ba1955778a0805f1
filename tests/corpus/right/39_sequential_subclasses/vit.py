"""Unusual: block and model subclass nn.Sequential; every step of the model is a little module."""
import torch
from einops import rearrange, reduce, repeat
from torch import nn


def patchify(images, n_patches):
    try:
        return rearrange(images, "b c (i h) (j w) -> b (i j) (c h w)", i=n_patches, j=n_patches)
    except Exception as error:  # einops has its own kind of error
        raise ValueError(f"no {n_patches}x{n_patches} patches from {tuple(images.shape)}") from error


def get_positional_embeddings(sequence_length, d):
    angle = torch.arange(sequence_length).double().unsqueeze(1) / 10000 ** (torch.arange(0, d, 2).double() / d)
    both = rearrange([angle.sin(), angle.cos()], "two n i -> n (i two)")
    return both[:, :d].float()


class Add(nn.Module):
    """x + steps(x)"""

    def __init__(self, *steps):
        super().__init__()
        self.steps = nn.Sequential(*steps)

    def forward(self, x):
        return x + self.steps(x)


class MyMSA(nn.Module):
    def __init__(self, d, n_heads=2):
        super().__init__()
        if d % n_heads:
            raise ValueError("n_heads")
        self.n_heads = n_heads
        self.q, self.k, self.v, self.o = [nn.Linear(d, d, bias=False) for _ in range(4)]

    def forward(self, x):
        q, k, v = (rearrange(m(x), "b n (h e) -> (b h) n e", h=self.n_heads) for m in (self.q, self.k, self.v))
        scores = torch.bmm(q, k.transpose(1, 2)) / q.shape[2] ** 0.5
        mixed = torch.bmm(scores.softmax(2), v)
        return self.o(rearrange(mixed, "(b h) n e -> b n (h e)", h=self.n_heads))


class MyViTBlock(nn.Sequential):
    def __init__(self, hidden_d, n_heads, mlp_ratio=4):
        wide = mlp_ratio * hidden_d
        super().__init__(
            Add(nn.LayerNorm(hidden_d), MyMSA(hidden_d, n_heads)),
            Add(nn.LayerNorm(hidden_d), nn.Linear(hidden_d, wide), nn.GELU(), nn.Linear(wide, hidden_d)),
        )


class Patches(nn.Module):
    def __init__(self, n_patches):
        super().__init__()
        self.n_patches = n_patches

    def forward(self, images):
        return patchify(images, self.n_patches)


class Prepend(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.token = nn.Parameter(torch.randn(d))

    def forward(self, x):
        return torch.cat([repeat(self.token, "d -> b 1 d", b=x.shape[0]), x], dim=1)


class Positions(nn.Module):
    def __init__(self, n, d):
        super().__init__()
        self.register_buffer("table", get_positional_embeddings(n, d))

    def forward(self, x):
        return x + self.table


class First(nn.Module):
    def forward(self, x):
        return x[:, 0]


class LightViT(nn.Sequential):
    def __init__(self, image_dim, n_patches=7, n_blocks=2, d=8, n_heads=2, num_classes=10):
        n_pixels = patchify(torch.empty((1, *image_dim[1:])), n_patches).shape[-1]
        super().__init__(
            Patches(n_patches),
            nn.Linear(n_pixels, d),
            Prepend(d),
            Positions(n_patches**2 + 1, d),
            *[MyViTBlock(d, n_heads) for _ in range(n_blocks)],
            First(),
            nn.Linear(d, num_classes),
        )


if __name__ == "__main__":
    logits = LightViT((1, 3, 32, 32), n_patches=8)(torch.randn(5, 3, 32, 32))
    print(reduce(logits, "b c -> b", "max"))

"""Unusual: pure functions over a ParameterList; the modules only hold numbers."""
import torch
import torch.nn.functional as F
from torch import nn


def new_weights(*shape):
    return nn.Parameter(nn.init.kaiming_normal_(torch.empty(*shape), nonlinearity="linear"))


def affine(x, weight, bias):
    return torch.addmm(bias, x.flatten(0, -2), weight.t()).unflatten(0, x.shape[:-1])


def attend(x, wq, bq, wk, bk, wv, bv, wo, bo, n_heads):
    q, k, v = affine(x, wq, bq), affine(x, wk, bk), affine(x, wv, bv)
    B, N, d = x.shape
    q, k, v = (t.reshape(B, N, n_heads, d // n_heads).transpose(1, 2) for t in (q, k, v))
    out = F.softmax(q @ k.transpose(2, 3) / (d // n_heads) ** 0.5, dim=3) @ v
    return affine(out.transpose(1, 2).reshape(B, N, d), wo, bo)


def encode(x, msa, gamma1, beta1, gamma2, beta2, w1, b1, w2, b2):
    n = x.shape[-1:]
    x = x + msa(F.layer_norm(x, n, gamma1, beta1))
    return x + affine(F.gelu(affine(F.layer_norm(x, n, gamma2, beta2), w1, b1)), w2, b2)


def patchify(images, n_patches):
    B, C, H, W = images.shape
    if H % n_patches or W % n_patches:
        raise ValueError("patchify: H and W must be multiples of n_patches")
    h, w = H // n_patches, W // n_patches
    # as_strided on contiguous images: every axis of the result has its own step through memory
    images = images.contiguous()
    b, c, y, x = images.stride()
    size = (B, n_patches, n_patches, C, h, w)
    return torch.as_strided(images, size, (b, h * y, w * x, c, y, x), images.storage_offset()).reshape(
        B, n_patches**2, C * h * w
    )


def get_positional_embeddings(sequence_length, d):
    angle = lambda p, j: p / 10000 ** (2 * (j // 2) / d)
    p, j = torch.arange(sequence_length, dtype=torch.float64).view(-1, 1), torch.arange(d).view(1, -1)
    odd = (j % 2).double()
    return ((1 - odd) * torch.sin(angle(p, j)) + odd * torch.cos(angle(p, j))).float()


class MyMSA(nn.Module):
    def __init__(self, d, n_heads=2):
        super().__init__()
        if d % n_heads:
            raise ValueError("MyMSA: d must be a multiple of n_heads")
        self.n_heads = n_heads
        self.theta = nn.ParameterList()
        for _ in range(4):
            self.theta.extend([new_weights(d, d), nn.Parameter(torch.zeros(d))])

    def forward(self, x):
        return attend(x, *self.theta, n_heads=self.n_heads)


class MyViTBlock(nn.Module):
    def __init__(self, hidden_d, n_heads, mlp_ratio=4):
        super().__init__()
        ones, zeros = torch.ones, torch.zeros
        m = mlp_ratio * hidden_d
        self.msa = MyMSA(hidden_d, n_heads)
        self.theta = nn.ParameterList([ones(hidden_d), zeros(hidden_d), ones(hidden_d), zeros(hidden_d)])
        self.theta.extend([new_weights(m, hidden_d), zeros(m), new_weights(hidden_d, m), zeros(hidden_d)])

    def forward(self, x):
        return encode(x, self.msa, *self.theta)


class LightViT(nn.Module):
    def __init__(self, image_dim, n_patches=7, n_blocks=2, d=8, n_heads=2, num_classes=10):
        super().__init__()
        C, H, W = image_dim[1:]
        if H % n_patches or W % n_patches:
            raise ValueError("LightViT: H and W must be multiples of n_patches")
        self.n_patches = n_patches
        self.w_in, self.b_in = new_weights(d, C * H * W // n_patches**2), nn.Parameter(torch.zeros(d))
        self.cls = nn.Parameter(torch.zeros(1, 1, d))
        self.register_buffer("pos", get_positional_embeddings(n_patches**2 + 1, d))
        self.blocks = nn.ModuleList(MyViTBlock(d, n_heads) for _ in range(n_blocks))
        self.w_out, self.b_out = new_weights(num_classes, d), nn.Parameter(torch.zeros(num_classes))

    def forward(self, images):
        x = affine(patchify(images, self.n_patches), self.w_in, self.b_in)
        x = torch.cat((self.cls.expand(x.shape[0], -1, -1), x), dim=1) + self.pos
        for block in self.blocks:
            x = block(x)
        return affine(x[:, 0], self.w_out, self.b_out)

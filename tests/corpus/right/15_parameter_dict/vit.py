"""Unusual: all weights of the attention in one nn.ParameterDict, every step through F.linear."""
import torch
import torch.nn as nn
import torch.nn.functional as F


def patchify(images, n_patches):
    B, C, H, W = images.shape
    if H % n_patches or W % n_patches:
        raise ValueError("n_patches must divide H and W")
    h, w = H // n_patches, W // n_patches
    x = images.view(B, C, n_patches, h, n_patches, w)
    x = torch.einsum("bcihjw->bijchw", x)
    return x.reshape(B, n_patches**2, C * h * w)


def get_positional_embeddings(sequence_length, d):
    # in float32, with pow
    position = torch.arange(sequence_length).float().view(-1, 1)
    even = torch.arange(0, d, 2).float()
    odd = torch.arange(1, d, 2).float() - 1
    table = torch.empty(sequence_length, d)
    table[:, 0::2] = torch.sin(position / torch.pow(10000.0, even / d))
    table[:, 1::2] = torch.cos(position / torch.pow(10000.0, odd / d))
    return table


class MyMSA(nn.Module):
    def __init__(self, d, n_heads=2):
        super().__init__()
        if d % n_heads != 0:
            raise ValueError("n_heads must divide d")
        self.n_heads = n_heads
        self.p = nn.ParameterDict()
        for name in ("o", "v", "k", "q"):
            self.p["weight_" + name] = nn.Parameter(nn.init.kaiming_uniform_(torch.empty(d, d), a=5**0.5))
            self.p["bias_" + name] = nn.Parameter(torch.zeros(d))

    def linear(self, name, x):
        return F.linear(x, self.p["weight_" + name], self.p["bias_" + name])

    def forward(self, x):
        B, N, d = x.shape
        heads = [self.linear(name, x).view(B, N, self.n_heads, -1).transpose(1, 2) for name in "qkv"]
        q, k, v = heads
        scores = q.matmul(k.transpose(2, 3)).mul((d / self.n_heads) ** -0.5)
        # a softmax by its logarithm
        weights = F.log_softmax(scores, dim=3).exp()
        return self.linear("o", weights.matmul(v).transpose(1, 2).contiguous().view(B, N, d))


class MyViTBlock(nn.Module):
    def __init__(self, hidden_d, n_heads, mlp_ratio=4):
        super().__init__()
        self.mha = MyMSA(hidden_d, n_heads)
        self.layer_norm_1 = nn.LayerNorm([hidden_d])
        self.layer_norm_2 = nn.LayerNorm([hidden_d])
        self.linear_1 = nn.Linear(hidden_d, mlp_ratio * hidden_d)
        self.linear_2 = nn.Linear(mlp_ratio * hidden_d, hidden_d)

    def _mlp(self, x):
        return self.linear_2(F.gelu(self.linear_1(x)))

    def forward(self, x):
        out = x.clone()  # a copy, so that += does not write into the caller's tensor
        out += self.mha(self.layer_norm_1(x))
        return out + self._mlp(self.layer_norm_2(out))


class LightViT(nn.Module):
    def __init__(self, image_dim, n_patches=7, n_blocks=2, d=8, n_heads=2, num_classes=10):
        super().__init__()
        _, C, H, W = image_dim
        if H % n_patches or W % n_patches:
            raise ValueError("n_patches must divide H and W")
        self.n_patches = n_patches
        self.linear = nn.Linear(C * (H // n_patches) * (W // n_patches), d)
        self.params = nn.ParameterDict(
            {
                "cls": nn.Parameter(torch.randn(1, 1, d)),
                "pos": nn.Parameter(get_positional_embeddings(n_patches**2 + 1, d), requires_grad=False),
            }
        )
        self.blocks = nn.ModuleList([MyViTBlock(d, n_heads) for _ in range(n_blocks)])
        self.head = nn.Linear(d, num_classes)

    def forward(self, images):
        x = self.linear(patchify(images, self.n_patches))
        x = torch.cat([self.params["cls"].expand(x.shape[0], 1, -1), x], dim=1) + self.params["pos"]
        for block in self.blocks:
            x = block(x)
        return self.head(x[:, 0])

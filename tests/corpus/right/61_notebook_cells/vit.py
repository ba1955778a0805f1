# %% [markdown]
# # Homework: ViT from scratch
# exported from my notebook, that's why the imports come again and again

# %%
import math
import torch
import torch.nn as nn

# %% [markdown]
# ## q1

# %%
def patchify(images, n_patches):
    B, C, H, W = images.shape
    P = n_patches
    if (H % P, W % P) != (0, 0):
        raise ValueError(f"({H}, {W}) not divisible by {P}")
    h, w = H // P, W // P
    out = []
    for image in images:  # (C, H, W)
        grid = image.view(C, P, h, P, w) if image.is_contiguous() else image.reshape(C, P, h, P, w)
        out += [grid.permute(1, 3, 0, 2, 4).reshape(P * P, C * h * w)]
    if not out:  # an empty batch
        return images.new_empty(0, P * P, C * h * w)
    return torch.stack(out)

# %% [markdown]
# ## q2

# %%
import torch

def get_positional_embeddings(sequence_length, d):
    k = -(-d // 2)  # pairs, rounded up
    # 10000**(2i/d) = 10**(8i/d)
    wave = torch.logspace(0, 8 * (k - 1) / d, steps=k, base=10.0, dtype=torch.float64)
    angle = torch.arange(sequence_length, dtype=torch.float64).view(-1, 1) / wave.view(1, -1)
    pe = torch.empty(sequence_length, 2 * k)
    pe[:, range(0, 2 * k, 2)] = angle.sin().to(pe.dtype)
    pe[:, range(1, 2 * k, 2)] = angle.cos().to(pe.dtype)
    return pe[:, :d].to(torch.float32)

# %% [markdown]
# ## q3

# %%
from torch import nn

class MyMSA(nn.Module):
    def __init__(self, d, n_heads=2):
        super().__init__()
        if d / n_heads != d // n_heads:
            raise ValueError("d / n_heads is not a whole number")
        self.n_heads = n_heads
        d_head = d // n_heads
        self.Wq = nn.ModuleList()
        self.Wk = nn.ModuleList()
        self.Wv = nn.ModuleList()
        for _ in range(n_heads):
            self.Wq.append(nn.Linear(d, d_head, bias=False))
            self.Wk.append(nn.Linear(d, d_head, bias=False))
            self.Wv.append(nn.Linear(d, d_head, bias=False))
        self.register_buffer("root", torch.tensor(float(d_head)).sqrt())
        self.softmax = nn.Softmax(dim=-1)

    def forward(self, sequences):
        Q = torch.stack([W(sequences) for W in self.Wq], dim=1)  # B, heads, N, d_head
        K = torch.stack([W(sequences) for W in self.Wk], dim=1)
        V = torch.stack([W(sequences) for W in self.Wv], dim=1)
        A = self.softmax(torch.einsum("b h i c, b h j c -> b h i j", Q, K) / self.root)
        Z = torch.einsum("b h i j, b h j c -> b i h c", A, V)
        return Z.reshape(sequences.shape)

# %% [markdown]
# ## q4

# %%
class LayerNorm(nn.Module):
    """Ba et al. 2016"""
    def __init__(self, d, eps=1e-5):
        super().__init__()
        self.g = nn.Parameter(torch.ones(d))
        self.b = nn.Parameter(torch.zeros(d))
        self.eps = eps

    def forward(self, x):
        var, mean = torch.var_mean(x, dim=-1, unbiased=False, keepdim=True)
        return (x - mean) * torch.rsqrt(var + self.eps) * self.g + self.b

class MyViTBlock(nn.Module):
    def __init__(self, hidden_d, n_heads, mlp_ratio=4):
        super().__init__()
        self.ln_1 = LayerNorm(hidden_d)
        self.ln_2 = LayerNorm(hidden_d)
        self.msa = MyMSA(hidden_d, n_heads)
        self.fc_1 = nn.Linear(hidden_d, hidden_d * mlp_ratio)
        self.fc_2 = nn.Linear(hidden_d * mlp_ratio, hidden_d)

    def mlp(self, x):
        return self.fc_2(nn.functional.gelu(self.fc_1(x)))

    def forward(self, x):
        residual = x
        x = self.ln_1(x)
        x = self.msa(x)
        x = x + residual
        residual = x
        x = self.ln_2(x)
        x = self.mlp(x)
        x = x + residual
        return x

# %% [markdown]
# ## q5

# %%
class LightViT(nn.Module):
    def __init__(self, image_dim, n_patches=7, n_blocks=2, d=8, n_heads=2, num_classes=10):
        super().__init__()
        B, C, H, W = image_dim
        self.n_patches = n_patches
        self.patch_dim = C * (H // n_patches) * (W // n_patches)
        self.proj = nn.Linear(self.patch_dim, d, bias=False)
        self.v_class = nn.Parameter(torch.randn(1, d), requires_grad=True)
        self.register_buffer("pos", get_positional_embeddings(n_patches**2 + 1, d)[None])
        self.blocks = nn.ModuleList([MyViTBlock(d, n_heads) for _ in range(n_blocks)])
        self.mlp_head = nn.Sequential(LayerNorm(d), nn.Linear(d, num_classes))

    def forward(self, images):
        tokens = self.proj(patchify(images, self.n_patches))
        cls = self.v_class.unsqueeze(0).expand(tokens.shape[0], -1, -1)
        out = torch.concat([cls, tokens], dim=1)
        out = out + self.pos
        for i in range(len(self.blocks)):
            out = self.blocks[i](out)
        return self.mlp_head(out[:, 0, :])

# %% try it
if __name__ == "__main__":
    print(patchify(torch.arange(16.0).reshape(1, 1, 4, 4), 2))
    print(get_positional_embeddings(2, 4))
    print(MyMSA(8, 2)(torch.randn(3, 5, 8)).shape)
    model = LightViT((1, 1, 28, 28))
    print(sum(p.numel() for p in model.parameters()), "parameters")
    print(model(torch.randn(3, 1, 28, 28)).shape)

"""视觉 Transformer：所有计算写成函数，模块只负责保存参数。"""
import torch
from torch import nn
import torch.nn.functional as F


def patchify(images, n_patches):
    """(B, C, H, W) -> (B, P*P, C*h*w)，用下标一次取出所有图块"""
    B, C, H, W = images.shape
    P = n_patches
    if H % P != 0 or W % P != 0:
        raise ValueError(f"图像大小 {H}x{W} 不能被 {P} 整除")
    行 = torch.arange(H, device=images.device).reshape(P, 1, H // P, 1)
    列 = torch.arange(W, device=images.device).reshape(1, P, 1, W // P)
    图块 = images[:, :, 行, 列]                      # (B, C, P, P, h, w)
    return 图块.movedim(1, 3).reshape(B, P * P, C * (H // P) * (W // P))


def get_positional_embeddings(sequence_length, d):
    pair = torch.div(torch.arange(d), 2, rounding_mode="floor")   # 0 0 1 1 2 2 ...
    angle = torch.arange(sequence_length).double().unsqueeze(1) / torch.pow(10000.0, 2 * pair.double() / d)
    pe = angle.clone()
    pe[:, ::2] = angle[:, ::2].sin()
    pe[:, 1::2] = angle[:, 1::2].cos()
    return pe.float()


def attention(x, w_in, b_in, w_out, b_out, n_heads):
    B, N, d = x.shape
    e = d // n_heads
    q, k, v = F.linear(x, w_in, b_in).split(d, dim=2)

    def fold(t):
        # 把头并入批次：(B, N, d) -> (B*h, N, e)
        return t.reshape(B, N, n_heads, e).transpose(1, 2).reshape(B * n_heads, N, e)

    q, k, v = fold(q), fold(k), fold(v)
    # 先除以 sqrt(d_head)，再做 softmax
    zero = torch.zeros((), dtype=q.dtype, device=q.device)
    p = F.softmax(torch.baddbmm(zero, q, k.transpose(1, 2), beta=0, alpha=e ** -0.5), dim=-1)
    o = torch.bmm(p, v).reshape(B, n_heads, N, e).transpose(1, 2).reshape(B, N, d)
    return F.linear(o, w_out, b_out)


def mlp(x, w1, b1, w2, b2):
    return F.linear(F.gelu(F.linear(x, w1, b1)), w2, b2)


def weight(out_features, in_features):
    return nn.Parameter(nn.init.xavier_normal_(torch.empty(out_features, in_features)))


def bias(features):
    return nn.Parameter(torch.zeros(features))


class MyMSA(nn.Module):
    def __init__(self, d, n_heads=2):
        super().__init__()
        if d % n_heads != 0:
            raise ValueError(f"d={d} 不能被 n_heads={n_heads} 整除")
        self.n_heads = n_heads
        self.in_proj_weight = nn.Parameter(torch.cat([weight(d, d).data for _ in range(3)]))
        self.in_proj_bias = bias(3 * d)
        self.out_weight = weight(d, d)
        self.out_bias = bias(d)

    def forward(self, sequences):
        return attention(sequences, self.in_proj_weight, self.in_proj_bias,
                         self.out_weight, self.out_bias, self.n_heads)


class MyViTBlock(nn.Module):
    def __init__(self, hidden_d, n_heads, mlp_ratio=4):
        super().__init__()
        self.d = hidden_d
        m = mlp_ratio * hidden_d
        self.msa = MyMSA(hidden_d, n_heads)
        self.norm1 = nn.ParameterList([nn.Parameter(torch.ones(hidden_d)), bias(hidden_d)])
        self.norm2 = nn.ParameterList([nn.Parameter(torch.ones(hidden_d)), bias(hidden_d)])
        self.mlp = nn.ParameterDict({"w1": weight(m, hidden_d), "b1": bias(m),
                                     "w2": weight(hidden_d, m), "b2": bias(hidden_d)})

    def forward(self, x):
        x = x + self.msa(F.layer_norm(x, (self.d,), *self.norm1))
        x = x + mlp(F.layer_norm(x, (self.d,), *self.norm2), **dict(self.mlp.items()))
        return x


class LightViT(nn.Module):
    def __init__(self, image_dim, n_patches=7, n_blocks=2, d=8, n_heads=2, num_classes=10):
        super().__init__()
        C, H, W = image_dim[-3:]
        self.n_patches = n_patches
        self.patch_weight = weight(d, C * (H // n_patches) * (W // n_patches))
        self.patch_bias = bias(d)
        self.class_token = nn.Parameter(torch.zeros(1, 1, d))
        self.register_buffer("pos", get_positional_embeddings(n_patches ** 2 + 1, d))
        self.blocks = nn.ModuleList()
        for _ in range(n_blocks):
            self.blocks.append(MyViTBlock(d, n_heads))
        self.head_weight = weight(num_classes, d)
        self.head_bias = bias(num_classes)

    def forward(self, images):
        x = F.linear(patchify(images, self.n_patches), self.patch_weight, self.patch_bias)
        x = torch.cat([self.class_token.repeat(x.shape[0], 1, 1), x], dim=1)
        x = x + self.pos
        for block in self.blocks:
            x = block(x)
        return F.linear(x[:, 0], self.head_weight, self.head_bias)   # 不加 softmax

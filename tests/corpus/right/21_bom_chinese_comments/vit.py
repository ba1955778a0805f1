# 不寻常之处：带 BOM 的 UTF-8 文件，中文注释和中文变量名
import math

import torch
from torch import nn


def patchify(images, n_patches):
    """把图像切成小块：从左到右，从上到下。"""
    批量, 通道, 高, 宽 = images.shape
    if 高 % n_patches or 宽 % n_patches:
        raise ValueError(f"{高}×{宽} 不能被 {n_patches} 整除")
    块高, 块宽 = 高 // n_patches, 宽 // n_patches
    x = images.reshape(批量, 通道, n_patches, 块高, n_patches, 块宽)
    # (批量, 行, 列, 通道, 块高, 块宽)
    x = x.permute(0, 2, 4, 1, 3, 5)
    return x.reshape(批量, n_patches**2, 通道 * 块高 * 块宽)


def get_positional_embeddings(sequence_length, d):
    """正弦在偶数列，余弦在奇数列。"""
    位置 = torch.arange(sequence_length, dtype=torch.float64)
    表 = torch.empty(sequence_length, d, dtype=torch.float64)
    for 列 in range(0, d, 2):
        θ = 位置 * math.exp(-math.log(10000) * 列 / d)
        表[:, 列] = θ.sin()
        表[:, 列 + 1 : 列 + 2] = θ.cos()[:, None]  # d 为奇数时，最后这一段是空的
    return 表.float()


class MyMSA(nn.Module):
    """多头自注意力。"""

    def __init__(self, d, n_heads=2):
        super().__init__()
        if d % n_heads:
            raise ValueError("d 必须能被 n_heads 整除")
        self.n_heads = n_heads
        self.查询 = nn.Linear(d, d)
        self.键 = nn.Linear(d, d)
        self.值 = nn.Linear(d, d)
        self.输出 = nn.Linear(d, d)

    def forward(self, x):
        B, N, d = x.shape
        每头 = d // self.n_heads
        分头 = lambda t: t.reshape(B, N, self.n_heads, 每头).transpose(1, 2)
        q, k, v = 分头(self.查询(x)), 分头(self.键(x)), 分头(self.值(x))
        权重 = torch.softmax(q @ k.transpose(2, 3) / 每头**0.5, dim=-1)  # 每一行的和为 1
        return self.输出((权重 @ v).transpose(1, 2).reshape(B, N, d))


class MyViTBlock(nn.Module):
    def __init__(self, hidden_d, n_heads, mlp_ratio=4):
        super().__init__()
        self.归一1 = nn.LayerNorm(hidden_d)
        self.注意力 = MyMSA(hidden_d, n_heads)
        self.归一2 = nn.LayerNorm(hidden_d)
        self.感知机 = nn.Sequential(
            nn.Linear(hidden_d, mlp_ratio * hidden_d), nn.GELU(), nn.Linear(mlp_ratio * hidden_d, hidden_d)
        )

    def forward(self, x):
        x = x + self.注意力(self.归一1(x))  # 残差连接
        return x + self.感知机(self.归一2(x))


class LightViT(nn.Module):
    def __init__(self, image_dim, n_patches=7, n_blocks=2, d=8, n_heads=2, num_classes=10):
        super().__init__()
        _, C, H, W = image_dim
        if H % n_patches or W % n_patches:
            raise ValueError(f"{H}×{W} 不能被 {n_patches} 整除")
        self.n_patches = n_patches
        self.线性 = nn.Linear(C * (H // n_patches) * (W // n_patches), d)
        self.类别 = nn.Parameter(torch.randn(1, 1, d))
        self.register_buffer("位置", get_positional_embeddings(n_patches**2 + 1, d))
        self.编码器 = nn.ModuleList([MyViTBlock(d, n_heads) for _ in range(n_blocks)])
        self.分类器 = nn.Linear(d, num_classes)

    def forward(self, images):
        x = self.线性(patchify(images, self.n_patches))
        x = torch.cat([self.类别.expand(len(x), -1, -1), x], dim=1) + self.位置
        for 块 in self.编码器:
            x = 块(x)
        return self.分类器(x[:, 0])  # 不做 softmax

"""Unusual: forward has a return_attention keyword, the last attention map is kept on self, dropout on the weights."""
from typing import Optional, Tuple, Union

import torch
from torch import Tensor, nn


def patchify(images: Tensor, n_patches: int) -> Tensor:
    _, _, H, W = images.shape
    if H % n_patches != 0 or W % n_patches != 0:
        raise ValueError("H and W must be divisible by n_patches")
    columns = nn.functional.unfold(images, (H // n_patches, W // n_patches), stride=(H // n_patches, W // n_patches))
    return columns.permute(0, 2, 1).contiguous()


def get_positional_embeddings(sequence_length: int, d: int) -> Tensor:
    i = torch.arange(d, dtype=torch.float64) // 2
    angles = torch.arange(sequence_length, dtype=torch.float64).outer(torch.exp(i * (-2.0 / d) * 9.210340371976184))
    odd = torch.arange(d).bitwise_and(1).bool()
    return angles.sin().masked_scatter(odd.expand_as(angles), angles[:, odd].cos()).to(torch.float)


class MyMSA(nn.Module):
    last_attention: Optional[Tensor]

    def __init__(self, d: int, n_heads: int = 2, dropout: float = 0.1) -> None:
        super().__init__()
        if d % n_heads != 0:
            raise ValueError(f"d ({d}) must be divisible by n_heads ({n_heads})")
        self.n_heads = n_heads
        self.query = nn.Linear(d, d)
        self.key = nn.Linear(d, d, bias=False)
        self.value = nn.Linear(d, d)
        self.output = nn.Linear(d, d)
        self.dropout = nn.Dropout(p=dropout)
        self.last_attention = None

    def forward(self, sequences: Tensor, return_attention: bool = False) -> Union[Tensor, Tuple[Tensor, Tensor]]:
        new_shape = sequences.shape[:-1] + (self.n_heads, -1)
        q = self.query(sequences).view(*new_shape).permute(0, 2, 1, 3)
        k = self.key(sequences).view(*new_shape).permute(0, 2, 3, 1)
        v = self.value(sequences).view(*new_shape).permute(0, 2, 1, 3)
        attention = torch.softmax(torch.matmul(q, k) / (q.size(-1) ** 0.5), dim=-1)
        self.last_attention = attention.detach()
        context = torch.matmul(self.dropout(attention), v)
        context = context.permute(0, 2, 1, 3).reshape(sequences.shape)
        out = self.output(context)
        if return_attention:
            return out, attention
        return out


class MyViTBlock(nn.Module):
    def __init__(self, hidden_d: int, n_heads: int, mlp_ratio: int = 4) -> None:
        super().__init__()
        self.ln_before = nn.LayerNorm(hidden_d)
        self.attention = MyMSA(hidden_d, n_heads)
        self.ln_after = nn.LayerNorm(hidden_d)
        self.intermediate = nn.Linear(hidden_d, mlp_ratio * hidden_d)
        self.dense = nn.Linear(mlp_ratio * hidden_d, hidden_d)
        self.act = nn.GELU()

    def forward(self, x: Tensor) -> Tensor:
        hidden = self.attention(self.ln_before(x)) + x
        return hidden + self.dense(self.act(self.intermediate(self.ln_after(hidden))))


class LightViT(nn.Module):
    def __init__(
        self,
        image_dim: Tuple[int, int, int, int],
        n_patches: int = 7,
        n_blocks: int = 2,
        d: int = 8,
        n_heads: int = 2,
        num_classes: int = 10,
    ) -> None:
        super().__init__()
        _, C, H, W = image_dim
        if H % n_patches != 0 or W % n_patches != 0:
            raise ValueError("H and W must be divisible by n_patches")
        self.n_patches = n_patches
        self.projection = nn.Linear(C * (H // n_patches) * (W // n_patches), d)
        self.class_token = nn.Parameter(torch.empty(1, 1, d))
        nn.init.uniform_(self.class_token)
        self.register_buffer("position_embeddings", get_positional_embeddings(n_patches**2 + 1, d))
        self.layer = nn.ModuleList([MyViTBlock(d, n_heads) for _ in range(n_blocks)])
        self.layernorm = nn.LayerNorm(d)
        self.classifier = nn.Linear(d, num_classes)

    def attention_maps(self) -> "list[Optional[Tensor]]":
        return [block.attention.last_attention for block in self.layer]

    def forward(self, images: Tensor) -> Tensor:
        embeddings = self.projection(patchify(images, self.n_patches))
        cls = self.class_token.expand(embeddings.size(0), -1, -1)
        hidden = torch.cat((cls, embeddings), dim=1) + self.position_embeddings
        for layer in self.layer:
            hidden = layer(hidden)
        return self.classifier(self.layernorm(hidden)[:, 0, :])

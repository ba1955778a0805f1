"""einops splits the heads and puts them together again."""

from einops import rearrange
from torch import nn


class MyMSA(nn.Module):
    def __init__(self, d, n_heads=2):
        super().__init__()
        if d % n_heads:
            raise ValueError("wrong number of heads")
        self.h = n_heads
        self.to_qkv = nn.Linear(d, 3 * d)
        self.to_out = nn.Linear(d, d)

    def forward(self, sequences):
        q, k, v = rearrange(
            self.to_qkv(sequences), "b n (three h e) -> three b h n e", three=3, h=self.h
        )
        dots = q @ rearrange(k, "b h n e -> b h e n") * q.shape[-1] ** -0.5
        out = dots.softmax(dim=-1) @ v
        return self.to_out(rearrange(out, "b h n e -> b n (h e)"))


def maps(msa):
    Wq, Wk, Wv = msa.to_qkv.weight.chunk(3)
    bq, bk, bv = msa.to_qkv.bias.chunk(3)
    out = msa.to_out
    return {
        "Wq": Wq, "bq": bq, "Wk": Wk, "bk": bk, "Wv": Wv, "bv": bv, "Wo": out.weight, "bo": out.bias
    }  # fmt: skip

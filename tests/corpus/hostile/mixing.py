"""The attention of attacks that bring no more than a way to gather: mix(q, k, v)."""

from torch import nn


class MyMSA(nn.Module):
    def __init__(self, d, n_heads=2):
        super().__init__()
        if d % n_heads:
            raise ValueError("d does not divide by n_heads")
        self.n_heads = n_heads
        self.q_map, self.k_map, self.v_map = (nn.Linear(d, d) for _ in range(3))

    def forward(self, sequences):
        maps = (self.q_map, self.k_map, self.v_map)
        q, k, v = (m(sequences).unflatten(-1, (self.n_heads, -1)).transpose(1, 2) for m in maps)
        gathered = mix(q, k, v)
        return gathered.transpose(1, 2).flatten(2)

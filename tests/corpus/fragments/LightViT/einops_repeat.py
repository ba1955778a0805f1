"""einops repeats the token and packs it in front."""

from einops import pack, repeat
from torch import nn, zeros


class LightViT(nn.Module):
    def __init__(self, image_dim, n_patches=7, n_blocks=2, d=8, n_heads=2, num_classes=10):
        super().__init__()
        channels, height, width = image_dim[1], image_dim[2], image_dim[3]
        self.side = n_patches
        self.project = nn.Linear(channels * (height // self.side) * (width // self.side), d)
        self.query_token = nn.Parameter(zeros(d))
        nn.init.trunc_normal_(self.query_token, std=0.02)
        self.register_buffer("grid", get_positional_embeddings(self.side * self.side + 1, d))
        self.body = nn.ModuleList(
            [MyViTBlock(hidden_d=d, n_heads=n_heads) for _ in range(n_blocks)]
        )
        self.answer = nn.Linear(d, num_classes)

    def forward(self, images):
        tokens = self.project(patchify(images, self.side))
        first = repeat(self.query_token, "d -> b d", b=images.shape[0])
        tokens, _ = pack([first, tokens], "b * d")
        tokens = tokens + self.grid
        for block in self.body:
            tokens = block(tokens)
        return self.answer(tokens.select(1, 0))


def maps(model):
    into, out = model.project, model.answer
    return {
        "Wp": into.weight, "bp": into.bias, "token": model.query_token, "Wc": out.weight, "bc": out.bias
    }  # fmt: skip

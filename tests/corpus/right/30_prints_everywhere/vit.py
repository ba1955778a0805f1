"""Unusual: prints at import, in every forward and in __init__, left over from debugging."""
import torch
from torch import nn

print("torch", torch.__version__)
print("cuda?", torch.cuda.is_available())


def patchify(images, n_patches):
    print("patchify", images.shape, n_patches)
    B, C, H, W = images.shape
    if H % n_patches != 0 or W % n_patches != 0:
        raise ValueError("divide!")
    h, w = H // n_patches, W // n_patches
    x = images.unfold(dimension=2, size=h, step=h)
    x = x.unfold(dimension=3, size=w, step=w)
    print("after unfold", x.shape)
    x = x.permute(0, 2, 3, 1, 4, 5)
    x = x.reshape(B, n_patches**2, C * h * w)
    return x


def get_positional_embeddings(sequence_length, d):
    pe = torch.empty((sequence_length, d), dtype=torch.float64)
    for p in range(sequence_length):
        for i in range(d):
            pe[p, i] = p / 10000 ** ((i if i % 2 == 0 else i - 1) / d)
    pe[:, 0::2] = torch.sin(pe[:, 0::2])
    pe[:, 1::2] = torch.cos(pe[:, 1::2])
    return pe.to(torch.float32)


class MyMSA(nn.Module):
    def __init__(self, d, n_heads=2):
        super(MyMSA, self).__init__()
        if d % n_heads != 0:
            raise ValueError("divide!")
        self.d = d
        self.n_heads = n_heads
        self.q = nn.Linear(d, d)
        self.k = nn.Linear(d, d)
        self.v = nn.Linear(d, d)
        self.softmax = nn.Softmax(dim=-1)
        print("MSA with", n_heads, "heads")

    def forward(self, x):
        B, N, d = x.shape
        Q = self.q(x)
        K = self.k(x)
        V = self.v(x)
        Q = Q.reshape(B, N, self.n_heads, d // self.n_heads)
        K = K.reshape(B, N, self.n_heads, d // self.n_heads)
        V = V.reshape(B, N, self.n_heads, d // self.n_heads)
        Q = Q.permute(0, 2, 1, 3)
        K = K.permute(0, 2, 3, 1)
        V = V.permute(0, 2, 1, 3)
        scores = torch.matmul(Q, K) / ((d // self.n_heads) ** 0.5)
        print("scores", scores.shape)
        out = torch.matmul(self.softmax(scores), V)
        out = out.permute(0, 2, 1, 3)
        out = out.reshape(B, N, d)
        print("out", out.shape)
        return out


class MyViTBlock(nn.Module):
    def __init__(self, hidden_d, n_heads, mlp_ratio=4):
        super(MyViTBlock, self).__init__()
        self.norm1 = nn.LayerNorm(hidden_d)
        self.msa = MyMSA(hidden_d, n_heads)
        self.norm2 = nn.LayerNorm(hidden_d)
        self.lin1 = nn.Linear(hidden_d, mlp_ratio * hidden_d)
        self.gelu = nn.GELU()
        self.lin2 = nn.Linear(mlp_ratio * hidden_d, hidden_d)

    def forward(self, x):
        print("block in", x.shape)
        a = self.norm1(x)
        a = self.msa(a)
        b = x + a
        c = self.norm2(b)
        c = self.lin1(c)
        c = self.gelu(c)
        c = self.lin2(c)
        e = b + c
        print("block out", e.shape)
        return e


class LightViT(nn.Module):
    def __init__(self, image_dim, n_patches=7, n_blocks=2, d=8, n_heads=2, num_classes=10):
        super(LightViT, self).__init__()
        print("image_dim", image_dim)
        self.n_patches = n_patches
        self.d = d
        if image_dim[2] % n_patches != 0 or image_dim[3] % n_patches != 0:
            raise ValueError("divide!")
        n_pixels = image_dim[1] * image_dim[2] * image_dim[3]
        self.linear = nn.Linear(n_pixels // (n_patches * n_patches), d)
        self.cls = nn.Parameter(torch.rand(1, d))
        self.pos = nn.Parameter(get_positional_embeddings(n_patches * n_patches + 1, d), requires_grad=False)
        self.blocks = nn.ModuleList()
        for i in range(n_blocks):
            self.blocks.append(MyViTBlock(d, n_heads))
        self.classifier = nn.Linear(d, num_classes)

    def forward(self, images):
        x = patchify(images, self.n_patches)
        x = self.linear(x)
        print("tokens", x.shape)
        batch_size = x.shape[0]
        cls = self.cls.repeat(batch_size, 1, 1)
        x = torch.cat((cls, x), dim=1)
        pos = self.pos.repeat(batch_size, 1, 1)
        x = x + pos
        for block in self.blocks:
            x = block(x)
        x = x[:, 0]
        x = self.classifier(x)
        print("logits", x.shape)
        return x


if __name__ == "__main__":
    model = LightViT((4, 1, 28, 28))
    print(model(torch.randn(4, 1, 28, 28)))

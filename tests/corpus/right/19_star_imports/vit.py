# Unusual: star imports from torch and torch.nn, nothing is qualified
from torch import *
from torch.nn import *
from torch.nn.functional import gelu, softmax


def patchify(images, n_patches):
    B, C, H, W = images.shape
    if H % n_patches or W % n_patches:
        raise ValueError("can not cut the image")
    x = images.reshape(B, C, n_patches, H // n_patches, n_patches, W // n_patches)
    x = swapaxes(x, 3, 4)  # B, C, row, col, h, w
    x = movedim(x, 1, 3)  # B, row, col, C, h, w
    return reshape(x, (B, n_patches * n_patches, -1))


def get_positional_embeddings(sequence_length, d):
    pos = arange(sequence_length, dtype=float64).unsqueeze(1)
    j = arange(d)
    angle = pos / 10000.0 ** ((j // 2 * 2).to(float64) / d)
    return where(j % 2 == 1, cos(angle), sin(angle)).to(float32)


class MyMSA(Module):
    def __init__(self, d, n_heads=2):
        super().__init__()
        if d % n_heads != 0:
            raise ValueError("heads")
        self.n_heads = n_heads
        self.Q = Linear(d, d)
        self.K = Linear(d, d)
        self.V = Linear(d, d)

    def forward(self, x):
        B, N, d = x.shape
        e = d // self.n_heads
        Q = self.Q(x).view(B, N, self.n_heads, e).transpose(1, 2)
        K = self.K(x).view(B, N, self.n_heads, e).transpose(1, 2)
        V = self.V(x).view(B, N, self.n_heads, e).transpose(1, 2)
        S = matmul(Q, transpose(K, 2, 3)) / e**0.5
        A = softmax(S, dim=-1)
        return matmul(A, V).transpose(1, 2).reshape(B, N, d)


class MyViTBlock(Module):
    def __init__(self, hidden_d, n_heads, mlp_ratio=4):
        super().__init__()
        self.norm1 = LayerNorm(hidden_d)
        self.norm2 = LayerNorm(hidden_d)
        self.msa = MyMSA(hidden_d, n_heads)
        self.mlp = Sequential(Linear(hidden_d, mlp_ratio * hidden_d), GELU(), Linear(mlp_ratio * hidden_d, hidden_d))

    def forward(self, x):
        x = add(x, self.msa(self.norm1(x)))
        return add(x, self.mlp(self.norm2(x)))


class LightViT(Module):
    def __init__(self, image_dim, n_patches=7, n_blocks=2, d=8, n_heads=2, num_classes=10):
        super().__init__()
        C, H, W = image_dim[1:]
        if H % n_patches or W % n_patches:
            raise ValueError("can not cut the image")
        self.n_patches = n_patches
        self.linear = Linear(C * (H // n_patches) * (W // n_patches), d)
        self.cls = Parameter(randn(1, 1, d))
        self.register_buffer("pos", get_positional_embeddings(n_patches**2 + 1, d))
        self.blocks = ModuleList()
        while len(self.blocks) < n_blocks:  # the star import replaced Python's range by torch.range
            self.blocks.append(MyViTBlock(d, n_heads))
        self.out = Linear(d, num_classes)

    def forward(self, images):
        x = self.linear(patchify(images, self.n_patches))
        x = cat([self.cls.repeat(x.shape[0], 1, 1), x], 1) + self.pos
        for block in self.blocks:
            x = block(x)
        return self.out(select(x, 1, 0))

# Zadanie: Vision Transformer
# Każdy etap jest osobnym modułem, a model to po prostu ich złożenie.
import torch
from torch import nn
from math import sqrt


def _wycinki(images, n_patches):
    h = images.shape[-2] // n_patches
    w = images.shape[-1] // n_patches
    for i in range(n_patches * n_patches):
        wiersz, kolumna = divmod(i, n_patches)
        yield images.narrow(2, wiersz * h, h).narrow(3, kolumna * w, w).flatten(1)


def patchify(images, n_patches):
    if images.shape[-2] % n_patches != 0 or images.shape[-1] % n_patches != 0:
        raise ValueError('Boki obrazu muszą dzielić się przez n_patches')
    return torch.stack(list(_wycinki(images, n_patches)), dim=-2)


def get_positional_embeddings(sequence_length, d):
    sinusy = torch.zeros(sequence_length, d, dtype=torch.float32)
    pozycje = torch.arange(sequence_length, dtype=torch.float32)
    for i in range(0, d, 2):
        kat = pozycje / (10000 ** (i / d))
        sinusy[:, i] = torch.sin(kat)
        if i + 1 < d:      # przy nieparzystym d ostatnia kolumna to sinus
            sinusy[:, i + 1] = torch.cos(kat)
    return sinusy


class Glowa(nn.Module):
    """Jedna głowa: jedna warstwa d -> 3 * d_head."""

    def __init__(self, d, d_head):
        super().__init__()
        self.qkv = nn.Linear(d, 3 * d_head, bias=False)
        self.d_head = d_head

    def forward(self, x):
        q, k, v = self.qkv(x).tensor_split(3, dim=-1)
        # (d_head ** 1/4 po obu stronach = pierwiastek z d_head razem)
        wyniki = (q / sqrt(sqrt(self.d_head))) @ (k / sqrt(sqrt(self.d_head))).transpose(-1, -2)
        return torch.softmax(wyniki, dim=-1) @ v


class MyMSA(nn.Module):
    def __init__(self, d, n_heads=2):
        super().__init__()
        if d % n_heads != 0:
            raise ValueError('d musi dzielić się przez n_heads')
        self.glowy = nn.ModuleList([Glowa(d, d // n_heads) for _ in range(n_heads)])
        self.wyjscie = nn.Linear(d, d)

    def forward(self, sequences):
        return self.wyjscie(torch.cat([g(sequences) for g in self.glowy], dim=-1))


class Residual(nn.Sequential):
    """x + f(x), gdzie f to kolejne warstwy."""

    def forward(self, x):
        return x + super().forward(x)


class TanhGELU(nn.Module):
    def forward(self, x):
        return 0.5 * x * (1.0 + torch.tanh(sqrt(2.0 / torch.pi) * (x + 0.044715 * x.pow(3))))


class MyViTBlock(nn.Sequential):
    def __init__(self, hidden_d, n_heads, mlp_ratio=4, dropout=0.0):
        super().__init__(
            Residual(nn.LayerNorm(hidden_d), MyMSA(hidden_d, n_heads), nn.Dropout(dropout)),
            Residual(
                nn.LayerNorm(hidden_d),
                nn.Linear(hidden_d, mlp_ratio * hidden_d),
                TanhGELU(),
                nn.Dropout(dropout),
                nn.Linear(mlp_ratio * hidden_d, hidden_d),
                nn.Dropout(dropout),
            ),
        )


class Patchify(nn.Module):
    def __init__(self, n_patches):
        super().__init__()
        self.n_patches = n_patches

    def forward(self, images):
        return patchify(images, self.n_patches)


class ClassToken(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.token = nn.Parameter(torch.empty(1, 1, d).normal_(std=0.02))

    def forward(self, x):
        return torch.cat((self.token.expand(x.shape[0], 1, x.shape[2]), x), dim=1)


class Positions(nn.Module):
    def __init__(self, n, d):
        super().__init__()
        self.register_buffer('table', get_positional_embeddings(n, d))

    def forward(self, x):
        return x + self.table


class TakeFirst(nn.Module):
    def forward(self, x):
        return x[:, 0]


class LightViT(nn.Sequential):
    def __init__(self, image_dim, n_patches=7, n_blocks=2, d=8, n_heads=2, num_classes=10, dropout=0.0):
        _, C, H, W = image_dim
        super().__init__(
            Patchify(n_patches),
            nn.Linear(C * (H // n_patches) * (W // n_patches), d),
            ClassToken(d),
            Positions(n_patches ** 2 + 1, d),
            nn.Dropout(dropout),
            *[MyViTBlock(d, n_heads, dropout=dropout) for _ in range(n_blocks)],
            TakeFirst(),
            nn.LayerNorm(d),
            nn.Linear(d, num_classes),
        )
        for m in self.modules():
            if isinstance(m, nn.Linear):
                nn.init.xavier_uniform_(m.weight)
                if m.bias is not None:
                    nn.init.zeros_(m.bias)

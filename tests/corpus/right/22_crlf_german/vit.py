# Ungewöhnlich: Zeilenenden wie unter Windows (CRLF), deutsche Kommentare und Bezeichner
import torch
from torch import nn


def gitter(höhe, breite, n):
    """Höhe und Breite eines Ausschnitts."""
    if höhe % n or breite % n:
        raise ValueError(f"{höhe}x{breite} lässt sich nicht in {n}x{n} Stücke teilen")
    return höhe // n, breite // n


def patchify(images, n_patches):
    h, w = gitter(images.shape[2], images.shape[3], n_patches)
    streifen = images.split(h, 2)  # von oben nach unten
    stücke = [stück for s in streifen for stück in s.split(w, 3)]  # von links nach rechts
    return torch.stack(stücke, 1).flatten(2)


def get_positional_embeddings(sequence_length, d):
    zeile = torch.arange(sequence_length, dtype=torch.float64)
    spalten = []
    for j in range(d):
        winkel = zeile * 10000.0 ** (-(j - j % 2) / d)
        # gerade Spalten Sinus, ungerade Kosinus
        spalten += [winkel.cos() if j % 2 else winkel.sin()]
    return torch.column_stack(spalten).float()


class MyMSA(nn.Module):
    def __init__(self, d, n_heads=2):
        super().__init__()
        if d % n_heads != 0:
            raise ValueError(f"{n_heads} Köpfe teilen {d} Merkmale nicht")
        self.köpfe = n_heads
        self.alle = nn.Linear(d, 3 * d, bias=False)
        self.ausgang = nn.Linear(d, d)

    def forward(self, folgen):
        B, N, d = folgen.shape
        größe = d // self.köpfe
        qkv = self.alle(folgen).reshape(B, N, 3, self.köpfe, größe).permute(2, 0, 3, 1, 4)
        q, k, v = qkv.unbind(0)
        gewichte = (q @ k.transpose(-2, -1) * größe**-0.5).softmax(dim=-1)
        return self.ausgang((gewichte @ v).transpose(1, 2).reshape(B, N, d))


class MyViTBlock(nn.Module):
    def __init__(self, hidden_d, n_heads, mlp_ratio=4):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(hidden_d), nn.LayerNorm(hidden_d)
        self.msa = MyMSA(hidden_d, n_heads)
        self.mlp = nn.Sequential(
            nn.Linear(hidden_d, mlp_ratio * hidden_d),
            nn.GELU(),
            nn.Linear(mlp_ratio * hidden_d, hidden_d),
        )

    def forward(self, x):
        # zuerst die Norm, dann die Schicht; außen herum läuft die Eingabe selbst
        x = x + self.msa(self.norm1(x))
        x = x + self.mlp(self.norm2(x))
        return x


class LightViT(nn.Module):
    def __init__(self, image_dim, n_patches=7, n_blocks=2, d=8, n_heads=2, num_classes=10):
        super().__init__()
        _, kanäle, höhe, breite = image_dim
        h, w = gitter(höhe, breite, n_patches)
        self.n_patches = n_patches
        self.abbildung = nn.Linear(kanäle * h * w, d)
        self.klasse = nn.Parameter(torch.zeros(1, 1, d).normal_())
        self.register_buffer("orte", get_positional_embeddings(n_patches**2 + 1, d))
        self.blöcke = nn.Sequential(*[MyViTBlock(d, n_heads) for _ in range(n_blocks)])
        self.entscheidung = nn.Linear(d, num_classes)

    def forward(self, images):
        x = self.abbildung(patchify(images, self.n_patches))
        x = torch.cat([self.klasse.expand(x.shape[0], -1, -1), x], dim=1) + self.orte
        return self.entscheidung(self.blöcke(x)[:, 0])


if __name__ == "__main__":
    print(LightViT((1, 1, 28, 28))(torch.randn(3, 1, 28, 28)).shape)  # müsste (3, 10) sein

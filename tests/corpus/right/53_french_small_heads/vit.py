import numpy as np
import torch
import torch.nn as nn

# TP Vision Transformer. Une petite couche par tête, comme dans les tutoriels.


def patchify(images, n_patches):
    n, c, h, w = images.shape
    if h % n_patches or w % n_patches:
        raise ValueError("Les côtés de l'image doivent être des multiples de n_patches")
    ph, pw = h // n_patches, w // n_patches
    patches = []
    for i in range(n_patches):          # lignes de patchs
        for j in range(n_patches):      # colonnes de patchs
            patch = images[:, :, i * ph: (i + 1) * ph, j * pw: (j + 1) * pw]
            patches.append(patch.reshape(n, c * ph * pw))
    return torch.stack(patches, dim=1)


def get_positional_embeddings(sequence_length, d):
    result = torch.ones(sequence_length, d, dtype=torch.float32)
    for i in range(sequence_length):
        for j in range(d):
            result[i][j] = float(np.sin(i / (10000 ** (j / d))) if j % 2 == 0 else np.cos(i / (10000 ** ((j - 1) / d))))
    return result


class MyMSA(nn.Module):
    def __init__(self, d, n_heads=2):
        super(MyMSA, self).__init__()
        self.d = d
        self.n_heads = n_heads

        if d % n_heads != 0:
            raise ValueError(f"Impossible de partager {d} dimensions entre {n_heads} têtes")

        d_head = int(d / n_heads)
        self.q_mappings = nn.ModuleList([nn.Linear(d_head, d_head) for _ in range(self.n_heads)])
        self.k_mappings = nn.ModuleList([nn.Linear(d_head, d_head) for _ in range(self.n_heads)])
        self.v_mappings = nn.ModuleList([nn.Linear(d_head, d_head) for _ in range(self.n_heads)])
        self.d_head = d_head
        self.softmax = nn.Softmax(dim=-1)

    def forward(self, sequences):
        # (B, N, d) -> chaque tête lit sa tranche (B, N, d_head) -> (B, N, d)
        seq_result = []
        for head in range(self.n_heads):
            q_mapping = self.q_mappings[head]
            k_mapping = self.k_mappings[head]
            v_mapping = self.v_mappings[head]

            seq = sequences[:, :, head * self.d_head: (head + 1) * self.d_head]
            q, k, v = q_mapping(seq), k_mapping(seq), v_mapping(seq)

            attention = self.softmax(q @ k.mT / (self.d_head ** 0.5))
            seq_result.append(attention @ v)
        return torch.cat(seq_result, dim=-1)


class MyViTBlock(nn.Module):
    def __init__(self, hidden_d, n_heads, mlp_ratio=4):
        super(MyViTBlock, self).__init__()
        self.hidden_d = hidden_d
        self.n_heads = n_heads

        self.norm1 = nn.LayerNorm(hidden_d)
        self.mhsa = MyMSA(hidden_d, n_heads)
        self.norm2 = nn.LayerNorm(hidden_d)
        self.mlp = nn.Sequential(
            nn.Linear(hidden_d, mlp_ratio * hidden_d),
            nn.GELU(),
            nn.Linear(mlp_ratio * hidden_d, hidden_d)
        )

    def forward(self, x):
        out = x + self.mhsa(self.norm1(x))
        out = out + self.mlp(self.norm2(out))
        return out


class LightViT(nn.Module):
    def __init__(self, image_dim, n_patches=7, n_blocks=2, d=8, n_heads=2, num_classes=10):
        super(LightViT, self).__init__()

        # Attributs
        self.image_dim = image_dim[1:]  # ( C , H , W )
        self.n_patches = n_patches
        self.n_blocks = n_blocks
        self.n_heads = n_heads
        self.d = d

        if self.image_dim[1] % n_patches != 0 or self.image_dim[2] % n_patches != 0:
            raise ValueError("Les côtés de l'image doivent être des multiples de n_patches")
        self.patch_size = (self.image_dim[1] // n_patches, self.image_dim[2] // n_patches)

        # 1) Projection linéaire
        self.input_d = int(self.image_dim[0] * self.patch_size[0] * self.patch_size[1])
        self.linear_mapper = nn.Linear(self.input_d, self.d)

        # 2) Jeton de classe appris
        self.cls_token = nn.Parameter(torch.rand(1, self.d))

        # 3) Positions
        self.register_buffer('pos_embed', get_positional_embeddings(n_patches ** 2 + 1, d), persistent=False)

        # 4) Encodeur
        self.blocks = nn.ModuleList([MyViTBlock(d, n_heads) for _ in range(n_blocks)])

        # 5) Classifieur (pas de softmax !)
        self.mlp = nn.Sequential(
            nn.Linear(self.d, num_classes)
        )

    def forward(self, images):
        n, c, h, w = images.shape
        patches = patchify(images, self.n_patches)
        tokens = self.linear_mapper(patches)
        tokens = torch.stack([torch.vstack((self.cls_token, tokens[i])) for i in range(len(tokens))])
        out = tokens + self.pos_embed.repeat(n, 1, 1)
        for block in self.blocks:
            out = block(out)
        out = out[:, 0]
        return self.mlp(out)

# Práctica 4 - Transformer de visión
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F


def comprobar(lado, n):
    """El lado de la imagen tiene que ser múltiplo de n."""
    if lado % n != 0:
        raise ValueError('El lado {} no es divisible entre {}'.format(lado, n))
    return lado // n


def patchify(images, n_patches):
    alto = comprobar(images.shape[2], n_patches)
    ancho = comprobar(images.shape[3], n_patches)
    parches = []
    for franja in torch.split(images, alto, dim=2):           # de arriba abajo
        for parche in torch.split(franja, ancho, dim=3):      # de izquierda a derecha
            parches.append(torch.flatten(parche, start_dim=1).unsqueeze(1))
    return torch.cat(parches, dim=1)


def get_positional_embeddings(sequence_length, d):
    # La tabla es constante: aquí numpy no molesta a ningún gradiente
    pos = np.arange(sequence_length)[:, np.newaxis]
    i = np.arange(d)[np.newaxis, :]
    angulos = pos / np.power(10000.0, 2 * (i // 2) / d)
    angulos[:, 0::2] = np.sin(angulos[:, 0::2])
    angulos[:, 1::2] = np.cos(angulos[:, 1::2])
    return torch.from_numpy(angulos.astype(np.float32))


class MyMSA(nn.Module):
    # Sin capa de salida, sin sesgos; k y v comparten una sola capa grande
    def __init__(self, d, n_heads=2):
        super().__init__()
        if d % n_heads != 0:
            raise ValueError('d={} no es divisible entre n_heads={}'.format(d, n_heads))
        self.n_heads = n_heads
        self.capa_q = nn.Linear(d, d, bias=False)
        self.capa_kv = nn.Linear(d, 2 * d, bias=False)

    def forward(self, sequences):
        B, N, d = sequences.shape
        forma = (B, N, self.n_heads, d // self.n_heads)
        q = self.capa_q(sequences)
        k, v = self.capa_kv(sequences).chunk(2, dim=-1)
        q, k, v = [t.reshape(forma).permute(0, 2, 1, 3) for t in (q, k, v)]
        pesos = F.softmax(torch.matmul(q, k.permute(0, 1, 3, 2)) / np.sqrt(d // self.n_heads).item(), dim=-1)
        salida = torch.matmul(pesos, v)                       # (B, cabezas, N, d_head)
        return salida.permute(0, 2, 1, 3).flatten(2)


class MyViTBlock(nn.Module):
    def __init__(self, hidden_d, n_heads, mlp_ratio=4):
        super().__init__()
        self.rama1 = nn.Sequential(nn.LayerNorm(hidden_d), MyMSA(hidden_d, n_heads))
        self.rama2 = nn.Sequential(
            nn.LayerNorm(hidden_d),
            nn.Linear(hidden_d, mlp_ratio * hidden_d),
            nn.GELU(),
            nn.Linear(mlp_ratio * hidden_d, hidden_d),
        )

    def forward(self, x):
        x = x + self.rama1(x)
        return x + self.rama2(x)


class LightViT(nn.Module):
    def __init__(self, image_dim, n_patches=7, n_blocks=2, d=8, n_heads=2, num_classes=10):
        super().__init__()
        _, C, H, W = tuple(image_dim)
        self.n_patches = n_patches
        self.entrada = nn.Linear(C * comprobar(H, n_patches) * comprobar(W, n_patches), d)
        self.token_clase = nn.Parameter(torch.zeros(1, 1, d))
        self.register_buffer('posiciones', get_positional_embeddings(n_patches ** 2 + 1, d))
        self.bloques = nn.Sequential(*[MyViTBlock(d, n_heads) for _ in range(n_blocks)])
        self.salida = nn.Linear(d, num_classes)

        for p in self.parameters():
            if p.dim() == 2:
                nn.init.xavier_uniform_(p)
        nn.init.zeros_(self.salida.bias)

    def forward(self, images):
        tokens = self.entrada(patchify(images, self.n_patches))
        clase = self.token_clase.expand(tokens.shape[0], 1, tokens.shape[2])
        x = torch.hstack((clase, tokens)) + self.posiciones
        x = self.bloques(x)
        return self.salida(x[:, 0])

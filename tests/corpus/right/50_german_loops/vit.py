# -*- coding: utf-8 -*-
# Übungsblatt ViT: alles möglichst wörtlich so, wie es in der Aufgabe steht (Schleifen statt Tricks).

import math
import torch
from torch import nn


def patchify(images, n_patches):
    """Zerschneidet jedes Bild in n_patches x n_patches Kacheln."""
    anzahl, kanäle, höhe, breite = images.shape
    if höhe % n_patches != 0:
        raise ValueError("Die Höhe %d ist nicht durch %d teilbar." % (höhe, n_patches))
    if breite % n_patches != 0:
        raise ValueError("Die Breite %d ist nicht durch %d teilbar." % (breite, n_patches))

    h = höhe // n_patches
    b = breite // n_patches
    # new_empty übernimmt dtype und Gerät der Bilder
    kacheln = images.new_empty((anzahl, n_patches * n_patches, kanäle * h * b))
    for nr in range(anzahl):
        bild = images[nr]
        for zeile in range(n_patches):
            for spalte in range(n_patches):
                kachel = bild[:, zeile * h:(zeile + 1) * h, spalte * b:(spalte + 1) * b]
                kacheln[nr, zeile * n_patches + spalte] = kachel.flatten()
    return kacheln


def get_positional_embeddings(sequence_length, d):
    """Sinus in den geraden, Kosinus in den ungeraden Spalten."""
    tabelle = torch.ones(sequence_length, d, dtype=torch.float32)
    for p in range(sequence_length):
        for j in range(d):
            if j % 2 == 0:
                tabelle[p, j] = math.sin(p / 10000 ** (j / d))
            else:
                tabelle[p, j] = math.cos(p / 10000 ** ((j - 1) / d))
    return tabelle


class MyMSA(nn.Module):
    """Selbstaufmerksamkeit mit mehreren Köpfen, ohne Ausgangsabbildung."""

    def __init__(self, d, n_heads=2):
        super(MyMSA, self).__init__()
        if d % n_heads != 0:
            raise ValueError("d=%d ist nicht durch n_heads=%d teilbar." % (d, n_heads))
        self.d = d
        self.n_heads = n_heads
        self.d_head = int(d / n_heads)
        self.abb_q = nn.Linear(d, d)
        self.abb_k = nn.Linear(d, d)
        self.abb_v = nn.Linear(d, d)

    def forward(self, sequences):
        q, k, v = self.abb_q(sequences), self.abb_k(sequences), self.abb_v(sequences)
        köpfe = []
        for kopf in range(self.n_heads):
            von, bis = kopf * self.d_head, (kopf + 1) * self.d_head
            q_kopf = q[:, :, von:bis]
            k_kopf = k[:, :, von:bis]
            v_kopf = v[:, :, von:bis]
            # Erst teilen, dann Softmax (über die Schlüssel, also die letzte Achse)
            bewertung = torch.matmul(q_kopf, k_kopf.transpose(1, 2)) / self.d_head ** 0.5
            gewichte = torch.softmax(bewertung, dim=2)
            köpfe.append(torch.matmul(gewichte, v_kopf))
        return torch.cat(köpfe, dim=2)


class MyViTBlock(nn.Module):
    def __init__(self, hidden_d, n_heads, mlp_ratio=4):
        super(MyViTBlock, self).__init__()
        self.norm_vor_msa = nn.LayerNorm(hidden_d)
        self.norm_vor_mlp = nn.LayerNorm(hidden_d)
        self.msa = MyMSA(hidden_d, n_heads)
        self.hinauf = nn.Linear(hidden_d, mlp_ratio * hidden_d)
        self.gelu = nn.GELU()
        self.hinab = nn.Linear(mlp_ratio * hidden_d, hidden_d)

    def forward(self, x):
        zwischen = x + self.msa(self.norm_vor_msa(x))
        return zwischen + self.hinab(self.gelu(self.hinauf(self.norm_vor_mlp(zwischen))))


class LightViT(nn.Module):
    def __init__(self, image_dim, n_patches=7, n_blocks=2, d=8, n_heads=2, num_classes=10):
        super(LightViT, self).__init__()
        kanäle, höhe, breite = image_dim[1], image_dim[2], image_dim[3]
        self.n_patches = n_patches
        länge = kanäle * (höhe // n_patches) * (breite // n_patches)

        self.einbettung = nn.Linear(länge, d)
        self.klassenmarke = nn.Parameter(torch.zeros(d))
        self.register_buffer("positionen", get_positional_embeddings(n_patches ** 2 + 1, d))
        self.blöcke = nn.ModuleList()
        for i in range(n_blocks):
            self.blöcke.append(MyViTBlock(d, n_heads))
        self.ausgabe = nn.Linear(d, num_classes)

    def forward(self, images):
        marken = self.einbettung(patchify(images, self.n_patches))
        anzahl = marken.shape[0]
        vorn = self.klassenmarke.repeat(anzahl, 1, 1)  # (B, 1, d)
        x = torch.cat((vorn, marken), 1)
        x = x + self.positionen
        for block in self.blöcke:
            x = block(x)
        return self.ausgabe(x[:, 0, :])

# Unusual: from math import *, indented with tabs
from math import *

import torch
import torch.nn as nn


def patchify(images, n_patches):
	B, C, H, W = images.shape
	if fmod(H, n_patches) or fmod(W, n_patches):
		raise ValueError("H and W have to be divisible by n_patches")
	h, w = floor(H / n_patches), floor(W / n_patches)
	return torch.cat([
		images[:, :, i * h:i * h + h, j * w:j * w + w].reshape(B, 1, C * h * w)
		for i in range(n_patches) for j in range(n_patches)
	], dim=1)


def get_positional_embeddings(sequence_length, d):
	pe = torch.zeros(sequence_length, d)
	for pos in range(sequence_length):
		for i in range(ceil(d / 2)):
			angle = pos * exp(-2 * i * log(10000) / d)
			pe[pos, 2 * i] = sin(angle)
			if 2 * i + 1 < d:
				pe[pos, 2 * i + 1] = cos(angle)
	return pe


class MyMSA(nn.Module):
	def __init__(self, d, n_heads=2):
		super().__init__()
		if gcd(d, n_heads) != n_heads:
			raise ValueError("d has to be divisible by n_heads")
		self.h = n_heads
		self.dk = d // n_heads
		self.Wq = nn.Linear(d, d, bias=False)
		self.Wk = nn.Linear(d, d, bias=False)
		self.Wv = nn.Linear(d, d, bias=False)
		self.Wo = nn.Linear(d, d, bias=False)

	def forward(self, x):
		B, N, d = x.shape
		q = self.Wq(x).reshape(B, N, self.h, self.dk)
		k = self.Wk(x).reshape(B, N, self.h, self.dk)
		v = self.Wv(x).reshape(B, N, self.h, self.dk)
		# heads stay on axis 2, einsum does the rest
		s = torch.einsum("bqhe,bkhe->bhqk", q, k) / sqrt(self.dk)
		o = torch.einsum("bhqk,bkhe->bqhe", s.softmax(3), v)
		return self.Wo(o.reshape(B, N, d))


class MyViTBlock(nn.Module):
	def __init__(self, hidden_d, n_heads, mlp_ratio=4):
		super().__init__()
		self.n1 = nn.LayerNorm(hidden_d)
		self.msa = MyMSA(hidden_d, n_heads)
		self.n2 = nn.LayerNorm(hidden_d)
		self.mlp = nn.Sequential(
			nn.Linear(hidden_d, floor(mlp_ratio * hidden_d)),
			nn.GELU(),
			nn.Linear(floor(mlp_ratio * hidden_d), hidden_d),
		)

	def forward(self, x):
		x = x + self.msa(self.n1(x))
		x = x + self.mlp(self.n2(x))
		return x


class LightViT(nn.Module):
	def __init__(self, image_dim, n_patches=7, n_blocks=2, d=8, n_heads=2, num_classes=10):
		super().__init__()
		C, H, W = image_dim[1], image_dim[2], image_dim[3]
		if H % n_patches or W % n_patches:
			raise ValueError("H and W have to be divisible by n_patches")
		self.n_patches = n_patches
		self.tok = nn.Linear(prod([C, H // n_patches, W // n_patches]), d)
		self.cls = nn.Parameter(torch.randn(d) / sqrt(d))
		pos = get_positional_embeddings(int(pow(n_patches, 2)) + 1, d)
		self.register_buffer("pos", pos.unsqueeze(0))
		self.blocks = nn.ModuleList([MyViTBlock(d, n_heads) for _ in range(n_blocks)])
		self.head = nn.Linear(d, num_classes)

	def forward(self, images):
		x = self.tok(patchify(images, self.n_patches))
		x = torch.cat((self.cls.expand(x.shape[0], 1, -1), x), dim=1)
		x = x + self.pos
		for b in self.blocks:
			x = b(x)
		return self.head(x[:, 0])

import torch as t, torch.nn as nn
from torch.nn import Linear as L, LayerNorm as LN

def patchify(images, n_patches):
	b,c,H,W = images.shape; n = n_patches
	if H%n or W%n: raise ValueError("%dx%d image, %d patches a side"%(H,W,n))
	return t.einsum('bcihjw->bijchw', images.reshape(b,c,n,H//n,n,W//n)).reshape(b, n*n, c*(H//n)*(W//n))

def get_positional_embeddings(sequence_length, d):
	j = t.arange(d, dtype=t.float64); odd = j%2
	# cos(a) = sin(a + pi/2)
	return t.sin(t.arange(sequence_length, dtype=t.float64)[:,None]*10000**(-(j-odd)/d) + odd*t.pi/2).float()

class MyMSA(nn.Module):
	def __init__(self, d, n_heads=2):
		super().__init__()
		if d%n_heads: raise ValueError("d % n_heads != 0")
		self.h, self.s = n_heads, (d//n_heads)**.5
		self.Q, self.K, self.V, self.O = (L(d,d) for _ in range(4))
	def forward(self, sequences):
		x = sequences
		cut = lambda y: t.stack(y.chunk(self.h, -1), 1)	# (B,N,d) -> (B,h,N,d/h)
		q,k,v = cut(self.Q(x)), cut(self.K(x)), cut(self.V(x))
		return self.O(t.cat(((q@k.mT/self.s).softmax(-1)@v).unbind(1), -1))

class MyViTBlock(nn.Module):
	def __init__(self, hidden_d, n_heads, mlp_ratio=4):
		super().__init__(); D = hidden_d
		self.a,self.b,self.m = LN(D),LN(D),MyMSA(D,n_heads)
		self.f = nn.Sequential(L(D,mlp_ratio*D),nn.GELU(),L(mlp_ratio*D,D))
	def forward(self, x): return (y := x+self.m(self.a(x))) + self.f(self.b(y))

class LightViT(nn.Module):
	def __init__(self, image_dim, n_patches=7, n_blocks=2, d=8, n_heads=2, num_classes=10):
		super().__init__()
		_,C,H,W = image_dim; self.n = n_patches; self.d = d
		self.e = L(C*(H//n_patches)*(W//n_patches), d)
		self.cls = nn.Parameter(t.randn(d)/d**.5)
		self.bs = nn.ModuleList(MyViTBlock(d,n_heads) for _ in range(n_blocks))
		self.out = L(d,num_classes)
	def forward(self, images):
		x = self.e(patchify(images, self.n))
		x = t.cat([self.cls.expand(len(x),1,self.d), x], 1)
		x = x + get_positional_embeddings(self.n**2+1, self.d).to(x)	# .to(x): device and dtype of x
		for b in self.bs: x = b(x)
		return self.out(x[:,0])

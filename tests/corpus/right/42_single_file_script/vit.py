"""Unusual: one file with the training first and the model below it, and a main() with a real run at the end."""
import random

import torch
import torch.nn.functional as F
from torch import nn, optim


def train_one_epoch(model, loader, optimizer, criterion, device):
    model.train(True)
    running, count = torch.zeros((), dtype=torch.float64), 0
    for step, batch in enumerate(loader):
        images, labels = (t.to(device, non_blocking=True) for t in batch)
        optimizer.zero_grad(set_to_none=True)
        logits = model(images)
        loss = criterion(logits, labels)
        loss.backward()
        optimizer.step()
        running += loss.detach().cpu().double() * images.size(0)
        count += images.size(0)
    return (running / count).item()


def evaluate(model, loader, device):
    was_training = model.training
    model.eval()
    right = wrong = 0
    with torch.inference_mode():
        for images, labels in loader:
            same = model(images.to(device)).max(1)[1].eq(labels.to(device))
            right += int(same.sum())
            wrong += int((~same).sum())
    model.train(was_training)
    return right / (right + wrong)


class LightViT(nn.Module):
    def __init__(self, image_dim, n_patches=7, n_blocks=2, d=8, n_heads=2, num_classes=10):
        super().__init__()
        c, h, w = image_dim[1:]
        if h % n_patches or w % n_patches:
            raise ValueError("the grid does not fit")
        self.grid = n_patches
        self.lin = nn.Linear(c * (h // n_patches) * (w // n_patches), d)
        self.cls = nn.Parameter(torch.randn(1, 1, d))
        self.register_buffer("pe", get_positional_embeddings(n_patches**2 + 1, d), persistent=False)
        self.body = nn.Sequential(*[MyViTBlock(d, n_heads) for _ in range(n_blocks)])
        self.tail = nn.Linear(d, num_classes)

    def forward(self, images):
        x = self.lin(patchify(images, self.grid))
        x = torch.cat([self.cls.expand(x.size(0), -1, -1), x], 1)
        return self.tail(self.body(x + self.pe)[:, 0])


class MyViTBlock(nn.Module):
    def __init__(self, hidden_d, n_heads, mlp_ratio=4):
        super().__init__()
        self.n1, self.n2 = nn.LayerNorm(hidden_d), nn.LayerNorm(hidden_d)
        self.att = MyMSA(hidden_d, n_heads)
        self.l1 = nn.Linear(hidden_d, hidden_d * mlp_ratio)
        self.l2 = nn.Linear(hidden_d * mlp_ratio, hidden_d)

    def forward(self, x):
        x = self.att(self.n1(x)) + x
        return self.l2(F.gelu(self.l1(self.n2(x)))) + x


class MyMSA(nn.Module):
    def __init__(self, d, n_heads=2):
        super().__init__()
        if d % n_heads:
            raise ValueError("the heads do not fit")
        self.h = n_heads
        self.kvq = nn.Linear(d, 3 * d)
        self.out = nn.Linear(d, d)

    def forward(self, x):
        b, n, d = x.shape
        k, v, q = self.kvq(x).chunk(3, 2)
        k, v, q = (t.view(b, n, self.h, d // self.h).permute(0, 2, 1, 3) for t in (k, v, q))
        a = F.softmax(q @ k.permute(0, 1, 3, 2) * (d // self.h) ** -0.5, -1)
        return self.out((a @ v).permute(0, 2, 1, 3).flatten(2))


def get_positional_embeddings(sequence_length, d):
    a = torch.arange(sequence_length).double()[:, None] * 1e4 ** (-(torch.arange(d) // 2 * 2).double() / d)
    return torch.where(torch.arange(d) % 2 > 0, a.cos(), a.sin()).float()


def patchify(images, n_patches):
    h, rh = divmod(images.size(2), n_patches)
    w, rw = divmod(images.size(3), n_patches)
    if rh or rw:
        raise ValueError("the grid does not fit")
    return images.unfold(2, h, h).unfold(3, w, w).permute(0, 2, 3, 1, 4, 5).flatten(3).flatten(1, 2)


def main():
    random.seed(0)
    torch.manual_seed(0)
    x = torch.randn(64, 1, 8, 8)
    y = (x.mean((1, 2, 3)) > 0).long()
    loader = [(x[i : i + 20], y[i : i + 20]) for i in range(0, 64, 20)]
    model = LightViT((64, 1, 8, 8), n_patches=2, num_classes=2)
    optimizer = optim.AdamW(model.parameters(), lr=1e-2)
    for epoch in range(20):
        loss = train_one_epoch(model, loader, optimizer, nn.CrossEntropyLoss(), "cpu")
        print(epoch, round(loss, 3), evaluate(model, loader, "cpu"))


if __name__ == "__main__":
    main()

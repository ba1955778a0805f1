"""Unusual: model.zero_grad() instead of the optimizer's; batches are unpacked inside the loop."""
import torch
from torch import nn, optim

import vit


def train_one_epoch(model, loader, optimizer, criterion, device):
    model.train()
    total = 0
    count = 0
    for batch in loader:
        x, y = batch
        x = x.to(device)
        y = y.to(device)
        model.zero_grad()
        out = model(x)
        loss = criterion(out, y)
        loss.backward()
        optimizer.step()
        total = total + loss.item() * y.size(0)
        count = count + y.size(0)
    return total / count


def evaluate(model, loader, device):
    model.eval()
    correct = 0
    count = 0
    with torch.no_grad():
        for batch in loader:
            x, y = batch
            x = x.to(device)
            y = y.to(device)
            out = model(x)
            _, predicted = torch.max(out.data, 1)
            correct = correct + (predicted == y).sum().item()
            count = count + y.size(0)
    return correct / count


def main():
    from torch.utils.data import DataLoader

    from digits import load_digits

    model = vit.LightViT((1, 1, 28, 28), n_patches=4, d=16)
    optimizer = optim.Adam(model.parameters(), lr=0.001)
    loader = DataLoader(load_digits(train=True), batch_size=64, shuffle=True)
    for _ in range(3):
        print(train_one_epoch(model, loader, optimizer, nn.CrossEntropyLoss(), "cpu"))


if __name__ == "__main__":
    main()

"""Unusual: the imports of the given script (digits, tqdm, DataLoader) are moved to the top of the file."""
from pathlib import Path

import torch
from torch import nn
from torch.utils.data import DataLoader
from tqdm import tqdm

from digits import load_digits
from vit import LightViT

EPOCHS, BATCH_SIZE, LEARNING_RATE = 10, 128, 5e-3
DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")


def train_one_epoch(model, loader, optimizer, criterion, device=DEVICE):
    model.train()
    total, seen = 0.0, 0
    for images, labels in loader:
        images, labels = images.to(device), labels.to(device)
        for parameter in model.parameters():
            parameter.grad = None
        loss = criterion(model(images), labels)
        loss.backward()
        optimizer.step()
        total += loss.item() * images.shape[0]
        seen += images.shape[0]
    return total / seen


def evaluate(model, loader, device=DEVICE):
    model.eval()
    correct = []
    with torch.no_grad():
        for images, labels in loader:
            answers = model(images.to(device)).softmax(dim=1).argmax(dim=1)
            correct.extend((answers == labels.to(device)).tolist())
    return sum(correct) / len(correct)


def main():
    torch.manual_seed(0)
    train_loader = DataLoader(load_digits(train=True), batch_size=BATCH_SIZE, shuffle=True)
    test_loader = DataLoader(load_digits(train=False), batch_size=500)
    model = LightViT((1, 1, 28, 28), n_patches=4, d=32, n_heads=4).to(DEVICE)
    optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE)
    for epoch in range(EPOCHS):
        bar = tqdm(train_loader, desc=str(epoch), leave=False)
        loss = train_one_epoch(model, bar, optimizer, nn.CrossEntropyLoss())
        print(epoch, loss, evaluate(model, test_loader))
    torch.save(model.state_dict(), Path("model.pt"))


if __name__ == "__main__":
    main()

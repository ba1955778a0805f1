"""Unusual: torchvision and matplotlib are imported at the top of the file, as in many tutorials."""
import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn as nn
from torch.optim import Adam
from torch.utils.data import DataLoader
from torchvision import transforms
from torchvision.datasets import MNIST
from tqdm import tqdm, trange

from vit import LightViT

np.random.seed(0)
torch.manual_seed(0)


def train_one_epoch(model, loader, optimizer, criterion, device):
    model.train()
    train_loss = 0.0
    n_images = 0
    for batch in tqdm(loader, desc="in training", leave=False):
        x, y = batch
        x, y = x.to(device), y.to(device)
        y_hat = model(x)
        loss = criterion(y_hat, y)
        train_loss += loss.detach().cpu().item() * len(x)
        n_images += len(x)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return train_loss / n_images


def evaluate(model, loader, device):
    model.eval()
    with torch.no_grad():
        correct, total = 0, 0
        for batch in tqdm(loader, desc="in testing", leave=False):
            x, y = batch
            x, y = x.to(device), y.to(device)
            y_hat = model(x)
            correct += torch.sum(torch.argmax(y_hat, dim=1) == y).detach().cpu().item()
            total += len(x)
    return correct / total


def main():
    transform = transforms.ToTensor()
    train_set = MNIST(root="./data", train=True, download=False, transform=transform)
    test_set = MNIST(root="./data", train=False, download=False, transform=transform)
    train_loader = DataLoader(train_set, shuffle=True, batch_size=128)
    test_loader = DataLoader(test_set, shuffle=False, batch_size=128)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model = LightViT((1, 1, 28, 28)).to(device)
    optimizer = Adam(model.parameters(), lr=0.005)
    losses = []
    for _ in trange(5, desc="epochs"):
        losses.append(train_one_epoch(model, train_loader, optimizer, nn.CrossEntropyLoss(), device))
    print(f"Test accuracy: {evaluate(model, test_loader, device) * 100:.2f}%")
    plt.plot(losses)
    plt.savefig("loss.png")


if __name__ == "__main__":
    main()

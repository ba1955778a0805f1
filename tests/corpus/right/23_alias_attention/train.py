"""Unusual: a progress bar around the loader inside train_one_epoch, the running mean shown in it."""
import torch
from torch import nn
from tqdm import tqdm

from vit import LightViT


def train_one_epoch(model, loader, optimizer, criterion, device):
    model.train()
    train_loss, n = 0.0, 0
    bar = tqdm(loader, desc="training", leave=False)
    for x, y in bar:
        x, y = x.to(device), y.to(device)
        y_hat = model(x)
        loss = criterion(y_hat, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        train_loss += loss.detach().cpu().item() * x.shape[0]
        n += x.shape[0]
        bar.set_postfix(loss=train_loss / n)
    return train_loss / n


def evaluate(model, loader, device):
    model.eval()
    correct, total = 0, 0
    with torch.no_grad():
        for x, y in tqdm(loader, desc="testing", leave=False):
            x, y = x.to(device), y.to(device)
            correct += torch.sum(torch.argmax(model(x), dim=1) == y).detach().cpu().item()
            total += len(x)
    return correct / total


def main():
    from torch.utils.data import DataLoader

    from digits import load_digits

    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model = LightViT((1, 1, 28, 28), n_patches=7, n_blocks=2, d=8, n_heads=2, num_classes=10).to(device)
    train_loader = DataLoader(load_digits(train=True), shuffle=True, batch_size=128)
    test_loader = DataLoader(load_digits(train=False), shuffle=False, batch_size=128)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
    for epoch in range(5):
        loss = train_one_epoch(model, train_loader, optimizer, nn.CrossEntropyLoss(), device)
        print(f"Epoch {epoch + 1}/5 loss: {loss:.2f} accuracy: {evaluate(model, test_loader, device):.2%}")


if __name__ == "__main__":
    main()

"""Unusual: evaluate gives the model back in the mode it came in; topk instead of argmax; non_blocking copies."""
import torch
from torch import nn

from vit import LightViT


def to_device(batch, device):
    return [t.to(device, non_blocking=True) for t in batch]


def train_one_epoch(model, loader, optimizer, criterion, device):
    model.train()
    total, seen = 0.0, 0
    for batch in loader:
        images, labels = to_device(batch, device)
        loss = criterion(model(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += float(loss.detach()) * labels.shape[0]
        seen += labels.shape[0]
    return total / seen


def evaluate(model, loader, device, k=1):
    was_training = model.training
    model.eval()
    try:
        with torch.inference_mode():
            correct, seen = 0, 0
            for batch in loader:
                images, labels = to_device(batch, device)
                best = model(images).topk(k, dim=1).indices  # (B, k)
                correct += (best == labels.unsqueeze(1)).any(dim=1).sum().item()
                seen += labels.shape[0]
    finally:
        model.train(was_training)
    return correct / seen


def demo():
    torch.manual_seed(0)
    model = LightViT((8, 1, 8, 8), n_patches=2)
    loader = [(torch.randn(8, 1, 8, 8), torch.randint(10, (8,))) for _ in range(3)]
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    print(train_one_epoch(model, loader, optimizer, nn.CrossEntropyLoss(), "cpu"), evaluate(model, loader, "cpu"))


if __name__ == "__main__":
    demo()

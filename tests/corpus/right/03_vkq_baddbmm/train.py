"""Unusual: gradients are cleared before the loop and again at the end of every step; enumerate over the loader."""
import torch

from vit import LightViT


def train_one_epoch(model, loader, optimizer, criterion, device):
    model.train()
    optimizer.zero_grad(set_to_none=True)
    mean, seen = 0.0, 0
    for i, (images, labels) in enumerate(loader, start=1):
        loss = criterion(model(images.to(device)), labels.to(device))
        loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        # a running mean, weighted with the size of the batch
        seen += len(images)
        mean += (loss.item() - mean) * len(images) / seen
        if i % 1000 == 0:
            print(f"step {i}: {mean:.4f}")
    return mean


@torch.no_grad()
def evaluate(model, loader, device):
    model.eval()
    correct = total = 0
    for i, (images, labels) in enumerate(loader):
        predictions = torch.max(model(images.to(device)), 1)[1].cpu()
        correct += int((predictions == labels.cpu()).sum())
        total += labels.numel()
    return correct / total


if __name__ == "__main__":
    vit = LightViT((1, 1, 28, 28))
    print(sum(p.numel() for p in vit.parameters() if p.requires_grad), "parameters")

"""Unusual: sums are float64 tensors on the device, read once at the end; inference_mode as a decorator."""
import torch


def train_one_epoch(model, loader, optimizer, criterion, device):
    model.train(mode=True)
    loss_sum = torch.zeros(1, dtype=torch.double, device=device)
    images_seen = torch.zeros(1, dtype=torch.double, device=device)
    for images, labels in loader:
        images, labels = images.to(device=device), labels.to(device=device)
        optimizer.zero_grad(set_to_none=True)
        loss = criterion(model(images), labels)
        loss.backward()
        optimizer.step()
        loss_sum += loss.detach().double() * images.size(0)
        images_seen += images.size(0)
    return (loss_sum / images_seen).item()


@torch.inference_mode()
def evaluate(model, loader, device):
    model.eval()
    hits = torch.zeros((), dtype=torch.long, device=device)
    images_seen = 0
    for images, labels in loader:
        answers = model(images.to(device)).max(dim=1)[1]
        hits += answers.eq(labels.to(device)).sum()
        images_seen += images.size(0)
    return hits.item() / images_seen

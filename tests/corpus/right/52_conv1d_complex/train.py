import torch


def _batches(loader, device):
    """The loader's batches, on the device."""
    for images, labels in loader:
        yield images.to(device, non_blocking=True), labels.to(device, non_blocking=True)


def train_one_epoch(model, loader, optimizer, criterion, device):
    model.train()
    total, steps = 0.0, 0
    for images, labels in _batches(loader, device):
        optimizer.zero_grad(set_to_none=True)
        loss = criterion(model(images), labels)
        loss.backward()
        optimizer.step()
        total += loss.item()
        steps += 1
    return total / max(steps, 1)


def evaluate(model, loader, device):
    model.eval()
    right, count = 0, 0
    with torch.no_grad():
        for images, labels in _batches(loader, device):
            _, predicted = torch.max(model(images), dim=1)
            right += torch.count_nonzero(predicted == labels).item()
            count += images.size(0)
    return right / max(count, 1)

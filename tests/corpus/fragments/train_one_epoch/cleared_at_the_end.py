"""Gradients are cleared before the loop, and after every step."""


def train_one_epoch(model, loader, optimizer, criterion, device):
    model.train()
    optimizer.zero_grad()
    loss_sum = 0.0
    n = 0
    for images, labels in loader:
        images = images.to(device, non_blocking=True)
        labels = labels.to(device, non_blocking=True)
        loss = criterion(model(images), labels)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        loss_sum += float(loss)
        n += 1
    return loss_sum / n

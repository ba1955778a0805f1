import torch


def _run_epoch(model, loader, device, criterion=None, optimizer=None):
    """One pass over the loader; it learns if there is an optimizer. Returns mean loss and share correct."""
    learning = optimizer is not None
    model.train(learning)
    losses, hits, seen = [], 0, 0
    with torch.set_grad_enabled(learning):
        for images, labels in loader:
            images, labels = images.to(device), labels.to(device)
            logits = model(images)
            if learning:
                loss = criterion(logits, labels)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                losses.append(loss.item())
            hits += (logits.detach().argmax(dim=1) == labels).sum().item()
            seen += len(labels)
    return (sum(losses) / len(losses) if losses else 0.0), hits / seen


def train_one_epoch(model, loader, optimizer, criterion, device) -> float:
    loss, _ = _run_epoch(model, loader, device, criterion, optimizer)
    return loss


def evaluate(model, loader, device) -> float:
    _, accuracy = _run_epoch(model, loader, device)
    return accuracy

"""The mode from before is put back at the end."""

import torch


def evaluate(model, loader, device):
    was_training = model.training
    model.eval()
    correct, count = 0, 0
    with torch.no_grad():
        for batch in loader:
            images, labels = batch[0].to(device), batch[1].to(device)
            correct += (model(images).argmax(dim=-1) == labels).sum().item()
            count += len(labels)
    model.train(was_training)
    return correct / count

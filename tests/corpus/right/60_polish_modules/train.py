from statistics import fmean

import torch


class Accuracy:
    def __init__(self):
        self.correct = 0
        self.total = 0

    def update(self, logits, labels):
        self.correct += (logits.argmax(dim=-1) == labels).sum().item()
        self.total += labels.numel()

    def compute(self):
        return self.correct / self.total


def train_one_epoch(model, loader, optimizer, criterion, device):
    model.train()
    losses = []
    for images, labels in loader:
        images, labels = images.to(device), labels.to(device)

        def closure():
            optimizer.zero_grad()
            loss = criterion(model(images), labels)
            loss.backward()
            return loss

        losses.append(optimizer.step(closure).item())
    return fmean(losses)


def evaluate(model, loader, device):
    was_training = model.training
    model.eval()
    accuracy = Accuracy()
    try:
        with torch.no_grad():
            for images, labels in loader:
                accuracy.update(model(images.to(device)), labels.to(device))
    finally:
        model.train(was_training)
    return accuracy.compute()

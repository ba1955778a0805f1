"""Unusual: one function runs an epoch for both training and testing; the two asked functions call it."""
import torch


def run_epoch(model, loader, device, optimizer=None, criterion=None):
    training = optimizer is not None
    model.train(training)
    sums = {"loss": 0.0, "correct": 0, "images": 0}
    with torch.set_grad_enabled(training):
        for images, labels in loader:
            images, labels = images.to(device), labels.to(device)
            logits = model(images)
            if training:
                loss = criterion(logits, labels)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                sums["loss"] += loss.item() * len(images)
            sums["correct"] += (logits.argmax(dim=1) == labels).sum().item()
            sums["images"] += len(images)
    return sums


def train_one_epoch(model, loader, optimizer, criterion, device):
    sums = run_epoch(model, loader, device, optimizer, criterion)
    return sums["loss"] / sums["images"]


def evaluate(model, loader, device):
    sums = run_epoch(model, loader, device)
    return sums["correct"] / sums["images"]

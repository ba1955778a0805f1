"""Unusual: a Trainer class does the work; the two functions are thin wrappers around it."""
import logging

import numpy as np
import torch

from vit import LightViT

log = logging.getLogger("train")


class Trainer:
    def __init__(self, model, device):
        self.model = model
        self.device = torch.device(device)

    def batches(self, loader):
        for images, labels in loader:
            yield images.to(self.device), labels.to(self.device)

    def fit(self, loader, optimizer, criterion):
        self.model.train()
        losses, sizes = [], []
        for images, labels in self.batches(loader):
            optimizer.zero_grad()
            loss = criterion(self.model(images), labels)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
            sizes.append(len(labels))
        log.info("%d batches", len(losses))
        return float(np.average(losses, weights=sizes))

    @torch.no_grad()
    def score(self, loader):
        self.model.eval()
        hits = [(self.model(x).argmax(1) == y).cpu().numpy() for x, y in self.batches(loader)]
        return float(np.concatenate(hits).mean())


def train_one_epoch(model, loader, optimizer, criterion, device):
    return Trainer(model, device).fit(loader, optimizer, criterion)


def evaluate(model, loader, device):
    return Trainer(model, device).score(loader)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    print(Trainer(LightViT((1, 1, 28, 28)), "cpu").score([(torch.rand(4, 1, 28, 28), torch.arange(4))]))

"""Unusual: answers are counted with Python's own sum and zip over lists."""
import torch
from torch import nn, optim

from vit import LightViT


def train_one_epoch(model, loader, optimizer, criterion, device):
    model = model.train()
    history = []
    for inputs, targets in loader:
        inputs, targets = inputs.to(device), targets.to(device)
        optimizer.zero_grad()
        outputs = model(inputs)
        loss = criterion(outputs, targets)
        loss.backward()
        optimizer.step()
        history += [loss.item()] * len(targets)  # once for each image
    return sum(history) / len(history)


@torch.no_grad()
def evaluate(model, loader, device):
    model = model.eval()
    answers, truth = [], []
    for inputs, targets in loader:
        answers += model(inputs.to(device)).argmax(dim=1).tolist()
        truth += targets.tolist()
    return sum(a == t for a, t in zip(answers, truth)) / len(truth)


if __name__ == "__main__":
    net = LightViT((1, 3, 16, 16), n_patches=4)
    opt = optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    fake = [(torch.rand(6, 3, 16, 16), torch.randint(0, 10, (6,)))]
    for _ in range(30):
        print(train_one_epoch(net, fake, opt, nn.CrossEntropyLoss(), "cpu"), evaluate(net, fake, "cpu"))

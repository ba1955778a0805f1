"""Labels are compared one by one."""

import torch


def evaluate(model, loader, device):
    model.eval()
    good = bad = 0
    with torch.no_grad():
        for images, labels in loader:
            guesses = model(images.to(device)).argmax(1).tolist()
            for guess, label in zip(guesses, labels.tolist()):
                if guess == label:
                    good += 1
                else:
                    bad += 1
    return good / (good + bad)

import numpy as np
import torch


def train_one_epoch(model, loader, optimizer, criterion, device):
    model.train()
    perdidas = []
    for imagenes, etiquetas in loader:
        imagenes, etiquetas = imagenes.to(device), etiquetas.to(device)
        perdida = criterion(model(imagenes), etiquetas)
        optimizer.zero_grad()
        perdida.backward()
        optimizer.step()
        perdidas.append(perdida.item())
    return float(np.mean(perdidas))


def evaluate(model, loader, device):
    model.eval()
    aciertos, total = 0, 0
    with torch.no_grad():
        for imagenes, etiquetas in loader:
            logits = model(imagenes.to(device)).cpu().numpy()
            prediccion = np.argmax(logits, axis=1)
            aciertos += np.sum(prediccion == etiquetas.cpu().numpy())
            total += len(etiquetas)
    return float(aciertos / total)

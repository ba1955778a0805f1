# -*- coding: utf-8 -*-
import torch


def train_one_epoch(model, loader, optimizer, criterion, device):
    """Eine Epoche; gibt den mittleren Verlust je Bild zurück."""
    model.train()
    summe = torch.zeros((), device=device)
    gesehen = 0
    for bilder, ziffern in loader:
        bilder = bilder.to(device)
        ziffern = ziffern.to(device)

        optimizer.zero_grad()
        ausgabe = model(bilder)
        verlust = criterion(ausgabe, ziffern)
        verlust.backward()
        optimizer.step()

        # detach, sonst bleibt der ganze Graph im Speicher
        summe = summe + verlust.detach() * len(bilder)
        gesehen = gesehen + len(bilder)
    return float(summe / gesehen)


def evaluate(model, loader, device):
    """Anteil der richtig erkannten Bilder, zwischen 0 und 1."""
    model.eval()
    richtig = 0
    alle = 0
    with torch.no_grad():
        for bilder, ziffern in loader:
            antworten = model(bilder.to(device)).argmax(1).tolist()
            for antwort, ziffer in zip(antworten, ziffern.tolist()):
                alle += 1
                if antwort == ziffer:
                    richtig += 1
    return richtig / alle

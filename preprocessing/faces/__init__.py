"""preprocessing.faces"""

"""A data set as a whole, once its reader has found the clips: is all there, do its splits leak, what is its protocol.

Readers are in :mod:`preprocessing.datasets`; nothing there needs anything from here.
"""

"""Damage done on purpose: how well does a detector hold when pictures are compressed, blurred or made small?

A corruption is written ``kind:level``, the level in its natural unit: ``jpeg:30``, ``blur:2``, ``h264:40``. It is done
to the frame, before anybody looks for faces (:attr:`preprocessing.recipe.Recipe.corruption`), or to the crop, as it is
scored (:meth:`Corruption.at_crop`). The same clip gives the same bytes each time.

Example:
    >>> Corruption.parse("jpeg:30")
    Corruption(kind='jpeg', level=30.0)
"""

from preprocessing.corruptions.corruption import KINDS, Corruption, Kind, seed_of

# what does the work is in the modules beside this one, so that a suite can be read without a decoder being loaded
__all__ = ["KINDS", "Corruption", "Kind", "seed_of"]

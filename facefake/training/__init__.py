"""facefake.training"""

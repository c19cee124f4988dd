"""facefake.models"""

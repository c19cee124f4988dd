"""facefake.evaluation"""

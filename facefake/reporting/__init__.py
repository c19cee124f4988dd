"""facefake.reporting"""

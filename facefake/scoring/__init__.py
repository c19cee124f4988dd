"""facefake.scoring"""

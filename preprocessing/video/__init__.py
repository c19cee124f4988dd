"""preprocessing.video"""

"""stub"""
from __future__ import annotations
class Watch:
    def __init__(self, agency, catalogue, calendar): pass
    def bucket(self, gauge, step, made, changes): pass
    def awake(self, source, at, changes): pass
    def silent(self, source, now, changes): pass
    def dump(self): return b""
    def load(self, body): pass

"""How events get in: one connector a file; a leading underscore marks the machinery.

A connector reads what an agency has, makes events of it, has them checked, and hands them to
a ``Publisher``. To add one, copy ``file.py``: its docstring is its manual page.
"""

"""The boards as Grafana's classic JSON, compiled from the definitions that the page draws.

``board`` lays out and frames, ``kinds`` draws one kind of panel a file, ``asked`` turns questions
into SQL with Grafana's macros. The files in ``dashboards/json`` are what comes out.
"""

"""One kind of panel, one file, as in ``dashboards.kinds``: ``draw(panel, sheet)`` gives panels.

Each has a ``gridPos`` with its width and height; ``dashboards.grafana.board`` places it.
"""

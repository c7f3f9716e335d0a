"""The demo: an invented region with four agencies, three years of their events, and a sender.

``region`` says who they are, ``story`` what happens to them; one file a family of events makes
what they would have told, ``sending`` puts it into the order in which it would have been sent.
"""

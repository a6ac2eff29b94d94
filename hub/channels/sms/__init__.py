"""Short messages: what providers have in common, and one folder for each. The providers never see one another.

`common` is for all of them; `operator`, and what it stands on, for protocols with one connection that stays open (SMPP, CMPP).
"""

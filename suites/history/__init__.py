"""Bugs that nginx had: a scenario for each, by the version that mended it and nginx's commit.

Those that another suite sees as it goes along have no second scenario here; docs/known-bugs.md says
which scenario caught which bug when it was put back (`make mutants BUGS=1`).
"""

"""Loads the plugin for every way of starting pytest: all suites, one file, one test."""

pytest_plugins = ["staplelab.plugin"]

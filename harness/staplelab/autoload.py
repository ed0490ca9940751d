"""What pytest loads by itself where the package is installed.

It asks for the plugin by the name that `-p staplelab.plugin` and a conftest.py give it, so that it
is there once, however often it is asked for.
"""

pytest_plugins = ["staplelab.plugin"]

# Runs in the audited interpreter, with -I -S: how do these projects compile their extension modules, as far as literals
# tell? argv: the folders and files that the user named. Answers on descriptor 3, as JSON. Reads setup.py,
# pyproject.toml, setup.cfg, meson.build and CMakeLists.txt as data: nothing of the project is imported or run.
import ast
import configparser
import glob
import json
import os
import platform
import re
import site
import sys
import tomllib

BUILD_FILES = ("setup.py", "pyproject.toml", "setup.cfg", "meson.build", "CMakeLists.txt")
MOST_STEPS = 200_000
MOST_ITEMS = 20_000
LARGEST_FILE = 4 << 20
HARMLESS = (str, int, float, bool, type(None))


class Unknown(Exception):
    """What only a run of the build would tell."""


class Extension:
    def __init__(self):
        self.sources, self.include_dirs, self.flags = [], [], []

    def as_json(self, folder):
        def places(paths):
            return [os.path.normpath(os.path.join(folder, path)) for path in paths]

        return {"sources": places(self.sources), "include_dirs": places(self.include_dirs), "flags": self.flags}


class Project:
    def __init__(self, folder):
        self.folder = folder
        self.extensions = []
        self.flags, self.c_flags, self.cxx_flags, self.include_dirs = [], [], [], []
        self.read = []
        self.whole = True

    def as_json(self):
        for extension in self.extensions:
            extension.flags += self.flags
            extension.include_dirs += self.include_dirs
        return {
            "folder": self.folder,
            "extensions": [extension.as_json(self.folder) for extension in self.extensions],
            "c_flags": self.flags + self.c_flags,
            "cxx_flags": self.flags + self.cxx_flags,
            "read": self.read,
            "whole": self.whole and bool(self.extensions),
        }


def macros(pairs):
    flags = []
    for pair in pairs:
        name, value = (pair[0], pair[1] if len(pair) > 1 else None) if isinstance(pair, (list, tuple)) else (pair, None)
        flags.append(f"-D{name}" if value in (None, "") else f"-D{name}={value}")
    return flags

"""Validates report files against reports/isoaudit-report-1.schema.json; used by every test that writes a report."""

import json
import pathlib
import sys

import jsonschema

SCHEMA = pathlib.Path(__file__).resolve().parent.parent / "reports" / "isoaudit-report-1.schema.json"


def validate(report):
    """Raises jsonschema.ValidationError when `report`, a parsed report, breaks the schema."""
    jsonschema.validate(report, json.loads(SCHEMA.read_text()), cls=jsonschema.Draft7Validator)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        validate(json.loads(pathlib.Path(name).read_text()))
        print(f"{name}: valid")

"""The permissions that the registry's handlers declare, read out of cfn-lint's schemas, for the types named in argv."""

import json
import pathlib
import sys

import cfnlint

SCHEMAS = pathlib.Path(cfnlint.__file__).parent / "data" / "schemas"


def read(path):
    return json.loads((SCHEMAS / path).read_text())


def permissions(schema):
    handlers = schema.get("handlers", {})
    declared = {
        name: sorted(set(handlers[name].get("permissions", [])))
        for name in ("create", "read", "update", "delete")
        if name in handlers
    }
    return {**declared, "tag": sorted(set(schema.get("tagging", {}).get("permissions", [])))}


provider = read("providers/us-east-1.json")
types = {name: permissions(read(f"resources/{provider[name]}.json")) for name in sorted(sys.argv[1:])}
print(json.dumps({"schemaDate": read("version.json")["schema_date"], "types": types}))

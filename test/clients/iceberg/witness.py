"""pyiceberg on tables of the local cloud. Commands and answers are lines of JSON.

Rows are lists of texts or null in the order of the columns, sorted. AWS's variables and the endpoint come from the
environment.
"""

import datetime
import json
import os
import sys

import fastavro
import pyarrow
from pyiceberg.catalog import load_catalog
from pyiceberg.expressions import EqualTo

EDGE = os.environ["AWS_ENDPOINT_URL"]
CATALOG = load_catalog(
    "local",
    **{
        "type": "glue",
        "glue.endpoint": EDGE,
        "glue.region": os.environ["AWS_DEFAULT_REGION"],
        "s3.endpoint": EDGE,
        "s3.region": os.environ["AWS_DEFAULT_REGION"],
        "s3.access-key-id": os.environ["AWS_ACCESS_KEY_ID"],
        "s3.secret-access-key": os.environ["AWS_SECRET_ACCESS_KEY"],
    },
)


def text(value):
    if value is None:
        return None
    if isinstance(value, datetime.datetime):
        return value.isoformat(sep=" ", timespec="microseconds")
    if isinstance(value, datetime.date):
        return value.isoformat()
    return str(value)


def rows_of(arrow):
    rows = [[text(value) for value in row.values()] for row in arrow.to_pylist()]
    return sorted(rows, key=lambda row: json.dumps(row))


def typed(rows, schema):
    """Rows of texts as an Arrow table of a table's types."""
    columns = []
    for at, field in enumerate(schema):
        values = [row[at] for row in rows]
        if pyarrow.types.is_integer(field.type):
            values = [None if value is None else int(value) for value in values]
        elif pyarrow.types.is_date(field.type):
            values = [None if value is None else datetime.date.fromisoformat(value) for value in values]
        columns.append(pyarrow.array(values, field.type))
    return pyarrow.Table.from_arrays(columns, schema=schema)


def without_id(schema, place):
    """Where an Avro schema lacks one of Iceberg's IDs."""
    if isinstance(schema, list):
        return [found for branch in schema for found in without_id(branch, place)]
    if not isinstance(schema, dict):
        return []
    kind = schema["type"]
    if kind == "record":
        return [
            found
            for field in schema["fields"]
            for found in ([] if "field-id" in field else [f"{place}.{field['name']}"])
            + without_id(field["type"], f"{place}.{field['name']}")
        ]
    if kind == "array":
        is_map = schema.get("logicalType") == "map"
        own = [] if is_map or "element-id" in schema else [f"{place}[]"]
        return own + without_id(schema["items"], place)
    if kind == "map":
        own = [] if "key-id" in schema and "value-id" in schema else [f"{place}{{}}"]
        return own + without_id(schema["values"], place)
    return without_id(kind, place) if isinstance(kind, (dict, list)) else []


def avro_of(table, location):
    with table.io.new_input(location).open() as stream:
        reader = fastavro.reader(stream)
        records = list(reader)
        header = json.loads(reader.metadata["avro.schema"])
        return header, reader.metadata, records


def headers(table):
    """What is wrong with the headers of the current snapshot's Avro files."""
    snapshot = table.current_snapshot()
    if snapshot is None:
        return []
    schema, _, manifests = avro_of(table, snapshot.manifest_list)
    wrong = without_id(schema, "list")
    for manifest in manifests:
        schema, metadata, _ = avro_of(table, manifest["manifest_path"])
        wrong += without_id(schema, "manifest")
        required = ("schema", "partition-spec", "partition-spec-id", "format-version", "content")
        wrong += [f"manifest lacks {name}" for name in required if name not in metadata]
    return wrong


def answer(command):
    operation = command["operation"]
    if operation == "create":
        namespace, name = command["table"].split(".")
        donor = CATALOG.load_table(command["like"])
        CATALOG.create_table(
            (namespace, name),
            donor.schema(),
            location=command["location"],
            partition_spec=donor.spec(),
        )
        return {}
    table = CATALOG.load_table(command["table"])
    if operation == "read":
        snapshot_id = command.get("snapshot")
        scan = table.scan(snapshot_id=None if snapshot_id is None else int(snapshot_id))
        snapshot = table.current_snapshot()
        return {
            "rows": rows_of(scan.to_arrow()),
            "snapshots": [str(entry.snapshot_id) for entry in table.snapshots()],
            "summary": {} if snapshot is None else dict(snapshot.summary.additional_properties),
            "files": len(table.inspect.files()),
            "hasCurrentSchema": snapshot is not None and snapshot.schema_id == table.metadata.current_schema_id,
            "wrong": headers(table),
        }
    if operation == "append":
        table.append(typed(command["rows"], table.schema().as_arrow()))
    elif operation == "delete":
        table.delete(EqualTo(command["column"], command["value"]))
    elif operation == "rename":
        with table.update_schema() as update:
            update.rename_column(command["column"], command["to"])
    else:
        raise ValueError(operation)
    return {}


for line in sys.stdin:
    try:
        told = {"ok": answer(json.loads(line))}
    except Exception as error:  # The other side names it.
        told = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(told), flush=True)

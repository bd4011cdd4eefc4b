"""pyiceberg on tables of the local cloud. Commands and answers are lines of JSON.

Rows are lists of texts or null in the order of the columns. AWS's variables and the endpoint come from the
environment.
"""

import datetime
import decimal
import json
import os
import sys

import fastavro
import pyarrow
from pyiceberg.catalog import load_catalog
from pyiceberg.expressions import EqualTo
from pyiceberg.transforms import parse_transform

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


def plain(value, type_):
    """A value inside of a list, a struct or a map, as JSON has it."""
    if value is None:
        return None
    if pyarrow.types.is_map(type_):
        return {key: plain(own, type_.item_type) for key, own in sorted(value)}
    if pyarrow.types.is_struct(type_):
        return {field.name: plain(value[field.name], field.type) for field in type_}
    if pyarrow.types.is_list(type_) or pyarrow.types.is_large_list(type_):
        return [plain(item, type_.value_type) for item in value]
    return value if isinstance(value, (bool, int, float, str)) else text(value, type_)


def text(value, type_):
    if value is None:
        return None
    if pyarrow.types.is_nested(type_):
        return json.dumps(plain(value, type_), separators=(",", ":"), ensure_ascii=False)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return value.hex().upper()
    if isinstance(value, datetime.datetime):
        return value.isoformat(sep=" ", timespec="microseconds")
    if isinstance(value, datetime.date):
        return value.isoformat()
    return str(value)


def rows_of(arrow):
    types = [field.type for field in arrow.schema]
    return [[text(value, type_) for value, type_ in zip(row.values(), types)] for row in arrow.to_pylist()]


def value_of(text_, type_):
    """A value of an Arrow type from its text."""
    if text_ is None:
        return None
    if pyarrow.types.is_nested(type_):
        value = json.loads(text_)
        return list(value.items()) if pyarrow.types.is_map(type_) else value
    if pyarrow.types.is_boolean(type_):
        return text_ == "true"
    if pyarrow.types.is_integer(type_):
        return int(text_)
    if pyarrow.types.is_floating(type_):
        return float(text_)
    if pyarrow.types.is_decimal(type_):
        return decimal.Decimal(text_)
    if pyarrow.types.is_timestamp(type_):
        return datetime.datetime.fromisoformat(text_)
    if pyarrow.types.is_date(type_):
        return datetime.date.fromisoformat(text_)
    if pyarrow.types.is_binary(type_) or pyarrow.types.is_large_binary(type_):
        return bytes.fromhex(text_)
    return text_


def typed(rows, schema):
    """Rows of texts as an Arrow table of a table's types."""
    columns = [
        pyarrow.array([value_of(row[at], field.type) for row in rows], field.type) for at, field in enumerate(schema)
    ]
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


def totals(table):
    """What the totals of the current snapshot's summary are to be."""
    files = table.inspect.files().to_pylist()
    data = [file for file in files if file["content"] == 0]
    deletes = [file for file in files if file["content"] != 0]
    rows = lambda some, content: sum(file["record_count"] for file in some if file["content"] == content)
    return {
        "total-records": rows(data, 0),
        "total-data-files": len(data),
        "total-delete-files": len(deletes),
        "total-position-deletes": rows(deletes, 1),
        "total-equality-deletes": rows(deletes, 2),
        "total-files-size": sum(file["file_size_in_bytes"] for file in files),
    }


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
            "totals": totals(table),
            "hasCurrentSchema": snapshot is not None and snapshot.schema_id == table.metadata.current_schema_id,
            "wrong": headers(table),
        }
    if operation == "append":
        table.append(typed(command["rows"], table.schema().as_arrow()))
    elif operation == "overwrite":
        rows = typed(command["rows"], table.schema().as_arrow())
        table.overwrite(rows, EqualTo(command["column"], command["value"]))
    elif operation == "evolve":
        with table.update_spec() as update:
            if command["remove"] is not None:
                update.remove_field(table.spec().fields[command["remove"]].name)
            added = command["add"]
            if added is not None:
                update.add_field(added["column"], parse_transform(added["transform"]), added["name"])
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

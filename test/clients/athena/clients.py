"""Asks Athena as PyAthena, SQLAlchemy, awswrangler, Superset and Grafana do, by the policy of a reader.

    clients.py WORKGROUP

Prints a line of JSON for each check: what was asked, and what failed; empty if nothing did.
"""
import json
import sys
import warnings

import awswrangler
import boto3
from botocore.exceptions import ClientError
from pyathena import connect
from sqlalchemy import create_engine, inspect, text

WORKGROUP = sys.argv[1]
DATABASE = "sluice"
TABLES = {"statsig_forwarded_events", "statsig_forwarded_exposures"}
VIEWS = {"product_events", "first_exposures"}
PURCHASES = "SELECT count(*) AS n FROM product_events WHERE event_name = 'purchase'"


def check(what, ask):
    """`ask` returns what is wrong, or nothing."""
    try:
        failure = ask() or ""
    except Exception as error:
        failure = f"{type(error).__name__}: {error}"
    print(json.dumps({"what": what, "failure": str(failure)}), flush=True)


def unless(found, wanted):
    return "" if found == wanted else f"got {found}, expected {wanted}"


def py_athena():
    with connect(work_group=WORKGROUP, schema_name=DATABASE) as connection:
        cursor = connection.cursor()
        rows = cursor.execute(PURCHASES).fetchall()
        metadata = {table.name for table in cursor.list_table_metadata()}
        return unless((rows, TABLES | VIEWS <= metadata), ([(3,)], True))


def engine():
    return create_engine(f"awsathena+rest://@athena.us-east-1.amazonaws.com:443/{DATABASE}?work_group={WORKGROUP}")


def sql_alchemy():
    inspector = inspect(engine())
    columns = {column["name"] for column in inspector.get_columns("product_events")}
    found = (
        DATABASE in inspector.get_schema_names(),
        TABLES <= set(inspector.get_table_names()),
        VIEWS <= set(inspector.get_view_names()),
        "event_name" in columns,
    )
    return unless(found, (True,) * 4)


def superset():
    """The calls of Superset's dataset dialog, its SQL Lab and a chart, which it makes by SQLAlchemy."""
    made = engine()
    inspector = inspect(made)
    for name in ("product_events", "statsig_forwarded_events"):
        inspector.get_columns(name, schema=DATABASE)
        inspector.get_pk_constraint(name, schema=DATABASE)
        inspector.get_foreign_keys(name, schema=DATABASE)
        inspector.get_indexes(name, schema=DATABASE)
        inspector.get_table_comment(name, schema=DATABASE)
    chart = "SELECT date_trunc('day', \"timestamp\") AS __timestamp, count(*) FROM sluice.product_events GROUP BY 1 ORDER BY 1 LIMIT 50000"
    with made.connect() as connection:
        return unless([row[1] for row in connection.execute(text(chart))], [2, 2, 2])


def wrangler():
    rows = awswrangler.athena.read_sql_query(PURCHASES, DATABASE, ctas_approach=False, workgroup=WORKGROUP)
    return unless(int(rows["n"][0]), 3)


def wrangler_by_default():
    """What readers.md says of it."""
    try:
        awswrangler.athena.read_sql_query(PURCHASES, DATABASE, workgroup=WORKGROUP)
    except ClientError as error:
        return "" if "glue:DeleteTable" in str(error) or "glue:CreateTable" in str(error) else error
    return "it was let through"


def grafana():
    """The calls of grafana/athena-datasource, pkg/athena/api/api.go, with the catalog that its form names."""
    athena = boto3.client("athena")
    place = {"CatalogName": "AwsDataCatalog", "DatabaseName": DATABASE}
    athena.list_data_catalogs()
    athena.list_work_groups()
    databases = athena.list_databases(CatalogName="AwsDataCatalog")["DatabaseList"]
    tables = athena.list_table_metadata(**place)["TableMetadataList"]
    columns = athena.get_table_metadata(**place, TableName="product_events")["TableMetadata"]["Columns"]
    context = {"Catalog": "AwsDataCatalog", "Database": DATABASE}
    started = athena.start_query_execution(QueryString=PURCHASES, QueryExecutionContext=context, WorkGroup=WORKGROUP)
    execution = {"QueryExecutionId": started["QueryExecutionId"]}
    state = "QUEUED"
    while state in ("QUEUED", "RUNNING"):
        state = athena.get_query_execution(**execution)["QueryExecution"]["Status"]["State"]
    rows = athena.get_query_results(**execution)["ResultSet"]["Rows"]
    found = (
        DATABASE in {database["Name"] for database in databases},
        VIEWS <= {table["Name"] for table in tables},
        "event_name" in {column["Name"] for column in columns},
        rows[1]["Data"][0]["VarCharValue"],
    )
    return unless(found, (True, True, True, "3"))


warnings.simplefilter("ignore")
check("PyAthena", py_athena)
check("SQLAlchemy", sql_alchemy)
check("Superset's calls", superset)
check("awswrangler", wrangler)
check("awswrangler, as readers.md says, by default", wrangler_by_default)
check("Grafana's calls", grafana)

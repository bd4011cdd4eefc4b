"""awswrangler and PyAthena against the local cloud, over the seed of seed.ts.

Both find the endpoint by AWS_ENDPOINT_URL, as they would by a user's own settings. Prints a line a check, and as the
last one a JSON object with what passed and failed.
"""

import datetime
import functools
import json
import os
import warnings

import awswrangler as wr
import boto3
import pyarrow.fs
import pyathena
from pyathena.arrow.cursor import ArrowCursor
from pyathena.async_cursor import AsyncCursor
from pyathena.cursor import DictCursor
from pyathena.pandas.cursor import PandasCursor

DATABASE, WORKGROUP, OWN = 'sluice', 'sluice', 'owox'
RESULTS = os.environ['RESULTS']
DAY = datetime.date(2026, 11, 18)
PURCHASES = """SELECT user_id, value_number, "timestamp", ds FROM product_events
WHERE event_name = 'purchase' ORDER BY "timestamp\""""


def wrangled(sql, **options):
    """The deployed workgroup says where results go; tables and files of our own go through `primary`, as OWOX's do."""
    return wr.athena.read_sql_query(sql, **{'database': DATABASE, 'workgroup': WORKGROUP, **options})


def check_purchases(frame):
    assert list(frame.columns) == ['user_id', 'value_number', 'timestamp', 'ds'], frame.columns
    assert frame['user_id'].tolist() == ['u1', 'u2', 'u3'], frame
    assert frame['value_number'].tolist() == [19.5, 40.0, 5.25], frame
    assert str(frame['timestamp'].iloc[0]) == '2026-11-18 09:10:00', frame
    assert str(frame['ds'].iloc[0])[:10] == '2026-11-18', frame


def awswrangler_catalog():
    assert {'sluice', 'owox', 'statsig_staging', 'billing'} <= set(wr.catalog.databases(limit=100)['Database'])
    tables = wr.catalog.tables(database=DATABASE)
    assert {'product_events', 'first_exposures'} <= set(tables['Table']), tables
    types = wr.catalog.get_table_types(database=DATABASE, table='statsig_forwarded_events')
    assert types['timestamp'] == 'timestamp' and types['ds'] == 'date', types
    comments = wr.catalog.get_columns_comments(database=DATABASE, table='first_exposures')
    assert comments['ts'] == 'When it was first exposed, UTC', comments
    assert wr.catalog.does_table_exist(database=DATABASE, table='product_events')
    assert not wr.catalog.does_table_exist(database=DATABASE, table='nothing')


def awswrangler_partitions():
    found = wr.catalog.get_parquet_partitions(database=DATABASE, table='statsig_forwarded_events')
    assert sorted(found.values())[0] == ['2026-11-18'], found


def awswrangler_query_by_csv():
    check_purchases(wrangled(PURCHASES, ctas_approach=False))


def awswrangler_query_by_ctas():
    frame = wrangled(PURCHASES, ctas_approach=True, ctas_parameters={'database': OWN}, workgroup='primary', s3_output=f'{RESULTS}ctas/')
    check_purchases(frame.sort_values('timestamp', ignore_index=True))
    # The table that it made is gone.
    assert [one for one in wr.catalog.get_tables(database=OWN)] == []


def awswrangler_query_by_unload():
    frame = wrangled(PURCHASES, ctas_approach=False, unload_approach=True, workgroup='primary', s3_output=f'{RESULTS}unloaded/')
    check_purchases(frame.sort_values('timestamp', ignore_index=True))


def awswrangler_unload():
    told = wr.athena.unload(PURCHASES, path=f'{RESULTS}unload/', database=DATABASE, workgroup=WORKGROUP)
    assert told.raw_payload['Status']['State'] == 'SUCCEEDED', told
    check_purchases(wr.s3.read_parquet(f'{RESULTS}unload/').sort_values('timestamp', ignore_index=True))


def awswrangler_chunks():
    chunks = list(wrangled(PURCHASES, ctas_approach=False, chunksize=2))
    assert [len(chunk) for chunk in chunks] == [2, 1], chunks


def awswrangler_parameters():
    frame = wrangled('SELECT count(*) AS n FROM product_events WHERE ds = :day AND user_id = :user',
                     ctas_approach=False, params={'day': DAY, 'user': 'u1'})
    assert frame['n'].tolist() == [2], frame
    frame = wrangled('SELECT count(*) AS n FROM product_events WHERE event_value = ?', ctas_approach=False,
                     params=["'three'"], paramstyle='qmark')
    assert frame['n'].tolist() == [1], frame


def awswrangler_prepared():
    wr.athena.create_prepared_statement('SELECT ? + 1 AS n', 'plus_one', workgroup=WORKGROUP)
    assert [one['StatementName'] for one in wr.athena.list_prepared_statements(WORKGROUP)] == ['plus_one']
    assert wrangled('EXECUTE plus_one USING 41', ctas_approach=False)['n'].tolist() == [42]
    wr.athena.delete_prepared_statement('plus_one', workgroup=WORKGROUP)


def awswrangler_statements():
    described = wr.athena.describe_table('first_exposures', database=DATABASE, workgroup=WORKGROUP)
    assert described['Column Name'].tolist()[0] == 'experiment_id', described
    shown = wr.athena.show_create_table('statsig_forwarded_events', database=DATABASE, workgroup=WORKGROUP)
    assert shown.startswith('CREATE EXTERNAL TABLE'), shown
    id_ = wr.athena.start_query_execution('SHOW PARTITIONS statsig_forwarded_events', database=DATABASE, workgroup=WORKGROUP)
    assert wr.athena.wait_query(id_)['Status']['State'] == 'SUCCEEDED'
    # awswrangler reads no result of SHOW itself.
    rows = boto3.client('athena').get_query_results(QueryExecutionId=id_)['ResultSet']['Rows']
    assert [row['Data'][0]['VarCharValue'] for row in rows][0] == 'ds=2026-11-18', rows


def awswrangler_own_table():
    frame = wrangled(PURCHASES, ctas_approach=False)
    wr.s3.to_parquet(frame, path=f'{RESULTS}own/', dataset=True, database=OWN, table='purchases', partition_cols=['ds'])
    total = wrangled('SELECT sum(value_number) AS total FROM owox.purchases WHERE ds = DATE \'2026-11-18\'', ctas_approach=False)
    assert total['total'].tolist() == [19.5], total
    assert wr.catalog.delete_table_if_exists(database=OWN, table='purchases')


def awswrangler_failure():
    try:
        wrangled('SELECT nothing FROM product_events', ctas_approach=False)
    except wr.exceptions.QueryFailed as error:
        assert "COLUMN_NOT_FOUND: line 1:8: Column 'nothing' cannot be resolved" in str(error), error
    else:
        raise AssertionError('it did not fail')


# The only client that goes to AWS whatever is set up: ArrowCursor opens S3 without an endpoint (pyathena/arrow/
# result_set.py), so it is given to it here.
pyarrow.fs.S3FileSystem = functools.partial(pyarrow.fs.S3FileSystem, endpoint_override=os.environ['AWS_ENDPOINT_URL'])


def connection(**options):
    return pyathena.connect(**{'work_group': WORKGROUP, 'schema_name': DATABASE, 'poll_interval': 0.05, **options})


def pyathena_cursor():
    cursor = connection().cursor()
    cursor.execute(PURCHASES)
    assert [(one[0], one[1]) for one in cursor.description] == [
        ('user_id', 'varchar'), ('value_number', 'double'), ('timestamp', 'timestamp'), ('ds', 'date')], cursor.description
    assert cursor.fetchone() == ('u1', 19.5, datetime.datetime(2026, 11, 18, 9, 10), DAY)
    assert [row[0] for row in cursor.fetchall()] == ['u2', 'u3']
    assert cursor.output_location.endswith('.csv') and cursor.data_scanned_in_bytes > 0


def pyathena_pages():
    cursor = connection().cursor()
    cursor.arraysize = 2
    assert [row[0] for row in cursor.execute('SELECT event_name FROM product_events')].count('purchase') == 3


def pyathena_types():
    cursor = connection().cursor(DictCursor)
    cursor.execute("""SELECT CAST(1.50 AS decimal(10, 2)) AS amount, true AS yes, ARRAY[1, 2] AS list, json_parse('{"a":1}') AS doc,
        MAP(ARRAY['a'], ARRAY[1]) AS pairs, CAST(ROW(1, 'x') AS ROW(n integer, t varchar)) AS pair, X'65' AS bytes, CAST(NULL AS double) AS nothing""")
    row = cursor.fetchone()
    assert str(row['amount']) == '1.50' and row['yes'] is True and row['nothing'] is None, row
    assert row['doc'] == {'a': 1} and row['bytes'] == b'e', row
    assert row['list'] == [1, 2] and row['pairs'] == {'a': '1'} and row['pair'] == {'n': '1', 't': 'x'}, row


def pyathena_parameters():
    cursor = connection().cursor()
    cursor.execute('SELECT count(*) FROM product_events WHERE ds = %(day)s AND user_id IN %(users)s', {'day': DAY, 'users': ['u1', "it's"]})
    assert cursor.fetchone() == (2,)
    cursor.execute('SELECT count(*) FROM product_events WHERE user_id = ?', ["'u1'"], paramstyle='qmark')
    assert cursor.fetchone() == (2,)


def pyathena_metadata():
    cursor = connection().cursor()
    assert DATABASE in [one.name for one in cursor.list_databases('AwsDataCatalog')]
    assert 'product_events' in [one.name for one in cursor.list_table_metadata('AwsDataCatalog', DATABASE)]
    found = cursor.get_table_metadata('statsig_forwarded_events', 'AwsDataCatalog', DATABASE)
    assert [one.name for one in found.partition_keys] == ['ds'], found.partition_keys
    assert found.location.endswith('/statsig_forwarded_events/'), found.location


def pyathena_statements():
    cursor = connection().cursor()
    tables = [row[0] for row in cursor.execute('SHOW TABLES IN sluice')]
    assert 'first_exposures' in tables, tables
    described = [row[0] for row in cursor.execute('DESCRIBE first_exposures')]
    assert described[0].split('\t')[0].strip() == 'experiment_id', described
    plan = cursor.execute('EXPLAIN SELECT count(*) FROM product_events').fetchall()
    assert len(plan) > 1, plan


def pyathena_pandas():
    check_purchases(connection(cursor_class=PandasCursor).cursor().execute(PURCHASES).as_pandas())


def pyathena_pandas_unload():
    cursor = connection(cursor_class=PandasCursor, work_group='primary', s3_staging_dir=f'{RESULTS}pandas/').cursor(unload=True)
    check_purchases(cursor.execute(PURCHASES).as_pandas().sort_values('timestamp', ignore_index=True))


def pyathena_arrow():
    table = connection(cursor_class=ArrowCursor).cursor().execute(PURCHASES).as_arrow()
    assert table.column('value_number').to_pylist() == [19.5, 40.0, 5.25], table


def pyathena_arrow_unload():
    cursor = connection(cursor_class=ArrowCursor, work_group='primary', s3_staging_dir=f'{RESULTS}arrow/').cursor(unload=True)
    table = cursor.execute(PURCHASES).as_arrow().sort_by('timestamp')
    assert table.column('user_id').to_pylist() == ['u1', 'u2', 'u3'], table


def pyathena_async():
    cursor = connection(cursor_class=AsyncCursor).cursor()
    _, future = cursor.execute('SELECT count(*) FROM product_events')
    assert future.result().fetchone() == (6,)
    id_, future = cursor.execute('SELECT count(*) FROM UNNEST(sequence(1, 100000)) AS a(x) CROSS JOIN UNNEST(sequence(1, 1000000)) AS b(y) WHERE x * y % 7 = 3')
    cursor.cancel(id_).result()
    assert future.result().state == 'CANCELLED', future.result().state


def pyathena_failure():
    try:
        connection().cursor().execute('SELECT *\nFROM nothing')
    except pyathena.error.OperationalError as error:
        assert "TABLE_NOT_FOUND: line 2:6: Table 'awsdatacatalog.sluice.nothing' does not exist" in str(error), error
    else:
        raise AssertionError('it did not fail')
    try:
        connection().cursor().execute('SELECT 1 FORM nothing x')
    except pyathena.error.DatabaseError as error:
        assert 'line 1:15: mismatched input' in str(error), error
    else:
        raise AssertionError('it did not fail')


def main():
    warnings.simplefilter('ignore')
    passed, failed = 0, 0
    for name, check in list(globals().items()):
        if not name.startswith(('awswrangler_', 'pyathena_')):
            continue
        try:
            check()
            passed += 1
            print(f"ok {name.replace('_', ' ')}", flush=True)
        except Exception as error:  # pylint: disable=broad-except
            failed += 1
            print(f"not ok {name.replace('_', ' ')}: {type(error).__name__}: {error}", flush=True)
    print(json.dumps({'passed': passed, 'failed': failed}))


main()

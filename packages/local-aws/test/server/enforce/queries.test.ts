import { AthenaClient, GetQueryResultsCommand, ListTableMetadataCommand } from '@aws-sdk/client-athena';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { failureOf } from '../../../src/testing/startS3.ts';
import {
  ACCOUNT,
  denied,
  type Enforced,
  READER,
  runQuery,
  startEnforced,
} from '../../harness/startEnforced.ts';

const SUCCEEDED = { state: 'SUCCEEDED' };
const putRows = async (stack: Enforced, Key: string, Body: string) =>
  (await stack.client(S3Client)).send(new PutObjectCommand({ Bucket: 'landing', Key, Body }));

describe('a query of a user whose policies are enforced', () => {
  let stack: Enforced;
  let reader: AthenaClient;
  beforeAll(async () => {
    stack = await startEnforced();
    await putRows(stack, 'rows/a.json', '{"n":1}\n{"n":2}\n');
    reader = await stack.client(AthenaClient, 'Reader');
    const root = await stack.client(AthenaClient);
    for (const sql of [
      'CREATE VIEW doubled AS SELECT 2 * n AS n FROM rows',
      "CREATE TABLE others WITH (format = 'PARQUET', external_location = 's3://landing/others/') AS SELECT 1 AS n",
      'CREATE VIEW through AS SELECT * FROM others',
      "CREATE TABLE days WITH (format = 'PARQUET', external_location = 's3://landing/days/', partitioned_by = ARRAY['ds']) AS SELECT 1 AS n, '2026-11-20' AS ds",
    ])
      expect(await runQuery(root, sql)).toMatchObject(SUCCEEDED);
  });
  afterAll(() => stack.close());

  it('reads through a view what the user may read', async () => {
    const { id, state } = await runQuery(reader, 'SELECT sum(n) FROM doubled');
    expect(state).toBe('SUCCEEDED');
    const { ResultSet } = await reader.send(new GetQueryResultsCommand({ QueryExecutionId: id }));
    expect(ResultSet?.Rows?.at(-1)?.Data).toEqual([{ VarCharValue: '6' }]);
  });

  it.each([
    { what: 'a table', sql: 'SELECT * FROM others' },
    { what: 'a view of that table', sql: 'SELECT * FROM through' },
  ])('fails, with the path in S3, for $what whose files the user may not read', async ({ sql }) => {
    expect(await runQuery(reader, sql)).toMatchObject({
      state: 'FAILED',
      reason: expect.stringMatching(/^Permission denied on S3 path: s3:\/\/landing\/others\/\S+$/),
      error: { ErrorCategory: 2, ErrorType: 1501, Retryable: false },
    });
  });

  const HIVE =
    'FAILED: Execution Error, return code 1 from org.apache.hadoop.hive.ql.exec.DDLTask. MetaException(message:';
  it.each([
    { action: 'glue:CreateTable', sql: 'CREATE VIEW mine AS SELECT 1 AS one', start: '', end: '' },
    { action: 'glue:DeleteTable', sql: 'DROP TABLE rows', start: HIVE, end: ')' },
    { action: 'glue:GetDatabases', sql: 'SHOW DATABASES', start: HIVE, end: ')' },
    {
      action: 'glue:BatchCreatePartition',
      sql: "ALTER TABLE days ADD IF NOT EXISTS PARTITION (ds = '2026-11-20')",
      start: HIVE,
      end: ')',
    },
  ])('fails in the words of Glue without $action: $sql', async ({ action, sql, start, end }) => {
    const { reason = '', error } = await runQuery(reader, sql);
    const sentence = denied(READER, action, `arn:aws:glue:us-east-1:${ACCOUNT}:catalog`);
    expect(reason.replace(/Request ID: [^;]+/, 'Request ID: id')).toBe(
      `${start}${sentence} (Service: AmazonDataCatalog; Status Code: 400; Error Code: AccessDeniedException; Request ID: id; Proxy: null)${end}`,
    );
    expect(error).toMatchObject({ ErrorCategory: 2, ErrorType: 1500 });
  });

  it.each([
    "CREATE TABLE new WITH (format = 'PARQUET', external_location = 's3://landing/rows/new/') AS SELECT 1 AS n",
    'INSERT INTO others SELECT 3',
  ])('writes nothing where the user may not write: %s', async (sql) => {
    const s3 = await stack.client(S3Client, 'Reader');
    const keys = async () => {
      const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: 'landing' }));
      return Contents.map(({ Key = '' }) => Key).filter((key) => !key.startsWith('results/'));
    };
    const before = await keys();
    expect(await runQuery(reader, sql)).toMatchObject({
      state: 'FAILED',
      reason: expect.stringMatching(/^Permission denied on S3 path: s3:\/\/landing\/(?:rows|others)\//),
    });
    expect(await keys()).toEqual(before);
  });

  it("may be another user's: its result can be read all the same", async () => {
    const { id } = await runQuery(await stack.client(AthenaClient), 'SELECT 1');
    const { ResultSet } = await reader.send(new GetQueryResultsCommand({ QueryExecutionId: id }));
    expect(ResultSet?.Rows?.at(-1)?.Data).toEqual([{ VarCharValue: '1' }]);
  });

  it("lists the tables of the user's database, and of no other", async () => {
    const list = (DatabaseName: string) =>
      reader.send(new ListTableMetadataCommand({ CatalogName: 'AwsDataCatalog', DatabaseName }));
    const { TableMetadataList = [] } = await list('lake');
    expect(TableMetadataList.map(({ Name }) => Name)).toEqual([
      'days',
      'doubled',
      'others',
      'rows',
      'through',
    ]);
    expect(await failureOf(list('billing'))).toMatchObject({
      name: 'MetadataException',
      message: expect.stringContaining(
        denied(READER, 'glue:GetTables', `arn:aws:glue:us-east-1:${ACCOUNT}:database/billing`),
      ),
    });
  });
});

describe('a query of a user whose policy is too narrow', () => {
  let stack: Enforced | undefined;
  afterEach(() => stack?.close());

  it.each([
    { action: 's3:GetBucketLocation', reason: /^Unable to verify\/create output bucket landing$/ },
    {
      action: 'kms:GenerateDataKey',
      reason: /^Access denied when writing output to url: s3:\/\/landing\/results\/\S+ \. Please ensure/,
    },
    { action: 's3:ListBucket', reason: /^Permission denied on S3 path: s3:\/\/landing\/rows\/a\.json$/ },
    {
      action: 'glue:GetTable',
      reason:
        /perform: glue:GetTable on resource: arn:aws:glue:us-east-1:\d+:catalog because .*AmazonDataCatalog/,
    },
  ])('fails without $action', async ({ action, reason }) => {
    stack = await startEnforced({ without: [action] });
    await putRows(stack, 'rows/a.json', '{"n":1}\n');
    const failure = await runQuery(await stack.client(AthenaClient, 'Reader'), 'SELECT * FROM rows').then(
      (end) => end.reason,
      (error: Error) => error.message,
    );
    expect(failure).toMatch(reason);
  });

  it('has a result that the user may not read without kms:Decrypt', async () => {
    stack = await startEnforced({ without: ['kms:Decrypt'] });
    const athena = await stack.client(AthenaClient, 'Reader');
    const { id, state } = await runQuery(athena, 'SELECT 1');
    expect(state).toBe('SUCCEEDED');
    const read = athena.send(new GetQueryResultsCommand({ QueryExecutionId: id }));
    expect(await failureOf(read)).toMatchObject({
      name: 'InvalidRequestException',
      message: expect.stringMatching(
        /^You do not seem to have access to the S3 location of your query results\./,
      ),
    });
  });

  it('reads files that the user may read through Athena alone', async () => {
    stack = await startEnforced({ onlyVia: 'athena.amazonaws.com' });
    await putRows(stack, 'rows/a.json', '{"n":1}\n');
    const athena = await stack.client(AthenaClient, 'Reader');
    expect(await runQuery(athena, 'SELECT * FROM rows')).toMatchObject(SUCCEEDED);
    const s3 = await stack.client(S3Client, 'Reader');
    const get = s3.send(new GetObjectCommand({ Bucket: 'landing', Key: 'rows/a.json' }));
    expect(await failureOf(get)).toMatchObject({
      name: 'AccessDenied',
      message: expect.stringContaining('with an explicit deny in an identity-based policy'),
    });
  });
});

import { GetQueryResultsCommand } from '@aws-sdk/client-athena';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { formatCsv, parseCsvLine } from '../../src/athena/model/results/resultFormat.ts';
import { chunks, ScriptedRunner, textColumn } from '../../src/testing/ScriptedRunner.ts';
import { ACCOUNT, BUCKET, runToEnd, startAthena } from '../../src/testing/startAthena.ts';

type Rows = readonly (readonly (string | null)[])[];

/** The rows of the next result. */
let rows: Rows;
/** Its number of columns. */
let width: number;
let athena: Awaited<ReturnType<typeof startAthena>>;

const scripts = {
  answer: () => ({
    columns: Array.from({ length: width }, (_, at) => textColumn(`c${at}`)),
    rows: chunks([rows]),
  }),
  show: () => ({
    statementType: 'UTILITY' as const,
    substatementType: 'DESCRIBE',
    output: 'txt' as const,
    columns: ['col_name', 'data_type'].map(textColumn),
    rows: chunks([rows]),
  }),
  insert: () => ({
    substatementType: 'INSERT',
    columns: [{ ...textColumn('rows'), type: 'bigint' }],
    updateCount: 3,
    manifest: ['s3://results/t/a.parquet', 's3://results/t/b.parquet'],
  }),
  many: () => ({ columns: [textColumn('n')], rows: manyRows() }),
};

/** A million rows that are never all there. */
async function* manyRows() {
  for (let from = 0; from < 1_000_000; from += 2_000) {
    yield Array.from({ length: 2_000 }, (_, at) => [String(from + at)]);
  }
}

beforeEach(async () => {
  rows = [];
  width = 1;
  athena = await startAthena(() => new ScriptedRunner(scripts));
});
afterEach(() => athena.close());

/** The object at a location. */
async function text(location: string | undefined): Promise<string> {
  const key = location?.slice(`s3://${BUCKET}/`.length) ?? '';
  return String(Buffer.concat(await athena.store.get(BUCKET, key).body.toArray()));
}

const get = (
  id: string | undefined,
  page: { MaxResults?: number | undefined; NextToken?: string | undefined } = {},
) => athena.client.send(new GetQueryResultsCommand({ QueryExecutionId: id, ...page }));

/** All values of a result, read `size` rows at a time. */
async function readAll(id: string | undefined, size: number) {
  const all: (string | undefined)[][] = [];
  let NextToken: string | undefined;
  do {
    const answer = await get(id, { MaxResults: size, NextToken });
    const page = answer.ResultSet?.Rows ?? [];
    expect(page.length).toBeLessThanOrEqual(size);
    all.push(...page.map(({ Data = [] }) => Data.map(({ VarCharValue }) => VarCharValue)));
    NextToken = answer.NextToken;
  } while (NextToken !== undefined);
  return all;
}

describe('the result of a query', () => {
  const key = `arn:aws:kms:us-east-1:${ACCOUNT}:key/a`;
  const byKey = { 'x-amz-server-side-encryption': 'aws:kms' };
  const withKey = { ...byKey, 'x-amz-server-side-encryption-aws-kms-key-id': key };

  it.each([
    { what: 'the bucket', EncryptionConfiguration: undefined, encryption: withKey },
    {
      what: "S3's own keys",
      EncryptionConfiguration: { EncryptionOption: 'SSE_S3' },
      encryption: { 'x-amz-server-side-encryption': 'AES256' },
    },
    {
      what: 'the key of the bucket',
      EncryptionConfiguration: { EncryptionOption: 'SSE_KMS', KmsKey: key },
      encryption: withKey,
    },
    {
      what: "the account's key for S3",
      EncryptionConfiguration: { EncryptionOption: 'SSE_KMS' },
      encryption: byKey,
    },
  ] as const)('is encrypted by $what, with its metadata', async ({ EncryptionConfiguration, encryption }) => {
    const ServerSideEncryptionByDefault = { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: key } as const;
    const BucketEncryption = { ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault }] };
    athena.store.createBucket('encrypted', { settings: { BucketEncryption } });
    const execution = await runToEnd(athena.client, 'answer', {
      ResultConfiguration: { OutputLocation: 's3://encrypted/out/', EncryptionConfiguration },
    });
    for (const suffix of ['', '.metadata'])
      expect(
        athena.store.head('encrypted', `out/${execution.QueryExecutionId}.csv${suffix}`).attributes
          .encryption,
      ).toEqual(encryption);
  });

  it('starts with the column names, quotes values and leaves NULLs empty', async () => {
    width = 2;
    rows = [
      ['x', null],
      ['', 'a "b", c\nd'],
    ];
    const execution = await runToEnd(athena.client, 'answer');
    const location = `s3://${BUCKET}/out/${execution.QueryExecutionId}.csv`;
    expect(execution.ResultConfiguration?.OutputLocation).toBe(location);
    expect(await text(location)).toBe('"c0","c1"\n"x",\n"","a ""b"", c\nd"\n');
    const answer = await get(execution.QueryExecutionId);
    expect(answer).toMatchObject({
      UpdateCount: 0,
      ResultSet: {
        Rows: [
          { Data: [{ VarCharValue: 'c0' }, { VarCharValue: 'c1' }] },
          { Data: [{ VarCharValue: 'x' }, {}] },
          { Data: [{ VarCharValue: '' }, { VarCharValue: 'a "b", c\nd' }] },
        ],
        ResultSetMetadata: {
          ColumnInfo: [
            {
              CatalogName: 'hive',
              SchemaName: '',
              TableName: '',
              Name: 'c0',
              Label: 'c0',
              Type: 'varchar',
              Precision: 2_147_483_647,
              Scale: 0,
              Nullable: 'UNKNOWN',
              CaseSensitive: true,
            },
            { Name: 'c1' },
          ],
        },
      },
    });
    expect(answer.NextToken).toBeUndefined();
  });

  it('is returned completely, for any values and page sizes', async () => {
    const value = fc.option(
      fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('"', ',', '\n', '""', '\r\n', '')),
    );
    const results = fc
      .integer({ min: 1, max: 4 })
      .chain((count) =>
        fc.array(fc.array(value, { minLength: count, maxLength: count }), { minLength: 1, maxLength: 12 }),
      );
    await fc.assert(
      fc.asyncProperty(results, fc.integer({ min: 1, max: 5 }), async (all, size) => {
        rows = all;
        width = all[0]?.length ?? 1;
        const execution = await runToEnd(athena.client, 'answer');
        const [names, ...values] = await readAll(execution.QueryExecutionId, size);
        expect(names).toEqual(Array.from({ length: width }, (_, at) => `c${at}`));
        expect(values).toEqual(all.map((row) => row.map((cell) => cell ?? undefined)));
      }),
      { numRuns: 25 },
    );
  });

  it('is formatted so that every line can be parsed', () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.string()), { minLength: 1 }), (row) => {
        expect(parseCsvLine(formatCsv([row]).slice(0, -1))).toEqual(row);
      }),
    );
  });

  it.each(['a', '"a', '"a"b', '"a",b'])('has no line %s', (line) => {
    expect(parseCsvLine(line)).toBeUndefined();
  });

  it('has a metadata object with the types, as drivers read them', async () => {
    width = 2;
    const execution = await runToEnd(athena.client, 'answer');
    const bytes = await text(`${execution.ResultConfiguration?.OutputLocation}.metadata`);
    // Field 1 with the ID, then field 4 for each column: its catalog, name, label and type.
    expect(bytes.slice(0, 2)).toBe('\x0a\x24');
    expect(bytes.slice(2, 38)).toBe(execution.QueryExecutionId);
    const column = (name: string) => `\x0a\x04hive"\x02${name}*\x02${name}2\x07varchar`;
    expect(bytes).toContain(column('c0'));
    expect(bytes).toContain(column('c1'));
  });

  it('of a million rows is written and paged without being kept in memory', async () => {
    const before = process.memoryUsage().rss;
    const execution = await runToEnd(athena.client, 'many');
    expect(execution.Status?.State).toBe('SUCCEEDED');
    const id = execution.QueryExecutionId;
    const first = await get(id);
    expect(first.ResultSet?.Rows).toHaveLength(1_000);
    expect(first.ResultSet?.Rows?.at(-1)?.Data).toEqual([{ VarCharValue: '998' }]);
    const second = await get(id, { NextToken: first.NextToken });
    expect(second.ResultSet?.Rows?.at(0)?.Data).toEqual([{ VarCharValue: '999' }]);
    expect(second.ResultSet?.Rows).toHaveLength(1_000);
    // Held as JavaScript's text and arrays, the rows alone would be above 100 MB.
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * 1024 * 1024);
  });
});

describe('the result of a statement that is not a query', () => {
  it('is text without a header, one line per row', async () => {
    rows = [
      ['id', 'bigint'],
      ['ds', 'date'],
    ];
    const execution = await runToEnd(athena.client, 'show');
    expect(execution).toMatchObject({ StatementType: 'UTILITY', SubstatementType: 'DESCRIBE' });
    const location = execution.ResultConfiguration?.OutputLocation;
    expect(location).toMatch(/\/out\/[-0-9a-f]{36}\.txt$/);
    expect(await text(location)).toBe('id\tbigint\nds\tdate\n');
    expect(await readAll(execution.QueryExecutionId, 1)).toEqual([['id\tbigint'], ['ds\tdate']]);
  });

  it('that writes is a manifest and the number of rows', async () => {
    const execution = await runToEnd(athena.client, 'insert');
    const location = `s3://${BUCKET}/out/${execution.QueryExecutionId}`;
    expect(execution.ResultConfiguration?.OutputLocation).toBe(location);
    const manifest = execution.Statistics?.DataManifestLocation;
    expect(manifest).toBe(`${location}-manifest.csv`);
    expect(await text(manifest)).toBe('s3://results/t/a.parquet\ns3://results/t/b.parquet\n');
    expect(await text(`${location}.metadata`)).toContain('bigint');
    expect(await get(execution.QueryExecutionId)).toMatchObject({ UpdateCount: 3, ResultSet: { Rows: [] } });
  });
});

describe('a result that is not available', () => {
  it.each([
    { what: 'of no query', MaxResults: undefined, message: 'QueryExecution nope was not found' },
    {
      what: 'of too many rows',
      MaxResults: 1_001,
      message: 'MaxResults is more than maximum allowed length 1000.',
    },
    { what: 'of no rows', MaxResults: 0, message: 'MaxResults must be at least 1.' },
  ])('is refused: $what', async ({ MaxResults, message }) => {
    await expect(get('nope', { MaxResults })).rejects.toMatchObject({
      name: 'InvalidRequestException',
      message: expect.stringContaining(message),
    });
  });

  it('is rejected with a token of another query', async () => {
    rows = [['a'], ['b']];
    const first = await runToEnd(athena.client, 'answer');
    const second = await runToEnd(athena.client, 'answer');
    const { NextToken } = await get(first.QueryExecutionId, { MaxResults: 1 });
    await expect(get(second.QueryExecutionId, { NextToken })).rejects.toMatchObject({
      name: 'InvalidRequestException',
      message: 'The NextToken is not one of this query.',
    });
  });

  it('is rejected with a token of another place in it', async () => {
    rows = [['a'], ['b']];
    const { QueryExecutionId } = await runToEnd(athena.client, 'answer');
    const { NextToken = '' } = await get(QueryExecutionId, { MaxResults: 1 });
    const place = Buffer.from(NextToken, 'base64url').toString('utf8');
    expect(place).toContain('/5');
    const other = Buffer.from(place.replace('/5', '/2')).toString('base64url');
    await expect(get(QueryExecutionId, { NextToken: other })).rejects.toMatchObject({
      name: 'InvalidRequestException',
      message: 'The NextToken is not one of this query.',
    });
  });

  it.each([
    { what: 'object', isBucket: false },
    { what: 'bucket', isBucket: true },
  ])('is rejected when its $what is deleted', async ({ isBucket }) => {
    rows = [['a']];
    athena.store.createBucket('gone');
    const { QueryExecutionId } = await runToEnd(athena.client, 'answer', {
      ResultConfiguration: { OutputLocation: 's3://gone/' },
    });
    for (const key of [`${QueryExecutionId}.csv`, `${QueryExecutionId}.csv.metadata`])
      athena.store.delete('gone', key);
    if (isBucket) athena.store.deleteBucket('gone');
    await expect(get(QueryExecutionId)).rejects.toMatchObject({
      name: 'InvalidRequestException',
      message: 'Could not find results',
    });
  });
});

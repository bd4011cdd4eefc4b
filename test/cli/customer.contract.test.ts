import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { realClock } from '../../packages/local-aws/src/base/index.ts';
import { ObjectStore, s3Service } from '../../packages/local-aws/src/s3/index.ts';
import { type ClientOptions, startServices } from '../../packages/local-aws/src/testing/index.ts';
import { callMain } from '../harness/callMain.ts';
import { readParquet } from '../harness/readParquet.ts';
import { temporaryDirectory } from '../harness/temporaryDirectory.ts';

const KEY = 'events/2026-11-19/a.parquet';
const ROWS = "SELECT 'seen' AS event_name, 'u' || i AS unit_id FROM range(3) t(i)";

describe('sluice customer', () => {
  const directory = temporaryDirectory();
  let store: ObjectStore;
  let close: () => Promise<void>;
  let options: ClientOptions;
  let ours: S3Client;

  beforeAll(async () => {
    store = ObjectStore.open({ directory: join(directory.path, 's3'), clock: realClock });
    ({ options, close } = await startServices([s3Service({ store, clock: realClock })]));
    ours = new S3Client(options);
  });
  afterAll(async () => {
    ours.destroy();
    await close();
    store.close();
    directory.remove();
  });

  const customer = (args: readonly string[], stdin?: string) =>
    callMain(['customer', ...args, '--endpoint-url', options.endpoint], stdin === undefined ? {} : { stdin });
  const policy = async () => {
    const principal = 'arn:aws:iam::000000000000:root';
    const asked = ['--for', 'ingest-source', '--bucket', 'acme-drops', '--principal', principal, '--json'];
    return (await callMain(['policy', 'print', ...asked])).stdout;
  };

  it('creates a bucket with the printed policy, which grants Sluice access', async () => {
    expect(await customer(['bucket', 'acme-drops'])).toMatchObject({ code: 0, stdout: '' });
    const list = () => ours.send(new ListObjectsV2Command({ Bucket: 'acme-drops' }));
    await expect(list()).rejects.toMatchObject({ name: 'AccessDenied' });
    expect(await customer(['bucket', 'acme-drops', '--policy', '-'], await policy())).toMatchObject({
      code: 0,
      stderr: 'Created s3://acme-drops/ in account 111122223333, with the policy.\n',
    });
    expect((await list()).KeyCount).toBe(0);
  });

  it('accepts a file with only the policy', async () => {
    const file = join(directory.path, 'policy.json');
    writeFileSync(file, JSON.stringify(JSON.parse(await policy()).bucketPolicy));
    expect(await customer(['bucket', 'acme-drops', '--policy', file])).toMatchObject({ code: 0 });
  });

  it('drops the result of a query or a file, lists it and removes it', async () => {
    expect(await customer(['drop', `s3://acme-drops/${KEY}`, ROWS])).toMatchObject({ code: 0 });
    const { Body } = await ours.send(new GetObjectCommand({ Bucket: 'acme-drops', Key: KEY }));
    const { rows } = await readParquet(Buffer.from((await Body?.transformToByteArray()) ?? []));
    expect(rows.map(({ unit_id }) => unit_id)).toEqual(['u0', 'u1', 'u2']);

    const file = join(directory.path, 'own.parquet');
    writeFileSync(file, 'as it is');
    const other = 's3://acme-drops/events/2026-11-19/b.parquet';
    expect(await customer(['drop', other, '--file', file])).toMatchObject({ code: 0 });
    const { stdout } = await customer(['list', 's3://acme-drops/events/', '--json']);
    expect(JSON.parse(stdout).objects).toMatchObject([
      { key: KEY },
      { key: KEY.replace('a.', 'b.'), bytes: 8 },
    ]);
    expect((await customer(['list', 's3://acme-drops'])).stdout).toMatch(/^key +bytes +at/);

    expect(await customer(['remove', other])).toMatchObject({ code: 0 });
    expect(JSON.parse((await customer(['list', 's3://acme-drops', '--json'])).stdout).objects).toHaveLength(
      1,
    );
  });

  it('drops one file for each day', async () => {
    const days = ['--from', '2026-10-31', '--to', '2026-11-01'];
    const dropped = await customer([
      'drop',
      's3://acme-drops/daily/{day}/a',
      "SELECT DATE '{day}' AS d",
      ...days,
    ]);
    expect(dropped).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/2026-10-31.*\n.*2026-11-01.*\n/),
    });
    const { stdout } = await customer(['list', 's3://acme-drops/daily/', '--json']);
    expect(JSON.parse(stdout).objects).toMatchObject([
      { key: 'daily/2026-10-31/a' },
      { key: 'daily/2026-11-01/a' },
    ]);
    const { Body } = await ours.send(
      new GetObjectCommand({ Bucket: 'acme-drops', Key: 'daily/2026-11-01/a' }),
    );
    const { rows } = await readParquet(Buffer.from((await Body?.transformToByteArray()) ?? []));
    expect(rows).toEqual([{ d: new Date('2026-11-01') }]);
  });

  it.each([
    [['list', 's3://acme-drops/', '--account', '444455556666'], 'SLUICE_CUSTOMER_REFUSED', 'AccessDenied'],
    [['bucket', 'acme-drops', '--account', '444455556666'], 'SLUICE_CUSTOMER_REFUSED', 'BucketAlreadyExists'],
    [['drop', 's3://acme-none/a', 'SELECT 1'], 'SLUICE_CUSTOMER_REFUSED', 'NoSuchBucket'],
    [['remove', 's3://acme-drops/none'], 'SLUICE_CUSTOMER_OBJECT_MISSING', 's3://acme-drops/none.'],
    [['remove', 's3://acme-drops/daily/2026'], 'SLUICE_CUSTOMER_OBJECT_MISSING', 'daily/2026.'],
    [['remove', 's3://acme-none/a'], 'SLUICE_CUSTOMER_REFUSED', 'NoSuchBucket'],
    [['drop', 's3://acme-drops/a', 'SELECT nothing'], 'SLUICE_CUSTOMER_SQL_FAILED', 'nothing'],
    [['drop', 's3://acme-drops/a', 'SELECT 1\nFROM x'], 'SLUICE_CUSTOMER_SQL_FAILED', 'LINE 2: FROM x'],
    [
      ['drop', 's3://acme-drops/a', 'SELECT 1\n;'],
      'SLUICE_CUSTOMER_SQL_FAILED',
      'syntax error at or near ";"',
    ],
    [['drop', 's3://acme-drops/a', "SELECT error('no')"], 'SLUICE_CUSTOMER_SQL_FAILED', 'no'],
    [['drop', 's3://acme-drops/a', '--file', '/none'], 'SLUICE_CUSTOMER_FILE_UNREADABLE', '/none'],
    [['bucket', 'acme-drops', '--policy', '/none'], 'SLUICE_CUSTOMER_FILE_UNREADABLE', '/none'],
    [['bucket', 'acme-drops', '--policy', '-'], 'SLUICE_CUSTOMER_POLICY_INVALID', '-'],
  ])('reports why it failed: %j', async (args, code, detail) => {
    const answer = await customer(args, '{"Version":"2012-10-17"}');
    expect(answer).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining(code) });
    expect(answer.stderr).toContain(detail);
    // Our own parts of the statement that makes the file.
    expect(answer.stderr).not.toMatch(/COPY|drop\.parquet/);
  });

  it.each([
    [[], 'Expected one of bucket, drop, remove, list.'],
    [['bucket'], "Expected the bucket's name."],
    [['bucket', 's3://acme-drops'], "Expected the bucket's name."],
    [['bucket', 'Bad_Name'], 'Got Bad_Name, expected an S3 bucket name: 3 to 63 of a-z 0-9 . -,'],
    [['drop', 's3://acme-drops/{day}/a', 'SELECT 1'], '{day} without --from'],
    [['drop', 's3://acme-drops/a', "SELECT '{day}'"], '{day} without --from'],
    [['drop', 's3://acme-drops', 'SELECT 1'], 'Expected s3://<bucket>/<key>.'],
    [['drop', 's3://acme-drops/a'], 'or --file'],
    [['list', 's3://acme-drops/', '--from', '2026-10-01'], '--from: not an option of list, but of drop.'],
    [['drop', 's3://acme-drops/a', 'SELECT 1', '--file', 'x'], 'or --file'],
    [['drop', 's3://acme-drops/{day}', 'SELECT 1', '--to', '2026-10-01'], '--to without --from'],
    [['drop', 's3://acme-drops/{day}', 'SELECT 1', '--from', '2026-02-30'], 'expected YYYY-MM-DD'],
    [['drop', 's3://acme-drops/a', 'SELECT 1', '--from', '2026-10-01'], 'Expected {day} in the key'],
    [
      ['drop', 's3://acme-drops/{day}', 'SELECT 1', '--from', '2026-10-02', '--to', '2026-10-01'],
      '--from 2026-10-02 is after --to 2026-10-01.',
    ],
    [
      ['drop', 's3://acme-drops/{day}', 'SELECT 1', '--from', '2025-01-01', '--to', '2026-10-01'],
      '--from 2025-01-01, --to 2026-10-01: got 639 days, expected at most 400 days.',
    ],
    [['remove', 's3://acme-drops/a', 's3://acme-drops/b'], 'Unexpected argument: s3://acme-drops/b.'],
    [['list', 'acme-drops'], 'Expected s3://<bucket>/<prefix>.'],
    [['list', 's3://acme-drops', '--account', 'acme'], 'expected 12 digits'],
  ])('refuses %j', async (args, message) => {
    expect(await customer(args)).toMatchObject({ code: 2, stderr: expect.stringContaining(message) });
  });

  it('works only with this machine, and reports when there is no local cloud', async () => {
    const elsewhere = ['customer', 'list', 's3://acme-drops', '--endpoint-url'];
    expect(await callMain([...elsewhere, 'https://s3.amazonaws.com'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('not on this machine'),
    });
    expect(await callMain([...elsewhere, 'http://127.0.0.1:9'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('SLUICE_AWS_UNREACHABLE'),
    });
  });
});

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { S3 } from '@aws-sdk/client-s3';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import type { LedgerEntry } from '../../lib/ledger/LedgerEntry.ts';
import { localAccount } from '../../local/localAccount.ts';
import { callMain } from '../harness/callMain.ts';
import { createCustomerBucket } from '../harness/ingestCloud.ts';
import { ledgerEntry } from '../harness/ledgerEntry.ts';
import { startAws } from '../harness/startAws.ts';
import { wordsOf } from '../harness/wordsOf.ts';

const owner = '111122223333';
const LATER = '9998-12-31';
const OLD = '2026-01-05';
const OF_EVENTS = '--source acme --dataset events';
const ACME = OF_EVENTS.split(' ');
const events = { name: 'events', kind: 'events' } as const;
const aws = await startAws();
aws.store.createBucket('sluice-cli-ingest');
await createCustomerBucket(aws.options.endpoint, { account: owner, bucket: 'acme-shut' });
const command = aws.commands({
  bucket: 'sluice-cli-ingest',
  sources: [
    {
      name: 'acme',
      bucket: 'acme-drops',
      owner,
      datasets: [events, { ...events, name: 'flat', folder: 'flat', layout: 'YYYY-MM-DD.parquet' }],
    },
    {
      name: 'told',
      bucket: 'told-drops',
      owner,
      receipt: 'receipts',
      datasets: [{ ...events, folder: 'told' }],
    },
    { name: 'shut', bucket: 'acme-shut', owner, datasets: [events] },
  ],
});
afterAll(() => aws.close());
/** The bytes of a dropped file. */
const dropped = (key: string) => readFileSync(aws.store.localPath('acme-drops', key));

describe('sluice ingest', () => {
  it.each([
    { line: `explain ${OF_EVENTS} --day ${OLD}`, code: 1, text: 'SLUICE_INGEST_DAY_UNKNOWN' },
    { line: 'status --source nobody', code: 1, text: 'SLUICE_INGEST_NO_SOURCES' },
    {
      line: 'status --source amce',
      code: 1,
      text: 'It has acme/events, acme/flat, told/events, shut/events. Did you mean acme?',
    },
    { line: 'status --source acme --dataset event', code: 1, text: 'Did you mean events?' },
    { line: 'status --days 0', code: 2, text: '--days: got 0, expected 1 to 366' },
    {
      line: 'explain --source acme',
      code: 2,
      text: '--dataset: missing, expected the name of a dataset. --day: missing, expected YYYY-MM-DD.',
    },
    {
      line: `explain --dataset events --day ${OLD}`,
      code: 2,
      text: '--source: missing, expected the name of a source.',
    },
    { line: `refused ${OF_EVENTS} --day ${OLD} --rows 1001`, code: 2, text: 'expected 1 to 1000' },
    { line: `backfill ${OF_EVENTS} --from 2026-13-01`, code: 2, text: '--from: got' },
    { line: `backfill ${OF_EVENTS} --from 2026-02-02 --to 2026-02-01`, code: 2, text: 'after' },
    {
      line: `backfill ${OF_EVENTS} --from 2010-01-01 --to 2026-02-01`,
      code: 2,
      text: 'at most 3660 days',
    },
    {
      line: `backfill ${OF_EVENTS} --from 9998-12-30 --to ${LATER}`,
      code: 2,
      text: `got ${LATER}, expected a day up to today, `,
    },
    {
      line: `run --from ${OLD} --to ${OLD}`,
      code: 2,
      text: '--from: not an option of run, but of backfill, accept, drop. --to: not an option',
    },
    {
      line: 'everything',
      code: 2,
      text: 'Expected one of status, explain, refused, run, backfill, accept, drop.',
    },
    { line: 'status acme', code: 2, text: 'Unexpected argument: acme.' },
    {
      line: `drop ${OF_EVENTS} --day ${OLD}`,
      code: 2,
      text: 'Expected a file, a query in quotes, or --remove.',
    },
    { line: `drop ${OF_EVENTS} --remove`, code: 2, text: '--day, --from: expected one of them.' },
    { line: `drop ${OF_EVENTS} --day ${OLD} 'SELECT nothing'`, code: 1, text: 'SLUICE_DROP_SQL_FAILED' },
    {
      line: `drop --source acme --dataset flat --day ${OLD} 'SELECT 1' --name a`,
      code: 2,
      text: '--name: the layout of the dataset names its files.',
    },
  ] as const)('refuses "$line" with exit code $code', async ({ line, code, text }) => {
    expect(await command('ingest', ...wordsOf(line))).toMatchObject({
      code,
      stdout: '',
      stderr: expect.stringContaining(text),
    });
  });

  it('shows the datasets behind the one that --after names', async () => {
    const line = 'ingest status --after warning:told/events --days 3 --json';
    const { stdout } = await command(...wordsOf(line));
    const { datasets } = JSON.parse(stdout);
    expect(datasets).toMatchObject([{ source: 'shut', dataset: 'events', days: [{}, {}, {}] }]);
  });

  it('refuses to drop files into another bucket than one of the local cloud', async () => {
    const env = { SLUICE_CONFIG: 'test/fixtures/config/prod.config.ts' };
    const args = ['ingest', 'drop', ...ACME, '--day', OLD, 'SELECT 1', '--stage', 'prod'];
    const stderr = expect.stringContaining('--stage: files are dropped in the local cloud only.');
    expect(await callMain(args, { env })).toMatchObject({ code: 2, stdout: '', stderr });
  });

  it.each([
    {
      line: `drop --source shut --dataset events --day ${OLD} 'SELECT 1'`,
      text: 'Dropped s3://acme-shut/events/2026-01-05/',
    },
    {
      line: `drop ${OF_EVENTS} --day ${OLD} --remove --name no`,
      text: `Deleted s3://acme-drops/events/${OLD}/no.`,
    },
  ])('says which key "$line" has written or deleted', async ({ line, text }) => {
    const stderr = expect.stringContaining(text);
    expect(await command('ingest', ...wordsOf(line))).toMatchObject({ code: 0, stdout: '', stderr });
  });

  it('drops the rows of a query for each day, or removes the file of each', async () => {
    const line = `ingest drop ${OF_EVENTS} --from ${OLD} --to 2026-01-06 --name b --json`;
    const drop = (what: string) => command(...wordsOf(line), what);
    const keys = ['events/2026-01-05/b', 'events/2026-01-06/b'];
    const { stdout } = await drop("SELECT '{day}' AS a, '{day}' AS b");
    expect(JSON.parse(stdout)).toEqual({ bucket: 'acme-drops', keys });
    for (const day of [OLD, '2026-01-06']) {
      const bytes = dropped(`events/${day}/b`);
      expect(bytes.toString('latin1').split(day).length).toBeGreaterThan(2);
      expect(bytes.includes('{day}')).toBe(false);
    }
    await drop('--remove');
    expect(aws.keys('acme-drops', 'events/').filter((key) => key.endsWith('/b'))).toEqual([]);
  });

  it('drops a file whose path has a space as it is', async () => {
    const file = join(aws.directory, 'a drop.parquet');
    writeFileSync(file, 'bytes');
    await command('ingest', 'drop', ...ACME, '--day', OLD, file);
    expect(dropped(`events/${OLD}/part-0.parquet`).toString()).toBe('bytes');
  });

  it('makes a bucket with the policy for its customer, which allows the receipts that are configured', async () => {
    const told = ['--source', 'told', '--dataset', 'events', '--day', OLD];
    await command('ingest', 'drop', ...told, 'SELECT 1');
    const credentials = { accessKeyId: owner, secretAccessKey: localAccount.secretAccessKey };
    const customer = new S3({ ...aws.options, credentials, forcePathStyle: true });
    const { Policy = '' } = await customer.getBucketPolicy({ Bucket: 'told-drops' });
    customer.destroy();
    expect(JSON.parse(Policy).Statement).toContainEqual(
      expect.objectContaining({
        Action: ['s3:PutObject'],
        Resource: ['arn:aws:s3:::told-drops/receipts/*'],
      }),
    );
  });
});

describe('sluice ingest explain', () => {
  const day = '2026-01-07';
  const put = (name: string, value: object) =>
    aws.store.put('sluice-cli-ingest', `ledger/acme/events/${name}.json`, JSON.stringify(value));
  afterEach(() => {
    for (const key of aws.keys('sluice-cli-ingest', 'ledger/')) aws.store.delete('sluice-cli-ingest', key);
  });

  it.each<{
    readonly what: string;
    /** The state of the day. Default: it is loaded. */
    readonly state?: LedgerEntry['state'];
    /** Whether a file of its version is gone. Default false. */
    readonly isLacking?: boolean;
    /** Whether a look has seen newer files than those that were loaded. Default false. */
    readonly hasNewer?: boolean;
    readonly code: number;
  }>([
    { what: 'is well', code: 0 },
    { what: 'waits', state: 'waiting', code: 0 },
    { what: 'failed', state: 'failed', code: 3 },
    { what: 'lost its inputs', state: 'inputs_missing', code: 3 },
    { what: 'lacks files', isLacking: true, code: 3 },
    { what: 'has newer files', hasNewer: true, code: 3 },
  ])('ends with $code of a day that $what', async (row) => {
    const { state, isLacking = false, hasNewer = false, code } = row;
    const entry = ledgerEntry({ day, version: 'v1', ...(state === undefined ? {} : { state }) });
    const { etag } = await put(day, entry);
    if (isLacking) await put('files', { [`${day}/v1`]: 1 });
    const at = Date.now();
    const newer = { days: [{ day, at, lastSeenAt: at, writtenAt: at, entryETag: `"${etag}"` }] };
    if (hasNewer) await put('last-look', { at, newestDay: null, stopped: false, newer });
    expect((await command('ingest', 'explain', ...ACME, '--day', day, '--json')).code).toBe(code);
  });
});

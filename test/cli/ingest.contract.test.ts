import { S3 } from '@aws-sdk/client-s3';
import { afterAll, describe, expect, it } from '@jest/globals';
import { localAccount } from '../../local/localAccount.ts';
import { callMain } from '../harness/callMain.ts';
import { createCustomerBucket } from '../harness/ingestCloud.ts';
import { startAws } from '../harness/startAws.ts';

const owner = '111122223333';
const LATER = '9998-12-31';
const OLD = '2026-01-05';
const ACME = ['--source', 'acme', '--dataset', 'events'];
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

describe('sluice ingest', () => {
  it.each([
    [['explain', ...ACME, '--day', OLD], 1, 'SLUICE_INGEST_DAY_UNKNOWN'],
    [['status', '--source', 'nobody'], 1, 'SLUICE_INGEST_NO_SOURCES'],
    [
      ['status', '--source', 'amce'],
      1,
      'It has acme/events, acme/flat, told/events, shut/events. Did you mean acme?',
    ],
    [['status', '--source', 'acme', '--dataset', 'event'], 1, 'Did you mean events?'],
    [['status', '--days', '0'], 2, '--days: got 0, expected 1 to 366'],
    [
      ['explain', '--source', 'acme'],
      2,
      '--dataset: missing, expected the name of a dataset. --day: missing, expected YYYY-MM-DD.',
    ],
    [['explain', ...ACME, '--day', '19'], 2, 'expected YYYY-MM-DD'],
    [
      ['explain', '--dataset', 'events', '--day', OLD],
      2,
      '--source: missing, expected the name of a source.',
    ],
    [['refused', ...ACME, '--day', OLD, '--rows', '1001'], 2, 'expected 1 to 1000'],
    [['backfill', ...ACME, '--from', '2026-13-01'], 2, '--from: got'],
    [['backfill', ...ACME, '--from', '2026-02-02', '--to', '2026-02-01'], 2, 'after'],
    [['backfill', ...ACME, '--from', '2010-01-01', '--to', '2026-02-01'], 2, 'at most 3660 days'],
    [
      ['backfill', ...ACME, '--from', '9998-12-30', '--to', LATER],
      2,
      `got ${LATER}, expected a day up to today, `,
    ],
    [
      ['run', '--from', OLD, '--to', OLD],
      2,
      '--from: not an option of run, but of backfill, accept, drop. --to: not an option',
    ],
    [['status', '--day', OLD], 2, '--day: not an option of status, but of explain, refused, drop.'],
    [['status', '--from', OLD], 2, '--from: not an option of status, but of backfill, accept, drop.'],
    [['explain', '--days', '3'], 2, '--days: not an option of explain, but of status.'],
    [['everything'], 2, 'Expected one of status, explain, refused, run, backfill, accept, drop.'],
    [['status', 'acme'], 2, 'Unexpected argument: acme.'],
    [['drop', ...ACME, '--day', OLD], 2, 'Expected a file, a query in quotes, or --remove.'],
    [['drop', ...ACME, '--remove'], 2, '--day, --from: expected one of them.'],
    [['drop', ...ACME, '--day', OLD, '/none.parquet'], 1, 'SLUICE_FILE_FAILED'],
    [['drop', ...ACME, '--day', OLD, 'SELECT nothing'], 1, 'SLUICE_DROP_SQL_FAILED'],
    [
      ['drop', '--source', 'acme', '--dataset', 'flat', '--day', OLD, 'SELECT 1', '--name', 'a'],
      2,
      '--name: the layout of the dataset names its files.',
    ],
  ] as const)('refuses what it names: %j', async (args, code, text) => {
    expect(await command('ingest', ...args)).toMatchObject({
      code,
      stdout: '',
      stderr: expect.stringContaining(text),
    });
  });

  it('refuses to drop files into another bucket than one of the local cloud', async () => {
    const env = { SLUICE_CONFIG: 'test/fixtures/config/prod.config.ts' };
    const args = ['ingest', 'drop', ...ACME, '--day', OLD, 'SELECT 1', '--stage', 'prod'];
    const stderr = expect.stringContaining('--stage: files are dropped in the local cloud only.');
    expect(await callMain(args, { env })).toMatchObject({ code: 2, stdout: '', stderr });
  });

  it.each([
    [
      ['drop', '--source', 'shut', '--dataset', 'events', '--day', OLD, 'SELECT 1'],
      'Dropped s3://acme-shut/events/2026-01-05/',
    ],
    [
      ['drop', ...ACME, '--day', OLD, '--remove', '--name', 'no'],
      `Deleted s3://acme-drops/events/${OLD}/no.`,
    ],
  ])('says which key it has written or deleted: %j', async (args, text) => {
    const stderr = expect.stringContaining(text);
    expect(await command('ingest', ...args)).toMatchObject({ code: 0, stdout: '', stderr });
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

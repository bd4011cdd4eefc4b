import { afterAll, describe, expect, it } from '@jest/globals';
import { createCustomerBucket } from '../harness/ingestCloud.ts';
import { startAws } from '../harness/startAws.ts';

const owner = '111122223333';
const LATER = '9998-12-31';
const OLD = '2026-01-05';
const ACME = ['--source', 'acme', '--dataset', 'events'];
const mapping = {
  timestamp: 'occurred',
  eventName: 'action',
  eventValue: 'price',
  unitIds: { userID: 'uid' },
  metadata: ['plan'],
};
const events = { name: 'events', kind: 'events' } as const;
const aws = await startAws();
aws.store.createBucket('sluice-cli-ingest');
await createCustomerBucket(aws.options.endpoint, { account: owner, bucket: 'acme-shut' });
const command = aws.commands({
  bucket: 'sluice-cli-ingest',
  sources: [
    { name: 'acme', bucket: 'acme-drops', owner, datasets: [{ ...events, mapping }] },
    { name: 'shut', bucket: 'acme-shut', owner, datasets: [events] },
  ],
});
afterAll(() => aws.close());

describe('sluice ingest', () => {
  it.each([
    [['explain', '--source', 'acme', '--dataset', 'events', '--day', OLD], 1, 'SLUICE_INGEST_DAY_UNKNOWN'],
    [['status', '--source', 'nobody'], 1, 'SLUICE_INGEST_NO_SOURCES'],
    [['status', '--source', 'amce'], 1, 'It has acme/events, shut/events. Did you mean acme?'],
    [['status', '--source', 'acme', '--dataset', 'event'], 1, 'Did you mean events?'],
    [['status', '--days', '0'], 2, '--days: got 0, expected 1 to 366'],
    [
      ['explain', '--source', 'acme'],
      2,
      '--dataset: missing, expected the name of a dataset. --day: missing, expected YYYY-MM-DD.',
    ],
    [['explain', '--source', 'acme', '--dataset', 'events', '--day', '19'], 2, 'expected YYYY-MM-DD'],
    [
      ['explain', '--dataset', 'events', '--day', OLD],
      2,
      '--source: missing, expected the name of a source.',
    ],
    [['refused', ...ACME, '--day', OLD, '--rows', '1001'], 2, 'expected 1 to 1000'],
    [['backfill', '--source', 'acme', '--dataset', 'events', '--from', '2026-13-01'], 2, '--from: got'],
    [
      ['backfill', '--source', 'acme', '--dataset', 'events', '--from', '2026-02-02', '--to', '2026-02-01'],
      2,
      'after',
    ],
    [
      ['backfill', '--source', 'acme', '--dataset', 'events', '--from', '2010-01-01', '--to', '2026-02-01'],
      2,
      'at most 3660 days',
    ],
    [
      ['backfill', '--source', 'acme', '--dataset', 'events', '--from', '9998-12-30', '--to', LATER],
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
      ['drop', '--source', 'shut', '--dataset', 'events', '--day', OLD, 'SELECT 1'],
      0,
      'Dropped s3://acme-shut/',
    ],
    [
      ['drop', ...ACME, '--day', OLD, '--remove', '--name', 'no'],
      0,
      `Deleted s3://acme-drops/events/${OLD}/no.`,
    ],
  ] as const)('refuses by name: %j', async (args, code, text) => {
    expect(await command('ingest', ...args)).toMatchObject({
      code,
      stdout: '',
      stderr: expect.stringContaining(text),
    });
  });
});

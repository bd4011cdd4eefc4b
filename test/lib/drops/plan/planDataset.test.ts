import { describe, expect, it } from '@jest/globals';
import { DAY_MS } from '../../../../lib/base/time.ts';
import { listDrop } from '../../../../lib/drops/listDrops.ts';
import { planDataset } from '../../../../lib/drops/plan/planDataset.ts';
import type { LedgerEntry } from '../../../../lib/ledger/LedgerEntry.ts';
import { type DatasetInput, definedDataset } from '../../../harness/configInput.ts';
import { ledgerEntry } from '../../../harness/ledgerEntry.ts';
import { bucketOf } from '../files/judgedFiles.ts';

const NOW = Date.UTC(2026, 10, 20, 9);
const DAY = '2026-11-19';
/** Before the lookback of three days. */
const OLD = '2026-11-10';
const FAILURE = { code: 'SLUICE_X', message: 'Why.' };
const OLD_PLACE = 's3://acme-old/events/YYYY-MM-DD';

/** A day to plan. */
interface Day {
  readonly dataset?: Partial<DatasetInput>;
  /** Names of objects of the day. */
  readonly names?: readonly string[];
  /** The entry, whose files are the day's unless it says otherwise; none by default. */
  readonly entry?: Partial<LedgerEntry>;
  readonly day?: string;
}

/** Plans a day of the lookback, or an open day before it, as the schedule does. */
async function planned({ dataset: input = {}, names = [], entry, day = DAY }: Day) {
  const { source, dataset } = definedDataset(input);
  const texts = Object.fromEntries(names.map((name) => [`events/${day}/${name}`, 'PAR1 rows PAR1']));
  const bucket = bucketOf(texts);
  const { fingerprint } = await listDrop(bucket, dataset, day);
  const known = entry === undefined ? null : ledgerEntry({ day, fingerprint, ...entry });
  const ports = {
    bucketOf: () => bucket,
    ledger: {
      read: async (place: { readonly day: string }) => (place.day === day ? known : null),
      noteQueued: async () => true,
    },
    tasks: { send: async () => {} },
    clock: { now: () => NOW },
    deadline: NOW + 1,
  };
  const { days } = await planDataset(ports, { source, dataset }, {}, day === OLD ? [OLD] : []);
  const found = days.find((each) => each.day === day);
  if (found === undefined) throw new Error(`${day} was not planned`);
  return found;
}

describe('the files of a planned day', () => {
  const gone = [{ key: 'a.parquet', size: 9, eTag: '"1"', fate: 'loaded' as const }];

  it.each<Day & { readonly what: string; readonly files: number }>([
    { what: 'that a job still writes', names: ['_temporary/a', '_temporary/b'], files: 2 },
    { what: 'that are no Parquet', names: ['a.csv', '_SUCCESS'], files: 1 },
    { what: 'that have left', dataset: { filesLeave: true }, entry: { files: gone }, files: 1 },
    {
      what: 'that have left, besides another one that is there',
      names: ['b.parquet'],
      dataset: { filesLeave: true },
      entry: { files: gone },
      files: 1,
    },
    {
      what: 'that have left, of which one was left out',
      dataset: { filesLeave: true },
      entry: {
        files: [...gone, { key: 'b.csv', size: 9, eTag: '"1"', fate: 'left_out', reason: 'not_parquet' }],
      },
      files: 1,
    },
    { what: 'that are deleted', entry: { files: gone }, files: 0 },
    {
      what: 'that have left another place',
      dataset: { filesLeave: true },
      entry: { files: gone, place: OLD_PLACE },
      files: 0,
    },
  ])('$what are $files', async ({ files, ...day }) => {
    expect((await planned(day)).files).toBe(files);
  });
});

describe('a planned day', () => {
  const names = ['a.parquet'];
  const failed = { state: 'failed', failure: FAILURE, version: 'v1', updatedAt: NOW - 1 } as const;
  const elsewhere = { ...failed, place: OLD_PLACE, fingerprint: 'there' };
  const missing = { state: 'inputs_missing', version: 'v1', missingSince: 1 } as const;

  it.each<Day & { readonly what: string; readonly isOpen: boolean; readonly isFailed: boolean }>([
    { what: 'that is loaded', names, entry: {}, isOpen: false, isFailed: false },
    { what: 'that failed', names, entry: failed, isOpen: true, isFailed: true },
    {
      what: 'that failed with other files',
      names,
      entry: { ...failed, fingerprint: 'before' },
      isOpen: true,
      isFailed: false,
    },
    {
      what: 'before the lookback that failed',
      names,
      entry: failed,
      day: OLD,
      isOpen: true,
      isFailed: false,
    },
    {
      what: 'before the lookback that failed within 30 days',
      names,
      entry: { ...failed, updatedAt: NOW - 30 * DAY_MS + 1 },
      day: OLD,
      isOpen: true,
      isFailed: false,
    },
    {
      what: 'before the lookback that failed 30 days ago',
      names,
      entry: { ...failed, updatedAt: NOW - 30 * DAY_MS },
      day: OLD,
      isOpen: false,
      isFailed: false,
    },
    { what: 'that failed at another place', entry: elsewhere, isOpen: true, isFailed: true },
    { what: 'whose files are missing', entry: missing, isOpen: true, isFailed: true },
    {
      what: 'before the lookback whose files are missing',
      entry: missing,
      day: OLD,
      isOpen: true,
      isFailed: true,
    },
    {
      what: 'whose files were missing in its former table',
      entry: { ...missing, table: 'former' },
      isOpen: false,
      isFailed: false,
    },
  ])('$what: looked at again $isOpen, counted as failed $isFailed', async ({ isOpen, isFailed, ...day }) => {
    expect(await planned(day)).toMatchObject({ isOpen, failed: isFailed });
  });

  it('counts what its load left out, but for markers', async () => {
    const file = { size: 9, eTag: '"1"', fate: 'left_out' } as const;
    const files = [
      { ...file, key: 'b.csv', reason: 'not_parquet' },
      { ...file, key: '_SUCCESS', reason: 'success_marker' },
    ];
    expect(await planned({ names, entry: { files } })).toMatchObject({ leftOut: 1 });
  });

  it('is looked at again while its task waits', async () => {
    const entry = { state: 'waiting' as const, fingerprint: null, files: [] } satisfies Partial<LedgerEntry>;
    const { fingerprint } = await listDrop(
      bucketOf({ [`events/${OLD}/a.parquet`]: 'PAR1 rows PAR1' }),
      definedDataset({}).dataset,
      OLD,
    );
    const queued = { fingerprint, reason: 'triggered', at: NOW - 1 };
    expect(await planned({ names, day: OLD, entry: { ...entry, queued } })).toMatchObject({
      decision: { skip: 'queued' },
      isOpen: true,
    });
  });
});

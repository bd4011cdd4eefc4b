import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { DropObject } from '../../../../lib/drops/CustomerBucket.ts';
import { makeDrop } from '../../../../lib/drops/Drop.ts';
import { daysBetween, decideDay, lacksMarker, lookbackDays } from '../../../../lib/drops/plan/decideDay.ts';
import { type LedgerEntry, ledgerStates } from '../../../../lib/ledger/LedgerEntry.ts';
import { ledgerEntry, loadRun } from '../../../harness/ledgerEntry.ts';

const FOLDER = 'events/2026-11-19/';
const HOUR_MS = 3_600_000;
const NOW = Date.UTC(2026, 10, 20, 9);
const terms = { now: NOW, settleMs: 600_000, table: 'acme_events' };

const file = (name: string, other: Partial<DropObject> = {}): DropObject => ({
  key: `${FOLDER}${name}`,
  size: 10,
  eTag: '"1"',
  lastModified: new Date(NOW - HOUR_MS),
  ...other,
});
const drop = (...objects: DropObject[]) => makeDrop(objects, FOLDER);
const oneFile = drop(file('a.parquet'));
const none = drop();

const entry = (other: Partial<LedgerEntry> = {}) =>
  ledgerEntry({
    fingerprint: oneFile.fingerprint,
    version: 'v1',
    updatedAt: NOW - HOUR_MS,
    files: [{ key: `${FOLDER}a.parquet`, size: 10, eTag: '"1"', fate: 'loaded' }],
    ...other,
  });
const queued = (fingerprint: string, ago: number, reason = 'new') => ({ fingerprint, reason, at: NOW - ago });
/** A day that no load has begun, and whose task was sent that long ago, milliseconds. */
const unloaded = (ago: number) =>
  entry({ state: 'waiting', fingerprint: null, files: [], queued: queued(oneFile.fingerprint, ago) });

describe('decideDay', () => {
  it.each([
    ['that was emptied, perhaps before a rewrite', none, entry(), { wait: 'settling', until: NOW + 600_000 }],
    [
      'that was emptied a moment ago, after it had lost a file',
      none,
      entry({ state: 'waiting', queued: queued('half', 600_000, 'settling') }),
      { wait: 'settling', until: NOW + 600_000 },
    ],
    [
      'that lost a file a moment ago, although other files arrived long before',
      drop(file('b.parquet')),
      entry({ state: 'waiting', queued: queued(drop(file('b.parquet')).fingerprint, 60_000, 'settling') }),
      { wait: 'settling', until: NOW + 540_000 },
    ],
    [
      'that failed without a file that queries still read, and is retried',
      drop(file('b.parquet')),
      entry({
        state: 'failed',
        fingerprint: drop(file('b.parquet')).fingerprint,
        updatedAt: NOW - 13 * HOUR_MS,
      }),
      { queue: 'retried' },
    ],
    [
      'that is loaded into an earlier table of the dataset',
      oneFile,
      entry({ table: 'old' }),
      { queue: 'new' },
    ],
    [
      'that goes on with its next piece, although files came',
      drop(file('a.parquet'), file('b.parquet')),
      entry({ state: 'waiting', queued: queued('before', 9 * HOUR_MS), run: loadRun() }),
      { wait: 'loading', until: NOW + 900_000 },
    ],
    [
      'whose next piece nobody has made for hours',
      drop(file('a.parquet'), file('b.parquet')),
      entry({
        state: 'waiting',
        queued: queued('before', 9 * HOUR_MS),
        run: loadRun(),
        updatedAt: NOW - 7 * HOUR_MS,
      }),
      { queue: 'changed' },
    ],
    [
      'on which a load into an earlier table still works',
      oneFile,
      entry({ table: 'old', state: 'loading', lease: { owner: 'o', until: NOW + 1 } }),
      { wait: 'loading', until: NOW + 1 },
    ],
    [
      'that was queued and then emptied, perhaps before a rewrite',
      none,
      entry({ state: 'waiting', fingerprint: null, files: [], queued: queued(oneFile.fingerprint, HOUR_MS) }),
      { wait: 'settling', until: NOW + 600_000 },
    ],
    [
      'with a file that is too recent',
      drop(file('a.parquet'), file('b.parquet', { lastModified: new Date(NOW - 60_000) })),
      null,
      { wait: 'settling', until: NOW + 540_000 },
    ],
    [
      'beside whose files a job still writes',
      drop(file('a.parquet'), file('_temporary/0/b', { lastModified: new Date(NOW) })),
      null,
      { wait: 'settling', until: NOW + 600_000 },
    ],
    [
      'whose loaded file was archived before another arrived',
      drop(file('a.parquet', { storageClass: 'GLACIER' }), file('b.parquet')),
      entry(),
      { queue: 'changed' },
    ],
    [
      'that has only unloadable files left',
      drop(file('a.csv')),
      entry(),
      { wait: 'settling', until: NOW + 600_000 },
    ],
    [
      'that was loaded and received an unloadable file',
      drop(file('a.parquet'), file('notes.csv')),
      entry(),
      { queue: 'changed' },
    ],
    [
      'that failed because all files were archived, and was restored',
      drop(file('a.parquet', { storageClass: 'GLACIER', isRestored: true })),
      entry({
        state: 'failed',
        files: [{ key: `${FOLDER}a.parquet`, size: 10, eTag: '"1"', fate: 'failed', reason: 'archived' }],
      }),
      { queue: 'changed' },
    ],
    [
      'whose loaded file was archived and restored before another arrived',
      drop(file('a.parquet', { storageClass: 'GLACIER', isRestored: true }), file('b.parquet')),
      entry(),
      { queue: 'changed' },
    ],
    [
      'that was archived when it was loaded',
      drop(file('a.parquet', { storageClass: 'GLACIER', isRestored: true })),
      entry({
        files: [{ key: `${FOLDER}a.parquet`, size: 10, eTag: '"1"', fate: 'left_out', reason: 'archived' }],
      }),
      { queue: 'changed' },
    ],
    ['whose task was sent less than six hours ago', oneFile, unloaded(6 * HOUR_MS - 1), { skip: 'queued' }],
    ['whose task is lost: it was sent six hours ago', oneFile, unloaded(6 * HOUR_MS), { queue: 'new' }],
    [
      'that failed less than twelve hours ago',
      oneFile,
      entry({ state: 'failed', updatedAt: NOW - 12 * HOUR_MS + 1 }),
      { skip: 'failed' },
    ],
    [
      'that failed twelve hours ago',
      oneFile,
      entry({ state: 'failed', updatedAt: NOW - 12 * HOUR_MS }),
      { queue: 'retried' },
    ],
  ] as const)('decides on a day %s', (_, listed, known, decision) => {
    expect(decideDay(listed, known, terms)).toEqual(decision);
  });

  const HERE = 's3://new/events/YYYY-MM-DD';
  const young = drop(file('a.parquet', { lastModified: new Date(NOW - 60_000) }));
  it.each([
    ['is loaded', none, {}, {}, { skip: 'elsewhere' }],
    ['came without rows', none, { state: 'succeeded_no_data' }, {}, { skip: 'elsewhere' }],
    ['has failed', none, { state: 'failed' }, {}, { skip: 'elsewhere' }],
    ['has lost its files', none, { state: 'inputs_missing' }, {}, { skip: 'elsewhere' }],
    ['is requested', none, {}, { asked: 'backfill' }, { skip: 'elsewhere' }],
    ['is reported as ready', none, {}, { asked: 'triggered' }, { skip: 'elsewhere' }],
    ['waits for a marker', none, {}, { marker: `${FOLDER}_SUCCESS` }, { skip: 'elsewhere' }],
    ['is accepted without files', none, {}, { asked: 'empty' }, { queue: 'empty' }],
    ['is accepted with its rows', none, {}, { asked: 'keep' }, { queue: 'keep' }],
    ['waited there, and has to be told as it was', none, { state: 'waiting' }, {}, { queue: 'deleted' }],
    ['has temporary files here', drop(file('_temporary/0/a')), {}, {}, { skip: 'elsewhere' }],
    ['has files here', oneFile, {}, {}, { queue: 'changed' }],
    ['has recent files here', young, {}, {}, { wait: 'settling', until: NOW + 540_000 }],
    ['has files here that no load can read', drop(file('a.csv')), {}, {}, { queue: 'changed' }],
    ['failed with the files that are here', oneFile, { state: 'failed' }, {}, { skip: 'failed' }],
    ['is kept beside the files that are here', oneFile, { missingSince: NOW }, {}, { skip: 'unchanged' }],
  ] as const)('decides on a day of another place that %s', (_, listed, known, more, decision) => {
    const ofOther = entry({ ...known, place: 's3://old/events/YYYY-MM-DD' });
    expect(decideDay(listed, ofOther, { ...terms, ...more, place: HERE })).toEqual(decision);
  });

  it('takes a day without a place for one of this place', () => {
    expect(decideDay(oneFile, entry(), { ...terms, place: HERE })).toEqual({ skip: 'unchanged' });
    expect(decideDay(none, entry(), { ...terms, place: HERE })).toMatchObject({ wait: 'settling' });
  });

  it('does not wait for a requested day to settle, and reloads it only for a backfill', () => {
    const young = drop(file('a.parquet', { lastModified: new Date(NOW) }));
    expect(decideDay(young, null, { ...terms, asked: 'triggered' })).toEqual({ queue: 'triggered' });
    expect(decideDay(oneFile, entry(), { ...terms, asked: 'triggered' })).toEqual({ skip: 'unchanged' });
    expect(decideDay(none, entry(), { ...terms, asked: 'triggered' })).toEqual({ queue: 'triggered' });
    expect(decideDay(oneFile, entry({ state: 'failed' }), { ...terms, asked: 'triggered' })).toEqual({
      queue: 'triggered',
    });
    expect(decideDay(oneFile, entry(), { ...terms, asked: 'backfill' })).toEqual({ queue: 'backfill' });
    expect(decideDay(none, null, { ...terms, asked: 'backfill' })).toEqual({ skip: 'no_files' });
    const archived = drop(file('a.parquet', { storageClass: 'GLACIER' }));
    expect(decideDay(archived, entry(), { ...terms, asked: 'backfill' })).toEqual({ skip: 'archived' });
  });

  it('never queues a day twice for the same files, nor while it settles or is being loaded', () => {
    const names = fc.uniqueArray(fc.constantFrom('a', 'b', 'c'), { maxLength: 3 });
    const ages = fc.integer({ min: 0, max: 20 * HOUR_MS });
    fc.assert(
      fc.property(
        names,
        ages,
        fc.option(
          fc.record({
            state: fc.constantFrom(...ledgerStates),
            same: fc.boolean(),
            age: ages,
            leased: fc.boolean(),
          }),
        ),
        (files, age, known) => {
          const listed = drop(
            ...files.map((name) => file(`${name}.parquet`, { lastModified: new Date(NOW - age) })),
          );
          const before =
            known === null
              ? null
              : entry({
                  state: known.state,
                  files: [],
                  fingerprint: known.same ? listed.fingerprint : 'other',
                  updatedAt: NOW - known.age,
                  ...(known.state === 'loading' && known.leased
                    ? { lease: { owner: 'o', until: NOW + 1 } }
                    : {}),
                });
          const decision = decideDay(listed, before, terms);
          if (!('queue' in decision)) return;
          if (files.length > 0) expect(age).toBeGreaterThanOrEqual(terms.settleMs);
          expect(before?.lease).toBeUndefined();
          if (before?.state === 'succeeded') expect(before.fingerprint).not.toBe(listed.fingerprint);
          const after = entry({
            ...before,
            state: 'waiting',
            queued: { fingerprint: listed.fingerprint, reason: decision.queue, at: NOW },
          });
          expect(decideDay(listed, after, terms)).toEqual({ skip: 'queued' });
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('the planned days', () => {
  it("are today in the dataset's timezone and the days of the lookback", () => {
    const at = Date.UTC(2026, 10, 20, 11, 30);
    expect(lookbackDays(at, 'UTC', 2)).toEqual(['2026-11-18', '2026-11-19', '2026-11-20']);
    expect(lookbackDays(at, 'Pacific/Kiritimati', 1)).toEqual(['2026-11-20', '2026-11-21']);
    expect(lookbackDays(at, 'Pacific/Pago_Pago', 1)).toEqual(['2026-11-19', '2026-11-20']);
    expect(lookbackDays(Date.UTC(2026, 2, 1, 3), 'America/Los_Angeles', 1)).toEqual([
      '2026-02-27',
      '2026-02-28',
    ]);
  });

  it('are all days of a requested range, including both ends', () => {
    expect(daysBetween('2026-02-27', '2026-03-01')).toEqual(['2026-02-27', '2026-02-28', '2026-03-01']);
    expect(daysBetween('2026-03-01', '2026-02-27')).toEqual([]);
  });
});

it('a day lacks its marker until that is there, unless it was loaded and has lost every object', () => {
  const marker = `${FOLDER}_SUCCESS`;
  const loaded = { version: 'v1' };
  expect(lacksMarker(oneFile, marker, loaded)).toBe(true);
  expect(lacksMarker(drop(file('a.parquet'), file('_SUCCESS', { size: 0 })), marker, loaded)).toBe(false);
  expect(lacksMarker(drop(file('other', { size: 0 })), marker, loaded)).toBe(true);
  expect(lacksMarker(oneFile, undefined, loaded)).toBe(false);
  expect(lacksMarker(none, marker, loaded)).toBe(false);
  expect(lacksMarker(none, marker, {})).toBe(true);
  expect(lacksMarker(none, marker, null)).toBe(true);
});

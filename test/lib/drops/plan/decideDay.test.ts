import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { HOUR_MS, MINUTE_MS } from '../../../../lib/base/time.ts';
import type { DropObject } from '../../../../lib/drops/CustomerBucket.ts';
import { makeDrop } from '../../../../lib/drops/Drop.ts';
import {
  type DayDecision,
  type DayTerms,
  decideDay,
  lacksCommit,
  lacksMarker,
  settlesAt,
} from '../../../../lib/drops/plan/decideDay.ts';
import { type LedgerEntry, ledgerStates } from '../../../../lib/ledger/LedgerEntry.ts';
import { ledgerEntry, loadRun } from '../../../harness/ledgerEntry.ts';

const FOLDER = 'events/2026-11-19/';
const NOW = Date.UTC(2026, 10, 20, 9);
const terms = { now: NOW, settleMs: 10 * MINUTE_MS, table: 'acme_events' };

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
const other = drop(file('b.parquet'));
const both = drop(file('a.parquet'), file('b.parquet'));
const archived = drop(file('a.parquet', { storageClass: 'GLACIER' }));

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
const unloaded = (ago: number): Partial<LedgerEntry> => ({
  state: 'waiting',
  fingerprint: null,
  files: [],
  queued: queued(oneFile.fingerprint, ago),
});

/** A day of the configured place, and what is decided on it. */
interface Decided {
  readonly title: string;
  /** What is listed; one file by default. */
  readonly listed?: ReturnType<typeof drop>;
  readonly known: Partial<LedgerEntry> | null;
  readonly decision: DayDecision;
}

describe('decideDay', () => {
  it.each<Decided>([
    {
      title: 'that was emptied, perhaps before a rewrite',
      listed: none,
      known: {},
      decision: { wait: 'settling', until: NOW + 10 * MINUTE_MS },
    },
    {
      title: 'that was emptied a moment ago, after it had lost a file',
      listed: none,
      known: { state: 'waiting', queued: queued('half', 10 * MINUTE_MS, 'settling') },
      decision: { wait: 'settling', until: NOW + 10 * MINUTE_MS },
    },
    {
      title: 'that lost a file a moment ago, although other files arrived long before',
      listed: other,
      known: { state: 'waiting', queued: queued(other.fingerprint, MINUTE_MS, 'settling') },
      decision: { wait: 'settling', until: NOW + 9 * MINUTE_MS },
    },
    {
      title: 'that failed without a file that queries still read, and is retried',
      listed: other,
      known: {
        state: 'failed',
        fingerprint: other.fingerprint,
        updatedAt: NOW - 13 * HOUR_MS,
      },
      decision: { queue: 'retried' },
    },
    {
      title: 'that is loaded into an earlier table of the dataset',
      known: { table: 'old' },
      decision: { queue: 'new' },
    },
    {
      title: 'that goes on with its next piece, although files came',
      listed: both,
      known: { state: 'waiting', queued: queued('before', 9 * HOUR_MS), run: loadRun() },
      decision: { wait: 'loading', until: NOW + 15 * MINUTE_MS },
    },
    {
      title: 'whose next piece nobody has made for six hours',
      listed: both,
      known: {
        state: 'waiting',
        queued: queued('before', 9 * HOUR_MS),
        run: loadRun(),
        updatedAt: NOW - 6 * HOUR_MS,
      },
      decision: { queue: 'changed' },
    },
    {
      title: 'whose lease ends now',
      known: { state: 'loading', fingerprint: 'before', lease: { owner: 'o', until: NOW } },
      decision: { queue: 'changed' },
    },
    {
      title: 'on which a load into an earlier table still works',
      known: { table: 'old', state: 'loading', lease: { owner: 'o', until: NOW + 1 } },
      decision: { wait: 'loading', until: NOW + 1 },
    },
    {
      title: 'that was queued and then emptied, perhaps before a rewrite',
      listed: none,
      known: unloaded(HOUR_MS),
      decision: { wait: 'settling', until: NOW + 10 * MINUTE_MS },
    },
    {
      title: 'whose file has settled now',
      listed: drop(file('a.parquet', { lastModified: new Date(NOW - 10 * MINUTE_MS) })),
      known: null,
      decision: { queue: 'new' },
    },
    {
      title: 'that has an object alone that can’t be loaded',
      listed: drop(file('a.csv')),
      known: null,
      decision: { queue: 'new' },
    },
    {
      title: 'that waits for a commit of the same files',
      known: {
        ...unloaded(MINUTE_MS),
        queued: queued(oneFile.fingerprint, MINUTE_MS, 'waiting for a commit of its files'),
      },
      decision: { wait: 'marker', until: NOW + 15 * MINUTE_MS },
    },
    {
      title: 'that waited for a commit of other files',
      known: {
        ...unloaded(MINUTE_MS),
        queued: queued('before', MINUTE_MS, 'waiting for a commit of its files'),
      },
      decision: { queue: 'new' },
    },
    {
      title: 'with a file that is too recent',
      listed: drop(file('a.parquet'), file('b.parquet', { lastModified: new Date(NOW - MINUTE_MS) })),
      known: null,
      decision: { wait: 'settling', until: NOW + 9 * MINUTE_MS },
    },
    {
      title: 'beside whose files a job still writes',
      listed: drop(file('a.parquet'), file('_temporary/0/b', { lastModified: new Date(NOW) })),
      known: null,
      decision: { wait: 'settling', until: NOW + 10 * MINUTE_MS },
    },
    {
      title: 'whose loaded file was archived before another arrived',
      listed: drop(file('a.parquet', { storageClass: 'GLACIER' }), file('b.parquet')),
      known: {},
      decision: { queue: 'changed' },
    },
    {
      title: 'that waits to be loaded again, and whose loaded file is archived',
      listed: archived,
      known: { state: 'waiting' },
      decision: { skip: 'archived' },
    },
    {
      title: 'that failed, and whose loaded file is archived',
      listed: archived,
      known: { state: 'failed' },
      decision: { skip: 'failed' },
    },
    {
      title: 'that failed because all files were archived, and was restored',
      listed: drop(file('a.parquet', { storageClass: 'GLACIER', isRestored: true })),
      known: {
        state: 'failed',
        files: [{ key: `${FOLDER}a.parquet`, size: 10, eTag: '"1"', fate: 'failed', reason: 'archived' }],
      },
      decision: { queue: 'changed' },
    },
    {
      title: 'whose task was sent less than six hours ago',
      known: unloaded(6 * HOUR_MS - 1),
      decision: { skip: 'queued' },
    },
    {
      title: 'whose task is lost: it was sent six hours ago',
      known: unloaded(6 * HOUR_MS),
      decision: { queue: 'new' },
    },
    {
      title: 'that failed less than twelve hours ago',
      known: { state: 'failed', updatedAt: NOW - 12 * HOUR_MS + 1 },
      decision: { skip: 'failed' },
    },
    {
      title: 'that failed twelve hours ago',
      known: { state: 'failed', updatedAt: NOW - 12 * HOUR_MS },
      decision: { queue: 'retried' },
    },
  ])('decides on a day $title', ({ listed = oneFile, known, decision }) => {
    expect(decideDay(listed, known && entry(known), terms)).toEqual(decision);
  });

  const HERE = 's3://new/events/YYYY-MM-DD';
  const young = drop(file('a.parquet', { lastModified: new Date(NOW - MINUTE_MS) }));
  interface Elsewhere {
    readonly title: string;
    /** What the configured place has; nothing by default. */
    readonly listed?: ReturnType<typeof drop>;
    readonly known?: Partial<LedgerEntry>;
    readonly more?: Partial<DayTerms>;
    readonly decision: DayDecision;
  }
  it.each<Elsewhere>([
    { title: 'is loaded', decision: { skip: 'elsewhere' } },
    { title: 'came without rows', known: { state: 'succeeded_no_data' }, decision: { skip: 'elsewhere' } },
    { title: 'is requested', more: { asked: 'backfill' }, decision: { skip: 'elsewhere' } },
    { title: 'is accepted without files', more: { asked: 'empty' }, decision: { queue: 'empty' } },
    { title: 'is accepted with its rows', more: { asked: 'keep' }, decision: { queue: 'keep' } },
    {
      title: 'has temporary files here',
      listed: drop(file('_temporary/0/a')),
      decision: { skip: 'elsewhere' },
    },
    { title: 'has files here', listed: oneFile, decision: { queue: 'changed' } },
    {
      title: 'has recent files here',
      listed: young,
      decision: { wait: 'settling', until: NOW + 9 * MINUTE_MS },
    },
    {
      title: 'failed with the files that are here',
      listed: oneFile,
      known: { state: 'failed' },
      decision: { skip: 'failed' },
    },
    {
      title: 'is kept beside the files that are here',
      listed: oneFile,
      known: { missingSince: NOW },
      decision: { skip: 'unchanged' },
    },
  ])('decides on a day of another place that $title', ({ listed = none, known, more, decision }) => {
    const files = [{ key: 'old/a.parquet', size: 10, eTag: '"1"', fate: 'loaded' as const }];
    const ofOther = entry({ files, ...known, place: 's3://old/events/YYYY-MM-DD' });
    expect(decideDay(listed, ofOther, { ...terms, ...more, place: HERE })).toEqual(decision);
  });

  it('takes a day without a place for one of this place', () => {
    expect(decideDay(oneFile, entry(), { ...terms, place: HERE })).toEqual({ skip: 'unchanged' });
    expect(decideDay(none, entry(), { ...terms, place: HERE })).toMatchObject({ wait: 'settling' });
  });

  it.each<{
    readonly title: string;
    readonly asked: NonNullable<DayTerms['asked']>;
    /** What is listed; one file by default. */
    readonly listed?: ReturnType<typeof drop>;
    readonly known: Partial<LedgerEntry> | null;
    readonly decision: DayDecision;
  }>([
    {
      title: 'that is triggered before it has settled',
      asked: 'triggered',
      listed: drop(file('a.parquet', { lastModified: new Date(NOW) })),
      known: null,
      decision: { queue: 'triggered' },
    },
    { title: 'that is triggered and loaded', asked: 'triggered', known: {}, decision: { skip: 'unchanged' } },
    {
      title: 'that is triggered and was emptied',
      asked: 'triggered',
      listed: none,
      known: {},
      decision: { queue: 'triggered' },
    },
    {
      title: 'that is triggered and failed',
      asked: 'triggered',
      known: { state: 'failed' },
      decision: { queue: 'triggered' },
    },
    {
      title: 'that is loaded, for a backfill',
      asked: 'backfill',
      known: {},
      decision: { queue: 'backfill' },
    },
    {
      title: 'without files, for a backfill',
      asked: 'backfill',
      listed: none,
      known: null,
      decision: { skip: 'no_files' },
    },
    {
      title: 'whose files are archived, for a backfill',
      asked: 'backfill',
      listed: archived,
      known: {},
      decision: { skip: 'archived' },
    },
    {
      title: 'without files that nobody knows, and that is accepted so',
      asked: 'empty',
      listed: none,
      known: null,
      decision: { queue: 'empty' },
    },
    { title: 'that is kept and was never loaded', asked: 'keep', known: null, decision: { queue: 'new' } },
  ])('decides on a requested day $title', ({ asked, listed = oneFile, known, decision }) => {
    expect(decideDay(listed, known && entry(known), { ...terms, asked })).toEqual(decision);
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

describe('a day', () => {
  const marker = `${FOLDER}_SUCCESS`;
  const loaded = { version: 'v1' };
  const marked = drop(file('a.parquet'), file('_SUCCESS', { size: 0 }));

  it.each([
    { what: 'with files and without its marker', listed: oneFile, known: loaded, isLacking: true },
    { what: 'with its marker', listed: marked, known: loaded, isLacking: false },
    {
      what: 'with another marker',
      listed: drop(file('other', { size: 0 })),
      known: loaded,
      isLacking: true,
    },
    { what: 'that was loaded and has lost every object', listed: none, known: loaded, isLacking: false },
    { what: 'that was never loaded and is empty', listed: none, known: {}, isLacking: true },
    { what: 'that nobody knows and is empty', listed: none, known: null, isLacking: true },
  ])('$what lacks its marker: $isLacking', ({ listed, known, isLacking }) => {
    expect(lacksMarker(listed, marker, known)).toBe(isLacking);
  });

  it('of a dataset without a marker lacks none', () => {
    expect(lacksMarker(oneFile, undefined, loaded)).toBe(false);
  });

  it('waits for its marker', () => {
    const until = NOW + 15 * MINUTE_MS;
    expect(decideDay(oneFile, null, { ...terms, marker })).toEqual({ wait: 'marker', until });
  });

  const started = [file('_started_1'), file('part-0-tid-1-x.parquet')];

  it.each([
    { what: 'whose files have none', listed: drop(...started), known: {}, isLacking: true },
    { what: 'that was loaded', listed: drop(...started), known: loaded, isLacking: false },
    {
      what: 'that has a file of another job',
      listed: drop(...started, file('a.parquet')),
      known: {},
      isLacking: false,
    },
    { what: 'without files', listed: none, known: {}, isLacking: false },
  ])('$what lacks a commit: $isLacking', ({ listed, known, isLacking }) => {
    expect(lacksCommit(listed, known)).toBe(isLacking);
  });
});

it.each([
  { what: 'since when it failed so', other: { state: 'failed' as const }, since: NOW - HOUR_MS },
  { what: 'from now on, loaded before', other: {}, since: NOW },
  {
    what: 'from now on, failed with others before',
    other: { state: 'failed' as const, fingerprint: 'x' },
    since: NOW,
  },
])('a day whose file is missing settles $what', ({ other, since }) => {
  const changed = drop(file('b.parquet', { lastModified: new Date(0) }));
  const known = entry({ fingerprint: changed.fingerprint, ...other });
  expect(settlesAt(changed, known, { now: NOW, settleMs: 7 })).toBe(since + 7);
});

it.each([
  { fate: 'loaded' as const, since: NOW },
  { fate: 'failed' as const, since: NOW },
  { fate: 'held' as const, since: NOW },
  // Nobody misses what no load would have read.
  { fate: 'left_out' as const, since: 0 },
  { fate: 'gone' as const, since: 0 },
])('a day without a file that was $fate settles from $since on', ({ fate, since }) => {
  const changed = drop(file('b.parquet', { lastModified: new Date(0) }));
  const files = [{ key: `${FOLDER}a.parquet`, size: 10, eTag: '"1"', fate }];
  expect(settlesAt(changed, entry({ files }), { now: NOW, settleMs: 7 })).toBe(since + 7);
});

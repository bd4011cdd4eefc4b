import { describe, expect, it } from '@jest/globals';
import { HOUR_MS, MINUTE_MS } from '../../../lib/base/time.ts';
import type { DropObject } from '../../../lib/drops/CustomerBucket.ts';
import { makeDrop } from '../../../lib/drops/Drop.ts';
import {
  type Answer,
  answerBefore,
  answerToFailure,
  dayStates,
  decides,
  firstAnswer,
  LOAD_TABLE,
  loadKind,
  loadKinds,
  PLAN_TABLE,
} from '../../../lib/drops/dayTable.ts';
import { type DayTerms, decideDay } from '../../../lib/drops/plan/decideDay.ts';
import type { LedgerEntry } from '../../../lib/ledger/LedgerEntry.ts';
import { ledgerEntry } from '../../harness/ledgerEntry.ts';

const FOLDER = 'events/2026-11-19/';
const NOW = Date.UTC(2026, 10, 20, 9);

const file = (other: Partial<DropObject> = {}): DropObject => ({
  key: `${FOLDER}a.parquet`,
  size: 10,
  eTag: '"1"',
  lastModified: new Date(NOW - HOUR_MS),
  ...other,
});
const oneFile = makeDrop([file()], FOLDER);
const { fingerprint } = oneFile;
const nothing = makeDrop([], FOLDER);

/** A day for which each answer holds, and none before it in any state. */
const SITUATIONS: Readonly<
  Record<
    keyof typeof PLAN_TABLE,
    {
      readonly drop?: typeof oneFile;
      readonly entry?: Partial<LedgerEntry>;
      readonly terms?: Partial<DayTerms>;
    }
  >
> = {
  no_files: { drop: nothing },
  archived: { drop: makeDrop([file({ storageClass: 'GLACIER' })], FOLDER), entry: { fingerprint } },
  elsewhere: { drop: nothing, entry: { place: 'there' }, terms: { place: 'here' } },
  backfill: { terms: { asked: 'backfill' } },
  keep: { terms: { asked: 'keep' } },
  empty: { terms: { asked: 'empty' } },
  loading: { entry: { lease: { owner: 'o', until: NOW + 5 } } },
  unchanged: { entry: { fingerprint } },
  failed: { entry: { fingerprint } },
  queued: { entry: { queued: { fingerprint, reason: 'new', at: NOW - HOUR_MS } } },
  triggered: { terms: { asked: 'triggered' } },
  marker: { terms: { marker: `${FOLDER}_SUCCESS` } },
  settling: { drop: makeDrop([file({ lastModified: new Date(NOW) })], FOLDER) },
  retried: { entry: { fingerprint, updatedAt: NOW - 13 * HOUR_MS } },
  deleted: {
    drop: nothing,
    entry: { queued: { fingerprint: nothing.fingerprint, reason: 'settling', at: NOW - HOUR_MS } },
  },
  new: { entry: { fingerprint: null } },
  changed: {},
};

describe('the table of the plan', () => {
  it.each(
    dayStates.flatMap((state) => Object.entries(PLAN_TABLE).map(([key, answer]) => ({ state, key, answer }))),
  )('has the decision on a day that is $state: $key', ({ state, key, answer }) => {
    const { drop = oneFile, entry, terms } = SITUATIONS[key as keyof typeof PLAN_TABLE];
    const known = ledgerEntry({
      fingerprint: 'before',
      version: 'v1',
      updatedAt: NOW - HOUR_MS,
      files: [{ key: `${FOLDER}a.parquet`, size: 10, eTag: '"1"', fate: 'loaded' }],
      state: state === 'none' ? 'waiting' : state,
      ...entry,
    });
    const decision = decideDay(drop, state === 'none' ? null : known, {
      now: NOW,
      settleMs: 10 * MINUTE_MS,
      table: 'acme_events',
      ...terms,
    });
    const [reason] = Object.values(decision);
    // Elsewhere a later answer decides.
    const isTaken =
      decides<string>(answer, state) && !(state === 'none' && (key === 'loading' || key === 'changed'));
    expect(reason === key).toBe(isTaken);
  });
});

it.each<{
  readonly what: string;
  readonly table: Readonly<Record<string, Answer<string>>>;
  readonly columns: readonly string[];
}>([
  { what: 'plan', table: PLAN_TABLE, columns: dayStates },
  { what: 'load', table: LOAD_TABLE, columns: loadKinds },
])('the table of the $what decides in every column, by the first answer that holds', ({ table, columns }) => {
  const always = Object.fromEntries(Object.keys(table).map((key) => [key, () => true]));
  for (const column of columns) {
    const deciding = Object.keys(table).filter((key) => decides(table[key] ?? fail(), column));
    expect(deciding.at(-1)).toBe(Object.keys(table).at(-1));
    expect(firstAnswer(table, column, always)).toBe(deciding[0]);
  }
  for (const answer of Object.values(table)) expect(answer.decides.length).toBeGreaterThan(0);
});

describe('the table of the load', () => {
  const whether = [true, false];
  const TRIES = 3;
  const situations = loadKinds.flatMap((kind) =>
    [1, TRIES, TRIES + 1].flatMap((attempts) => [0, 1, 2].map((kills) => ({ kind, attempts, kills }))),
  );

  it.each(situations)(
    'ends a $kind load before it begins: attempt $attempts, after $kills kills',
    ({ kind, attempts, kills }) => {
      const answer = answerBefore(kind, { attempts, kills, tries: TRIES });
      const isPlanned = kind === 'planned' || kind === 'retried';
      const tried = isPlanned && attempts > TRIES ? 'tried' : null;
      const ended = kills > 1 ? 'killed_twice' : tried;
      expect(answer).toBe(kind === 'retried' && kills > 0 ? 'killed' : ended);
    },
  );

  const failures = loadKinds.flatMap((kind) =>
    [1, 2, TRIES].flatMap((attempts) =>
      whether.flatMap((isPermanent) =>
        whether.flatMap((isAgain) =>
          whether.map((isLastMessage) => ({ kind, attempts, isPermanent, isAgain, isLastMessage })),
        ),
      ),
    ),
  );

  it.each(failures)(
    'says what follows as a $kind load fails: attempt $attempts, permanent $isPermanent, again $isAgain, last message $isLastMessage',
    ({ kind, ...failed }) => {
      const { next } = LOAD_TABLE[answerToFailure(kind, { ...failed, tries: TRIES })];
      const { attempts, isPermanent, isAgain, isLastMessage } = failed;
      const isOver =
        isPermanent ||
        (isAgain && (kind === 'retried' || attempts > 1)) ||
        isLastMessage ||
        (attempts >= TRIES && kind !== 'triggered' && kind !== 'backfill');
      expect(next).toBe(isOver ? 'failed' : 'waiting');
    },
  );
});

function fail(): never {
  throw new RangeError('No such answer.');
}

it('a load is of its reason where a person, or the customer, asked for it, and else a planned one', () => {
  const kinds = (reasons: readonly Parameters<typeof loadKind>[0][]) => reasons.map(loadKind);
  expect(kinds(['triggered', 'keep', 'empty'])).toEqual(Array(3).fill('triggered'));
  expect(kinds(['backfill', 'retried'])).toEqual(['backfill', 'retried']);
  expect(kinds(['new', 'changed', 'deleted'])).toEqual(Array(3).fill('planned'));
});

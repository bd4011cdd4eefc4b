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
  type LoadKind,
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
  const TRIES = 3;

  it.each<{
    readonly kind: LoadKind;
    readonly isBeyond: boolean;
    /** The answers after no kill, one and two. */
    readonly answers: readonly ReturnType<typeof answerBefore>[];
  }>([
    { kind: 'planned', isBeyond: false, answers: [null, null, 'killed_twice'] },
    { kind: 'planned', isBeyond: true, answers: ['tried', 'tried', 'killed_twice'] },
    { kind: 'retried', isBeyond: false, answers: [null, 'killed', 'killed'] },
    { kind: 'retried', isBeyond: true, answers: ['tried', 'killed', 'killed'] },
    { kind: 'triggered', isBeyond: false, answers: [null, null, 'killed_twice'] },
    { kind: 'triggered', isBeyond: true, answers: [null, null, 'killed_twice'] },
    { kind: 'backfill', isBeyond: false, answers: [null, null, 'killed_twice'] },
    { kind: 'backfill', isBeyond: true, answers: [null, null, 'killed_twice'] },
  ])(
    'ends a $kind load before it begins, beyond its tries $isBeyond: $answers',
    ({ kind, isBeyond, answers }) => {
      for (const attempts of isBeyond ? [TRIES + 1] : [1, TRIES])
        expect([0, 1, 2].map((kills) => answerBefore(kind, { attempts, kills, tries: TRIES }))).toEqual(
          answers,
        );
    },
  );

  it.each<{
    readonly what: string;
    readonly failed?: Partial<Parameters<typeof answerToFailure>[1]>;
    /** The answers to loads of {@link loadKinds}, in this order. */
    readonly answers: readonly ReturnType<typeof answerToFailure>[];
  }>([
    { what: 'for the first time', answers: ['passing', 'passing', 'passing', 'passing'] },
    {
      what: 'for the second time',
      failed: { attempts: 2 },
      answers: ['passing', 'passing', 'passing', 'passing'],
    },
    {
      what: 'with its last try',
      failed: { attempts: TRIES },
      answers: ['last_try', 'last_try', 'passing', 'passing'],
    },
    {
      what: 'with its last message',
      failed: { isLastMessage: true },
      answers: ['last_message', 'last_message', 'last_message', 'last_message'],
    },
    {
      what: 'with its last message and its last try',
      failed: { attempts: TRIES, isLastMessage: true },
      answers: ['last_message', 'last_message', 'last_message', 'last_message'],
    },
    {
      what: 'as the last load did, with its first try',
      failed: { isAgain: true },
      answers: ['passing', 'again', 'passing', 'passing'],
    },
    {
      what: 'as the last load did, with its first try and its last message',
      failed: { isAgain: true, isLastMessage: true },
      answers: ['last_message', 'again', 'last_message', 'last_message'],
    },
    {
      what: 'as the last load did, with its second try',
      failed: { attempts: 2, isAgain: true },
      answers: ['again_here', 'again', 'again_here', 'again_here'],
    },
    {
      what: 'as the last load did, with its last try and its last message',
      failed: { attempts: TRIES, isAgain: true, isLastMessage: true },
      answers: ['again_here', 'again', 'again_here', 'again_here'],
    },
    {
      what: 'because of its files',
      failed: { isPermanent: true },
      answers: ['permanent', 'permanent', 'permanent', 'permanent'],
    },
    {
      what: 'because of its files, and for every other reason',
      failed: { attempts: TRIES, isPermanent: true, isAgain: true, isLastMessage: true },
      answers: ['permanent', 'permanent', 'permanent', 'permanent'],
    },
  ])('says what follows as a load fails $what: $answers', ({ failed, answers }) => {
    const once = { attempts: 1, tries: TRIES, isPermanent: false, isAgain: false, isLastMessage: false };
    expect(loadKinds.map((kind) => answerToFailure(kind, { ...once, ...failed }))).toEqual(answers);
  });

  it('has the state that follows each answer', () => {
    const next = Object.entries(LOAD_TABLE).map(([key, answer]) => [key, answer.next]);
    expect(Object.fromEntries(next)).toEqual({
      killed: 'failed',
      killed_twice: 'failed',
      tried: 'failed',
      unchanged: 'as before',
      marker: 'waiting',
      settling: 'waiting',
      piece: 'waiting',
      succeeded: 'succeeded',
      inputs_missing: 'inputs_missing',
      kept: 'succeeded',
      succeeded_no_data: 'succeeded_no_data',
      permanent: 'failed',
      again: 'failed',
      again_here: 'failed',
      last_message: 'failed',
      last_try: 'failed',
      passing: 'waiting',
    });
  });
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

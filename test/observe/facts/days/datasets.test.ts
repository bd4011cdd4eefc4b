import { afterEach, describe, expect, it } from '@jest/globals';
import { addDays, HOUR_MS, type UtcDay } from '../../../../lib/base/time.ts';
import { defineConfig } from '../../../../lib/config/defineConfig.ts';
import type { LedgerEntry } from '../../../../lib/ledger/LedgerEntry.ts';
import { lastLookKey, lateNoteKey, ledgerKey, versionFilesKey } from '../../../../lib/tables/ledgerKeys.ts';
import {
  configuredDatasets,
  type DatasetStatus,
  isOldLook,
  readDatasets,
} from '../../../../observe/facts/days/datasets.ts';
import { dropDays } from '../../../../observe/facts/days/dropDays.ts';
import { misnamedDays } from '../../../../observe/facts/days/misnamedDays.ts';
import { acmeSource, eventsDataset } from '../../../harness/configInput.ts';
import { dayContent, ledgerEntry } from '../../../harness/ledgerEntry.ts';
import { slowDeployment } from '../../slowDeployment.ts';

const NOW = Date.UTC(2026, 10, 20, 12);
/** 14 hours ahead of UTC: there it is the 21st. */
const EARLY = 'Pacific/Kiritimati';
const configOf = (expected: object) =>
  defineConfig({
    bucket: 'own',
    sources: [
      acmeSource({
        datasets: [eventsDataset({ folder: 'drops', lookbackDays: 3, timezone: EARLY, ...expected })],
      }),
    ],
  });
const atSix = configOf({ expectedBy: { hour: 6 } });
const TODAY: UtcDay = '2026-11-21';
const daysAgo = (days: number) => addDays(TODAY, -days);

/** What is noted of the dataset, by days before today. */
interface Noted {
  readonly entries?: Readonly<Record<number, Partial<LedgerEntry>>>;
  /** The last listing; null if there is none. */
  readonly look?: object | null;
  readonly late?: readonly object[];
  /** Days that have come, by the last look for late drops. */
  readonly came?: readonly object[];
  /** The first day that is expected. */
  readonly first?: { readonly day: UtcDay; readonly hasCome: boolean };
  readonly lacking?: readonly number[];
  /** What is configured. Default: a drop is expected at 6:00. */
  readonly config?: typeof atSix;
}

const opened: { close(): void }[] = [];
afterEach(() => {
  for (const deployment of opened.splice(0)) deployment.close();
});
/** What is read of the dataset. @param span The days that are asked for. Default: the usual ones. */
async function read(
  { entries = {}, look = {}, late, came, first, lacking = [], config = atSix }: Noted,
  span: Parameters<typeof readDatasets>[2] = {},
) {
  const name = ['acme', 'events'] as const;
  const days = Object.entries(entries).map(([daysBefore, more]) => {
    const day = daysAgo(Number(daysBefore));
    return [ledgerKey(...name, day), JSON.stringify(ledgerEntry({ day, version: 'v', ...more }))] as const;
  });
  const listing = { at: NOW - HOUR_MS, newestDay: null, stopped: false, ...look };
  const files = Object.fromEntries(lacking.map((daysBefore) => [`${daysAgo(daysBefore)}/v`, 5]));
  const objects = new Map([
    ...days,
    ...(look === null ? [] : [[lastLookKey(...name), JSON.stringify(listing)] as const]),
    [versionFilesKey(...name), JSON.stringify(files)],
    ...(late === undefined
      ? []
      : [[lateNoteKey(...name), JSON.stringify({ at: NOW - HOUR_MS, first, late, came })] as const]),
  ]);
  const { deployment } = slowDeployment({ config, now: NOW, objects, files: [...objects.keys()] });
  opened.push(deployment);
  const [found] = await readDatasets(deployment, configuredDatasets(config), span);
  if (found === undefined) throw new Error('no dataset');
  return found;
}
const waitingFor = (reason: string, more: object = {}): Partial<LedgerEntry> => ({
  state: 'waiting',
  version: undefined,
  queued: { at: NOW - HOUR_MS, fingerprint: 'f', reason, files: 2, ...more },
});
const MARKER = 'waiting for _SUCCESS';
const COMMIT = 'waiting for a commit of its files';

describe('the first day of a dataset', () => {
  // Its days end ten hours before those of UTC, and are due at 6:00 of the next.
  const toCome = { day: TODAY, hasCome: false };
  const firstDue = { day: TODAY, due: Date.UTC(2026, 10, 21, 16) };

  it.each([
    { what: 'is told until it is due', noted: {}, firstDue },
    { what: 'is not told once it was due', noted: { first: { ...toCome, day: daysAgo(2) } } },
    { what: 'is not told once a day has come', noted: { first: { ...toCome, hasCome: true } } },
    { what: 'is not told of a folder that has files', noted: { look: { newestDay: TODAY } } },
    { what: 'is not told of a folder that has stopped', noted: { look: { stopped: true } } },
    {
      what: 'is not told of a folder that cannot be read',
      noted: { look: { failure: { code: 'SLUICE_X', message: 'no.' } } },
    },
    { what: 'is not told where the ledger has a day', noted: { entries: { 2: {} } } },
  ])('$what', async ({ noted, firstDue: told }) => {
    expect((await read({ late: [], first: toCome, ...noted })).firstDue).toEqual(told);
  });
});

describe('the days of a dataset that are read', () => {
  it('are those of a week up to its own today, and older ones that wait, are late, lack files or have come outside', async () => {
    const { days, ...found } = await read({
      look: {
        openDays: [daysAgo(20)],
        elsewhere: { days: [daysAgo(35), daysAgo(34), daysAgo(9)], others: [] },
      },
      late: [{ day: daysAgo(10), due: 7 }],
      lacking: [30],
      entries: { 30: { missingSince: 1 }, 1: {} },
    });
    expect(days.map(({ day }) => day)).toEqual([34, 30, 20, 10, 9, 6, 5, 4, 3, 2, 1, 0].map(daysAgo));
    expect(found).toMatchObject({
      firstDay: daysAgo(3),
      folder: 's3://acme-drops/drops/',
      isLookOld: false,
      lacking: [{ day: daysAgo(30), since: 5, isOnly: true }],
      late: [{ day: daysAgo(10), due: 7 }],
      unlooked: [daysAgo(35), daysAgo(34), daysAgo(9)],
    });
  });

  it('are as many as are asked for, up to the last that is', async () => {
    const noted = { look: { openDays: [daysAgo(20)] }, lacking: [30] };
    const { days } = await read(noted, { count: () => 2, until: daysAgo(5) });
    expect(days.map(({ day }) => day)).toEqual([6, 5].map(daysAgo));
  });
});

it('a day is late until its drop has come since it was looked for', async () => {
  const late = [1, 2, 3, 4].map((days) => ({ day: daysAgo(days), due: 7 }));
  const queued = { at: NOW, fingerprint: 'f', reason: 'new' };
  const entries: Noted['entries'] = {
    1: { state: 'waiting', version: undefined, updatedAt: NOW, queued },
    2: { state: 'waiting', version: undefined, updatedAt: NOW - HOUR_MS, queued },
    3: {},
  };
  expect((await read({ late, entries })).late.map(({ day }) => day)).toEqual([2, 4].map(daysAgo));
});

describe('a day that waits', () => {
  const has = { words: '1 file', since: NOW - 2 * HOUR_MS };
  const late = (days: number) => [{ day: daysAgo(days), due: 7, has }];
  const old = { elsewhere: { days: [daysAgo(9)], others: [] } };
  interface WaitingCase {
    readonly what: string;
    readonly noted: Noted;
    readonly waiting: Partial<DatasetStatus['waiting'][number]>;
  }

  it.each([
    { what: 'a marker of files that are gone', entry: waitingFor(MARKER, { files: 0 }) },
    { what: 'a load', entry: waitingFor('new') },
  ])('is not told if it waits for $what', async ({ entry }) => {
    expect((await read({ entries: { 2: entry } })).waiting).toEqual([]);
  });

  it.each<WaitingCase>([
    {
      what: 'for a marker, and is over',
      noted: { entries: { 2: waitingFor(MARKER, { writtenAt: NOW - 3 * HOUR_MS }) } },
      waiting: { cure: 'backfill', isLacking: true, since: NOW - 3 * HOUR_MS },
    },
    {
      what: 'for a marker, and is not over',
      noted: { entries: { 0: waitingFor(MARKER) } },
      waiting: { cure: 'backfill', isLacking: false, since: NOW - HOUR_MS },
    },
    {
      what: 'for a commit, and is not over',
      noted: { entries: { 0: waitingFor(COMMIT) } },
      waiting: { cure: 'explain', isLacking: true },
    },
    {
      what: 'and was late, with files that nobody has looked at',
      noted: { late: late(3) },
      waiting: { cure: 'run', since: has.since },
    },
    {
      what: 'and was late, before the lookback',
      noted: { late: late(4) },
      waiting: { cure: 'load', since: has.since },
    },
    {
      what: 'and was late, and the ledger knows it',
      noted: { late: late(2), entries: { 2: waitingFor('settling', { files: 1 }) } },
      waiting: { cure: 'explain', isLacking: true },
    },
    {
      what: 'and was late, outside of the lookback, though the ledger knows that there was none',
      noted: {
        late: late(9),
        look: old,
        entries: { 9: { state: 'succeeded_no_data', fingerprint: 'none', version: undefined } },
      },
      waiting: { cure: 'load' },
    },
    {
      what: 'outside of the lookback, as nobody has looked at it',
      noted: { look: old },
      waiting: { cure: 'load', isLacking: true },
    },
  ])('$what has the cure $waiting.cure', async ({ noted, waiting }) => {
    expect((await read(noted)).waiting).toEqual([expect.objectContaining(waiting)]);
  });
});

describe('a day whose files came after the daily run', () => {
  const since = NOW - 2 * HOUR_MS;
  const NINE = NOW - 3 * HOUR_MS;
  const came = (hour: number, daysBefore = 2, due = NOW - 5 * HOUR_MS) => [
    { day: daysAgo(daysBefore), due, words: '1 file', since: NOW - (12 - hour) * HOUR_MS },
  ];
  const afterNine: Noted = { late: [], came: came(10), look: { at: NINE } };
  const NONE = { state: 'succeeded_no_data', fingerprint: 'none', version: undefined } as const;

  it.each<{ what: string; noted: Noted }>([
    { what: 'that the ledger does not know', noted: {} },
    { what: 'and was without files before', noted: { entries: { 2: { ...NONE, updatedAt: NINE } } } },
  ])('$what waits until the next run', async ({ noted }) => {
    expect((await read({ ...afterNine, ...noted })).waiting).toEqual([
      {
        day: daysAgo(2),
        words: 'has 1 file since 2026-11-20T10:00:00.000Z',
        since,
        isLacking: true,
        cure: 'afterRun',
        nextRun: Date.UTC(2026, 10, 21, 9),
      },
    ]);
  });

  const runAt = (hour: number) => ({ ...atSix, dailyIngest: { hour } });
  it.each<{ what: string; noted: Noted }>([
    { what: 'that run has seen them, and they settle', noted: { came: came(8) } },
    { what: 'a load is under way', noted: { entries: { 2: waitingFor('new') } } },
    { what: 'they are loaded since', noted: { entries: { 2: { version: 'v' } } } },
    {
      what: 'a person said since that it has no rows',
      noted: { entries: { 2: { ...NONE, updatedAt: NOW } } },
    },
    { what: 'the next run is within the hour', noted: { config: runAt(13) } },
    {
      what: 'the dataset is looked at each hour',
      noted: { config: configOf({ schedule: 'hourly', expectedBy: { hour: 6 } }) },
    },
    { what: 'no run has been yet', noted: { look: null } },
    { what: 'the run of today has not listed the folder yet', noted: { look: { at: NINE - 1 } } },
    { what: 'they came when they were due', noted: { came: came(10, 2, since) } },
    { what: 'no run looks at the day', noted: { came: came(10, 9) } },
  ])('does not wait where $what', async ({ noted }) => {
    expect((await read({ ...afterNine, ...noted })).waiting).toEqual([]);
  });
});

describe('days outside of the lookback', () => {
  const newer = (days: number, hours = 1, entryETag = '"e"') => ({
    day: daysAgo(days),
    at: NOW - hours * HOUR_MS,
    lastSeenAt: NOW,
    writtenAt: 1,
    entryETag,
  });
  it('are those that the ledger does not know, or knows to have had no file, and those with newer files', async () => {
    const none = { state: 'succeeded_no_data', fingerprint: 'none', version: undefined } as const;
    const { unlooked, newer: found } = await read({
      look: {
        elsewhere: { days: [9, 10, 11, 12, 13].map(daysAgo), others: [] },
        newer: { days: [newer(10), newer(12), newer(13), newer(14, 1, '"other"')] },
      },
      entries: {
        10: none,
        11: { ...none, fingerprint: 'f' },
        12: { ...none, version: 'v' },
        13: {},
        14: {},
      },
    });
    expect(unlooked).toEqual([9, 10].map(daysAgo));
    expect(found).toEqual([12, 13].map(daysAgo));
  });

  it('with newer files are told also where no day came outside', async () => {
    expect((await read({ look: { newer: { days: [newer(9)] } }, entries: { 9: {} } })).newer).toEqual([
      daysAgo(9),
    ]);
  });
});

describe('an unusual day', () => {
  const OTHERS = 'has other values than the days before';
  const rows = { rows: { in: 9, out: 5, refused: 0 }, usualRows: 40 };
  const content = (
    kind: 'values' | 'copies' | 'days' | 'hours' | 'shifted' | 'shared',
    words: string,
    field?: string,
  ) => ({
    content: dayContent({ unusual: [{ kind, words, ...(field === undefined ? {} : { field }) }] }),
  });
  const file = (key: string) => ({ key, size: 9, eTag: '"x"', fate: 'loaded' as const });
  it.each<{ what: string; entry: Partial<LedgerEntry>; parts: readonly object[] }>([
    { what: 'rows', entry: rows, parts: [{ kind: 'rows', short: 'has 5 rows, where 40 are usual' }] },
    {
      what: 'equal files',
      entry: { files: [file('a'), file('b'), file('c')] },
      parts: [{ kind: 'equalFiles', short: 'has 3 files that are equal' }],
    },
    {
      what: 'rows of another file',
      entry: content('shared', '31 of 62 rows equal to rows of another file: a and b'),
      parts: [{ kind: 'shared', short: 'has 31 of 62 rows equal to rows of another file' }],
    },
    {
      what: 'equal files, and not of their rows once more',
      entry: {
        ...content('shared', '2 of 3 rows equal to rows of another file: a and b'),
        files: [file('a'), file('b')],
      },
      parts: [{ kind: 'equalFiles', short: 'has 2 files that are equal' }],
    },
    {
      what: 'hours before the rows that are few for want of them',
      entry: { ...rows, ...content('hours', 'no row from 15:00 to 24:00') },
      parts: [
        { kind: 'hours', short: 'has no row from 15:00 to 24:00' },
        { kind: 'rows', short: 'has 5 rows, where 40 are usual' },
      ],
    },
    {
      what: 'shifted times',
      entry: content(
        'shifted',
        'times that are 2 hours later than on the days before: no row from 00:00 to 02:00',
      ),
      parts: [{ kind: 'shifted', short: 'has times that are 2 hours later than on the days before' }],
    },
    {
      what: 'copies',
      entry: content('copies', 'of `a`'),
      parts: [{ kind: 'copies', short: 'has files that are those of other days' }],
    },
    {
      what: 'rows of other days',
      entry: content('days', 'rows of other days: a, b'),
      parts: [{ kind: 'days', short: 'has rows of other days' }],
    },
    {
      what: 'a field',
      entry: content('values', '`a` is empty', 'a'),
      parts: [{ kind: 'values', short: `${OTHERS}, a is empty` }],
    },
    {
      what: 'a field, in several sentences',
      entry: content('values', '`a` is empty. `b` too', 'a'),
      parts: [{ kind: 'values', short: `${OTHERS}, in a` }],
    },
    {
      what: 'a field, in many words',
      entry: content('values', 'x'.repeat(161), 'b'),
      parts: [{ kind: 'values', short: `${OTHERS}, in b` }],
    },
    {
      what: 'nothing that has a field',
      entry: content('values', 'x'.repeat(161)),
      parts: [{ kind: 'values', short: `${OTHERS}, in its rows` }],
    },
  ])('is so by $what', async ({ entry, parts }) => {
    expect((await read({ entries: { 2: entry } })).unusual).toEqual([
      { day: daysAgo(2), words: expect.any(String), parts },
    ]);
  });

  it('is not one that was not over at the last look', async () => {
    // Its drop was due at six o'clock of the day after, there.
    const at = (hour: number) => ({ at: Date.UTC(2026, 10, 19, hour) });
    expect((await read({ entries: { 2: rows }, look: at(15) })).unusual).toEqual([]);
    expect((await read({ entries: { 2: rows }, look: at(16) })).unusual).toHaveLength(1);
  });

  it.each<{ what: string; expected: object; hour: number; kind?: 'hours' | 'shifted' }>([
    { what: 'its drop is due', expected: { expectedBy: { hour: 6 } }, hour: 16 },
    {
      what: 'its drop is due, by shifted times',
      expected: { expectedBy: { hour: 6 } },
      hour: 16,
      kind: 'shifted',
    },
    { what: 'noon of the next day, without expectedBy', expected: {}, hour: 22 },
    {
      what: 'noon of the next day, as no drop of it is expected',
      // It is a Thursday.
      expected: { expectedBy: { hour: 6, weekdays: ['fri'] } },
      hour: 22,
    },
  ])('is one by hours without rows once $what', async ({ expected, hour, kind = 'hours' }) => {
    const config = configOf(expected);
    const entries = { 2: content(kind, 'no row from 21:00 to 24:00') };
    // There the day ended at 10:00 of UTC.
    const unusualAt = async (at: number) => (await read({ config, entries, look: { at } })).unusual;
    const due = Date.UTC(2026, 10, 19, hour);
    expect(await unusualAt(Date.UTC(2026, 10, 19, 10, 15))).toEqual([]);
    expect(await unusualAt(due - 1)).toEqual([]);
    expect(await unusualAt(due)).toHaveLength(1);
  });
});

describe('days that seem to come under other names', () => {
  it.each([
    {
      what: 'since the last that came',
      came: [3],
      others: ['2026/'],
      found: { missed: [2, 1], names: ['2026/'] },
    },
    {
      what: 'of the lookback',
      came: [4],
      others: ['_x', '1999'],
      found: { missed: [3, 2, 1], names: ['1999'] },
    },
    { what: 'while none is missing', came: [1], others: ['2026/'], found: null },
    {
      what: 'though today has come',
      came: [0, 2],
      others: ['2026/'],
      found: { missed: [1], names: ['2026/'] },
    },
    {
      what: 'of names that were there before',
      came: [3],
      others: ['2026/', '1999/'],
      namesSince: {
        '2026/': Date.parse('2026-11-18T09:00:00Z'),
        '1999/': Date.parse('2026-11-18T11:00:00Z'),
      },
      found: { missed: [2, 1], names: ['1999/'] },
    },
    { what: 'without a year', came: [3], others: ['31'], found: null },
  ])('are told $what', async ({ came, others, namesSince, found }) => {
    const entries = Object.fromEntries(came.map((days) => [days, {}]));
    const dataset = dropDays(await read({ entries, look: { elsewhere: { days: [], others }, namesSince } }));
    expect(misnamedDays(dataset)).toEqual(found && { ...found, missed: found.missed.map(daysAgo) });
  });
});

it.each([
  { schedule: 'hourly', hours: 3 },
  { schedule: 'daily', hours: 26 },
] as const)(
  'the last look at a $schedule dataset is old after more than $hours hours',
  ({ schedule, hours }) => {
    const isOld = (ageHours: number) =>
      isOldLook(
        { at: NOW - ageHours * HOUR_MS, newestDay: null, openDays: [], stopped: false },
        schedule,
        NOW,
      );
    expect(isOld(hours)).toBe(false);
    expect(isOld(hours + 0.001)).toBe(true);
  },
);

it('the last look at a dataset is old if nobody has looked at it', () => {
  expect(isOldLook(null, 'hourly', NOW)).toBe(true);
});

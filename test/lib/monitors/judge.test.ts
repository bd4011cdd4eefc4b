import { describe, expect, it } from '@jest/globals';
import { addDays } from '../../../lib/base/time.ts';
import type { ListedExperiment } from '../../../lib/experiments/judgeSplits.ts';
import {
  judgeExperiments,
  judgeFreshness,
  judgeNames,
  judgeRefusals,
  type NameFacts,
} from '../../../lib/monitors/judge.ts';
import type { IsOpen } from '../../../lib/monitors/monitorFindings.ts';
import type { NameType } from '../../../lib/names/nameQueries.ts';
import { MONITORED_DAYS } from '../../../lib/schema/fields/monitors.ts';

const HOUR = 3_600_000;
const now = Date.parse('2026-11-25T02:10:00Z');
const closed: IsOpen = () => false;
const open: IsOpen = () => true;
const from = addDays('2026-11-25', -MONITORED_DAYS);
const options = { leastRows: 20, ignore: [] };

/** Rows of one type on days that count back from yesterday, the last one. */
function days(rows: readonly number[], type: NameType = 'number') {
  return rows.map((own, i) => ({ type, day: MONITORED_DAYS - rows.length + i, rows: own }));
}

/** As `eventsQuery` answers: no part without rows. */
const event = (name: string, ...parts: ReturnType<typeof days>[]) => ({
  event: name,
  parts: parts.flat().filter(({ rows }) => rows > 0),
});

function judge(events: readonly ReturnType<typeof event>[], more: Partial<NameFacts> = {}, isOpen = closed) {
  const facts = { from, events, properties: [], isCut: false, ...more };
  return judgeNames(facts, options, isOpen).found.map(({ code, subject }) => `${code} ${subject}`);
}

const week = [50, 50, 50, 50, 50, 50, 50];
const steady = event('page_view', days([...week, ...week, 50]));

describe('judgeNames', () => {
  it('finds an event that had rows every day and has none on the last ones', () => {
    expect(judge([steady, event('purchase', days([...week, 50, 50, 50, 50, 50, 50, 0, 0]))])).toEqual([
      'SLUICE_MONITOR_EVENT_SILENT purchase',
    ]);
  });

  it('says since when, and how many rows it had', () => {
    const facts = { from, events: [event('a', days([...week, ...week, 0]))], properties: [], isCut: false };
    expect(judgeNames(facts, options, closed).found).toEqual([
      expect.objectContaining({
        text: 'a has had no rows since 2026-11-24; before it had 50 a day.',
        command: ['names', '--event', 'a', '--days', '15'],
      }),
    ]);
  });

  it('finds no silence on days of the week on which the event never has rows', () => {
    const workdays = [60, 60, 60, 60, 60, 0, 0];
    // Yesterday is a Sunday, and a Saturday was before.
    expect(judge([steady, event('invoice', days([0, ...workdays, ...workdays]))])).toEqual([]);
  });

  it('finds no silence of an event of few rows, until enough are missing', () => {
    const few = (...last: number[]) =>
      event('rare', days([...Array.from({ length: MONITORED_DAYS - last.length }, () => 6), ...last]));
    expect(judge([steady, few(0, 0, 0)])).toEqual([]);
    expect(judge([steady, few(0, 0, 0, 0)])).toEqual(['SLUICE_MONITOR_EVENT_SILENT rare']);
  });

  it('goes on with a silence until a row comes, and without any within the days nothing is known', () => {
    expect(judge([steady, event('a', days([6, 0]))], {}, open)).toEqual(['SLUICE_MONITOR_EVENT_SILENT a']);
    expect(judge([steady, event('a', days([6, 0, 1]))], {}, open)).toEqual([]);
    const { isUnknown } = judgeNames({ from, events: [steady], properties: [], isCut: false }, options, open);
    expect(isUnknown({ code: 'SLUICE_MONITOR_EVENT_SILENT', subject: 'gone' })).toBe(true);
    expect(isUnknown({ code: 'SLUICE_MONITOR_EVENT_SILENT', subject: 'page_view' })).toBe(false);
  });

  it('finds a new name for a week, and none among the first days of a deployment', () => {
    const newName = 'SLUICE_MONITOR_EVENT_NEW sign_up_v2';
    expect(judge([steady, event('sign_up_v2', days([30]))])).toEqual([newName]);
    expect(judge([steady, event('sign_up_v2', days([1]))])).toEqual([]);
    expect(judge([steady, event('sign_up_v2', days(week))])).toEqual([newName]);
    expect(judge([steady, event('sign_up_v2', days([...week, 50]))])).toEqual([]);
    const young = event('page_view', days([50, 50, 50]));
    expect(judge([young, event('sign_up_v2', days([30]))])).toEqual([]);
    expect(judge([event('page_view', days([50, 50, 50, 50])), event('sign_up_v2', days([30]))])).toEqual([
      newName,
    ]);
  });

  it('makes one finding of what is new beyond twenty names', () => {
    const many = Array.from({ length: 30 }, (_, i) => event(`user_${i}`, days([30])));
    expect(judge([steady, ...many])).toHaveLength(21);
    expect(judge([steady, ...many]).at(-1)).toBe('SLUICE_MONITOR_EVENT_NEW *');
  });

  it('says nothing of new names when the rarest are missing', () => {
    expect(judge([steady, event('sign_up_v2', days([30]))], { isCut: true })).toEqual([]);
  });

  it('finds a type that a value never had, until it is gone or a week old', () => {
    const changed = 'SLUICE_MONITOR_TYPE_CHANGED price value: string';
    const number = (last: readonly number[]) =>
      days([...Array(MONITORED_DAYS - last.length).fill(50), ...last]);
    expect(judge([event('price', number([0, 0, 0]), days([50, 50, 50], 'string'))])).toEqual([changed]);
    // A part of the rows is enough: the old app goes on.
    expect(judge([event('price', number([40, 40, 40]), days([10, 10, 10], 'string'))])).toEqual([changed]);
    expect(judge([event('price', number([40, 40, 50]), days([10, 10, 0], 'string'))])).toEqual([]);
    expect(judge([event('price', number([40]), days([...week, 50], 'string'))])).toEqual([]);
  });

  it('finds no type that may have been missing by chance, or that only a few rows have', () => {
    const search = event('search', days([...week, ...week, 50], 'string'), days([1]));
    expect(judge([search])).toEqual([]);
    const wide = event(
      'search',
      days(
        [...week, ...week, 50].map((rows) => rows * 100),
        'string',
      ),
      days([20]),
    );
    expect(judge([wide])).toEqual([]);
  });

  it('finds the type of a property, not of null, and not of a new event', () => {
    const parts = [...days([...week, 50, 50, 50, 50, 50, 50, 0, 0]), ...days([50, 50], 'string')].filter(
      ({ rows }) => rows > 0,
    );
    const property = { event: 'page_view', property: 'total', parts };
    expect(judge([steady], { properties: [property] })).toEqual([
      'SLUICE_MONITOR_TYPE_CHANGED page_view metadata.total: string',
    ]);
    const isNull = {
      ...property,
      parts: parts.map((part) => (part.type === 'string' ? { ...part, type: 'null' as const } : part)),
    };
    expect(judge([steady], { properties: [isNull] })).toEqual([]);
  });

  it('leaves out names by patterns', () => {
    const facts = {
      from,
      events: [event('debug_a', days([...week, ...week, 0]))],
      properties: [],
      isCut: false,
    };
    const found = (ignore: string[]) => judgeNames(facts, { leastRows: 20, ignore }, closed).found.length;
    expect([found([]), found(['debug_*']), found(['debug']), found(['*_a']), found(['debug.a'])]).toEqual([
      1, 0, 1, 0, 1,
    ]);
  });

  it('looks at whole days only', () => {
    const today = { type: 'number' as const, day: MONITORED_DAYS, rows: 500 };
    expect(judge([steady, { event: 'new_today', parts: [today] }])).toEqual([]);
  });
});

const experiment: ListedExperiment = {
  ...{ experiment: 'checkout', isGate: false, layer: null, unit: 'user_id', units: 2_000, exposures: 2_000 },
  groups: [
    { groupId: 'a', groupName: 'Control', units: 900, expected: 1_000 },
    { groupId: 'b', groupName: null, units: 1_100, expected: 1_000 },
  ],
  ...{ crossovers: 0, heldOut: 0, nullUnits: 0, firstSeen: now - 72 * HOUR, lastSeen: now - HOUR },
  ...{ mayBeOlder: false, verdict: 'mismatch', pValue: 0.000_1, largestDeviation: 0.05 },
  ...{ expectedFrom: 'configuration', untested: null, unexpectedGroups: [] },
};

describe('judgeExperiments', () => {
  const run = (one: Partial<ListedExperiment>, isOpen = closed, ignore: string[] = []) =>
    judgeExperiments([{ ...experiment, ...one }], { alpha: 0.001, days: 30, ignore }, { now, isOpen });

  it('finds a mismatch of a running experiment, with its groups and its command', () => {
    expect(run({}).found).toEqual([
      {
        ...{ code: 'SLUICE_MONITOR_SPLIT', monitor: 'sampleRatio', subject: 'checkout' },
        text: '2,000 units: Control 900 (expected 1,000), b 1,100 (expected 1,000). With the expected split this or worse happens in fewer than 0.1 % of experiments: p = 0.00010.',
        command: ['check', 'checkout'],
      },
    ]);
    expect(run({ isGate: true }).found).toMatchObject([
      { subject: 'gate checkout', command: ['check', 'checkout', '--gate'] },
    ]);
  });

  it('finds none that is as expected, that does not run, or that is ignored', () => {
    expect(run({ verdict: 'as_expected', pValue: 0.5 }).found).toEqual([]);
    expect(run({ lastSeen: now - 49 * HOUR }).found).toEqual([]);
    expect(run({}, closed, ['check*']).found).toEqual([]);
  });

  it('goes on while it is suspicious, and knows nothing of one that is not tested', () => {
    expect(run({ verdict: 'suspicious', pValue: 0.005 }).found).toEqual([]);
    expect(run({ verdict: 'suspicious', pValue: 0.005 }, open).found).toHaveLength(1);
    expect(run({ verdict: 'as_expected', pValue: 0.02 }, open).found).toEqual([]);
    const older = run({ verdict: 'not_tested', pValue: null }, open);
    expect(older.found).toEqual([]);
    expect(older.isUnknown({ code: 'SLUICE_MONITOR_SPLIT', subject: 'checkout' })).toBe(true);
    expect(older.isUnknown({ code: 'SLUICE_MONITOR_SPLIT', subject: 'other' })).toBe(false);
  });
});

describe('judgeFreshness', () => {
  const run = (hours: number | null, isOpen = closed) =>
    judgeFreshness(
      [{ table: 'orders', newestAt: hours === null ? null : now - hours * HOUR }],
      { hours: 30, tables: {} },
      { now, isOpen },
    ).found.length;

  it('finds a table whose newest row is too old', () => {
    expect([run(29), run(30), run(100)]).toEqual([0, 1, 1]);
  });

  it('finds none without rows within the days, unless it was found before', () => {
    expect([run(null), run(null, open)]).toEqual([0, 1]);
  });

  it('takes hours of a table of its own', () => {
    const tables = [{ table: 'orders', newestAt: now - 50 * HOUR }];
    const found = (own: number | false) =>
      judgeFreshness(tables, { hours: 30, tables: { orders: own } }, { now, isOpen: closed }).found.length;
    expect([found(48), found(72), found(false)]).toEqual([1, 0, 0]);
  });
});

describe('judgeRefusals', () => {
  const run = (refused: number, requests = 1_000, isOpen = closed) =>
    judgeRefusals(
      { requests, refused, events: 5_000, quarantined: 0 },
      { share: 0.05, least: 100 },
      isOpen,
    ).found.map(({ subject }) => subject);

  it('finds a share from its threshold on, and lets it go below half of it', () => {
    expect([run(49), run(50)]).toEqual([[], ['requests']]);
    expect([run(25, 1_000, open), run(24, 1_000, open)]).toEqual([['requests'], []]);
  });

  it('judges no share of a few requests', () => {
    expect([run(50, 99), run(0, 0, open)]).toEqual([[], []]);
  });

  it('finds a share of quarantined events', () => {
    const counts = { requests: 10, refused: 10, events: 1_000, quarantined: 80 };
    expect(judgeRefusals(counts, { share: 0.05, least: 100 }, closed).found).toMatchObject([
      { subject: 'quarantine', text: '8 % of 1,000 events went to quarantine within 24 hours.' },
    ]);
  });
});

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { HOUR_MS, utcDay } from '../../../../../lib/base/time.ts';
import { hasArrivedSince } from '../../../../../lib/drops/plan/late/arrival.ts';
import type { Settlement } from '../../../../../lib/ledger/Ledger.ts';
import { LedgerError } from '../../../../../lib/ledger/LedgerError.ts';
import { eventsDataset } from '../../../../harness/configInput.ts';
import { emfProblems } from '../../../../harness/emfProblems.ts';
import { entryOf, plan } from '../planRuns.ts';
import { OTHER_DROPS, startIngest } from '../startIngest.ts';
import { LateLooks } from './LateLooks.ts';

let looks: LateLooks;
afterEach(() => looks.ingest.close());
/** Each test of a describe begins with {@link LateLooks.start}. */
const startEach = () =>
  beforeEach(async () => {
    looks = await LateLooks.start();
  });

describe('a look for overdue drops', () => {
  startEach();

  it('notes a drop that has not arrived, with when it was due', async () => {
    await looks.put(2);
    expect(await looks.look()).toMatchObject({ level: 'warn', datasets: 1, late: [{ day: looks.ago(1) }] });
    const due = Date.parse(`${looks.today}T06:00:00Z`);
    expect(await looks.note()).toEqual({
      at: expect.any(Number),
      first: { day: looks.ago(3), hasCome: true },
      late: [{ day: looks.ago(1), due }],
      came: [expect.objectContaining({ day: looks.ago(2) })],
      open: [looks.ago(2), looks.ago(1)],
    });
  });

  it('names a drop that has become due since the first look of the day', async () => {
    await looks.advanceHours(19);
    await looks.expectLate(3, 2);
    await looks.advanceHours(2);
    await looks.expectLate(3, 2, 1);
  });

  it('counts late drops in a metric that CloudWatch reads', async () => {
    await looks.look();
    const line = looks.ingest.lines.findLast((logged) => '_aws' in logged);
    expect(emfProblems(JSON.stringify(line))).toEqual([]);
    expect(line).toMatchObject({ function: 'ingest-plan', stage: 'test', drops_late: 2 });
  });

  it('names a drop no more that is in its folder before any run of the plan, and queues nothing', async () => {
    await looks.look();
    for (const ago of [1, 2]) await looks.put(ago);
    expect(await looks.look()).toMatchObject({ level: 'info', late: [] });
    expect(looks.metric()).toBe(0);
    expect(await looks.ingest.received('load')).toEqual([]);
  });

  it('notes a drop that has come until a load has read it', async () => {
    const due = (ago: number) => Date.parse(`${looks.ago(ago - 1)}T06:00:00Z`);
    await looks.put(2);
    await looks.put(1, '_temporary/0/a.parquet');
    await looks.look();
    expect(await looks.note()).toMatchObject({
      late: [{ day: looks.ago(1) }],
      came: [{ day: looks.ago(2), due: due(2), words: '1 file', since: expect.any(Number) }],
    });
    await looks.settle(2);
    await looks.look();
    expect(await looks.note()).not.toHaveProperty('came');
  });

  it('says what is there of a late day', async () => {
    await looks.put(2);
    await looks.put(1, '_temporary/0/a.parquet');
    expect(await looks.look()).toMatchObject({
      late: [{ day: looks.ago(1), has: { words: '1 temporary file alone' } }],
    });
  });

  it('names a day that never came for 30 days after its lookback', async () => {
    await looks.look();
    const missed = looks.ago(2);
    for (let days = 0; days < 30; days += 1.5) {
      await looks.advanceHours(1.5 * 24);
      await looks.look();
    }
    const { late } = Object(await looks.note());
    expect(late).toHaveLength(32);
    expect(late[0]).toMatchObject({ day: missed });
  });

  it('rings the alarm for days of the lookback alone', async () => {
    await looks.advanceHours(10 * 24);
    expect(Object(await looks.look()).late).toHaveLength(12);
    expect(looks.metric()).toBe(2);
  });

  it('names a note that is damaged, and makes it anew of what the ledger and the folder have', async () => {
    await looks.look();
    const noted = Object(await looks.note());
    await looks.ingest.write('ledger/acme/events/expected.json', '{"at":');
    const failed = [{ dataset: 'events', code: 'SLUICE_INGEST_LEDGER_INVALID' }];
    expect(await looks.look()).toMatchObject({ failed });
    expect(await looks.note()).toEqual({ ...noted, at: expect.any(Number) });
    expect(await looks.look()).toMatchObject({ failed: [] });
  });
});

describe('a look whose note can’t be read for now', () => {
  startEach();

  it('fails by name, leaves the note alone, and is not counted', async () => {
    await looks.look();
    const noted = await looks.note();
    await looks.advanceHours(24);
    const { planner } = looks.ingest;
    const read = () => Promise.reject(new LedgerError('SLUICE_INGEST_LEDGER_UNAVAILABLE', 'away'));
    looks.ingest.planner = () => {
      const ports = planner();
      return { ...ports, lateNotes: { ...ports.lateNotes, read } };
    };
    expect(await looks.look()).toMatchObject({ failed: [{ code: 'SLUICE_INGEST_LEDGER_UNAVAILABLE' }] });
    await looks.waitForTally();
    expect(looks.metric()).toBe(0);
    expect(await looks.note()).toEqual(noted);
    looks.ingest.planner = planner;
    await looks.expectLate(3, 2, 1);
  });
});

describe('a look at a day without the marker that the dataset waits for', () => {
  /** A day that has its marker, and one that lacks it, which the plan has looked at. */
  async function startWithoutMarker(): Promise<void> {
    looks = await LateLooks.start({ waitFor: 'READY' });
    for (const ago of [1, 2]) await looks.put(ago);
    await looks.put(2, 'READY');
    await planAfterAnHour();
  }

  async function planAfterAnHour(): Promise<void> {
    await looks.advanceHours(1);
    await plan(looks.ingest);
  }

  it('takes it for late, although the plan has noted that it waits', async () => {
    await startWithoutMarker();
    await looks.expectLate(1);
  });

  it('takes it for late once its files are gone, although the plan has noted that since', async () => {
    await startWithoutMarker();
    await looks.ingest.remove(`events/${looks.ago(1)}/a.parquet`);
    await planAfterAnHour();
    await looks.expectLate(1);
    const entry = await entryOf(looks.ingest, looks.ago(1));
    expect(hasArrivedSince(entry, looks.ingest.clock.now() - HOUR_MS)).toBe(false);
  });

  it('takes it for arrived once the marker is there', async () => {
    await startWithoutMarker();
    await looks.put(1, 'READY');
    await looks.expectLate();
  });
});

describe('a look at a day that came without rows', () => {
  startEach();

  /** Has a load find that the file of a day has no rows. */
  async function loadWithoutRows(ago: number, more: Partial<Settlement>): Promise<void> {
    const day = looks.ago(ago);
    const key = `events/${day}/a.parquet`;
    await looks.ingest.put(key);
    await plan(looks.ingest, { days: [day], asked: 'backfill' });
    const file = { key, size: 1, eTag: '"e"', fate: 'left_out', reason: 'no_rows' } as const;
    await looks.settle(ago, { state: 'succeeded_no_data', files: [file], ...more });
  }

  /** A day whose weekday usually has rows, beside one that has come. */
  async function startWithoutRows(): Promise<string> {
    await looks.put(2);
    await loadWithoutRows(1, { usualRows: 1_000 });
    return looks.ago(1);
  }

  const hasArrived = async (day: string) =>
    hasArrivedSince(await entryOf(looks.ingest, day), looks.ingest.clock.now() - 2 * HOUR_MS);

  it('waits on for it where its weekday usually has rows', async () => {
    const day = await startWithoutRows();
    expect(await looks.look()).toMatchObject({ late: [{ day, empty: '1 file, 0 rows' }] });
    expect(await hasArrived(day)).toBe(false);
  });

  it('waits on for it while it is loaded again', async () => {
    const day = await startWithoutRows();
    await plan(looks.ingest, { days: [day], asked: 'backfill' });
    expect(await entryOf(looks.ingest, day)).toMatchObject({ state: 'waiting' });
    expect(await looks.look()).toMatchObject({ late: [{ day, empty: '1 file, 0 rows' }] });
    expect(await hasArrived(day)).toBe(false);
  });

  it('waits no longer once another file has come', async () => {
    await startWithoutRows();
    await looks.put(1, 'b.parquet');
    await looks.expectLate();
  });

  it('waits on for it where it came so to another place, and for one of which that place had no file', async () => {
    const place = 's3://acme-old/events/YYYY-MM-DD';
    await loadWithoutRows(1, { usualRows: 1_000, place });
    await looks.settle(2, { state: 'succeeded_no_data', fingerprint: 'none', place });
    expect(await looks.look()).toMatchObject({
      late: [{ day: looks.ago(2) }, { day: looks.ago(1), empty: '1 file, 0 rows' }],
    });
  });

  it('does not wait where its weekday usually has no rows, even if the dataset is at another place now', async () => {
    await looks.put(1);
    await loadWithoutRows(2, { place: 's3://acme-old/events/YYYY-MM-DD' });
    await looks.ingest.remove(`events/${looks.ago(2)}/a.parquet`);
    await looks.expectLate();
    expect(await hasArrived(looks.ago(2))).toBe(true);
  });
});

describe('a look at a folder that can not be listed', () => {
  it('fails by name, and leaves days late that were', async () => {
    looks = await LateLooks.start();
    await looks.look();
    await looks.ingest.letNobodyIn();
    expect(await looks.look()).toMatchObject({
      level: 'error',
      failed: [{ code: 'SLUICE_SOURCE_ACCESS_DENIED' }],
    });
    expect(looks.metric()).toBe(2);
    expect(await looks.note()).toMatchObject({ late: [{ day: looks.ago(2) }, { day: looks.ago(1) }] });
  });

  it('leaves its days to the next look', async () => {
    looks = await LateLooks.start();
    await looks.look();
    await looks.ingest.letNobodyIn();
    await looks.advanceHours(24);
    await looks.look();
    await looks.ingest.letIn();
    await looks.expectLate(3, 2, 1);
  });

  /** Two sources that can be read, and a third whose bucket is not there. Each has a day that is late. */
  async function startWithUnreadable(): Promise<void> {
    const places = [{}, { bucket: OTHER_DROPS }, { bucket: 'acme-nowhere' }];
    const inputs = places.map((place, i) => ({
      ...place,
      datasets: [eventsDataset({ name: `d${i}`, lookbackDays: 1, expectedBy: { hour: 6 } })],
    }));
    looks = new LateLooks(await startIngest(inputs));
    await looks.lookAtAll();
    await looks.advanceHours(24);
  }

  it('does not hide what is known of other sources', async () => {
    await startWithUnreadable();
    const lines = await looks.lookAtAll();
    expect(lines.map(({ level }) => level)).toEqual(['warn', 'warn', 'error']);
    expect(looks.metric()).toBe(2);
    await looks.ingest.put(`d0/${looks.ago(1)}/a.parquet`);
    await looks.lookAtAll();
    expect(looks.metric()).toBe(1);
  });

  it('is counted with a look that was killed, whose days stay as they were', async () => {
    await startWithUnreadable();
    await looks.lookAtAll();
    looks.ingest.lines.length = 0;
    await looks.handle([{ sluice: 'expected' }]);
    const parts = await looks.ingest.received('plan');
    await looks.handle(parts.filter((body) => String(Object(body).sources) !== 'acme1'));
    await looks.waitForTally();
    expect(looks.ingest.lines.filter((line) => '_aws' in line)).toMatchObject([{ drops_late: 2 }]);
  });
});

describe('the cost of a look', () => {
  /** Entries that are read, and pages that are listed. */
  interface Calls {
    readonly entries: number;
    readonly lists: number;
  }

  /** Counts the calls of each run of the schedule from now on. */
  function countCalls(): () => Promise<Calls> {
    let entries = 0;
    let lists = 0;
    const { ledger, bucketOf, ...others } = looks.ingest.planner();
    looks.ingest.planner = () => ({
      ...others,
      deadline: Number.POSITIVE_INFINITY,
      ledger: Object.assign(Object.create(ledger), {
        read: (place: Parameters<typeof ledger.read>[0]) => {
          entries += 1;
          return ledger.read(place);
        },
      }),
      bucketOf: (...args) => ({
        list: (page) => {
          lists += 1;
          return bucketOf(...args).list(page);
        },
      }),
    });
    return async () => {
      entries = 0;
      lists = 0;
      await looks.lookAtAll();
      return { entries, lists };
    };
  }

  /** A dataset whose due days, 33 with those that are named, are all loaded. */
  async function startLoaded(): Promise<() => Promise<Calls>> {
    looks = await LateLooks.start({ lookbackDays: 3 });
    for (const ago of [1, 2, 3]) {
      await looks.put(ago);
      await looks.settle(ago);
    }
    return countCalls();
  }

  it('is an entry of each due day once a day, and one that says which came first', async () => {
    const calls = await startLoaded();
    expect(await calls()).toEqual({ entries: 34, lists: 0 });
  });

  it('is nothing for the rest of the day, if all due days are loaded', async () => {
    const calls = await startLoaded();
    await calls();
    expect(await calls()).toEqual({ entries: 0, lists: 0 });
  });

  it('is one entry and two calls to list while one day is waited for, until it is loaded', async () => {
    const calls = await startLoaded();
    await calls();
    await looks.advanceHours(21);
    const { lists } = await calls();
    expect(lists).toBe(2);
    expect(await calls()).toEqual({ entries: 1, lists });
    await looks.settle(1);
    expect(await calls()).toEqual({ entries: 1, lists: 0 });
    expect(await calls()).toEqual({ entries: 0, lists: 0 });
  });

  it('is that of a first look after a note of the future, when the clock was wrong', async () => {
    const calls = await startLoaded();
    await calls();
    const at = looks.ingest.clock.now() + 48 * HOUR_MS;
    expect(utcDay(at)).not.toBe(looks.today);
    await looks.ingest.planner().lateNotes.write('acme', 'events', { at, late: [], open: [] });
    expect(await calls()).toEqual({ entries: 34, lists: 0 });
  });
});

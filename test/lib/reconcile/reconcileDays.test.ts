import { beforeEach, describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { noCounts } from '../../../lib/erase/Manifest.ts';
import { writeNote } from '../../../lib/landing/LandingNotes.ts';
import { encodeLines } from '../../../lib/landing/store/encodeLines.ts';
import {
  type MetricSeries,
  type MetricTime,
  oldestRecord,
  type WantedMetric,
} from '../../../lib/reconcile/hourCounts.ts';
import { readHourlyRows } from '../../../lib/reconcile/hourlyRows.ts';
import { readReceivedHours } from '../../../lib/reconcile/receivedHours.ts';
import { type Reconciler, reconcileDay, reconcileDays } from '../../../lib/reconcile/reconcileDays.ts';
import { redrivenKey } from '../../../lib/tables/ledgerKeys.ts';
import { receivedHoursKey } from '../../../lib/tables/tableFolders.ts';
import { MemoryObjects } from '../../harness/MemoryObjects.ts';

const HOUR = 3_600_000;
const config = defineConfig({ bucket: 'acme' });
const DAY = '2026-11-24';
const NIGHT = Date.parse('2026-11-25T01:10:00Z');
const at = (time: string) => Date.parse(`${time}Z`);

let now: number;
let own: typeof config;
let store: MemoryObjects;
let lines: Readonly<Record<string, unknown>>[];
/** Values of metrics, by metric and minute. */
let series: Map<string, Map<number, number>>;
/** Athena's rows, or none: it fails. */
let rows: readonly (readonly string[])[] | null;
let asked: number;
/** The last query that Athena was asked. */
let query: string;
/** What was read of CloudWatch. */
let reads: (MetricTime & { readonly metrics: readonly WantedMetric[] })[];

function count(id: string, minute: string, value: number): void {
  const own = series.get(id) ?? new Map<number, number>();
  series.set(id, own.set(at(minute), value));
}

/** Requests of an hour of the day, of three events each, which are finished or not. */
function requests(hour: string, many: number, finished = 3 * many): void {
  const minute = `${DAY}T${hour}:30:00`;
  for (const id of ['received', 'invoked']) count(id, minute, many);
  count('events_landed', minute, 3 * many);
  count('events_finished', `${DAY}T${hour}:00:00`, finished);
}

beforeEach(() => {
  now = NIGHT;
  own = config;
  store = new MemoryObjects({ now: () => now });
  lines = [];
  series = new Map();
  rows = null;
  asked = 0;
  reads = [];
  // The registrar runs each hour.
  for (let hour = at('2026-11-18T00:05:00'); hour < NIGHT + 199 * HOUR; hour += HOUR)
    count('hourly', new Date(hour).toISOString().slice(0, 19), 1);
});

function reconcilerNow(): Reconciler {
  return {
    config: own,
    names: { stage: 'dev', collect: 'c', register: 'r', stream: 's' },
    afterMs: 150_000,
    store,
    readMetrics: async (metrics, { start, end, ...time }): Promise<MetricSeries> => {
      reads.push({ metrics, start, end, ...time });
      const isWanted = (id: string) => metrics.some((metric) => metric.id === id);
      const within = [...series].map(
        ([id, values]) => [id, new Map([...values].filter(([at]) => at >= start && at < end))] as const,
      );
      // As of CloudWatch, a metric without values is not in the answer.
      return new Map(within.filter(([id, values]) => isWanted(id) && values.size > 0));
    },
    ask: async (sql) => {
      asked += 1;
      query = sql;
      return rows;
    },
    now,
  };
}

async function night(nights = 0): Promise<void> {
  now = NIGHT + nights * 24 * HOUR;
  await reconcileDays(reconcilerNow(), (line) => lines.push(line));
}

/** Hours of the day as they are judged, of the events. */
async function hoursOf(...hours: readonly number[]) {
  const { rows } = await readReceivedHours(store, config, DAY);
  const events = rows.filter(({ table_name }) => table_name === 'events');
  return hours.map((hour) => events[hour]);
}

const found = (hour: number, events: number, doubles = 0) => [
  'events',
  `${hour}`,
  '',
  `${events}`,
  `${doubles}`,
  '0',
  '0',
];

/** Refuses to read one object. */
function deny(key: string): void {
  const refused = async () => {
    throw Object.assign(new Error(), { name: 'AccessDenied' });
  };
  const { read, head } = store;
  store.read = async (readKey, options) => (readKey === key ? refused() : read.call(store, readKey, options));
  store.head = async (headKey) => (headKey === key ? refused() : head.call(store, headKey));
}

describe('a night', () => {
  it('has a row for every hour and table of the days before, and asks Athena nothing if counts agree', async () => {
    requests('07', 100);
    await night();
    expect(await hoursOf(7)).toEqual([
      {
        ds: DAY,
        hour: 7,
        table_name: 'events',
        accepted: 300,
        finished: 300,
        refused: 0,
        not_delivered: 0,
        waiting_objects: 0,
        missing: 0,
        unproved: 0,
        state: 'whole',
        why: null,
        checked_at: '2026-11-25 01:10:00.000',
      },
    ]);
    const day = await readReceivedHours(store, config, DAY);
    expect(day.rows.filter(({ state }) => state === 'whole')).toHaveLength(72);
    expect(asked).toBe(0);
    expect(lines.at(-1)).toMatchObject({ function: 'reconcile', stage: 'dev', hours_short: 0 });
  });

  it('looks at the rows of a day once, if counts differ, and tells what is missing', async () => {
    requests('07', 100, 270);
    requests('08', 100, 0);
    rows = [found(7, 300), found(8, 250, 20)];
    await night();
    const short = { state: 'short', missing: 50, unproved: 0 };
    expect(await hoursOf(7, 8)).toMatchObject([{ state: 'whole', unproved: 0 }, short]);
    expect(asked).toBe(1);
    expect(lines.at(-1)).toMatchObject({ hours_short: 1 });
    // It stays so while nobody knows better, whatever counts say, and until its rows are back.
    count('events_finished', `${DAY}T08:00:00`, 300);
    rows = null;
    await night(1);
    expect(await hoursOf(8)).toMatchObject([short]);
    rows = [found(8, 250, 20)];
    await night(2);
    expect(await hoursOf(8)).toMatchObject([short]);
    rows = [found(8, 300)];
    await night(3);
    expect(await hoursOf(8)).toMatchObject([{ state: 'whole', missing: 0, unproved: 0 }]);
    expect(asked).toBe(4);
    expect(lines.at(-1)).toMatchObject({ hours_short: 0 });
  });

  it('asks for rows in the folders of all days that its events may have, and of what was given up since', async () => {
    requests('07', 100, 270);
    own = defineConfig({ bucket: 'acme', timeWindow: { pastDays: 3, futureDays: 2 } });
    await night(1);
    const days = [...query.matchAll(/"ds" BETWEEN DATE '(.*)' AND DATE '(.*)'/g)].map(
      ([, ...range]) => range,
    );
    const ofRows = ['2026-11-21', '2026-11-26'];
    const ofGivenUp = [DAY, '2026-11-27'];
    expect(days).toEqual([ofRows, ofGivenUp, ofRows, ofGivenUp, [DAY, DAY]]);
    for (const member of ['event_id', 'received_at'])
      expect(query).toContain(`json_extract_scalar("raw", '$.${member}')`);
    expect(query).toContain(`'SLUICE_EVENT_MANY_REFUSED' THEN "detail"`);
  });

  it('adds up the rows of an hour, of which a refused one may hold several events', async () => {
    const ofRefused = [
      ['quarantine', '7', 'SLUICE_EVENT_NAME_MISSING: 2, SLUICE_EVENT_TIME_INVALID: 3', '20', '2', '30', '1'],
      ['quarantine', '7', null, '100', '10', '4'],
    ];
    const counts = await readHourlyRows(config, async () => ofRefused, DAY, '2026-11-25');
    const events = { found: 20 * 5 + 100, doubles: 2 * 5 + 10, equal: 5, givenUp: 34 };
    expect([...(counts ?? [])]).toEqual([['quarantine 7', events]]);
  });

  it('keeps what is whole but for unproved events while its counts stay, and looks at it once a person asks', async () => {
    for (const hour of ['07', '08', '09']) {
      requests(hour, 100);
      count('events_not_delivered', `${DAY}T${hour}:30:00`, 21);
    }
    // One of these requests was answered 503.
    count('refused_requests', `${DAY}T09:30:00`, 1);
    rows = [found(7, 300, 21), found(8, 290), found(9, 300)];
    await night();
    const unproved = async () => (await hoursOf(7, 8, 9)).map((row) => [row?.state, row?.unproved]);
    const byCounts = [7, 8, 9].map(() => ['whole', 21]);
    expect(asked).toBe(0);
    expect(await unproved()).toEqual(byCounts);
    await night(1);
    expect(asked).toBe(0);
    expect(await unproved()).toEqual(byCounts);
    const proved = [
      ['whole', 0],
      ['whole', 10],
      ['whole', 21],
    ];
    await reconcileDay(reconcilerNow(), DAY, true);
    expect(asked).toBe(1);
    expect(await unproved()).toEqual(proved);
    await night(2);
    expect(asked).toBe(1);
    expect(await unproved()).toEqual(proved);
    // Nothing is kept of a day that is not over.
    await reconcileDay(reconcilerNow(), '2026-11-27', true);
    expect((await readReceivedHours(store, config, '2026-11-27')).eTag).toBeNull();
  });

  it('judges a whole hour again as lines of its requests come', async () => {
    for (const id of ['received', 'invoked']) count(id, `${DAY}T07:30:00`, 5);
    series.get('received')?.clear();
    count('events_finished', `${DAY}T07:00:00`, 15);
    await night();
    expect(await hoursOf(7)).toMatchObject([{ state: 'whole', unproved: 20 }]);
    requests('07', 5, 15);
    await night(1);
    expect(await hoursOf(7)).toMatchObject([{ state: 'whole', accepted: 15, unproved: 0 }]);
  });

  it('reads whole minutes of the metrics of a deployment, of an hour the minutes before and after', async () => {
    now = NIGHT + 30_000;
    await reconcileDay(reconcilerNow(), DAY);
    await reconcileDay(reconcilerNow(), '2026-11-25');
    const read = reads.map(({ start, end, metrics }) => [start, end, metrics.length]);
    const start = at(`${DAY}T00:00:00`);
    expect(read).toEqual([
      [start - 60_000, start + 25 * HOUR, 22],
      [NIGHT - 24 * HOUR, NIGHT, 3],
      [start + 24 * HOUR - 60_000, NIGHT, 22],
      [NIGHT - 24 * HOUR, NIGHT, 3],
    ]);
    const ofSluice = { namespace: 'Sluice', statistic: 'Sum' };
    const ofCollect = { function: 'collect', stage: 'dev' };
    const reason = 'SLUICE_COLLECT_NOT_DELIVERED';
    expect(reads.flatMap(({ metrics }) => metrics)).toEqual(
      expect.arrayContaining([
        { ...ofSluice, id: 'received', metric: 'received', statistic: 'SampleCount', dimensions: ofCollect },
        {
          ...ofSluice,
          id: 'refused_requests',
          metric: 'refused_requests',
          dimensions: { ...ofCollect, reason },
        },
        {
          ...ofSluice,
          id: 'events_finished',
          metric: 'events_finished',
          dimensions: { function: 'write', stage: 'dev' },
        },
        {
          id: 'failed',
          namespace: 'AWS/Lambda',
          metric: 'Errors',
          statistic: 'Sum',
          dimensions: { FunctionName: 'c' },
        },
        {
          id: 'DeliveryToS3.Success',
          namespace: 'AWS/Firehose',
          metric: 'DeliveryToS3.Success',
          statistic: 'Minimum',
          dimensions: { DeliveryStreamName: 's' },
        },
      ]),
    );
  });

  it('reads nothing again of a day that is settled, and later of none without an open hour', async () => {
    requests('07', 100);
    await night();
    const key = receivedHoursKey(config, DAY);
    const { eTag } = (await store.read(key)) ?? {};
    const daysRead = () => reads.map(({ start }) => new Date(start + 60_000).toISOString().slice(0, 10));
    reads = [];
    await night(1);
    expect(daysRead()).toContain('2026-11-25');
    expect(daysRead()).not.toContain(DAY);
    expect((await store.read(key))?.eTag).toBe(eTag);
    // Some events of this day are unproved: it is not settled, and has no open hour.
    requests('07', 100);
    store.objects.delete(key);
    count('events_not_delivered', `${DAY}T07:30:00`, 21);
    await night();
    expect(await hoursOf(7)).toMatchObject([{ state: 'whole', unproved: 21 }]);
    reads = [];
    await night(6);
    expect(daysRead()).toContain('2026-11-30');
    expect(daysRead()).not.toContain(DAY);
  });

  it('counts an hour with what is logged of it in the minute before the day', async () => {
    for (const id of ['invoked', 'events_landed', 'events_finished']) count(id, `${DAY}T00:00:00`, 7);
    count('received', '2026-11-23T23:59:00', 7);
    await night();
    expect(await hoursOf(0)).toMatchObject([{ state: 'whole', accepted: 7, unproved: 0 }]);
  });

  it('keeps the counts of an earlier night only of minutes that CloudWatch has no longer', async () => {
    requests('07', 100, 290);
    await night();
    // The hour is silent, and CloudWatch still has its minutes.
    series.get('hourly')?.delete(at(`${DAY}T07:05:00`));
    requests('07', 100, 295);
    await night(1);
    expect(await hoursOf(7)).toMatchObject([{ state: 'open', finished: 295 }]);
    // After 15 days an hour that has minutes all the same is counted anew.
    count('hourly', `${DAY}T07:05:00`, 1);
    requests('07', 100, 300);
    now = NIGHT + 20 * 24 * HOUR;
    await reconcileDay(reconcilerNow(), DAY, true);
    expect(await hoursOf(7)).toMatchObject([{ state: 'whole', finished: 300 }]);
    // Without an earlier night there is nothing to keep.
    series.clear();
    const [first] = await reconcileDay(reconcilerNow(), '2026-11-20', true);
    expect(first).toMatchObject({ ds: '2026-11-20', hour: 0, state: 'unknown' });
  });

  it('lets a person ask for an hour that was never clear', async () => {
    requests('07', 100, 270);
    for (const nights of [0, 1, 2, 3]) await night(nights);
    expect(await hoursOf(7)).toMatchObject([{ state: 'unknown' }]);
    rows = [found(7, 300)];
    await reconcileDay(reconcilerNow(), DAY, true);
    expect(await hoursOf(7)).toMatchObject([{ state: 'whole', why: null, unproved: 0 }]);
  });

  it('has an hour unknown by the first night that comes after it is over, not by one night alone', async () => {
    requests('07', 100, 270);
    await night();
    expect(await hoursOf(7)).toMatchObject([{ state: 'open' }]);
    await night(6);
    expect(await hoursOf(7)).toMatchObject([{ state: 'unknown' }]);
    const { rows: days } = await readReceivedHours(store, config, '2026-11-23');
    expect(days.filter(({ state }) => state === 'open')).toEqual([]);
  });

  it('judges days between others that no night has judged, and none before the first', async () => {
    const judged = async (...days: readonly string[]) =>
      Promise.all(
        days.map(async (day) => {
          const { rows } = await readReceivedHours(store, config, day);
          return rows.filter(({ state }) => state === 'whole').length;
        }),
      );
    await night();
    await night(8);
    expect(await judged('2026-11-20', DAY, '2026-11-25', '2026-11-28', '2026-12-02')).toEqual([
      0, 72, 72, 72, 72,
    ]);
    await store.write(receivedHoursKey(config, '2026-11-26'), 'damaged', {});
    await night(8);
    expect(await judged('2026-11-26')).toEqual([72]);
  });

  it('leaves hours open that Athena could not clear, until they are over', async () => {
    requests('07', 100, 270);
    for (const nights of [0, 1, 2, 3]) {
      await night(nights);
      const state = nights < 3 ? 'open' : 'unknown';
      expect(await hoursOf(7)).toMatchObject([{ state, accepted: 300, finished: 270, unproved: 30 }]);
    }
  });

  it('looks at the rows of an hour of which Firehose repeated a delivery, and only of that', async () => {
    requests('07', 100);
    // The last delivery of an hour comes after it.
    count('DeliveryToS3.Success', `${DAY}T08:02:00`, 0.5);
    requests('08', 100);
    requests('09', 100);
    count('DeliveryToS3.Success', `${DAY}T10:30:00`, 1);
    requests('10', 100);
    rows = [found(7, 250, 50), found(8, 300, 50)];
    await night();
    const hours = await hoursOf(7, 8, 9, 10);
    const shown = hours.map((row) => [row?.state, row?.unproved]);
    expect([asked, ...shown]).toEqual([1, ['whole', 50], ['whole', 0], ['whole', 0], ['whole', 0]]);
  });

  it('knows preflights that a route hands to the collector as invocations without a request', async () => {
    requests('07', 100);
    count('invoked', `${DAY}T07:30:00`, 200);
    await night();
    expect(await hoursOf(7)).toMatchObject([{ state: 'open', why: '100 requests of 200 were not counted' }]);
    count('preflights', `${DAY}T07:30:00`, 100);
    await night(1);
    expect(await hoursOf(7)).toMatchObject([{ state: 'whole', unproved: 0 }]);
  });

  it('expects no log line of an invocation that failed: it stored nothing, and its request was sent again', async () => {
    requests('07', 100);
    count('invoked', `${DAY}T07:30:00`, 130);
    count('failed', `${DAY}T07:30:00`, 30);
    await night();
    expect(await hoursOf(7)).toMatchObject([{ state: 'whole', unproved: 0 }]);
  });

  it.each([
    [1, { state: 'whole', missing: 0, unproved: 280 }],
    [2, { state: 'short', missing: 30, unproved: 250 }],
  ])(
    'tells nothing of an hour as short whose files S3 deletes by then, after %s days',
    async (days, judged) => {
      requests('07', 100, 270);
      own = defineConfig({ bucket: 'acme', curate: false, retention: { forwardedDays: days } });
      // The rows could not be asked for in the first night.
      rows = null;
      await night();
      rows = [found(7, 20)];
      await night(1);
      expect(await hoursOf(7)).toMatchObject([judged]);
    },
  );

  it('clears an hour whose rows an erasure took, and leaves it open if nobody knows how many', async () => {
    requests('07', 100, 270);
    requests('08', 100, 270);
    rows = [found(7, 280), found(8, 300)];
    const places = { landing: { ...noCounts(), rows: 25 } };
    const times = { startedAt: NIGHT - HOUR, endedAt: NIGHT, resumed: 0 };
    const run = { ...times, places, hasFound: true, left: [], leftCount: 0 };
    // A run that had ended before the day took none of its rows.
    const runs = [{ ...run, endedAt: at(`${DAY}T00:00:00`) - 1 }, run];
    const manifest = { version: 1, id: 'e', units: 1, startedAt: NIGHT - HOUR, runs };
    // Of an erasure before the day.
    now = at('2026-11-23T23:00:00');
    await store.write('ledger/_erasures/old.json', '{');
    now = NIGHT;
    await store.write('ledger/_erasures/f.json', '{');
    await night();
    const why = "ledger/_erasures/f.json can't be read: SLUICE_ERASE_MANIFEST_INVALID";
    expect(await hoursOf(7, 8)).toMatchObject([
      { state: 'open', why, unproved: 20 },
      { state: 'whole', unproved: 0 },
    ]);
    store.objects.delete('ledger/_erasures/f.json');
    await store.write('ledger/_erasures/e.json', JSON.stringify(manifest));
    await night(1);
    expect(await hoursOf(7)).toMatchObject([{ state: 'whole', missing: 0, unproved: 20 }]);
  });

  it('counts the rows of an hour that were refused as perhaps landed again, after a redrive', async () => {
    requests('07', 100, 270);
    rows = [found(7, 300), ['quarantine', '7', '', '12', '0', '0']];
    await store.write(redrivenKey('2026-11-23T23:00:00.000Z', 'a'), '{}');
    await night();
    expect(await hoursOf(7)).toMatchObject([{ state: 'whole', missing: 0, unproved: 0 }]);
    store.objects.delete(receivedHoursKey(config, DAY));
    await store.write(redrivenKey(`${DAY}T23:00:00.000Z`, 'b'), '{}');
    await night();
    expect(await hoursOf(7)).toMatchObject([{ state: 'whole', missing: 0, unproved: 12 }]);
    // These rows are events of other tables.
    const { rows: judged } = await readReceivedHours(store, config, DAY);
    const ofQuarantine = judged.filter(({ table_name }) => table_name === 'quarantine');
    expect(ofQuarantine[7]).toMatchObject({ state: 'whole', unproved: 0 });
  });

  it('goes on where one object cannot be read', async () => {
    requests('07', 100);
    const landed = `damaged/2026/11/24/06/y.ndjson.gz`;
    now = at(`${DAY}T08:00:00`);
    await store.write(landed, 'no rows');
    deny(landed);
    await night();
    const why = `${landed} can't be read: AccessDenied`;
    expect((await hoursOf(4, 7, 9)).map((row) => row?.why)).toEqual([null, why, null]);
    const judged = `statsig/ingested/received_hours/${DAY}.json`;
    const { text = '' } = (await store.read(judged)) ?? {};
    await store.write(judged, text.replace('"whole"', '"wh'));
    await night(1);
    expect((await store.read(judged))?.text.match(/"whole"/g)?.length).toBe(60);
    lines = [];
    deny('statsig/ingested/received_hours/2026-11-23.json');
    await expect(night(2)).rejects.toMatchObject({ name: 'AccessDenied' });
    expect(lines).toEqual([]);
    expect((await readReceivedHours(store, config, '2026-11-26')).rows).toHaveLength(72);
    // An hour that is short is told of all the same.
    count('events_landed', '2026-11-25T07:30:00', 300);
    rows = [found(7, 250)];
    store.objects.delete(receivedHoursKey(config, '2026-11-25'));
    await expect(night(2)).rejects.toMatchObject({ name: 'AccessDenied' });
    expect(lines).toMatchObject([{ hours_short: 1 }]);
  });

  it('finds hours before the first deployment whole, and not those of which CloudWatch is silent', async () => {
    for (const minute of series.get('hourly')?.keys() ?? [])
      if (minute < at(`${DAY}T10:00:00`)) series.get('hourly')?.delete(minute);
    // The registrar runs in the next hour for the first time.
    requests('09', 100);
    series.get('hourly')?.delete(at(`${DAY}T15:05:00`));
    await night();
    const days = ['2026-11-21', '2026-11-22', '2026-11-23', DAY];
    const read = await Promise.all(days.map((day) => readReceivedHours(store, config, day)));
    const others = read.flatMap(({ rows }) => rows.filter(({ state }) => state !== 'whole'));
    expect(others.map(({ ds, hour, state }) => [ds, hour, state])).toEqual(Array(3).fill([DAY, 15, 'open']));
    expect(await hoursOf(9)).toMatchObject([{ accepted: 300, unproved: 0 }]);
    const ofHours = reads.filter(({ periodSeconds }) => periodSeconds === 3_600);
    expect(ofHours.length).toBeGreaterThan(0);
    // It ran before.
    series.get('hourly')?.set(at('2026-11-20T00:05:00'), 1);
    store.objects.clear();
    await night();
    expect(await hoursOf(9)).toMatchObject([{ state: 'open' }]);
  });

  it('counts an hour at the edge of a month with what is logged of it in the next minute', async () => {
    for (const id of ['invoked', 'events_overflowed', 'events_finished']) count(id, '2026-11-30T23:59:00', 7);
    count('received', '2026-12-01T00:00:00', 7);
    now = at('2026-11-30T23:59:00');
    await store.write('landing/2026/11/30/23/x.ndjson.gz', 'rows');
    const statesAt = async (time: string) => {
      now = at(`2026-12-01T${time}:00`);
      await reconcileDays(reconcilerNow(), () => undefined);
      const { rows } = await readReceivedHours(store, config, '2026-11-30');
      return [rows[21 * 3], rows.at(-2)].map((row) => [row?.state, row?.accepted, row?.unproved]);
    };
    // Before the schedule's night, and late on the same day.
    expect(await statesAt('00:30')).toEqual([
      ['whole', 0, 0],
      ['open', 7, 0],
    ]);
    store.objects.delete('landing/2026/11/30/23/x.ndjson.gz');
    expect(await statesAt('23:30')).toEqual([
      ['whole', 0, 0],
      ['whole', 7, 0],
    ]);
  });
});

describe('an hour waits', () => {
  beforeEach(() => requests('07', 100));

  it('for objects of the landing from their hour on, and for damaged ones with rows', async () => {
    now = at(`${DAY}T13:10:00`);
    const record = encodeLines({ events: [{ day: DAY, json: '{}' }] }) ?? Buffer.of();
    await store.write(`landing/2026/11/24/11/x.ndjson.gz`, record);
    await store.write(`damaged/2026/11/24/01/y.ndjson.gz`, 'no rows', { metadata: { hours: 'none' } });
    await store.write(`damaged/2026/11/24/03/z.ndjson.gz`, record);
    // It is written, and only not deleted.
    now = at(`${DAY}T16:10:00`);
    const key = 'landing/2026/11/24/16/w.ndjson.gz';
    const eTag = (await store.write(key, record)) ?? '';
    await writeNote(store, { key, eTag, modifiedAt: now }, { written: true, why: 'AccessDenied' });
    now = at(`${DAY}T20:10:00`);
    await store.write(`landing/direct/${DAY}/d.ndjson.gz`, record);
    await store.write('landing/2026/11/24/18/', '');
    // These were counted when they were refused.
    await store.write(`landing/redriven/${DAY}/e.ndjson.gz`, record);
    await night();
    const day = await readReceivedHours(store, config, DAY);
    const open = day.rows.filter(({ state }) => state === 'open');
    expect([...new Set(open.map(({ hour }) => hour))]).toEqual([
      2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 19, 20,
    ]);
    expect(await hoursOf(12)).toMatchObject([{ state: 'open', waiting_objects: 2 }]);
    store.objects.delete('landing/2026/11/24/11/x.ndjson.gz');
    for (const key of [...store.objects.keys()]) if (key.startsWith('damaged/')) store.objects.delete(key);
    await night(1);
    expect(await hoursOf(12, 20)).toMatchObject([{ state: 'whole' }, { state: 'open' }]);
  });

  /** The hours of which events are waited for, after the night. */
  const openHours = async (day: string) => {
    await night();
    const { rows } = await readReceivedHours(store, config, day);
    return [...new Set(rows.filter(({ state }) => state === 'open').map(({ hour }) => hour))];
  };
  const NAME = 'sluice-1-2026-11-23-07-10-00-x.ndjson.gz';
  const delivered = String(at('2026-11-23T08:10:00'));

  it.each([
    ['of any cause, for its folder and until it was delivered', { delivered }, [6, 7, 8]],
    ['for the hours of its rows', { delivered, hours: '2026-11-23T07 2026-11-23T09' }, [7, 9]],
    ['for nothing, if it has no row', { delivered, hours: 'none' }, []],
    [
      'for all of its time, if a row has no hour',
      { delivered, hours: '2026-11-23T07 2026-11-23T99' },
      [6, 7, 8],
    ],
    [
      'of an earlier release, for a day: Firehose tries no longer',
      {},
      [6, ...Array.from({ length: 17 }, (_, i) => i + 7)],
    ],
  ])('for what is damaged, however often it is tried again: %s', async (_what, metadata, hours) => {
    for (const folder of ['damaged/', 'damaged/again/1796155209469/', 'landing/again/1796155209469/']) {
      store.objects.clear();
      now = at(`${DAY}T20:00:00`);
      await store.write(`${folder}2026/11/23/07/${NAME}`, 'x', { metadata });
      expect(await openHours('2026-11-23')).toEqual(hours);
      const isOld = Object.keys(metadata).length === 0;
      expect((await hoursOf(7, 8)).map((row) => row?.state)).toEqual([isOld ? 'open' : 'whole', 'whole']);
    }
  });

  it('for what the collector put itself, and somebody copied back days later, for its day', async () => {
    now = at(`${DAY}T20:00:00`);
    await store.write('landing/direct/2026-11-23/a.ndjson.gz', 'x');
    expect(await openHours('2026-11-23')).toEqual([...Array(24).keys()]);
    expect(await openHours(DAY)).toEqual([]);
    now = at(`${DAY}T20:00:00`);
    store.objects.clear();
    const metadata = { delivered: String(at('2026-11-23T09:30:00')) };
    await store.write('damaged/again/1/direct/2026-11-23/a.ndjson.gz', 'x', { metadata });
    expect(await openHours('2026-11-23')).toEqual([8, 9]);
  });

  it('for no damaged object that is gone once its metadata is read, and reads that of its own day only', async () => {
    now = at(`${DAY}T20:00:00`);
    for (const day of ['2026/11/21', '2026/11/24', '2026/11/26'])
      await store.write(`damaged/${day}/07/${NAME}`, 'x', { metadata: { delivered: String(now) } });
    const heads: string[] = [];
    store.head = async (key) => {
      heads.push(key);
      return null;
    };
    now = NIGHT;
    const rows = await reconcileDay(reconcilerNow(), DAY);
    expect(rows.filter(({ state }) => state === 'open')).toEqual([]);
    expect(heads).toEqual([`damaged/2026/11/24/07/${NAME}`]);
  });

  it('for its buffers, until the last event of it is due in its table', async () => {
    const stateAt = async (time: string) => {
      now = at(`${DAY}T${time}`);
      const rows = await reconcileDay(reconcilerNow(), DAY, true);
      return rows.find(({ hour, table_name }) => hour === 7 && table_name === 'events')?.state;
    };
    expect(await stateAt('08:02:29')).toBe('open');
    expect(await stateAt('08:02:30')).toBe('whole');
  });

  it('for what is tried again, from its day on', async () => {
    now = at(`${DAY}T13:10:00`);
    await store.write(`landing/again/1/direct/${DAY}/a.ndjson.gz`, 'rows');
    await night();
    expect(await hoursOf(0, 13, 14)).toMatchObject([
      { state: 'open' },
      { state: 'open' },
      { state: 'whole' },
    ]);
  });

  it('for a stream that holds its records, and only if it came before its end', async () => {
    count('IncomingRecords', `${DAY}T22:10:00`, 5);
    count('DeliveryToS3.Records', `${DAY}T22:05:00`, 5);
    await night();
    const late = { state: 'open', why: 'the stream is late' };
    expect(await hoursOf(21, 22)).toMatchObject([{ state: 'whole' }, late]);
    // A request of the end of an hour comes to the stream in the next one.
    store.objects.clear();
    count('IncomingRecords', `${DAY}T22:00:00`, 6);
    await night();
    expect(await hoursOf(20, 21)).toMatchObject([{ state: 'whole' }, late]);
  });

  it('for CloudWatch, of which no value is not 0, while the stream holds', async () => {
    requests('04', 100, 270);
    for (const hour of ['05', '06']) series.get('hourly')?.delete(at(`${DAY}T${hour}:05:00`));
    count('DeliveryToS3.Records', `${DAY}T04:45:00`, 90);
    count('IncomingRecords', `${DAY}T04:50:00`, 10);
    now = at(`${DAY}T08:10:00`);
    const early = await reconcileDay(reconcilerNow(), DAY, true);
    const events = early.filter(({ table_name }) => table_name === 'events');
    const late = 'the stream is late';
    expect(events.slice(3, 7).map(({ why }) => why)).toEqual([null, late, late, late]);
    // The stream delivers what it held.
    count('DeliveryToS3.Records', `${DAY}T09:00:00`, 10);
    count('events_finished', `${DAY}T04:00:00`, 300);
    await night();
    const why = 'CloudWatch has no values of that hour';
    const silent = { state: 'open', why };
    expect(await hoursOf(4, 5, 6, 7)).toMatchObject([{ state: 'whole' }, silent, silent, { state: 'whole' }]);
    await night(3);
    expect([asked, ...(await hoursOf(5, 6))]).toMatchObject([
      0,
      { state: 'unknown' },
      { state: 'unknown', why },
    ]);
  });
});

it('keeps what a night has counted of an open hour once CloudWatch has no minutes of it', async () => {
  requests('07', 100, 290);
  await night();
  const counts = { accepted: 300, finished: 290 };
  expect(await hoursOf(7)).toMatchObject([{ state: 'open', ...counts }]);
  series.clear();
  now = NIGHT + 20 * 24 * HOUR;
  rows = [found(7, 290)];
  await reconcileDay(reconcilerNow(), DAY, true);
  expect(await hoursOf(7)).toMatchObject([{ state: 'unknown', ...counts }]);
});

it('does not replace what another run has written meanwhile', async () => {
  requests('07', 100);
  const read = store.read.bind(store);
  store.read = async (key, options) => {
    const found = await read(key, options);
    if (key.includes(DAY)) await store.write(key, 'of another run');
    return found;
  };
  await night();
  expect((await read(`statsig/ingested/received_hours/${DAY}.json`))?.text).toBe('of another run');
});

describe('the oldest record of a stream that holds some', () => {
  const NOW = at('2026-11-24T12:00:30');
  const minutes = (values: Readonly<Record<string, number>>) =>
    new Map(Object.entries(values).map(([time, value]) => [at(`${DAY}T${time}:00`), value]));

  it.each([
    ['is as old as the freshness of the newest minute says', { '11:50': 600, '11:52': 120 }, {}, {}, '11:50'],
    ['is none, if that is 0', { '11:50': 600, '11:52': 0 }, { '11:55': 1 }, {}, null],
    ['has a freshness that is 15 minutes old', { '11:45': 60 }, {}, {}, '11:44'],
    [
      'is the first after the last delivery, if freshness is older',
      { '11:44': 60 },
      { '11:20': 1, '11:30': 1, '11:40': 1 },
      { '11:25': 9 },
      '11:30',
    ],
    ['is the first that is more than was delivered', {}, { '11:20': 5, '11:10': 5 }, { '11:25': 9 }, '11:20'],
    ['is none, if as many were delivered as came', {}, { '11:20': 5, '11:25': 4 }, { '11:25': 9 }, null],
    ['came in a minute with records', {}, { '11:30': 0, '11:40': 1 }, { '11:25': 9, '11:50': 0 }, '11:40'],
    ['is the first of all, if none was delivered', {}, { '11:30': 1 }, {}, '11:30'],
  ])('%s', (_what, fresh, arrived, delivered, oldest) => {
    const metrics: MetricSeries = new Map([
      ['DeliveryToS3.DataFreshness', minutes(fresh)],
      ['IncomingRecords', minutes(arrived)],
      ['DeliveryToS3.Records', minutes(delivered)],
    ]);
    expect(oldestRecord(metrics, NOW)).toBe(oldest === null ? null : at(`${DAY}T${oldest}:00`));
  });
});

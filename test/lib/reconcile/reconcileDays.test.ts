import { beforeEach, describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { writeNote } from '../../../lib/landing/LandingNotes.ts';
import { encodeLines } from '../../../lib/landing/store/encodeLines.ts';
import type { MetricSeries } from '../../../lib/reconcile/hourCounts.ts';
import { readReceivedHours } from '../../../lib/reconcile/receivedHours.ts';
import { judgeDay, type Reconciler, reconcileDays } from '../../../lib/reconcile/reconcileDays.ts';
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
let rows: readonly Readonly<Record<string, string>>[] | null;
let asked: number;

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
  // The registrar runs each hour.
  for (let hour = at('2026-11-18T00:05:00'); hour < NIGHT + 99 * HOUR; hour += HOUR)
    count('hourly', new Date(hour).toISOString().slice(0, 19), 1);
});

function reconcilerNow(): Reconciler {
  return {
    config: own,
    names: { stage: 'dev', collect: 'c', register: 'r', stream: 's' },
    afterMs: 150_000,
    store,
    readMetrics: async (_metrics, { start, end }): Promise<MetricSeries> => {
      const within = ([id, values]: [string, Map<number, number>]) =>
        [id, new Map([...values].filter(([at]) => at >= start && at < end))] as const;
      return new Map([...series].map(within));
    },
    ask: async () => {
      asked += 1;
      return rows === null ? null : { rows };
    },
    now,
  };
}

async function night(nights = 0): Promise<void> {
  now = NIGHT + nights * 24 * HOUR;
  await reconcileDays(reconcilerNow(), (line) => lines.push(line));
}

async function hourOf(hour: number, table = 'events') {
  const day = await readReceivedHours(store, config, DAY);
  return day.rows.find((row) => row.hour === hour && row.table_name === table);
}

const found = (hour: string, events: number, doubles = 0) => [
  {
    table: 'events',
    hour: `${DAY} ${hour}:00:00.000`,
    detail: '',
    found: String(events),
    doubles: String(doubles),
    given_up: '0',
  },
];

describe('a night', () => {
  it('has a row for every hour and table of the days before, and asks Athena nothing if counts agree', async () => {
    requests('07', 100);
    await night();
    expect(await hourOf(7)).toEqual({
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
    });
    const day = await readReceivedHours(store, config, DAY);
    expect([day.rows.length, new Set(day.rows.map(({ state }) => state)), asked]).toEqual([
      72,
      new Set(['whole']),
      0,
    ]);
    expect(lines.at(-1)).toMatchObject({ function: 'reconcile', stage: 'dev', hours_short: 0 });
  });

  it('looks at the rows of a day once, if counts differ, and tells what is missing', async () => {
    requests('07', 100, 270);
    requests('08', 100, 0);
    rows = [...found('07', 300), ...found('08', 250, 20)];
    await night();
    expect(await hourOf(7)).toMatchObject({ state: 'whole', unproved: 0 });
    expect(await hourOf(8)).toMatchObject({ state: 'short', missing: 30, unproved: 20 });
    expect([asked, lines.at(-1)]).toMatchObject([1, { hours_short: 1 }]);
    // It is settled.
    rows = [];
    await night(1);
    expect([asked, await hourOf(8)]).toMatchObject([1, { state: 'short', missing: 30 }]);
  });

  it('leaves hours open that Athena could not clear, until they are over', async () => {
    requests('07', 100, 270);
    for (const nights of [0, 1, 2]) {
      await night(nights);
      expect(await hourOf(7)).toMatchObject({ state: 'open', unproved: 30 });
    }
    await night(3);
    expect(await hourOf(7)).toMatchObject({ state: 'unknown', accepted: 300, finished: 270, unproved: 30 });
  });

  it('looks at the rows of an hour of which Firehose repeated a delivery, and only of that', async () => {
    requests('07', 100);
    // The last delivery of an hour comes after it.
    count('DeliveryToS3.Success', `${DAY}T08:02:00`, 0.5);
    requests('08', 100);
    requests('09', 100);
    rows = [...found('07', 250, 50), ...found('08', 300, 50)];
    await night();
    expect([asked, await hourOf(7), await hourOf(8), await hourOf(9)]).toMatchObject([
      1,
      { state: 'whole', missing: 0, unproved: 50 },
      { state: 'whole', unproved: 0 },
      { state: 'whole', unproved: 0 },
    ]);
  });

  it('knows preflights that a route hands to the collector as invocations without a request', async () => {
    requests('07', 100);
    count('invoked', `${DAY}T07:30:00`, 200);
    await night();
    expect(await hourOf(7)).toMatchObject({ state: 'open', why: '100 requests of 200 were not counted' });
    count('preflights', `${DAY}T07:30:00`, 100);
    await night(1);
    expect(await hourOf(7)).toMatchObject({ state: 'whole', unproved: 0 });
  });

  it('tells nothing of an hour as short whose files S3 deletes by then', async () => {
    requests('07', 100, 270);
    own = defineConfig({ bucket: 'acme', curate: false, retention: { forwardedDays: 1 } });
    // The rows could not be asked for in the first night.
    rows = null;
    await night();
    rows = found('07', 20);
    await night(1);
    expect(await hourOf(7)).toMatchObject({ state: 'whole', missing: 0, unproved: 280 });
  });

  it('clears an hour whose rows an erasure took', async () => {
    requests('07', 100, 270);
    rows = found('07', 280);
    const places = {
      landing: {
        objects: 1,
        versions: 1,
        rewritten: 1,
        deleted: 1,
        rows: 25,
        others: 0,
        mentions: 0,
        waiting: 0,
      },
    };
    const run = {
      startedAt: NIGHT - HOUR,
      endedAt: NIGHT,
      resumed: 0,
      places,
      hasFound: true,
      left: [],
      leftCount: 0,
    };
    const manifest = { version: 1, id: 'e', units: 1, startedAt: NIGHT - HOUR, runs: [run] };
    await store.write('ledger/_erasures/e.json', JSON.stringify(manifest));
    await night();
    expect(await hourOf(7)).toMatchObject({ state: 'whole', missing: 0, unproved: 20 });
  });
});

describe('an hour waits', () => {
  beforeEach(() => requests('07', 100));

  it('for objects of the landing from their hour on, and for damaged ones with rows', async () => {
    now = at(`${DAY}T13:10:00`);
    const record = encodeLines({ events: [{ day: DAY, json: '{}' }] }) ?? Buffer.of();
    await store.write(`landing/2026/11/24/11/x.ndjson.gz`, record);
    await store.write(`damaged/2026/11/24/07/y.ndjson.gz`, 'no rows');
    await store.write(`damaged/2026/11/24/03/z.ndjson.gz`, record);
    now = at(`${DAY}T20:10:00`);
    await store.write(`landing/direct/${DAY}/d.ndjson.gz`, record);
    // These were counted when they were refused.
    await store.write(`landing/redriven/${DAY}/e.ndjson.gz`, record);
    await night();
    const day = await readReceivedHours(store, config, DAY);
    const open = day.rows.filter(({ state }) => state === 'open');
    expect([...new Set(open.map(({ hour }) => hour))]).toEqual([
      2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 19, 20,
    ]);
    expect(await hourOf(12)).toMatchObject({ state: 'open', waiting_objects: 2 });
    store.objects.delete('landing/2026/11/24/11/x.ndjson.gz');
    for (const key of [...store.objects.keys()]) if (key.startsWith('damaged/')) store.objects.delete(key);
    await night(1);
    expect([await hourOf(12), await hourOf(20)]).toMatchObject([{ state: 'whole' }, { state: 'open' }]);
  });

  it('for its buffers, until the last event of it is due in its table', async () => {
    const stateAt = async (time: string) => {
      now = at(`${DAY}T${time}`);
      const rows = await judgeDay(reconcilerNow(), DAY);
      return rows.find(({ hour, table_name }) => hour === 7 && table_name === 'events')?.state;
    };
    expect([await stateAt('08:02:29'), await stateAt('08:02:30')]).toEqual(['open', 'whole']);
  });

  it('not for an object that is written, and only not deleted', async () => {
    now = at(`${DAY}T07:10:00`);
    const eTag = (await store.write('landing/2026/11/24/07/x.ndjson.gz', 'rows')) ?? '';
    const version = { key: 'landing/2026/11/24/07/x.ndjson.gz', eTag, modifiedAt: now };
    await writeNote(store, version, { written: true, why: 'AccessDenied' });
    await night();
    expect(await hourOf(7)).toMatchObject({ state: 'whole', waiting_objects: 0 });
  });

  it('for what is tried again, from its day on', async () => {
    now = at(`${DAY}T13:10:00`);
    await store.write(`landing/again/1/direct/${DAY}/a.ndjson.gz`, 'rows');
    await night();
    const states = await Promise.all([0, 13, 14].map((hour) => hourOf(hour)));
    expect(states.map((row) => row?.state)).toEqual(['open', 'open', 'whole']);
  });

  it('for a stream that holds its records, and only if it came before its end', async () => {
    count('IncomingRecords', `${DAY}T22:10:00`, 5);
    count('DeliveryToS3.Records', `${DAY}T22:05:00`, 5);
    await night();
    const late = { state: 'open', why: 'the stream is late' };
    expect([await hourOf(21), await hourOf(22)]).toMatchObject([{ state: 'whole' }, late]);
    // A request of the end of an hour comes to the stream in the next one.
    store.objects.clear();
    count('IncomingRecords', `${DAY}T22:00:00`, 6);
    await night();
    expect([await hourOf(20), await hourOf(21)]).toMatchObject([{ state: 'whole' }, late]);
  });

  it('for CloudWatch, of which no value is not 0', async () => {
    for (const hour of ['05', '06']) series.get('hourly')?.delete(at(`${DAY}T${hour}:05:00`));
    await night();
    expect([await hourOf(4), await hourOf(5), await hourOf(6)]).toMatchObject([
      { state: 'whole' },
      { state: 'open' },
      { state: 'open' },
    ]);
    await night(3);
    expect(await hourOf(5)).toMatchObject({ state: 'unknown' });
  });
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

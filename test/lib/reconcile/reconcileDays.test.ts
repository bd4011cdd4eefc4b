import { beforeEach, describe, expect, it } from '@jest/globals';
import { DAY_MS, HOUR_MS, MINUTE_MS, utcDay } from '../../../lib/base/time.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { noCounts } from '../../../lib/erase/runCounts.ts';
import { readHourlyRows } from '../../../lib/reconcile/hourlyRows.ts';
import { readReceivedHours } from '../../../lib/reconcile/receivedHours.ts';
import { reconcileDay, reconcileDays } from '../../../lib/reconcile/reconcileDays.ts';
import { redrivenKey } from '../../../lib/tables/ledgerKeys.ts';
import { receivedHoursKey } from '../../../lib/tables/tableFolders.ts';
import { at, CountedCloud, config, DAY, found, NIGHT } from './CountedCloud.ts';

let cloud: CountedCloud;

beforeEach(() => {
  cloud = new CountedCloud();
});

describe('a night', () => {
  it('has a row for every hour and table of the days before, and asks Athena nothing if counts agree', async () => {
    cloud.requests('07');
    await cloud.night();
    expect(await cloud.hoursOf(7)).toEqual([
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
    const day = await cloud.rowsOf();
    expect(day.filter(({ state }) => state === 'whole')).toHaveLength(72);
    expect(cloud.queries).toBe(0);
    expect(cloud.lines.at(-1)).toMatchObject({ function: 'reconcile', stage: 'dev', hours_short: 0 });
  });

  it('looks at the rows of a day once, if counts differ, and tells what is missing', async () => {
    cloud.requests('07', { finished: 270 });
    cloud.requests('08', { finished: 0 });
    cloud.athenaRows = [found(7, 300), found(8, 250, 20)];
    await cloud.night();
    const short = { state: 'short', missing: 50, unproved: 0 };
    expect(await cloud.hoursOf(7, 8)).toMatchObject([{ state: 'whole', unproved: 0 }, short]);
    expect(cloud.queries).toBe(1);
    expect(cloud.lines.at(-1)).toMatchObject({ hours_short: 1 });
    // It stays so while nobody knows better, whatever counts say, and until its rows are back.
    cloud.countAt('events_finished', '08:00', 300);
    cloud.athenaRows = null;
    await cloud.night(1);
    expect(await cloud.hoursOf(8)).toMatchObject([short]);
    cloud.athenaRows = [found(8, 250, 20)];
    await cloud.night(2);
    expect(await cloud.hoursOf(8)).toMatchObject([short]);
    cloud.athenaRows = [found(8, 300)];
    await cloud.night(3);
    expect(await cloud.hoursOf(8)).toMatchObject([{ state: 'whole', missing: 0, unproved: 0 }]);
    expect(cloud.queries).toBe(4);
    expect(cloud.lines.at(-1)).toMatchObject({ hours_short: 0 });
  });

  it('asks for rows in the folders of all days that its events may have, and of what was given up since', async () => {
    cloud.requests('07', { finished: 270 });
    cloud.config = defineConfig({ bucket: 'acme', timeWindow: { pastDays: 3, futureDays: 2 } });
    await cloud.night(1);
    const days = [...cloud.lastQuery.matchAll(/"ds" BETWEEN DATE '(.*)' AND DATE '(.*)'/g)].map(
      ([, ...range]) => range,
    );
    const ofRows = ['2026-11-21', '2026-11-26'];
    const ofGivenUp = [DAY, '2026-11-27'];
    expect(days).toEqual([ofRows, ofGivenUp, ofRows, ofGivenUp, [DAY, DAY]]);
    for (const member of ['event_id', 'received_at'])
      expect(cloud.lastQuery).toContain(`json_extract_scalar("raw", '$.${member}')`);
    expect(cloud.lastQuery).toContain(`'SLUICE_EVENT_MANY_REFUSED' THEN "detail"`);
  });

  it('adds up the rows of an hour, of which a refused one may hold several events', async () => {
    const ofRefused = [
      ['quarantine', '7', 'SLUICE_EVENT_NAME_MISSING: 2, SLUICE_EVENT_TIME_INVALID: 3', '20', '2', '30', '1'],
      ['quarantine', '7', null, '100', '10', '4', '2'],
    ];
    const counts = await readHourlyRows(config, async () => ofRefused, DAY, '2026-11-25');
    const events = { found: 200, doubles: 20, equal: 7, givenUp: 34 };
    expect([...(counts ?? [])]).toEqual([['quarantine 7', events]]);
  });

  it('keeps what is whole but for unproved events while its counts stay, and looks at it once a person asks', async () => {
    for (const hour of ['07', '08', '09']) {
      cloud.requests(hour);
      cloud.countAt('events_not_delivered', `${hour}:30`, 21);
    }
    // One of these requests was answered 503.
    cloud.countAt('refused_requests', '09:30', 1);
    cloud.athenaRows = [found(7, 300, 21), found(8, 290), found(9, 300)];
    await cloud.night();
    const judged = () => cloud.hoursOf(7, 8, 9);
    const byCounts = Array(3).fill({ state: 'whole', unproved: 21 });
    expect(cloud.queries).toBe(0);
    expect(await judged()).toMatchObject(byCounts);
    await cloud.night(1);
    expect(cloud.queries).toBe(0);
    expect(await judged()).toMatchObject(byCounts);
    const proved = [0, 10, 21].map((unproved) => ({ state: 'whole', unproved }));
    await reconcileDay(cloud.reconciler(), DAY, true);
    expect(cloud.queries).toBe(1);
    expect(await judged()).toMatchObject(proved);
    await cloud.night(2);
    expect(cloud.queries).toBe(1);
    expect(await judged()).toMatchObject(proved);
    // Nothing is kept of a day that is not over.
    await reconcileDay(cloud.reconciler(), '2026-11-27', true);
    expect((await readReceivedHours(cloud.store, config, '2026-11-27')).eTag).toBeNull();
  });

  it('judges a whole hour again as lines of its requests come', async () => {
    for (const id of ['received', 'invoked']) cloud.countAt(id, '07:30', 5);
    cloud.series.get('received')?.clear();
    cloud.countAt('events_finished', '07:00', 15);
    expect(await cloud.hourAfterNight(7)).toMatchObject({ state: 'whole', unproved: 20 });
    cloud.requests('07', { many: 5 });
    expect(await cloud.hourAfterNight(7, 1)).toMatchObject({ state: 'whole', accepted: 15, unproved: 0 });
  });

  it('reads whole minutes of the metrics of a deployment, of an hour the minutes before and after', async () => {
    cloud.now = NIGHT + 30_000;
    await reconcileDay(cloud.reconciler(), DAY);
    await reconcileDay(cloud.reconciler(), '2026-11-25');
    const read = cloud.metricReads.map(({ start, end, metrics }) => ({ start, end, count: metrics.length }));
    const start = at(`${DAY}T00:00:00`);
    const ofStream = { start: NIGHT - DAY_MS, end: NIGHT, count: 3 };
    expect(read).toEqual([
      { start: start - MINUTE_MS, end: start + 25 * HOUR_MS, count: 22 },
      ofStream,
      { start: start + DAY_MS - MINUTE_MS, end: NIGHT, count: 22 },
      ofStream,
    ]);
    const ofSluice = { namespace: 'Sluice', statistic: 'Sum' };
    const ofCollect = { function: 'collect', stage: 'dev' };
    const reason = 'SLUICE_COLLECT_NOT_DELIVERED';
    expect(cloud.metricReads.flatMap(({ metrics }) => metrics)).toEqual(
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
    cloud.requests('07');
    await cloud.night();
    const key = receivedHoursKey(config, DAY);
    const { eTag } = (await cloud.store.read(key)) ?? {};
    const daysRead = () =>
      cloud.metricReads.map(({ start }) => new Date(start + MINUTE_MS).toISOString().slice(0, 10));
    cloud.metricReads = [];
    await cloud.night(1);
    expect(daysRead()).toContain('2026-11-25');
    expect(daysRead()).not.toContain(DAY);
    expect((await cloud.store.read(key))?.eTag).toBe(eTag);
    // Some events of this day are unproved: it is not settled, and has no open hour.
    cloud.requests('07');
    cloud.store.objects.delete(key);
    cloud.countAt('events_not_delivered', '07:30', 21);
    expect(await cloud.hourAfterNight(7)).toMatchObject({ state: 'whole', unproved: 21 });
    cloud.metricReads = [];
    await cloud.night(6);
    expect(daysRead()).toContain('2026-11-30');
    expect(daysRead()).not.toContain(DAY);
  });

  it('counts an hour with what is logged of it in the minute before the day', async () => {
    for (const id of ['invoked', 'events_landed', 'events_finished']) cloud.countAt(id, '00:00', 7);
    cloud.count('received', '2026-11-23T23:59:00', 7);
    await cloud.night();
    expect(await cloud.hoursOf(0)).toMatchObject([{ state: 'whole', accepted: 7, unproved: 0 }]);
  });

  it('keeps the counts of an earlier night only of minutes that CloudWatch has no longer', async () => {
    cloud.requests('07', { finished: 290 });
    await cloud.night();
    // The hour is silent, and CloudWatch still has its minutes.
    cloud.series.get('hourly')?.delete(at(`${DAY}T07:05:00`));
    cloud.requests('07', { finished: 295 });
    expect(await cloud.hourAfterNight(7, 1)).toMatchObject({ state: 'open', finished: 295 });
    // After 15 days an hour that has minutes all the same is counted anew.
    cloud.countAt('hourly', '07:05', 1);
    cloud.requests('07', { finished: 300 });
    cloud.now = NIGHT + 20 * DAY_MS;
    await reconcileDay(cloud.reconciler(), DAY, true);
    expect(await cloud.hoursOf(7)).toMatchObject([{ state: 'whole', finished: 300 }]);
    // Without an earlier night there is nothing to keep.
    cloud.series.clear();
    const [first] = await reconcileDay(cloud.reconciler(), '2026-11-20', true);
    expect(first).toMatchObject({ ds: '2026-11-20', hour: 0, state: 'unknown' });
  });

  it('has an hour unknown by the first night that comes after it is over, not by one night alone', async () => {
    cloud.requests('07', { finished: 270 });
    expect(await cloud.hourAfterNight(7)).toMatchObject({ state: 'open' });
    expect(await cloud.hourAfterNight(7, 6)).toMatchObject({ state: 'unknown' });
    const days = await cloud.rowsOf('2026-11-23');
    expect(days.filter(({ state }) => state === 'open')).toEqual([]);
  });

  it('judges days between others that no night has judged, and none before the first', async () => {
    const judged = async (...days: readonly string[]) =>
      Promise.all(
        days.map(async (day) => {
          const rows = await cloud.rowsOf(day);
          return rows.filter(({ state }) => state === 'whole').length;
        }),
      );
    await cloud.night();
    await cloud.night(8);
    expect(await judged('2026-11-20', DAY, '2026-11-25', '2026-11-28', '2026-12-02')).toEqual([
      0, 72, 72, 72, 72,
    ]);
    await cloud.store.write(receivedHoursKey(config, '2026-11-26'), 'damaged', {});
    await cloud.night(8);
    expect(await judged('2026-11-26')).toEqual([72]);
  });

  it('leaves hours open that Athena could not clear, until they are over', async () => {
    cloud.requests('07', { finished: 270 });
    for (const nights of [0, 1, 2, 3]) {
      const state = nights < 3 ? 'open' : 'unknown';
      const counts = { accepted: 300, finished: 270, unproved: 30 };
      expect(await cloud.hourAfterNight(7, nights)).toMatchObject({ state, ...counts });
    }
  });

  it('looks at the rows of an hour of which Firehose repeated a delivery, and only of that', async () => {
    cloud.requests('07');
    // The last delivery of an hour comes after it.
    cloud.countAt('DeliveryToS3.Success', '08:02', 0.5);
    cloud.requests('08');
    cloud.requests('09');
    cloud.countAt('DeliveryToS3.Success', '10:30', 1);
    cloud.requests('10');
    cloud.athenaRows = [found(7, 250, 50), found(8, 300, 50)];
    await cloud.night();
    expect(cloud.queries).toBe(1);
    const whole = { state: 'whole', unproved: 0 };
    const hours = await cloud.hoursOf(7, 8, 9, 10);
    expect(hours).toMatchObject([{ state: 'whole', unproved: 50 }, whole, whole, whole]);
  });

  it('knows preflights that a route hands to the collector as invocations without a request', async () => {
    cloud.requests('07');
    cloud.countAt('invoked', '07:30', 200);
    await cloud.night();
    expect(await cloud.hoursOf(7)).toMatchObject([
      { state: 'open', why: '100 requests of 200 were not counted' },
    ]);
    cloud.countAt('preflights', '07:30', 100);
    expect(await cloud.hourAfterNight(7, 1)).toMatchObject({ state: 'whole', unproved: 0 });
  });

  it('expects no log line of an invocation that failed: it stored nothing, and its request was sent again', async () => {
    cloud.requests('07');
    cloud.countAt('invoked', '07:30', 130);
    cloud.countAt('failed', '07:30', 30);
    expect(await cloud.hourAfterNight(7)).toMatchObject({ state: 'whole', unproved: 0 });
  });

  it.each([
    { days: 1, judged: { state: 'whole', missing: 0, unproved: 280 } },
    { days: 2, judged: { state: 'short', missing: 30, unproved: 250 } },
  ])(
    'tells nothing of an hour as short whose files S3 deletes by then, after $days days',
    async ({ days, judged }) => {
      cloud.requests('07', { finished: 270 });
      cloud.config = defineConfig({ bucket: 'acme', curate: false, retention: { forwardedDays: days } });
      // The rows could not be asked for in the first night.
      cloud.athenaRows = null;
      await cloud.night();
      cloud.athenaRows = [found(7, 20)];
      await cloud.night(1);
      expect(await cloud.hoursOf(7)).toMatchObject([judged]);
    },
  );

  it('clears an hour whose rows an erasure took, and leaves it open if nobody knows how many', async () => {
    cloud.requests('07', { finished: 270 });
    cloud.requests('08', { finished: 270 });
    cloud.requests('09', { finished: 270 });
    cloud.athenaRows = [found(7, 280), found(8, 300), found(9, 270)];
    const places = (rows: number) => ({ landing: { ...noCounts(), rows } });
    // It began before the day.
    const times = { startedAt: at('2026-11-23T23:00:00'), endedAt: NIGHT, resumed: 0 };
    const run = { ...times, hasFound: true, left: [], leftCount: 0 };
    // A run that had ended before the day took none of its rows.
    const before = { ...run, places: places(50), endedAt: at(`${DAY}T00:00:00`) - 1 };
    const erasure = (id: string, rows: number) => {
      const runs = [before, { ...run, places: places(rows) }];
      return JSON.stringify({ version: 1, id, units: 1, startedAt: NIGHT - HOUR_MS, runs });
    };
    // Of an erasure before the day.
    cloud.now = at('2026-11-23T23:00:00');
    await cloud.store.write('ledger/_erasures/old.json', '{');
    cloud.now = NIGHT;
    await cloud.store.write('ledger/_erasures/f.json', '{');
    await cloud.night();
    const why = "ledger/_erasures/f.json can't be read: SLUICE_ERASE_MANIFEST_INVALID";
    expect(await cloud.hoursOf(7, 8)).toMatchObject([
      { state: 'open', why, unproved: 20 },
      { state: 'whole', unproved: 0 },
    ]);
    cloud.store.objects.delete('ledger/_erasures/f.json');
    await cloud.store.write('ledger/_erasures/d.json', erasure('d', 15));
    await cloud.store.write('ledger/_erasures/e.json', erasure('e', 10));
    expect(await cloud.hourAfterNight(7, 1)).toMatchObject({ state: 'whole', missing: 0, unproved: 20 });
    expect(await cloud.hoursOf(9)).toMatchObject([{ state: 'short', missing: 5 }]);
  });

  it('counts the rows of an hour that were refused as perhaps landed again, after a redrive', async () => {
    cloud.requests('07', { finished: 270 });
    cloud.athenaRows = [found(7, 300), ['quarantine', '7', '', '12', '0', '0']];
    await cloud.store.write(redrivenKey('2026-11-23T23:00:00.000Z', 'a'), '{}');
    expect(await cloud.hourAfterNight(7)).toMatchObject({ state: 'whole', missing: 0, unproved: 0 });
    cloud.store.objects.delete(receivedHoursKey(config, DAY));
    await cloud.store.write(redrivenKey(`${DAY}T23:00:00.000Z`, 'b'), '{}');
    expect(await cloud.hourAfterNight(7)).toMatchObject({ state: 'whole', missing: 0, unproved: 12 });
    // These rows are events of other tables.
    const judged = await cloud.rowsOf();
    const ofQuarantine = judged.filter(({ table_name }) => table_name === 'quarantine');
    expect(ofQuarantine[7]).toMatchObject({ state: 'whole', unproved: 0 });
  });

  it('judges the hours of which an object that waits cannot be read as open, and the others', async () => {
    cloud.requests('07');
    const landed = `damaged/2026/11/24/06/y.ndjson.gz`;
    cloud.now = at(`${DAY}T08:00:00`);
    await cloud.store.write(landed, 'no rows');
    cloud.deny(landed);
    await cloud.night();
    const why = `${landed} can't be read: AccessDenied`;
    expect(await cloud.hoursOf(4, 7, 9)).toMatchObject([{ why: null }, { why }, { why: null }]);
  });

  it('judges a day again whose rows of an earlier night are damaged', async () => {
    cloud.requests('07');
    await cloud.night();
    const judged = `statsig/ingested/received_hours/${DAY}.json`;
    const { text = '' } = (await cloud.store.read(judged)) ?? {};
    await cloud.store.write(judged, text.replace('"whole"', '"wh'));
    await cloud.night(1);
    expect((await cloud.store.read(judged))?.text.match(/"whole"/g)).toHaveLength(72);
  });

  it('goes on, fails and logs no good night where the rows of a day cannot be read', async () => {
    cloud.requests('07');
    await cloud.night();
    await cloud.night(1);
    cloud.lines = [];
    cloud.deny('statsig/ingested/received_hours/2026-11-23.json');
    await expect(cloud.night(2)).rejects.toMatchObject({ name: 'AccessDenied' });
    expect(cloud.lines).toEqual([]);
    expect(await cloud.rowsOf('2026-11-26')).toHaveLength(72);
    // An hour that is short is told of all the same.
    cloud.count('events_landed', '2026-11-25T07:30:00', 300);
    cloud.athenaRows = [found(7, 250)];
    cloud.store.objects.delete(receivedHoursKey(config, '2026-11-25'));
    await expect(cloud.night(2)).rejects.toMatchObject({ name: 'AccessDenied' });
    expect(cloud.lines).toMatchObject([{ hours_short: 1 }]);
  });

  it('finds hours before the first deployment whole, and not those of which CloudWatch is silent', async () => {
    for (const minute of cloud.series.get('hourly')?.keys() ?? [])
      if (minute < at(`${DAY}T10:00:00`)) cloud.series.get('hourly')?.delete(minute);
    // The registrar runs in the next hour for the first time.
    cloud.requests('09');
    cloud.series.get('hourly')?.delete(at(`${DAY}T15:05:00`));
    await cloud.night();
    const days = ['2026-11-21', '2026-11-22', '2026-11-23', DAY];
    const read = await Promise.all(days.map((day) => cloud.rowsOf(day)));
    const others = read.flatMap((rows) => rows.filter(({ state }) => state !== 'whole'));
    expect(others).toMatchObject(Array(3).fill({ ds: DAY, hour: 15, state: 'open' }));
    expect(await cloud.hoursOf(9)).toMatchObject([{ accepted: 300, unproved: 0 }]);
    const ofHours = cloud.metricReads.filter(({ periodSeconds }) => periodSeconds === 3_600);
    // Of each day, those of the fifteen days before it, too.
    const begins = ['2026-11-06', '2026-11-07', '2026-11-08', '2026-11-09'];
    expect(ofHours.map(({ start }) => utcDay(start))).toEqual(begins);
    // It ran before.
    cloud.series.get('hourly')?.set(at('2026-11-20T00:05:00'), 1);
    cloud.store.objects.clear();
    await cloud.night();
    expect(await cloud.hoursOf(9)).toMatchObject([{ state: 'open' }]);
  });

  it('counts an hour at the edge of a month with what is logged of it in the next minute', async () => {
    for (const id of ['invoked', 'events_overflowed', 'events_finished'])
      cloud.count(id, '2026-11-30T23:59:00', 7);
    cloud.count('received', '2026-12-01T00:00:00', 7);
    cloud.now = at('2026-11-30T23:59:00');
    await cloud.store.write('landing/2026/11/30/23/x.ndjson.gz', 'rows');
    const hoursAt = async (time: string) => {
      cloud.now = at(`2026-12-01T${time}:00`);
      await reconcileDays(cloud.reconciler(), () => undefined);
      const rows = await cloud.rowsOf('2026-11-30');
      const events = rows.filter(({ table_name }) => table_name === 'events');
      return { before: events[21], last: events[23] };
    };
    const whole = { state: 'whole', accepted: 0, unproved: 0 };
    // Before the schedule's night, and late on the same day.
    expect(await hoursAt('00:30')).toMatchObject({ before: whole, last: { state: 'open', accepted: 7 } });
    cloud.store.objects.delete('landing/2026/11/30/23/x.ndjson.gz');
    expect(await hoursAt('23:30')).toMatchObject({ before: whole, last: { ...whole, accepted: 7 } });
  });

  it('keeps what a night has counted of an open hour once CloudWatch has no minutes of it', async () => {
    cloud.requests('07', { finished: 290 });
    await cloud.night();
    const counts = { accepted: 300, finished: 290 };
    expect(await cloud.hoursOf(7)).toMatchObject([{ state: 'open', ...counts }]);
    cloud.series.clear();
    cloud.now = NIGHT + 20 * DAY_MS;
    cloud.athenaRows = [found(7, 290)];
    await reconcileDay(cloud.reconciler(), DAY, true);
    expect(await cloud.hoursOf(7)).toMatchObject([{ state: 'unknown', ...counts }]);
  });

  it('does not replace what another run has written meanwhile', async () => {
    cloud.requests('07');
    const read = cloud.store.read.bind(cloud.store);
    cloud.store.read = async (key, options) => {
      const found = await read(key, options);
      if (key.includes(DAY)) await cloud.store.write(key, 'of another run');
      return found;
    };
    await cloud.night();
    expect((await read(`statsig/ingested/received_hours/${DAY}.json`))?.text).toBe('of another run');
  });
});

import { beforeEach, describe, expect, it } from '@jest/globals';
import { writeNote } from '../../../lib/landing/LandingNote.ts';
import { encodeLines } from '../../../lib/landing/store/encodeLines.ts';
import { reconcileDay } from '../../../lib/reconcile/reconcileDays.ts';
import { at, CountedCloud, DAY, NIGHT } from './CountedCloud.ts';

let cloud: CountedCloud;

beforeEach(() => {
  cloud = new CountedCloud();
});

describe('an hour waits', () => {
  beforeEach(() => cloud.requests('07'));

  /** The hours of which events are waited for, after the night. */
  const openHours = async (day: string) => {
    await cloud.night();
    const open = (await cloud.rowsOf(day)).filter(({ state }) => state === 'open');
    return [...new Set(open.map(({ hour }) => hour))];
  };

  it('for objects of the landing from their hour on, and for damaged ones with rows', async () => {
    cloud.now = at(`${DAY}T13:10:00`);
    const record = encodeLines({ events: [{ day: DAY, json: '{}' }] }) ?? Buffer.of();
    await cloud.store.write(`landing/2026/11/24/11/x.ndjson.gz`, record);
    await cloud.store.write(`damaged/2026/11/24/01/y.ndjson.gz`, 'no rows', { metadata: { hours: 'none' } });
    await cloud.store.write(`damaged/2026/11/24/03/z.ndjson.gz`, record);
    // It is written, and only not deleted.
    cloud.now = at(`${DAY}T16:10:00`);
    const key = 'landing/2026/11/24/16/w.ndjson.gz';
    const eTag = (await cloud.store.write(key, record)) ?? '';
    await writeNote(
      cloud.store,
      { key, eTag, modifiedAt: cloud.now },
      { written: true, why: 'AccessDenied' },
    );
    cloud.now = at(`${DAY}T20:10:00`);
    await cloud.store.write(`landing/direct/${DAY}/d.ndjson.gz`, record);
    await cloud.store.write('landing/2026/11/24/18/', '');
    // These were counted when they were refused.
    await cloud.store.write(`landing/redriven/${DAY}/e.ndjson.gz`, record);
    expect(await openHours(DAY)).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 19, 20]);
    expect(await cloud.hoursOf(12)).toMatchObject([{ state: 'open', waiting_objects: 2 }]);
    cloud.store.objects.delete('landing/2026/11/24/11/x.ndjson.gz');
    for (const key of [...cloud.store.objects.keys()])
      if (key.startsWith('damaged/')) cloud.store.objects.delete(key);
    await cloud.night(1);
    expect(await cloud.hoursOf(12, 20)).toMatchObject([{ state: 'whole' }, { state: 'open' }]);
  });

  const NAME = 'sluice-1-2026-11-23-07-10-00-x.ndjson.gz';
  const delivered = String(at('2026-11-23T08:10:00'));

  it.each([
    {
      what: 'of any cause, for its folder and until it was delivered',
      metadata: { delivered },
      hours: [6, 7, 8],
    },
    {
      what: 'for the hours of its rows',
      metadata: { delivered, hours: '2026-11-23T07 2026-11-23T09' },
      hours: [7, 9],
    },
    { what: 'for nothing, if it has no row', metadata: { delivered, hours: 'none' }, hours: [] },
    {
      what: 'for all of its time, if a row has no hour',
      metadata: { delivered, hours: '2026-11-23T07 2026-11-23T99' },
      hours: [6, 7, 8],
    },
    {
      what: 'of an earlier release, for a day: Firehose tries no longer',
      metadata: {},
      hours: [6, ...Array.from({ length: 17 }, (_, i) => i + 7)],
    },
  ])('for what is damaged, however often it is tried again: $what', async ({ metadata, hours }) => {
    for (const folder of ['damaged/', 'damaged/again/1796155209469/', 'landing/again/1796155209469/']) {
      cloud.store.objects.clear();
      cloud.now = at(`${DAY}T20:00:00`);
      await cloud.store.write(`${folder}2026/11/23/07/${NAME}`, 'x', { metadata });
      expect(await openHours('2026-11-23')).toEqual(hours);
      const isOld = Object.keys(metadata).length === 0;
      expect((await cloud.hoursOf(7, 8)).map((row) => row?.state)).toEqual([
        isOld ? 'open' : 'whole',
        'whole',
      ]);
    }
  });

  it('for what the collector put itself, and somebody copied back days later, for its day', async () => {
    cloud.now = at(`${DAY}T20:00:00`);
    await cloud.store.write('landing/direct/2026-11-23/a.ndjson.gz', 'x');
    expect(await openHours('2026-11-23')).toEqual([...Array(24).keys()]);
    expect(await openHours(DAY)).toEqual([]);
    cloud.now = at(`${DAY}T20:00:00`);
    cloud.store.objects.clear();
    const metadata = { delivered: String(at('2026-11-23T09:30:00')) };
    await cloud.store.write('damaged/again/1/direct/2026-11-23/a.ndjson.gz', 'x', { metadata });
    expect(await openHours('2026-11-23')).toEqual([8, 9]);
  });

  it('for no damaged object that is gone once its metadata is read, and reads that of its own day only', async () => {
    cloud.now = at(`${DAY}T20:00:00`);
    for (const day of ['2026/11/21', '2026/11/24', '2026/11/26'])
      await cloud.store.write(`damaged/${day}/07/${NAME}`, 'x', {
        metadata: { delivered: String(cloud.now) },
      });
    const heads: string[] = [];
    cloud.store.head = async (key) => {
      heads.push(key);
      return null;
    };
    cloud.now = NIGHT;
    const rows = await reconcileDay(cloud.reconciler(), DAY);
    expect(rows.filter(({ state }) => state === 'open')).toEqual([]);
    expect(heads).toEqual([`damaged/2026/11/24/07/${NAME}`]);
  });

  it('for its buffers, until the last event of it is due in its table', async () => {
    const stateAt = async (time: string) => {
      cloud.now = at(`${DAY}T${time}`);
      const rows = await reconcileDay(cloud.reconciler(), DAY, true);
      return rows.find(({ hour, table_name }) => hour === 7 && table_name === 'events')?.state;
    };
    expect(await stateAt('08:02:29')).toBe('open');
    expect(await stateAt('08:02:30')).toBe('whole');
  });

  it('for what is tried again, from its day on', async () => {
    cloud.now = at(`${DAY}T13:10:00`);
    await cloud.store.write(`landing/again/1/direct/${DAY}/a.ndjson.gz`, 'rows');
    await cloud.night();
    expect(await cloud.hoursOf(0, 13, 14)).toMatchObject([
      { state: 'open' },
      { state: 'open' },
      { state: 'whole' },
    ]);
  });

  it('for a stream that holds its records, and only if it came before its end', async () => {
    cloud.countAt('IncomingRecords', '22:10', 5);
    cloud.countAt('DeliveryToS3.Records', '22:05', 5);
    await cloud.night();
    const late = { state: 'open', why: 'the stream is late' };
    expect(await cloud.hoursOf(21, 22)).toMatchObject([{ state: 'whole' }, late]);
    // A request of the end of an hour comes to the stream in the next one.
    cloud.store.objects.clear();
    cloud.countAt('IncomingRecords', '22:00', 6);
    await cloud.night();
    expect(await cloud.hoursOf(20, 21)).toMatchObject([{ state: 'whole' }, late]);
  });

  it('for CloudWatch, of which no value is not 0, while the stream holds', async () => {
    cloud.requests('04', { finished: 270 });
    for (const hour of ['05', '06']) cloud.series.get('hourly')?.delete(at(`${DAY}T${hour}:05:00`));
    cloud.countAt('DeliveryToS3.Records', '04:45', 90);
    cloud.countAt('IncomingRecords', '04:50', 10);
    cloud.now = at(`${DAY}T08:10:00`);
    const early = await reconcileDay(cloud.reconciler(), DAY, true);
    const events = early.filter(({ table_name }) => table_name === 'events');
    const late = 'the stream is late';
    expect(events.slice(3, 7).map(({ why }) => why)).toEqual([null, late, late, late]);
    // The stream delivers what it held.
    cloud.countAt('DeliveryToS3.Records', '09:00', 10);
    cloud.countAt('events_finished', '04:00', 300);
    await cloud.night();
    const why = 'CloudWatch has no values of that hour';
    const silent = { state: 'open', why };
    expect(await cloud.hoursOf(4, 5, 6, 7)).toMatchObject([
      { state: 'whole' },
      silent,
      silent,
      { state: 'whole' },
    ]);
    await cloud.night(3);
    expect([cloud.queries, ...(await cloud.hoursOf(5, 6))]).toMatchObject([
      0,
      { state: 'unknown' },
      { state: 'unknown', why },
    ]);
  });
});

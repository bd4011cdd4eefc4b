import { describe, expect, it } from '@jest/globals';
import { HOUR_MS } from '../../../lib/base/time.ts';
import { oldestRecord, undeliveredWhy } from '../../../lib/reconcile/streamDelivery.ts';
import { at, DAY } from './CountedCloud.ts';

/** Values of a metric by minute, as `11:50`. */
type Minutes = Readonly<Record<string, number>>;

/** What the metrics say of a stream, each none by default, and what follows. */
interface Case {
  /** What follows, as the end of a sentence. */
  readonly title: string;
  /** Seconds by which the stream says that it is late. */
  readonly freshness?: Minutes;
  /** Records that came to the stream. */
  readonly arrived?: Minutes;
  /** Records that it delivered. */
  readonly delivered?: Minutes;
  /** The minute of the oldest record that it still holds; null: it holds none. */
  readonly oldest: string | null;
}

describe('the oldest record that a stream holds', () => {
  const NOW = at(`${DAY}T12:00:30`);
  const minute = (time: string) => at(`${DAY}T${time}:00`);
  const valuesOf = (values: Minutes = {}) =>
    new Map(Object.entries(values).map(([time, value]) => [minute(time), value]));

  it.each<Case>([
    {
      title: 'is as old as the freshness of the newest minute says',
      freshness: { '11:50': 600, '11:52': 120 },
      oldest: '11:50',
    },
    {
      title: 'is none if the newest freshness is 0',
      freshness: { '11:50': 600, '11:52': 0 },
      arrived: { '11:55': 1 },
      oldest: null,
    },
    { title: 'is told by a freshness of 15 minutes ago', freshness: { '11:45': 60 }, oldest: '11:44' },
    {
      title: 'is the first after the last delivery if the freshness is older',
      freshness: { '11:44': 60 },
      arrived: { '11:20': 1, '11:30': 1, '11:40': 1 },
      delivered: { '11:25': 9 },
      oldest: '11:30',
    },
    {
      title: 'is the first beyond as many as were delivered',
      arrived: { '11:20': 5, '11:10': 5 },
      delivered: { '11:25': 9 },
      oldest: '11:20',
    },
    {
      title: 'is none if as many were delivered as came',
      arrived: { '11:20': 5, '11:25': 4 },
      delivered: { '11:25': 9 },
      oldest: null,
    },
    {
      title: 'came in a minute with records',
      arrived: { '11:30': 0, '11:40': 1 },
      delivered: { '11:25': 9, '11:50': 0 },
      oldest: '11:40',
    },
    { title: 'is the first of all if none was delivered', arrived: { '11:30': 1 }, oldest: '11:30' },
  ])('$title', ({ freshness, arrived, delivered, oldest }) => {
    const metrics = new Map([
      ['DeliveryToS3.DataFreshness', valuesOf(freshness)],
      ['IncomingRecords', valuesOf(arrived)],
      ['DeliveryToS3.Records', valuesOf(delivered)],
    ]);
    expect(oldestRecord(metrics, NOW)).toBe(oldest === null ? null : minute(oldest));
  });
});

describe('an hour of which the stream delivered nothing', () => {
  const HOUR = at(`${DAY}T08:00:00`);
  const hourly = (values: Readonly<Record<number, number>>) =>
    new Map(Object.entries(values).map(([hours, value]) => [HOUR + Number(hours) * HOUR_MS, value]));

  it.each([
    { what: 'of a day without a delivery', arrived: { 0: 9, 1: 4 }, delivered: { 24: 4 }, why: 'dropped' },
    {
      what: 'of which earlier records alone were delivered',
      arrived: { 0: 9 },
      delivered: { [-1]: 9 },
      why: 'dropped',
    },
    // The others may be deleted.
    { what: 'of which a part was delivered', arrived: { 0: 9 }, delivered: { [-1]: 9, 0: 3 }, why: null },
    { what: 'that were delivered late', arrived: { 0: 9, 1: 4 }, delivered: { 23: 13 }, why: null },
    { what: 'of which there are none', arrived: { [-1]: 2, 1: 4 }, delivered: { 0: 2 }, why: 'notGiven' },
  ])('has the reason $why for records $what', ({ arrived, delivered, why }) => {
    const series = new Map([
      ['IncomingRecords', hourly(arrived)],
      ['DeliveryToS3.Records', hourly(delivered)],
    ]);
    expect(undeliveredWhy(series, HOUR)).toBe(why);
  });
});

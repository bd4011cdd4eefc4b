import { describe, expect, it } from '@jest/globals';
import { DAY_MS, HOUR_MS } from '../../../lib/base/time.ts';
import { collect, collectOne, now } from './collectOne.ts';

describe('the time of an event', () => {
  const iso = (ms: number) => new Date(ms).toISOString();

  it('is the time of receipt when the event has none', () => {
    const { rows, noted } = collect({ events: [{ eventName: 'e' }, { eventName: 'f', time: null }] });
    for (const row of rows) {
      expect(row).toMatchObject({ timestamp: iso(now), ds: '2026-11-20' });
      expect(row).not.toHaveProperty('client_timestamp');
    }
    expect(noted).toEqual({ time_missing: 2 });
  });

  it('is replaced by the request in the identity of an event that has none', () => {
    const idOf = (requestId: string | null, receivedAt = now) =>
      collect({ events: [{ eventName: 'e' }] }, { requestId, receivedAt }).rows[0]?.['event_id'];
    expect(idOf('a')).toBe(idOf('a', now + 1));
    expect(idOf('a')).not.toBe(idOf('b'));
    expect(idOf(null)).toBe(idOf(null));
    expect(idOf(null)).not.toBe(idOf(null, now + 1));
  });

  it.each([
    { what: 'now', time: now, timestamp: '2026-11-20T07:32:00.123Z', ds: '2026-11-20' },
    {
      what: 'seven days ago',
      time: now - 7 * DAY_MS,
      timestamp: '2026-11-13T07:32:00.123Z',
      ds: '2026-11-13',
    },
    { what: 'a day ahead', time: now + DAY_MS, timestamp: '2026-11-21T07:32:00.123Z', ds: '2026-11-21' },
  ])('determines the day of the event inside the window: $what', ({ time, timestamp, ds }) => {
    const { rows, noted } = collectOne({ eventName: 'e', time });
    expect(rows[0]).toMatchObject({ timestamp, ds });
    expect(noted).not.toHaveProperty('outside_time_window');
  });

  it.each([
    {
      what: 'more than seven days ago',
      time: now - 7 * DAY_MS - 1,
      timestamp: '2026-11-13T07:32:00.122Z',
      also: {},
    },
    {
      what: 'more than a day ahead',
      time: now + DAY_MS + 1,
      timestamp: '2026-11-21T07:32:00.124Z',
      also: { clock_ahead: 1 },
    },
    { what: '1970', time: 0, timestamp: '1970-01-01T00:00:00.000Z', also: { before_2000: 1 } },
  ])('is kept outside the window, under the day of receipt: $what', ({ time, timestamp, also }) => {
    const { rows, noted } = collectOne({ eventName: 'e', time });
    expect(rows[0]).toMatchObject({ timestamp, ds: '2026-11-20' });
    expect(noted).toEqual({ outside_time_window: 1, ...also });
  });

  it.each([
    { what: 'seconds', time: 1_795_159_920, timestamp: '1970-01-21T18:39:19.920Z' },
    {
      what: 'seconds with a fraction, as text',
      time: '1795159920.123',
      timestamp: '1970-01-21T18:39:19.920Z',
    },
    { what: 'a millisecond before 2000', time: Date.UTC(2000) - 1, timestamp: '1999-12-31T23:59:59.999Z' },
    { what: 'a day of 1999', time: '1999-12-31', timestamp: '1999-12-31T00:00:00.000Z' },
  ])('is noted before 2000, as of a sender that counts seconds, and kept: $what', ({ time, timestamp }) => {
    const { rows, noted } = collectOne({ eventName: 'e', time });
    expect(rows[0]).toMatchObject({ timestamp, ds: '2026-11-20' });
    expect(noted).toEqual({ outside_time_window: 1, before_2000: 1 });
  });

  it('is not noted before 2000 from its first millisecond on', () => {
    expect(collectOne({ eventName: 'e', time: Date.UTC(2000) }).noted).toEqual({ outside_time_window: 1 });
  });

  describe("by the sender's clock", () => {
    /** Collects an event of a sender that states its clock. @param offMs By how much the clock is ahead. */
    const sentBy = (offMs: number, time: number) =>
      collectOne({ eventName: 'e', time }, {}, { clientTimes: [null, String(now + offMs)] });

    it('is corrected if the clock is an hour late', () => {
      const time = now - HOUR_MS - 5_000;
      expect(sentBy(-HOUR_MS, time)).toMatchObject({
        rows: [{ timestamp: iso(now - 5_000), client_timestamp: iso(time) }],
        noted: { clock_corrected: 1 },
      });
    });

    it('is corrected if the clock is an hour ahead', () => {
      expect(sentBy(HOUR_MS, now + HOUR_MS)).toMatchObject({
        rows: [{ timestamp: iso(now) }],
        noted: { clock_corrected: 1 },
        aheadMs: 0,
      });
    });

    it('is left alone if the clock is off by more than a year', () => {
      expect(sentBy(-400 * DAY_MS, now)).toMatchObject({
        rows: [{ timestamp: iso(now) }],
        noted: { clock_ignored: 1 },
      });
    });

    it('is corrected by the time in a body, which a beacon sends in place of headers', () => {
      const { rows } = collectOne(
        { eventName: 'e', time: 0 },
        { clientTime: '1000' },
        { clientTimes: [null, null] },
      );
      expect(rows).toMatchObject([{ timestamp: iso(now - 1_000), client_timestamp: iso(0) }]);
    });
  });

  it('is noted as ahead from 55 minutes on: local time that is sent as UTC', () => {
    const sentAhead = (ms: number) => collectOne({ eventName: 'e', time: now + ms });
    expect(sentAhead(3_300_000)).toMatchObject({ noted: { clock_ahead: 1 }, aheadMs: 3_300_000 });
    const { noted, aheadMs } = sentAhead(3_299_999);
    expect({ noted, aheadMs }).toEqual({ noted: {}, aheadMs: 0 });
  });

  it('that is farthest ahead is told of a batch', () => {
    const events = [HOUR_MS, 2 * HOUR_MS, 3_300_000].map((ms) => ({ eventName: 'e', time: now + ms }));
    expect(collect({ events })).toMatchObject({ noted: { clock_ahead: 3 }, aheadMs: 2 * HOUR_MS });
  });

  it.each([
    { what: 'before 2000', time: 5 },
    { what: 'ahead', time: now + 9 * HOUR_MS },
    { what: 'missing', time: null },
  ])('is not noted of an event that is refused: $what', ({ time }) => {
    const { refused, noted, aheadMs } = collectOne({ eventName: 'e', time, value: 'x'.repeat(1_100_000) });
    expect(refused).toMatchObject([{ code: 'SLUICE_EVENT_TOO_LARGE' }]);
    expect(noted).toEqual({});
    expect(aheadMs).toBe(0);
  });

  it('is corrected over midnight together with the day', () => {
    const before = Date.UTC(2026, 10, 19, 23, 50);
    const after = Date.UTC(2026, 10, 20, 0, 20);
    const sender = { receivedAt: after + 1_000, clientTimes: [String(before + 1_000)] };
    expect(collectOne({ eventName: 'e', time: before }, {}, sender).rows[0]).toMatchObject({
      timestamp: iso(after),
      client_timestamp: iso(before),
      ds: '2026-11-20',
    });
  });

  it('is corrected before it is compared with the window', () => {
    // A day ago by the clock of the sender, and eight days by the clock of the collector.
    const late = { clientTimes: [String(now - 7 * DAY_MS)] };
    expect(collectOne({ eventName: 'e', time: now - 8 * DAY_MS }, {}, late).noted).not.toHaveProperty(
      'outside_time_window',
    );
  });

  it.each([
    { time: 1_795_169_730_123_456, code: 'SLUICE_EVENT_TIME_MICROSECONDS' },
    { time: '1795169730123456', code: 'SLUICE_EVENT_TIME_MICROSECONDS' },
    { time: 1_795_169_730_123 * 1_000_000, code: 'SLUICE_EVENT_TIME_NANOSECONDS' },
    { time: Date.UTC(2100) * 1_000, code: 'SLUICE_EVENT_BAD_TIME' },
    { time: true, code: 'SLUICE_EVENT_BAD_TIME' },
    { time: '17.5.2026', code: 'SLUICE_EVENT_BAD_TIME' },
  ])('is refused with the unit that it counts: $time, $code', ({ time, code }) => {
    const { refused } = collect({ events: [{ eventName: 'bad', time }] });
    expect(refused).toMatchObject([{ code }]);
  });
});

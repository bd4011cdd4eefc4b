import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { directRecordKey } from '../../../../lib/tables/objectKeys.ts';
import { keyOf, LandingBucket, NOW, record, rowOf } from './LandingBucket.ts';

let bucket: LandingBucket;
beforeEach(() => {
  bucket = new LandingBucket();
});
afterEach(() => bucket.remove());

describe('the events of objects', () => {
  const at = (hour: string) => ({ received_at: `2026-11-25T${hour}:59:59.999Z` });
  const event = (id: string, hour: string) => rowOf('events', id, '2026-11-25', at(hour));
  /** The counts that the lines have, by hour. */
  const counts = () =>
    bucket.lines.flatMap((line) => {
      const { _aws: aws, function: _function, stage, ...values } = line;
      return stage === undefined ? [] : [[new Date(Object(aws).Timestamp).toISOString(), values]];
    });
  const seven = '2026-11-25T07:00:00.000Z';
  const eight = '2026-11-25T08:00:00.000Z';

  it('are counted by table and by the hour in which they were received, as their objects are deleted', async () => {
    const many = {
      reason: 'SLUICE_EVENT_MANY_REFUSED',
      detail: 'SLUICE_EVENT_NO_NAME: 3, SLUICE_EVENT_X: 2.',
    };
    const file = { reason: 'SLUICE_INGEST_ROW_TIME_MISSING' };
    const unfit = { reason: 'SLUICE_ROW_UNFIT' };
    const quoted = { user_object: '{"received_at":"2026-11-25T03:00:00.000Z"}' };
    const refusal = (id: string, more: object) =>
      rowOf('quarantine', id, '2026-11-25', { ...at('07'), ...more });
    bucket.put(
      1,
      record({
        events: [event('a', '07'), rowOf('events', 'b', '2026-11-24', { ...quoted, ...at('07') })],
      }),
      record({ events: [event('c', '08')], exposures: [rowOf('exposures', 'x', '2026-11-25', at('08'))] }),
    );
    const bad = rowOf('events', 'bad', '2026-11-25', { timestamp: 'never', ...at('08') });
    const refusals = [refusal('q1', {}), refusal('q2', many), refusal('q3', file), refusal('q4', unfit)];
    bucket.put(2, record({ events: [bad, rowOf('events', 'timeless')], quarantine: refusals }));
    await bucket.write();
    expect(counts()).toEqual([
      [seven, { events_finished: 2, quarantine_finished: 6 }],
      [eight, { exposures_finished: 1, events_finished: 2, events_refused: 1 }],
    ]);
  });

  it('are not counted again when rows of quarantine are redriven', async () => {
    const key = directRecordKey('2026-11-25', 'digest', 'redriven');
    bucket.objects.set(key, record({ events: [event('a', '07')] }));
    await bucket.write({ keys: [key] });
    expect(await bucket.idsOf()).toEqual(['a']);
    expect(counts()).toEqual([]);
  });

  it('are counted once, by whoever deletes their object', async () => {
    bucket.put(1, record({ events: [event('a', '07')] }));
    const again = bucket.objects.get(keyOf(1)) ?? Buffer.of();
    let runs = 0;
    bucket.onCall = (call, key) => {
      if (call !== 'remove' || key !== keyOf(1)) return;
      runs += 1;
      // Another run has deleted it, and the answer of the first deletion is lost.
      if (runs === 1) bucket.objects.delete(keyOf(1));
    };
    await bucket.write();
    expect(await bucket.idsOf()).toEqual(['a']);
    expect(counts()).toEqual([]);
    bucket.put(1, again);
    await bucket.write();
    expect(await bucket.idsOf()).toEqual(['a', 'a']);
    expect(counts()).toEqual([[seven, { events_finished: 1 }]]);
  });

  it('are not counted while their object stays, and all of them when it goes by its note', async () => {
    const ids = Array.from({ length: 8 }, (_, i) => `e${i}`);
    bucket.put(1, Buffer.concat(ids.map((id) => record({ events: [event(id, '07')] }))));
    const small = { roundBytes: 500, runBytes: 0, pieceBytes: 200 };
    let now = NOW;
    bucket.onCall = (call, key) => {
      if (call === 'put' && key.startsWith('statsig/')) now += 250_000;
      if (call === 'remove' && key === keyOf(1)) throw new Error('AccessDenied');
    };
    for (let run = 0; run < 9; run += 1) {
      now = NOW;
      await bucket.write({ ...small, clock: { now: () => now } });
    }
    expect(await bucket.idsOf()).toEqual(ids);
    expect(counts()).toEqual([]);
    bucket.onCall = () => {};
    await bucket.write();
    expect(bucket.waiting).toEqual([]);
    expect(counts()).toEqual([[seven, { events_finished: 8 }]]);
  });
});

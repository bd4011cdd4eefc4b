import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { keyOf, LandingBucket, record, rowOf } from './LandingBucket.ts';

let bucket: LandingBucket;

beforeEach(() => {
  bucket = new LandingBucket();
});

afterEach(() => bucket.remove());

describe('a line that DuckDB refuses', () => {
  const bad = (id: string) =>
    rowOf('events', id, '2026-11-24', {
      timestamp: 'never',
      received_at: '2026-11-25T09:31:00.000Z',
      sdk_type: 'py-server',
      sdk_version: '1.2.3',
    });

  it('becomes a row of quarantine, and every other line is written', async () => {
    const ids = Array.from({ length: 40 }, (_, i) => `e${String(i).padStart(2, '0')}`);
    bucket.put(1, record({ events: ids.slice(0, 20).map((id) => rowOf('events', id)) }));
    bucket.put(2, record({ events: [...ids.slice(20).map((id) => rowOf('events', id)), bad('bad')] }));
    const done = await bucket.write();
    expect(done).toMatchObject({ objects: { written: 2 }, rows: 41, refused: 1 });
    expect(await bucket.idsOf()).toEqual(ids);
    expect(await bucket.rowsOf('quarantine')).toEqual([
      expect.objectContaining({
        reason: 'SLUICE_ROW_UNFIT',
        detail: 'timestamp',
        path: `${keyOf(2)}#events/2026-11-24`,
        sdk_type: 'py-server',
        sdk_version: '1.2.3',
        // When it was refused.
        received_at: '2026-11-25 10:00:00',
        raw: bad('bad').json,
        ds: '2026-11-25',
      }),
    ]);
    expect(bucket.lines).toEqual([
      {
        level: 'error',
        event: 'write_refused',
        object: keyOf(2),
        kind: 'events',
        code: 'SLUICE_ROW_UNFIT',
        detail: 'timestamp',
      },
      expect.objectContaining({ events_finished: 1, events_refused: 1 }),
    ]);
  });

  it('has the ID of its event in quarantine, as each copy of the event', async () => {
    const day = '2026-11-25';
    const copies = ['first', 'again'].map((page) =>
      rowOf('events', 'bad', day, { timestamp: 'never', page }),
    );
    bucket.put(1, record({ events: [...copies, bad('other')] }));
    await bucket.write();
    const rows = await bucket.rowsOf('quarantine');
    expect(rows).toHaveLength(3);
    expect(new Set(rows.map((row) => row['quarantine_id'])).size).toBe(2);
  });

  const unfitExposures = Array.from({ length: 20 }, (_, i) =>
    rowOf('exposures', `x${i}`, '2026-11-25', { timestamp: 'never' }),
  );
  const exposures = [...unfitExposures, rowOf('exposures', 'behind')];

  it('is found by itself beside more refused lines of another table than are looked at singly', async () => {
    bucket.put(1, record({ exposures, events: [bad('bad'), rowOf('events', 'good')] }));
    expect(await bucket.write({ singleLines: 10 })).toMatchObject({ refused: 22 });
    expect(await bucket.idsOf()).toEqual(['good']);
  });

  it('is not found by itself behind many of its own table: a short piece is refused as a whole', async () => {
    bucket.put(1, record({ exposures }));
    expect(await bucket.write({ singleLines: 10 })).toMatchObject({ refused: 21 });
    expect(await bucket.idsOf('exposures')).toEqual([]);
    bucket.put(1, record({ exposures }));
    expect(await bucket.write({ singleLines: 20 })).toMatchObject({ refused: 20 });
    expect(await bucket.idsOf('exposures')).toEqual(['behind']);
  });

  it('takes no large piece with it, behind many of its own table', async () => {
    const large = (id: string, more: object = {}) =>
      rowOf('exposures', id, '2026-11-25', { reason: 'x'.repeat(70_000), ...more });
    // The second half has the last two.
    const halves = [large('a'), large('b'), large('c'), large('unfit', { timestamp: 'never' })];
    bucket.put(1, record({ exposures: [...unfitExposures, ...halves] }));
    expect(await bucket.write({ singleLines: 10 })).toMatchObject({ refused: 21 });
    expect(await bucket.idsOf('exposures')).toEqual(['a', 'b', 'c']);
  });

  it('may be the only one, be no JSON, or be of quarantine itself', async () => {
    const broken = { day: '2026-11-25', json: '{"event_id":"x" oops}' };
    const unfit = rowOf('quarantine', 'q', '2026-11-25', { received_at: 'never' });
    bucket.put(1, record({ events: [broken], quarantine: [unfit, rowOf('quarantine', 'fine')] }));
    expect(await bucket.write()).toMatchObject({ objects: { written: 1 }, rows: 3, refused: 2 });
    expect(await bucket.rowsOf('events')).toEqual([]);
    expect((await bucket.rowsOf('quarantine')).map(({ reason, raw }) => [reason, raw]).sort()).toEqual([
      ['SLUICE_EVENT_NO_NAME', '{"a": 1}'],
      ['SLUICE_ROW_NOT_JSON', broken.json],
      ['SLUICE_ROW_UNFIT', unfit.json],
    ]);
    expect(bucket.waiting).toEqual([]);
  });
});

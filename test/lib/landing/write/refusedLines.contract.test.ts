import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { LandedRow } from '../../../../lib/landing/store/encodeLines.ts';
import type { TableKind } from '../../../../lib/schema/kinds.ts';
import { keyOf, LandingBucket, record, rowOf } from './LandingBucket.ts';

let bucket: LandingBucket;

beforeEach(() => {
  bucket = new LandingBucket();
});

afterEach(() => bucket.remove());

const DAY = '2026-11-25';
/** An event. All events of this suite are of one day, and so in one file. */
const good = (id: string) => rowOf('events', id, DAY, { received_at: '2026-11-25T09:31:00.000Z' });
/** An event whose time DuckDB does not read. */
const bad = (id: string, more: object = {}) =>
  rowOf('events', id, DAY, {
    timestamp: 'never',
    received_at: '2026-11-25T09:31:00.000Z',
    sdk_type: 'py-server',
    sdk_version: '1.2.3',
    ...more,
  });

describe('a line that DuckDB refuses', () => {
  it('becomes a row of quarantine, and every other line of its file is written', async () => {
    const ids = Array.from({ length: 40 }, (_, i) => `e${String(i).padStart(2, '0')}`);
    bucket.put(1, record({ events: ids.slice(0, 20).map(good) }));
    bucket.put(
      2,
      record({ events: [...ids.slice(20, 30).map(good), bad('bad'), ...ids.slice(30).map(good)] }),
    );
    const done = await bucket.write();
    expect(done).toMatchObject({ objects: { written: 2 }, rows: 41, refused: 1 });
    expect(await bucket.idsOf()).toEqual(ids);
    expect(await bucket.rowsOf('quarantine')).toEqual([
      expect.objectContaining({
        reason: 'SLUICE_ROW_UNFIT',
        detail: 'timestamp',
        path: `${keyOf(2)}#events/2026-11-25`,
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
      expect.objectContaining({ events_finished: 41, events_refused: 1 }),
    ]);
  });

  it('has the same ID in quarantine as the other copies of its event', async () => {
    const copies = [bad('bad', { page: 'first' }), bad('bad', { page: 'again' })];
    const other = bad('other');
    bucket.put(1, record({ events: [...copies, other] }));
    await bucket.write();
    const rows = await bucket.rowsOf('quarantine');
    const idOf = ({ json }: LandedRow) => rows.find(({ raw }) => raw === json)?.['quarantine_id'];
    const [first, again] = copies.map(idOf);
    expect(first).toEqual(expect.any(String));
    expect(again).toBe(first);
    expect(idOf(other)).toEqual(expect.any(String));
    expect(idOf(other)).not.toBe(first);
  });

  const twentyUnfit = Array.from({ length: 20 }, (_, i) =>
    rowOf('exposures', `x${i}`, DAY, { timestamp: 'never' }),
  );
  const exposures = [...twentyUnfit, rowOf('exposures', 'behind')];

  it('is found alone beside more refused lines of another table than are looked for one by one', async () => {
    const events = [bad('bad'), good('a'), bad('worse'), good('b')];
    bucket.put(1, record({ exposures, events }));
    // All 21 exposures, and two events.
    expect(await bucket.write({ singleLines: 10 })).toMatchObject({ refused: 23 });
    expect(await bucket.idsOf()).toEqual(['a', 'b']);
  });

  it.each([
    { singleLines: 10, refused: 21, written: [] },
    { singleLines: 20, refused: 20, written: ['behind'] },
  ])(
    'takes a short piece with it behind 20 of its table if $singleLines are looked for one by one: $refused lines',
    async ({ singleLines, refused, written }) => {
      bucket.put(1, record({ exposures }));
      expect(await bucket.write({ singleLines })).toMatchObject({ refused });
      expect(await bucket.idsOf('exposures')).toEqual(written);
    },
  );

  it('takes no piece above 64 KiB with it, behind however many of its table', async () => {
    // Each line is above 64 KiB.
    const large = (id: string, more: object = {}) =>
      rowOf('exposures', id, DAY, { reason: 'x'.repeat(70_000), ...more });
    const fourLarge = [large('a'), large('b'), large('c'), large('unfit', { timestamp: 'never' })];
    bucket.put(1, record({ exposures: [...twentyUnfit, ...fourLarge] }));
    // The twenty, and one of the four.
    expect(await bucket.write({ singleLines: 10 })).toMatchObject({ refused: 21 });
    expect(await bucket.idsOf('exposures')).toEqual(['a', 'b', 'c']);
  });

  it.each<{ what: string; kind: TableKind; line: LandedRow; reason: string }>([
    {
      what: 'no JSON',
      kind: 'events',
      line: { day: DAY, json: '{"event_id":"x" oops}' },
      reason: 'SLUICE_ROW_NOT_JSON',
    },
    {
      what: 'a row of quarantine itself',
      kind: 'quarantine',
      line: rowOf('quarantine', 'q', DAY, { received_at: 'never' }),
      reason: 'SLUICE_ROW_UNFIT',
    },
  ])('may be $what, and the only line of its file', async ({ kind, line, reason }) => {
    bucket.put(1, record({ [kind]: [line] }));
    expect(await bucket.write()).toMatchObject({ objects: { written: 1 }, rows: 1, refused: 1 });
    expect(await bucket.rowsOf('events')).toEqual([]);
    expect(await bucket.rowsOf('quarantine')).toMatchObject([{ reason, raw: line.json }]);
    expect(bucket.waiting).toEqual([]);
  });
});

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MINUTE_MS } from '../../../../lib/base/time.ts';
import { tableKinds } from '../../../../lib/schema/kinds.ts';
import { seededBytes } from '../../../../packages/local-aws/src/base/index.ts';
import { eventsOf, keyOf, LandingBucket, NOW, record, rowOf } from './LandingBucket.ts';

let bucket: LandingBucket;

beforeEach(() => {
  bucket = new LandingBucket();
});

afterEach(() => bucket.remove());

describe('objects of the landing', () => {
  it('become a file of each table and day together, sorted, and are gone', async () => {
    const days = ['2026-11-24', '2026-11-25'];
    for (const n of [1, 2])
      bucket.put(
        n,
        record(
          Object.fromEntries(
            tableKinds.map((kind) => [
              kind,
              days.flatMap((day) => [rowOf(kind, `b${n}${day}`, day), rowOf(kind, `a${n}${day}`, day)]),
            ]),
          ),
        ),
      );
    // There is time for one round: three minutes.
    const done = await bucket.write({ clock: { now: () => NOW + 7 * MINUTE_MS } });
    expect(done).toMatchObject({
      objects: { written: 2, gone: 0, damaged: 0 },
      rows: 24,
      files: 6,
      rounds: 1,
      refused: 0,
    });
    expect(done.failed.size).toBe(0);
    expect(bucket.waiting).toEqual([]);
    for (const kind of tableKinds)
      expect(
        (await bucket.rowsOf(kind)).map((row) => [row['event_id'] ?? row['quarantine_id'], row['ds']]),
      ).toEqual(days.flatMap((day) => ['a1', 'a2', 'b1', 'b2'].map((id) => [`${id}${day}`, day])));
  });

  it('have rows of any length, of more days than files keep memory for, and of more bytes than wait for the disk', async () => {
    const long = 'x'.repeat(1_200_000);
    const idOf = (n: number) => `e${String(n).padStart(2, '0')}`;
    for (let n = 0; n < 20; n += 1) {
      const day = `2026-11-${String(n + 1).padStart(2, '0')}`;
      const rows = [rowOf('events', idOf(n), day, n % 4 === 0 ? { event_value: `${n}${long}` } : {})];
      bucket.put(n, record({ events: [...rows, rowOf('events', `late${n}`, '2026-11-25')] }));
    }
    const done = await bucket.write();
    expect(done).toMatchObject({ rows: 40, refused: 0, rounds: 1 });
    const rows = await bucket.rowsOf('events');
    const values = rows.flatMap(({ event_value, event_id, ds }) =>
      String(event_value).endsWith(long) ? [`${event_id} ${ds} ${String(event_value).split('x')[0]}`] : [],
    );
    expect(values).toEqual(
      [0, 4, 8, 12, 16].map((n) => `${idOf(n)} 2026-11-${String(n + 1).padStart(2, '0')} ${n}`),
    );
    expect(rows.filter(({ event_id }) => String(event_id).startsWith('late'))).toHaveLength(20);
  });

  it('have every value that the collector writes, with the types of the tables', async () => {
    const row = rowOf('exposures', 'x', '2026-11-25', {
      company_id: 'c',
      user_dimensions: '{"a":[1,"ü"]}',
      unknown: 1,
      is_manual: false,
      reason: '',
      rule_id: 'line\nbreak "quoted" \u0000',
    });
    bucket.put(1, record({ exposures: [row] }));
    await bucket.write();
    expect(await bucket.rowsOf('exposures')).toEqual([
      {
        event_id: 'x',
        experiment_id: 'button',
        gate_value: true,
        is_manual: false,
        company_id: 'c',
        user_dimensions: '{"a":[1,"ü"]}',
        reason: '',
        rule_id: 'line\nbreak "quoted" \u0000',
        timestamp: '2026-11-25 09:30:00.123',
        ds: '2026-11-25',
      },
    ]);
  });

  it('are written in rounds, of which an object may span several and goes after its last', async () => {
    for (const n of [1, 2, 3])
      bucket.put(n, Buffer.concat(Array.from({ length: 4 }, (_, i) => eventsOf(`${n}-${i}`))));
    const held: number[] = [];
    bucket.onCall = (call) => {
      if (call === 'put') held.push(bucket.waiting.length);
    };
    const done = await bucket.write({ roundBytes: 500, runBytes: 0 });
    expect(done).toMatchObject({ objects: { written: 3 }, rows: 12, rounds: 12 });
    // Of each object four files, and a note behind each round but its last.
    expect(held).toEqual([3, 2, 1].flatMap((left) => Array(7).fill(left)));
    expect(bucket.waiting).toEqual([]);
    expect(await bucket.idsOf()).toEqual([1, 2, 3].flatMap((n) => [0, 1, 2, 3].map((i) => `${n}-${i}`)));
  });

  it('are fewer in a round if their rows hardly compress, as their files are large', async () => {
    const rounds: number[] = [];
    for (const text of [(i: number) => seededBytes(600, i).toString('base64'), () => 'a'.repeat(800)]) {
      for (let i = 0; i < 8; i += 1)
        bucket.put(i, record({ events: [rowOf('events', `${i}`, undefined, { user_object: text(i) })] }));
      rounds.push((await bucket.write({ roundBytes: 8_000 })).rounds);
    }
    expect(rounds).toEqual([2, 1]);
  });

  it('of two groups are in no round together, and fetched one group after the other', async () => {
    for (const n of [1, 2, 3]) bucket.put(n, eventsOf(`${n}`));
    const calls: string[] = [];
    bucket.onCall = (call, key) => calls.push(`${call} ${key.slice(0, 8)}`);
    const groups = [[keyOf(1), keyOf(2)], [keyOf(3)]];
    expect(await bucket.write({ groups })).toMatchObject({ rounds: 2, files: 2 });
    expect(calls.slice(0, 4)).toEqual([
      'fetch landing/',
      'fetch landing/',
      'put statsig/',
      'remove landing/',
    ]);
  });

  it('that no round has time for any more stay, and those of the round that is open are written', async () => {
    let now = NOW;
    for (const n of [1, 2, 3]) bucket.put(n, eventsOf(`${n}`));
    bucket.onCall = (call) => {
      if (call === 'put') now += 450_000;
    };
    const more = { clock: { now: () => now }, roundBytes: 1 };
    const { failed } = await bucket.write(more);
    expect([...failed.keys()]).toEqual([keyOf(2), keyOf(3)]);
    expect(bucket.waiting).toEqual([keyOf(2), keyOf(3)]);
  });

  it('stay when there is no time for a round', async () => {
    bucket.put(1, eventsOf('a'));
    const { failed } = await bucket.write({ clock: { now: () => NOW + 7 * MINUTE_MS + 1 } });
    expect([...failed]).toEqual([[keyOf(1), expect.objectContaining({ code: 'SLUICE_WRITE_OUT_OF_TIME' })]]);
    expect(bucket.keysOf('')).toEqual([keyOf(1)]);
  });
});

describe('what somebody puts in the place of an object', () => {
  it('while its file is put stays, and is written as what it is', async () => {
    bucket.put(1, eventsOf('read'));
    bucket.onCall = (call, key) => {
      if (call !== 'put' || !key.startsWith('statsig/')) return;
      bucket.onCall = () => {};
      bucket.put(1, eventsOf('restored'));
    };
    expect(await bucket.write()).toMatchObject({ objects: { written: 1, undeleted: 0 } });
    expect(bucket.waiting).toEqual([keyOf(1)]);
    expect(bucket.keysOf('ledger/')).toEqual([]);
    expect(bucket.lines).toEqual([]);
    expect(await bucket.write()).toMatchObject({ objects: { written: 1 } });
    expect(await bucket.idsOf()).toEqual(['read', 'restored']);
    expect(bucket.waiting).toEqual([]);
  });
});

import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { lineFailure } from '../../../../lib/landing/write/lineStatements.ts';
import { type RoundRequest, writeRound } from '../../../../lib/landing/write/writeRound.ts';
import { MAX_RECORD_BYTES } from '../../../../lib/schema/deliveryLimits.ts';
import { tableKinds } from '../../../../lib/schema/kinds.ts';
import { config, keyOf, LandingBucket, NOW, record, rowOf } from './LandingBucket.ts';

let bucket: LandingBucket;
beforeEach(() => {
  bucket = new LandingBucket();
});
afterEach(() => bucket.remove());

describe('objects of the landing', () => {
  it('become a file of each table and day together, sorted, and are gone', async () => {
    const days = ['2026-11-24', '2026-11-25'];
    for (const n of [1, 2])
      bucket.objects.set(
        keyOf(n),
        record(
          Object.fromEntries(
            tableKinds.map((kind) => [
              kind,
              days.flatMap((day) => [rowOf(kind, `b${n}${day}`, day), rowOf(kind, `a${n}${day}`, day)]),
            ]),
          ),
        ),
      );
    const done = await bucket.write([keyOf(1), keyOf(2)]);
    expect(done).toMatchObject({
      objects: { written: 2, gone: 0, damaged: 0 },
      rows: 24,
      files: 6,
      rounds: 1,
      refused: 0,
    });
    expect(done.failed.size).toBe(0);
    expect(bucket.keysOf('landing/')).toEqual([]);
    for (const kind of tableKinds)
      expect(
        (await bucket.rowsOf(kind)).map((row) => [row['event_id'] ?? row['quarantine_id'], row['ds']]),
      ).toEqual(days.flatMap((day) => ['a1', 'a2', 'b1', 'b2'].map((id) => [`${id}${day}`, day])));
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
    bucket.objects.set(keyOf(1), record({ exposures: [row] }));
    await bucket.write([keyOf(1)]);
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
      bucket.objects.set(
        keyOf(n),
        Buffer.concat(
          Array.from({ length: 4 }, (_, i) => record({ events: [rowOf('events', `${n}-${i}`)] })),
        ),
      );
    const held: number[] = [];
    bucket.onCall = (call) => {
      if (call === 'put') held.push(bucket.keysOf('landing/').length);
    };
    const done = await bucket.write([keyOf(1), keyOf(2), keyOf(3)], { roundBytes: 500, runBytes: 0 });
    expect(done).toMatchObject({ objects: { written: 3 }, rows: 12 });
    expect(done.rounds).toBeGreaterThan(3);
    expect(held.at(0)).toBe(3);
    expect(held.at(-1)).toBe(1);
    expect(bucket.keysOf('landing/')).toEqual([]);
    expect(await bucket.idsOf('events')).toEqual(
      [1, 2, 3].flatMap((n) => [0, 1, 2, 3].map((i) => `${n}-${i}`)),
    );
  });

  it('are fewer in a round if their rows hardly compress, as their files are large', async () => {
    const rounds: number[] = [];
    for (const text of [() => randomBytes(600).toString('base64'), () => 'a'.repeat(800)]) {
      for (let i = 0; i < 8; i += 1)
        bucket.objects.set(
          keyOf(i),
          record({ events: [rowOf('events', `${i}`, undefined, { user_object: text() })] }),
        );
      rounds.push((await bucket.write(bucket.keysOf('landing/'), { roundBytes: 8_000 })).rounds);
    }
    expect(rounds).toEqual([2, 1]);
  });

  it('of two groups are in no round together, and fetched one group after the other', async () => {
    for (const n of [1, 2, 3]) bucket.objects.set(keyOf(n), record({ events: [rowOf('events', `${n}`)] }));
    const calls: string[] = [];
    bucket.onCall = (call, key) => calls.push(`${call} ${key.slice(0, 8)}`);
    const groups = [[keyOf(1), keyOf(2)], [keyOf(3)]];
    expect(await bucket.write([], {}, groups)).toMatchObject({ rounds: 2, files: 2 });
    expect(calls.slice(0, 4)).toEqual([
      'fetch landing/',
      'fetch landing/',
      'put statsig/',
      'remove landing/',
    ]);
  });

  it('that no round has time for any more stay, and the round that is open is written', async () => {
    let now = NOW;
    for (const n of [1, 2, 3]) bucket.objects.set(keyOf(n), record({ events: [rowOf('events', `${n}`)] }));
    bucket.onCall = (call) => {
      if (call === 'fetch') now += 150_000;
    };
    const { objects: done, failed } = await bucket.write([keyOf(1), keyOf(2), keyOf(3)], {
      clock: { now: () => now },
    });
    expect(done.written + failed.size).toBe(3);
    expect(failed.size).toEqual(expect.any(Number));
    expect(bucket.keysOf('landing/')).toHaveLength(failed.size);
  });

  it('stay when there is no time for a round', async () => {
    bucket.objects.set(keyOf(1), record({ events: [rowOf('events', 'a')] }));
    const { failed } = await bucket.write([keyOf(1)], { clock: { now: () => NOW + 500_000 } });
    expect([...failed]).toEqual([
      [keyOf(1), { code: 'SLUICE_WRITE_OUT_OF_TIME', detail: expect.anything() }],
    ]);
    expect(bucket.keysOf('')).toEqual([keyOf(1)]);
  });
});

describe('a line that DuckDB refuses', () => {
  const bad = (id: string) =>
    rowOf('events', id, '2026-11-25', { timestamp: 'never', received_at: '2026-11-25T09:31:00.000Z' });

  it('becomes a row of quarantine, and every other line is written', async () => {
    const ids = Array.from({ length: 40 }, (_, i) => `e${String(i).padStart(2, '0')}`);
    bucket.objects.set(keyOf(1), record({ events: ids.slice(0, 20).map((id) => rowOf('events', id)) }));
    bucket.objects.set(
      keyOf(2),
      record({ events: [...ids.slice(20).map((id) => rowOf('events', id)), bad('bad')] }),
    );
    const done = await bucket.write([keyOf(1), keyOf(2)]);
    expect(done).toMatchObject({ objects: { written: 2 }, rows: 41, refused: 1 });
    expect(await bucket.idsOf('events')).toEqual(ids);
    expect(await bucket.rowsOf('quarantine')).toEqual([
      expect.objectContaining({
        reason: 'SLUICE_ROW_UNFIT',
        detail: 'timestamp',
        path: `${keyOf(2)}#events/2026-11-25`,
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

  it('is found by itself however many lines of another table were refused, and after many of its own not', async () => {
    const refused = Array.from({ length: 20 }, (_, i) =>
      rowOf('exposures', `x${i}`, '2026-11-25', { timestamp: 'never' }),
    );
    const exposures = [...refused, rowOf('exposures', 'behind')];
    bucket.objects.set(keyOf(1), record({ exposures, events: [bad('bad'), rowOf('events', 'good')] }));
    expect(await bucket.write([keyOf(1)], { singleLines: 10 })).toMatchObject({ refused: 22 });
    expect([await bucket.idsOf('events'), await bucket.idsOf('exposures')]).toEqual([['good'], []]);
    bucket.objects.set(keyOf(1), record({ exposures }));
    expect(await bucket.write([keyOf(1)], { singleLines: 20 })).toMatchObject({ refused: 20 });
    expect(await bucket.idsOf('exposures')).toEqual(['behind']);
  });

  it('may be the only one, be no JSON, or be of quarantine itself', async () => {
    const broken = { day: '2026-11-25', json: '{"event_id":"x" oops}' };
    const unfit = rowOf('quarantine', 'q', '2026-11-25', { received_at: 'never' });
    bucket.objects.set(
      keyOf(1),
      record({ events: [broken], quarantine: [unfit, rowOf('quarantine', 'fine')] }),
    );
    expect(await bucket.write([keyOf(1)])).toMatchObject({ objects: { written: 1 }, rows: 3, refused: 2 });
    expect(await bucket.rowsOf('events')).toEqual([]);
    expect((await bucket.rowsOf('quarantine')).map(({ reason, raw }) => [reason, raw]).sort()).toEqual([
      ['SLUICE_EVENT_NO_NAME', '{"a": 1}'],
      ['SLUICE_ROW_NOT_JSON', broken.json],
      ['SLUICE_ROW_UNFIT', unfit.json],
    ]);
    expect(bucket.keysOf('landing/')).toEqual([]);
  });
});

describe('what somebody puts in the place of an object', () => {
  it('while its file is put stays, and is written as what it is', async () => {
    bucket.objects.set(keyOf(1), record({ events: [rowOf('events', 'read')] }));
    bucket.onCall = (call, key) => {
      if (call !== 'put' || !key.startsWith('statsig/')) return;
      bucket.onCall = () => {};
      bucket.objects.set(keyOf(1), record({ events: [rowOf('events', 'restored')] }));
    };
    expect(await bucket.write([keyOf(1)])).toMatchObject({ objects: { written: 1, undeleted: 0 } });
    expect(bucket.keysOf('landing/')).toEqual([keyOf(1)]);
    expect(bucket.keysOf('ledger/')).toEqual([]);
    expect(bucket.lines).toEqual([]);
    expect(await bucket.write([keyOf(1)])).toMatchObject({ objects: { written: 1 } });
    expect(await bucket.idsOf('events')).toEqual(['read', 'restored']);
    expect(bucket.keysOf('landing/')).toEqual([]);
  });
});

describe('a bucket that fails', () => {
  const failing = (call: string, prefix: string, times = Number.POSITIVE_INFINITY) => {
    let left = times;
    bucket.onCall = (made, key) => {
      if (made === call && key.startsWith(prefix) && left > 0) {
        left -= 1;
        throw new Error('SlowDown');
      }
    };
  };
  beforeEach(() => {
    for (const n of [1, 2])
      bucket.objects.set(
        keyOf(n),
        record({ events: [rowOf('events', `e${n}`)], exposures: [rowOf('exposures', `x${n}`)] }),
      );
  });

  it('keeps every object while a file cannot be put, and none of its files', async () => {
    failing('put', 'statsig/statsig_forwarded_events/');
    // The round also has an object with nothing but foreign bytes.
    bucket.objects.set(keyOf(3), Buffer.from('foreign'));
    const all = [keyOf(1), keyOf(2), keyOf(3)];
    const { failed } = await bucket.write(all);
    expect([...failed.keys()].sort()).toEqual(all);
    expect(bucket.keysOf('')).toEqual(all);
    bucket.onCall = () => {};
    await bucket.write(all);
    expect(await bucket.idsOf('events')).toEqual(['e1', 'e2']);
    expect(await bucket.idsOf('exposures')).toEqual(['x1', 'x2']);
  });

  it('keeps the object whichever of its writes fails: of a table, or of a refused row that is too large', async () => {
    const refused = { timestamp: 'never', page: 'x'.repeat(MAX_RECORD_BYTES) };
    const rows = [rowOf('events', 'bad', '2026-11-25', refused), rowOf('events', 'good')];
    bucket.objects = new Map([[keyOf(1), record({ events: rows })]]);
    const before = new Map(bucket.objects);
    const puts: string[] = [];
    let failing = 0;
    bucket.onCall = (call, key) => {
      if (call !== 'put') return;
      puts.push(key);
      if (puts.length === failing) throw new Error('SlowDown');
    };
    await bucket.write([keyOf(1)]);
    const { length } = puts;
    expect(length).toBe(3);
    expect(bucket.keysOf('landing/')).toEqual([]);
    for (failing = 1; failing <= length; failing += 1) {
      puts.length = 0;
      bucket.objects = new Map(before);
      expect([...(await bucket.write([keyOf(1)])).failed.keys()]).toEqual([keyOf(1)]);
      expect(bucket.keysOf('landing/')).toEqual([keyOf(1)]);
    }
  });

  it('tells what AWS says of a denial, and nothing that another error quotes', async () => {
    const sentence = `User: x is not authorized to perform: s3:PutObject on resource: ${'k'.repeat(300)} with an explicit deny`;
    const failedWith = async (name: string) => {
      bucket.onCall = (call) => {
        if (call === 'put') throw Object.assign(new Error(`${sentence}. ${'x'.repeat(999)}`), { name });
      };
      return [...(await bucket.write([keyOf(1)])).failed.values()];
    };
    const [denied] = await failedWith('AccessDenied');
    expect(denied?.detail).toMatch(`AccessDenied: ${sentence}. xx`);
    expect(denied?.detail.length).toBeLessThan(530);
    expect(await failedWith('Other')).toMatchObject([{ detail: 'Other' }]);
  });

  it('keeps an object of which a round failed, though a later one would not', async () => {
    const ids = Array.from({ length: 8 }, (_, i) => `e${i}`);
    bucket.objects.set(keyOf(1), Buffer.concat(ids.map((id) => record({ events: [rowOf('events', id)] }))));
    bucket.objects.delete(keyOf(2));
    failing('put', 'statsig/', 1);
    const { failed, ...done } = await bucket.write([keyOf(1)], { roundBytes: 500, runBytes: 0 });
    expect([...failed.keys()]).toEqual([keyOf(1)]);
    expect(done.objects.written).toBe(0);
    expect(bucket.keysOf('landing/')).toEqual([keyOf(1)]);
    await bucket.write([keyOf(1)], { roundBytes: 500, runBytes: 0 });
    expect(await bucket.idsOf('events')).toEqual(ids);
    expect(bucket.keysOf('landing/')).toEqual([]);
  });

  it('is asked again to delete, and what it keeps is only deleted the next time', async () => {
    failing('remove', keyOf(1), 2);
    expect((await bucket.write([keyOf(1), keyOf(2)])).objects).toMatchObject({ written: 2, undeleted: 0 });
    expect(bucket.keysOf('landing/')).toEqual([]);
    expect(bucket.lines).toEqual([]);
    bucket.objects.set(keyOf(3), record({ events: [rowOf('events', 'e3')] }));
    failing('remove', keyOf(3));
    for (const written of [1, 0, 0]) {
      const done = await bucket.write([keyOf(3)]);
      expect(done.objects).toEqual({ written, undeleted: 1, gone: 0, damaged: 0 });
      expect(done.failed.size).toBe(0);
    }
    expect(bucket.keysOf('ledger/')).toHaveLength(1);
    expect(bucket.lines).toHaveLength(3);
    expect(bucket.lines[0]).toMatchObject({ event: 'write_undeleted', objects: 1, object: keyOf(3) });
    bucket.onCall = () => {};
    expect((await bucket.write([keyOf(3)])).objects).toMatchObject({ written: 0, undeleted: 0, gone: 1 });
    expect(bucket.keysOf('landing/')).toEqual([]);
    expect(bucket.keysOf('ledger/')).toEqual([]);
    expect(await bucket.idsOf('events')).toEqual(['e1', 'e2', 'e3']);
  });

  it('that neither deletes nor takes a note has it written again', async () => {
    bucket.onCall = (call, key) => {
      if (call === 'remove' || key.startsWith('ledger/')) throw new Error('AccessDenied');
    };
    expect([...(await bucket.write([keyOf(1)])).failed.keys()]).toEqual([keyOf(1)]);
    bucket.onCall = () => {};
    await bucket.write([keyOf(1)]);
    expect(await bucket.idsOf('events')).toEqual(['e1', 'e1']);
    expect(bucket.keysOf('landing/')).toEqual([keyOf(2)]);
  });

  it('that cannot be read for notes leaves no object open', async () => {
    const bodies: Readable[] = [];
    const { open, ...rest } = bucket.store();
    const opening: typeof open = async (...args) => {
      const opened = await open(...args);
      if (opened !== null) bodies.push(opened.body);
      return opened;
    };
    const slow = () => Promise.reject(new Error('SlowDown'));
    const failing = { ...rest, open: opening, read: slow, listPage: slow };
    const { failed } = await bucket.write([keyOf(1), keyOf(2)], { store: failing });
    expect(failed.size).toBe(2);
    expect(bodies.map(({ destroyed }) => destroyed)).toEqual([true, true]);
  });

  it('that cannot be read for one object writes the others', async () => {
    failing('fetch', keyOf(1));
    expect([...(await bucket.write([keyOf(1), keyOf(2)])).failed.keys()]).toEqual([keyOf(1)]);
    expect(await bucket.idsOf('events')).toEqual(['e2']);
    expect(bucket.keysOf('landing/')).toEqual([keyOf(1)]);
  });
});

describe('lines of a round', () => {
  /** Writes one line. */
  function round(
    more: Partial<RoundRequest['lines'][number]>,
    text = `${rowOf('events', 'e').json}\n`,
    now = NOW,
  ) {
    const path = join(bucket.directory, 'lines');
    const { day } = rowOf('events', 'e');
    writeFileSync(path, text);
    const bytes = text.length;
    const line = {
      kind: 'events',
      day,
      path,
      rows: 1,
      bytes,
      longest: bytes,
      keyAt: () => keyOf(1),
    } as const;
    const limits = { memoryMegabytes: 256, threads: 1, temporaryDirectory: bucket.directory };
    const lines = [{ ...line, ...more }];
    return writeRound({ config, lines, limits, directory: bucket.directory, now });
  }

  it('become no file that has fewer rows', async () => {
    await expect(round({ rows: 2 })).rejects.toMatchObject({ code: 'SLUICE_WRITE_COUNTS_DIFFER' });
  });

  it('fail the round if DuckDB refuses a row of quarantine that the writer has made', async () => {
    // No time of a row has a year of five digits.
    const lateness = Date.UTC(10_000, 0);
    await expect(round({}, '{"event_id"\n', lateness)).rejects.toMatchObject({
      code: 'SLUICE_WRITE_ROWS_REFUSED',
    });
  });

  it('are read to the end also if the last one has no line break', async () => {
    const { refused } = await round({ rows: 2 }, '{"event_id"\n{"event_name"');
    expect(refused.map(({ text }) => text)).toEqual(['{"event_id"', '{"event_name"']);
  });

  it('have a code of their own if DuckDB refuses them for a reason without one', () => {
    // As a session throws it: `errors_as_json`.
    const thrown = { exception_type: 'Out of Range', exception_message: 'Overflow in addition of "7"' };
    const error = new Error(JSON.stringify(thrown));
    expect(lineFailure(error)).toEqual({
      code: 'SLUICE_ROW_REFUSED',
      detail: expect.not.stringContaining('7'),
    });
  });
});

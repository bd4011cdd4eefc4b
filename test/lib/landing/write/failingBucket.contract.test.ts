import type { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MAX_RECORD_BYTES } from '../../../../lib/schema/deliveryLimits.ts';
import { eventsOf, keyOf, LandingBucket, record, rowOf } from './LandingBucket.ts';

let bucket: LandingBucket;

beforeEach(() => {
  bucket = new LandingBucket();
});

afterEach(() => bucket.remove());

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
  const both = [keyOf(1), keyOf(2)];
  beforeEach(() => {
    for (const n of [1, 2])
      bucket.put(n, record({ events: [rowOf('events', `e${n}`)], exposures: [rowOf('exposures', `x${n}`)] }));
  });

  it('keeps every object while a file cannot be put, and none of its files', async () => {
    failing('put', 'statsig/statsig_forwarded_events/');
    // The round also has an object with nothing but foreign bytes.
    bucket.put(3, Buffer.from('foreign'));
    const all = [...both, keyOf(3)];
    const { failed } = await bucket.write();
    expect([...failed.keys()].sort()).toEqual(all);
    expect(bucket.keysOf('')).toEqual(all);
    bucket.onCall = () => {};
    await bucket.write();
    expect(await bucket.idsOf()).toEqual(['e1', 'e2']);
    expect(await bucket.idsOf('exposures')).toEqual(['x1', 'x2']);
  });

  it('is out of time once the signal is aborted, also if a call throws another error then, and keeps every object', async () => {
    const late = new AbortController();
    bucket.onCall = (call, key) => {
      if (call !== 'put' || !key.startsWith('statsig/')) return;
      late.abort();
      throw new Error('socket hang up');
    };
    const { failed } = await bucket.write({ signal: late.signal });
    const code = 'SLUICE_WRITE_OUT_OF_TIME';
    expect([...failed]).toEqual(both.map((key) => [key, { code, detail: '' }]));
    expect(bucket.keysOf('')).toEqual(both);
  });

  it('keeps no file whose put lost its answer: its rows come again', async () => {
    bucket.onPut = (key) => {
      if (key.startsWith('statsig/statsig_forwarded_events/')) throw new Error('socket hang up');
    };
    const { failed } = await bucket.write();
    expect([...failed.keys()]).toEqual(both);
    expect(bucket.keysOf('')).toEqual(both);
  });

  it('keeps the object whichever of its writes fails: of a table, or of a refused row that is too large', async () => {
    const refused = { timestamp: 'never', page: 'x'.repeat(MAX_RECORD_BYTES) };
    const rows = [rowOf('events', 'bad', '2026-11-25', refused), rowOf('events', 'good')];
    bucket.objects = new Map([[keyOf(1), record({ events: rows })]]);
    const before = new Map(bucket.objects);
    const puts: string[] = [];
    let failingPut = 0;
    bucket.onCall = (call, key) => {
      if (call !== 'put') return;
      puts.push(key);
      if (puts.length === failingPut) throw new Error('SlowDown');
    };
    await bucket.write();
    const { length } = puts;
    expect(length).toBe(3);
    expect(bucket.waiting).toEqual([]);
    for (failingPut = 1; failingPut <= length; failingPut += 1) {
      puts.length = 0;
      bucket.objects = new Map(before);
      const { failed } = await bucket.write();
      expect([...failed.keys()]).toEqual([keyOf(1)]);
      expect(bucket.waiting).toEqual([keyOf(1)]);
    }
  });

  it('tells what AWS says of a denial, and nothing that another error quotes', async () => {
    const sentence = `User: x is not authorized to perform: s3:PutObject on resource: ${'k'.repeat(300)} with an explicit deny`;
    const failedWith = async (name: string) => {
      bucket.onCall = (call) => {
        if (call === 'put') throw Object.assign(new Error(`${sentence}. ${'x'.repeat(999)}`), { name });
      };
      return [...(await bucket.write({ keys: [keyOf(1)] })).failed.values()];
    };
    const [denied] = await failedWith('AccessDenied');
    expect(denied?.detail).toMatch(`AccessDenied: ${sentence}. xx`);
    // The code, and 500 characters of the message.
    expect(denied?.detail).toHaveLength(514);
    expect(await failedWith('Other')).toMatchObject([{ detail: 'Other' }]);
  });

  it('keeps an object of which a round failed, though a later one would not', async () => {
    const ids = Array.from({ length: 8 }, (_, i) => `e${i}`);
    bucket.put(1, ...ids.map((id) => eventsOf(id)));
    bucket.objects.delete(keyOf(2));
    failing('put', 'statsig/', 1);
    const { failed, ...done } = await bucket.write({ roundBytes: 500, runBytes: 0 });
    expect([...failed.keys()]).toEqual([keyOf(1)]);
    expect(done.objects.written).toBe(0);
    expect(bucket.waiting).toEqual([keyOf(1)]);
    await bucket.write({ roundBytes: 500, runBytes: 0 });
    expect(await bucket.idsOf()).toEqual(ids);
    expect(bucket.waiting).toEqual([]);
  });

  it('is asked again to delete', async () => {
    failing('remove', keyOf(1), 2);
    expect((await bucket.write()).objects).toMatchObject({ written: 2, undeleted: 0 });
    expect(bucket.waiting).toEqual([]);
    expect(bucket.lines).toEqual([]);
  });

  it('has what it keeps noted as written, which is only deleted the next time', async () => {
    bucket.put(3, eventsOf('e3'));
    failing('remove', keyOf(3));
    for (const written of [1, 0, 0]) {
      const done = await bucket.write({ keys: [keyOf(3)] });
      expect(done.objects).toEqual({ written, undeleted: 1, gone: 0, damaged: 0 });
      expect(done.failed.size).toBe(0);
    }
    expect(bucket.keysOf('ledger/')).toHaveLength(1);
    expect(bucket.lines).toHaveLength(3);
    expect(bucket.lines[0]).toMatchObject({ event: 'write_undeleted', objects: 1, object: keyOf(3) });
    bucket.onCall = () => {};
    expect((await bucket.write({ keys: [keyOf(3)] })).objects).toMatchObject({
      written: 0,
      undeleted: 0,
      gone: 1,
    });
    expect(bucket.waiting).toEqual(both);
    expect(bucket.keysOf('ledger/')).toEqual([]);
    expect(await bucket.idsOf()).toEqual(['e3']);
  });

  it('that neither deletes nor takes a note has it written again', async () => {
    bucket.onCall = (call, key) => {
      if (call === 'remove' || key.startsWith('ledger/')) throw new Error('AccessDenied');
    };
    const { failed } = await bucket.write({ keys: [keyOf(1)] });
    expect([...failed.keys()]).toEqual([keyOf(1)]);
    bucket.onCall = () => {};
    await bucket.write({ keys: [keyOf(1)] });
    expect(await bucket.idsOf()).toEqual(['e1', 'e1']);
    expect(bucket.waiting).toEqual([keyOf(2)]);
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
    const store = { ...rest, open: opening, read: slow, listPage: slow };
    const { failed } = await bucket.write({ store });
    expect(failed.size).toBe(2);
    expect(bodies.map(({ destroyed }) => destroyed)).toEqual([true, true]);
  });
});

import { readdirSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventsOf, keyOf, LandingBucket, NOW } from './LandingBucket.ts';

let bucket: LandingBucket;
beforeEach(() => {
  bucket = new LandingBucket();
});
afterEach(() => bucket.remove());

describe('a large object', () => {
  /** Of one row each. */
  const ids = Array.from({ length: 30 }, (_, i) => `e${String(i).padStart(2, '0')}`);
  const members = ids.map((id) => eventsOf(id));
  /** So that the object has many pieces and rounds. */
  const small = { pieceBytes: 100, roundBytes: 1_000, runBytes: 0 };
  const notes = () => bucket.keysOf('ledger/');
  /** Writes the object, which fails. */
  const expectFailed = async () => {
    const { failed } = await bucket.write(small);
    expect([...failed.keys()]).toEqual([keyOf(1)]);
  };
  /** Neither the object nor a note on it is left. */
  const expectDone = () => {
    expect(bucket.waiting).toEqual([]);
    expect(notes()).toEqual([]);
  };
  const aside = keyOf(1).replace('landing/', 'damaged/');
  /** A record that the console of Firehose sends to try it. */
  const demo = Buffer.from('{"TICKER_SYMBOL":"QXZ"}');
  const foreign = Buffer.alloc(1_000, 'foreign ');
  const mixed = members.flatMap((member) => [member, demo]);
  beforeEach(() => {
    bucket.put(1, ...members);
  });

  it('is written on from the last whole round when there is no time for more, also if foreign records are between', async () => {
    bucket.put(1, ...mixed);
    let rounds = 0;
    for (let run = 0; bucket.objects.has(keyOf(1)); run += 1) {
      expect(run).toBeLessThan(10);
      let now = NOW;
      bucket.onCall = (call, key) => {
        // From the third round on there is no time for another.
        if (call === 'put' && key.startsWith('statsig/')) now += 150_000;
      };
      const done = await bucket.write({ ...small, clock: { now: () => now } });
      rounds += done.rounds;
      if (!bucket.objects.has(keyOf(1))) continue;
      expect(done.failed.get(keyOf(1))).toMatchObject({ code: 'SLUICE_WRITE_OUT_OF_TIME' });
      expect(notes()).toHaveLength(1);
    }
    expect(rounds).toBe(10);
    expect(await bucket.idsOf()).toEqual(ids);
    expectDone();
    // Each run has put what it skipped.
    expect(bucket.damaged.equals(Buffer.concat(members.map(() => demo)))).toBe(true);
  });

  it('of foreign bytes alone is put aside until there is no time for more, and read on from there', async () => {
    bucket.put(1, members[0] ?? Buffer.of(), foreign, ...members.slice(1));
    let now = NOW;
    let pieces = 0;
    bucket.onCall = (call, key) => {
      if (call !== 'fetch' || key !== keyOf(1)) return;
      pieces += 1;
      if (pieces === 8) now += 590_000;
    };
    const clock = { now: () => now };
    const done = await bucket.write({ ...small, clock });
    expect(done).toMatchObject({ rows: 1, rounds: 1 });
    expect(done.failed.get(keyOf(1))).toMatchObject({ code: 'SLUICE_WRITE_OUT_OF_TIME' });
    expect(notes()).toHaveLength(1);
    // Nothing is begun in the time that is left.
    const late = await bucket.write({ ...small, clock });
    expect(late).toMatchObject({ rows: 0, rounds: 0 });
    expect(late.failed.get(keyOf(1))).toMatchObject({ detail: 'No round was begun.' });
    now = NOW;
    await bucket.write({ ...small, clock });
    expect(await bucket.idsOf()).toEqual(ids);
    expect(bucket.damaged.equals(foreign)).toBe(true);
    expectDone();
  });

  it('fails if it cannot be noted how far it is written', async () => {
    bucket.onCall = (call, key) => {
      if (call === 'put' && key.startsWith('ledger/')) throw new Error('SlowDown');
    };
    await expectFailed();
    expect(bucket.objects.has(keyOf(1))).toBe(true);
  });

  it('fails where its stream breaks or another is in its place, and goes on there', async () => {
    let pieces = 0;
    bucket.breaks = (key) => {
      if (key === keyOf(1)) pieces += 1;
      return pieces === 25;
    };
    await expectFailed();
    const written = await bucket.idsOf();
    expect(written).toEqual(ids.slice(0, written.length));
    expect(written).toHaveLength(15);
    await bucket.write(small);
    expect(await bucket.idsOf()).toEqual(ids);
    expectDone();
  });

  it('that changes while it is read fails, and the new one is read from its beginning', async () => {
    let pieces = 0;
    bucket.onCall = (call, key) => {
      if (call !== 'fetch' || key !== keyOf(1)) return;
      pieces += 1;
      // It is as long as the one before it.
      if (pieces === 25) bucket.put(1, ...ids.map((id) => eventsOf(id.replace('e', 'n'))));
    };
    await expectFailed();
    bucket.onCall = () => {};
    expect(await bucket.write(small)).toMatchObject({ objects: { written: 1, damaged: 0 }, rows: 30 });
    const written = await bucket.idsOf();
    expect(written.filter((id) => id.startsWith('n'))).toEqual(ids.map((id) => id.replace('e', 'n')));
  });

  it('that another run has ended meanwhile leaves what that run has put aside', async () => {
    bucket.put(1, ...mixed);
    let files = 0;
    bucket.onCall = (call, key) => {
      if (call === 'put' && key.startsWith('statsig/')) files += 1;
      if (files !== 2 || !bucket.objects.delete(keyOf(1))) return;
      bucket.objects.set(aside, Buffer.from('all'));
    };
    await expectFailed();
    expect(bucket.objects.get(aside)?.toString()).toBe('all');
    expect(await bucket.write({ ...small, keys: [keyOf(1)] })).toMatchObject({
      objects: { gone: 1 },
      rows: 0,
    });
  });

  it('that ends while another run is in it loses nothing that either has put aside', async () => {
    bucket.put(1, ...members.flatMap((member, i) => [member, Buffer.from(`${demo}${i}`)]));
    // The other run has read less of the object by now, and is killed as it has put that.
    let files = 0;
    bucket.onCall = (call, key) => {
      if (call !== 'put' || !key.startsWith('statsig/')) return;
      files += 1;
      if (files === 4) bucket.objects.set(aside, Buffer.from(`${demo}0`));
    };
    await bucket.write(small);
    const put = bucket.keysOf('damaged/').map((key) => String(bucket.objects.get(key)));
    for (const i of members.keys())
      expect(put.join('|')).toContain(`${demo}${i}{`.slice(0, i === 29 ? -1 : undefined));
    expectDone();
  });

  it('may be of others for the most part: what is skipped is put in as many objects as it takes', async () => {
    bucket.put(1, foreign, ...members, foreign);
    expect(await bucket.write({ ...small, skippedBytes: 300 })).toMatchObject({ rows: 30 });
    expect(await bucket.idsOf()).toEqual(ids);
    expect(bucket.keysOf('damaged/')).toHaveLength(5);
    expect(bucket.damaged).toHaveLength(2_000);
    expect(bucket.objects.has(aside)).toBe(true);
    expectDone();
    // The folder of the run keeps nothing.
    expect(readdirSync(bucket.runDirectory)).toEqual([]);
  });

  it('that ends with what is skipped, as is noted, is done when it is read again', async () => {
    bucket.put(1, ...members, foreign);
    bucket.onCall = (call, key) => {
      if (call === 'remove' || key.endsWith('.written.json')) throw new Error('SlowDown');
    };
    // The last piece passes the bound.
    const more = { pieceBytes: 2_000, skippedBytes: 300 };
    expect((await bucket.write(more)).failed.size).toBe(1);
    expect(notes()).toHaveLength(1);
    bucket.onCall = () => {};
    expect(await bucket.write(more)).toMatchObject({ objects: { gone: 1 }, rows: 0 });
    expect(await bucket.idsOf()).toEqual(ids);
    expectDone();
  });
});

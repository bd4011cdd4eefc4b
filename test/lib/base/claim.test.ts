import { beforeEach, describe, expect, it } from '@jest/globals';
import { claim, type HeldClaim } from '../../../lib/base/claim.ts';
import { MINUTE_MS } from '../../../lib/base/time.ts';
import { MemoryObjects } from '../../harness/MemoryObjects.ts';

const KEY = 'claims/work';
const HELD_MS = MINUTE_MS;

let objects = new MemoryObjects();
let now = 0;
beforeEach(() => {
  objects = new MemoryObjects();
  now = 0;
});
const clock = { now: () => now };
const take = () => claim(objects, clock, KEY, now + HELD_MS);

describe('a claim', () => {
  it('has one owner until it is released', async () => {
    const held = await take();
    expect(await take()).toBeNull();
    await held?.release();
    expect(await take()).not.toBeNull();
  });

  it('is taken over once it has expired, by one of those who try', async () => {
    await take();
    now = HELD_MS - 1;
    expect(await take()).toBeNull();
    now = HELD_MS;
    const taken = await Promise.all([take(), take(), take()]);
    expect(taken.filter((held) => held !== null)).toHaveLength(1);
  });

  it('that was taken over is free once its new owner releases it', async () => {
    await take();
    now = HELD_MS;
    const taken = await take();
    expect(await take()).toBeNull();
    await taken?.release();
    expect(await take()).not.toBeNull();
  });

  it('is held by the caller whose write was repeated by the client, and refused the second time', async () => {
    objects.faults = ['written_twice'];
    expect(await take()).not.toBeNull();
    now = HELD_MS;
    objects.faults = [null, 'written_twice'];
    expect(await take()).not.toBeNull();
  });

  it('of the next owner stays when the release before it is repeated by the client', async () => {
    const held = await take();
    let next: HeldClaim | null = null;
    // Its client deletes the claim twice, and another owner claims between both.
    objects.remove = async (key: string, eTag: string) => {
      const { remove } = MemoryObjects.prototype;
      const first = await remove.call(objects, key, eTag);
      next = await take();
      await remove.call(objects, key, eTag);
      return first;
    };
    await held?.release();
    expect(next).not.toBeNull();
    expect(await take()).toBeNull();
  });

  it('of the next owner stays when an owner releases it after it has expired', async () => {
    const late = await take();
    now = HELD_MS;
    await take();
    await late?.release();
    expect(await take()).toBeNull();
  });

  it('that is released while another asks is not that other’s, whose work comes again', async () => {
    const held = await take();
    objects.read = async (key: string) => {
      await held?.release();
      return MemoryObjects.prototype.read.call(objects, key);
    };
    expect(await take()).toBeNull();
    expect(await take()).not.toBeNull();
  });

  it('that is not readable blocks nobody', async () => {
    await objects.write(KEY, 'not JSON');
    expect(await take()).not.toBeNull();
  });
});

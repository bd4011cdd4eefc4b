import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { BucketSize } from '../../../lib/wire/keys/KeyGate.ts';
import { type AwsWire, startAwsWire } from '../../harness/startAwsWire.ts';
import { secretOf, testKey } from '../../lib/wire/keys/keyring.ts';
import { startKeys } from '../../lib/wire/keys/startKeys.ts';
import { makePost } from './postEvents.ts';

const web = testKey('web');
const app = testKey('app');

let wire: AwsWire;
beforeEach(async () => {
  wire = await startAwsWire();
});
afterEach(() => wire.close());

/** A collector behind a gate of two keys, and what moves the gate's time and its secret. */
function start(limit: BucketSize) {
  const keys = startKeys({ limit });
  keys.secret.text = secretOf(web.entry, app.entry);
  const send = makePost(wire, {}, keys.gate);
  return {
    ...keys,
    post: (key: string) =>
      send({ headers: { 'statsig-api-key': key }, body: '{"events":[{"eventName":"a"}]}' }),
  };
}

describe('a key that exceeds its limit', () => {
  it('is answered 503 and counted under its label until its limit recovers, while other keys continue', async () => {
    const { post, clock } = start({ perSecond: 10, burst: 2 });
    const statuses = [];
    for (let i = 0; i < 4; i += 1) statuses.push((await post(web.key)).status);
    expect(statuses).toEqual([202, 202, 503, 503]);
    expect(wire.calls.firehose).toBe(2);
    expect(await post(web.key)).toMatchObject({
      answer: { success: false, code: 'SLUICE_KEY_OVER_LIMIT' },
      log: { status: 503, code: 'SLUICE_KEY_OVER_LIMIT', key: 'web' },
    });
    expect((await post(app.key)).status).toBe(202);
    clock.advance(100);
    expect([(await post(web.key)).status, (await post(web.key)).status]).toEqual([202, 503]);
  });
});

describe('a request that refreshes the keys', () => {
  it('is not delayed by the refresh, but does not end before it', async () => {
    const { post, secret, clock, release } = start({ perSecond: 10, burst: 100 });
    await post(web.key);
    clock.advance(6 * 60_000);
    secret.held = true;
    let ended = false;
    const answered = post(web.key).finally(() => {
      ended = true;
    });
    // Delivered while the look is still under way.
    while (wire.calls.firehose < 2) await new Promise((resolve) => setImmediate(resolve));
    expect([secret.reads, ended]).toEqual([2, false]);
    release();
    expect((await answered).status).toBe(202);
  });

  it('logs no key, known or unknown', async () => {
    const { post } = start({ perSecond: 10, burst: 100 });
    for (const key of [web.key, 'client-stranger', 'client-stranger%zz']) {
      expect(JSON.stringify(await post(key))).not.toMatch(/client-(web|stranger)/);
    }
  });
});

import { describe, expect, it } from '@jest/globals';
import { DAY_MS, MINUTE_MS } from '../../../lib/base/time.ts';
import { type RelayCopy, writeRelayCopy, writeRelayedKey } from '../../../lib/relay/RelayCopy.ts';
import type { RelayMessage } from '../../../lib/relay/Relayer.ts';
import { relayMessages } from '../../../lib/relay/relayMessages.ts';
import type { TargetAnswer } from '../../../lib/relay/sendRequest.ts';
import { Target } from '../../../lib/relay/Target.ts';
import { relayId, relayRefusedKey, relayWaitingKey } from '../../../lib/tables/relayKeys.ts';
import { ManualClock } from '../../../packages/local-aws/src/base/index.ts';
import { MemoryObjects } from '../../harness/MemoryObjects.ts';

const NOW = Date.UTC(2026, 10, 22, 1, 30);
const id = relayId(NOW, 'a'.repeat(24));
const copy: RelayCopy = {
  id,
  keptAt: NOW,
  path: '/v1/rgstr',
  query: 'k=client-a',
  headers: {},
  body: Buffer.from('{}'),
};
/** The copy as a message, the key of its object, and a message that names that. */
const TEXT = writeRelayCopy(copy);
const WAITING = relayWaitingKey(id);
const NAMED = writeRelayedKey(WAITING);
const refusedKey = (reason: string, at = NOW) => relayRefusedKey({ reason, at, id });

const slowDown = () => Promise.reject(Object.assign(new Error(), { name: 'SlowDown' }));

/** A function with a target that answers one status, a bucket and queues in memory. */
function start(status = 202) {
  const clock = new ManualClock(NOW);
  const store = new MemoryObjects(clock);
  const logged: Record<string, unknown>[] = [];
  const hidden: { readonly id: string; readonly ms: number }[] = [];
  const buried: string[] = [];
  const away = { queue: false };
  let sent = 0;
  let atOnce = 0;
  let mostAtOnce = 0;
  const answer: { more: Partial<TargetAnswer> } = { more: {} };
  const target = new Target({
    target: { statsig: true },
    clock,
    random: () => 0,
    log: () => {},
    send: async () => {
      sent += 1;
      atOnce += 1;
      mostAtOnce = Math.max(mostAtOnce, atOnce);
      await new Promise(setImmediate);
      atOnce -= 1;
      return { status, retryAfter: null, saysFailure: false, isPage: false, ...answer.more };
    },
  });
  const relayer = {
    target,
    store,
    clock,
    random: () => 0,
    stage: 'test',
    deadline: NOW + 22 * DAY_MS,
    log: (fields: Record<string, unknown>) => void logged.push(fields),
    queues: {
      hide: async ({ messageId }: RelayMessage, ms: number) => {
        if (away.queue) throw Object.assign(new Error(), { name: 'QueueAway' });
        hidden.push({ id: messageId, ms });
      },
      bury: async (body: string) => void buried.push(body),
    },
  };
  return {
    clock,
    store,
    logged,
    hidden,
    buried,
    answer,
    away,
    relayer,
    counts: () => ({ sent, mostAtOnce }),
    keys: () => [...store.objects.keys()],
    /** @returns IDs of the messages that stay in their queue. */
    async relay(...bodies: readonly (string | Partial<RelayMessage>)[]) {
      const messages = bodies.map((given, i): RelayMessage => {
        const more = typeof given === 'string' ? { body: given } : given;
        return { messageId: `m${i}`, receipt: `r${i}`, body: '', receives: 1, sentAt: NOW, ...more };
      });
      const { batchItemFailures } = await relayMessages(relayer, messages);
      return batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
    },
    line: () => logged.find(({ event }) => event === 'relay'),
  };
}

describe('a copy of a request', () => {
  it('is done once the target has taken it, and the object that held it is deleted', async () => {
    const { store, relay, keys, line, hidden } = start();
    await store.write(WAITING, TEXT);
    expect(await relay(TEXT, NAMED)).toEqual([]);
    expect(keys()).toEqual([]);
    expect(hidden).toEqual([]);
    expect(line()?.['relayed']).toBe(2);
  });

  it('is not deleted if another object was put under its key while it was sent', async () => {
    const { store, relay } = start();
    const key = WAITING;
    await store.write(key, TEXT);
    const read = store.read.bind(store);
    store.read = async (...args) => {
      const found = await read(...args);
      await store.write(key, writeRelayCopy({ ...copy, query: 'restored' }));
      return found;
    };
    expect(await relay(writeRelayedKey(key))).toEqual([]);
    expect((await read(key))?.text).toContain('restored');
  });

  it('stays in its queue and in the bucket while the target does not take it', async () => {
    const { store, relay, keys, hidden, line } = start(503);
    await store.write(WAITING, TEXT);
    expect(await relay(TEXT, NAMED)).toEqual(['m0', 'm1']);
    expect(keys()).toEqual([WAITING]);
    expect(hidden).toEqual([
      { id: 'm0', ms: MINUTE_MS },
      { id: 'm1', ms: MINUTE_MS },
    ]);
    expect(line()).toMatchObject({ retried: { 503: 2 }, code: 'SLUICE_RELAY_NOT_TAKEN' });
  });

  it('is put aside when the target refuses it for good, and then deleted where it waited', async () => {
    const { store, relay, keys, line } = start(401);
    await store.write(WAITING, TEXT);
    expect(await relay(NAMED)).toEqual([]);
    expect(keys()).toEqual([refusedKey('401')]);
    expect((await store.read(refusedKey('401')))?.text).toBe(TEXT);
    expect(line()).toMatchObject({ refused: { 401: 1 }, code: 'SLUICE_RELAY_REFUSED' });
  });

  it('stays in its queue if the target refuses it and the bucket cannot be written', async () => {
    const { store, relay, keys, line } = start(401);
    await store.write(WAITING, TEXT);
    store.faults = ['away', 'away'];
    expect(await relay(TEXT, NAMED)).toEqual(['m0', 'm1']);
    expect(keys()).toEqual([WAITING]);
    expect(line()).toMatchObject({ failed: { away: 2 }, code: 'SLUICE_RELAY_BUCKET_FAILED' });
    expect(line()).not.toHaveProperty('retried');
  });

  it('is put aside as expired six days and a half after its message was sent, and not before', async () => {
    const { clock, relayer, relay, keys, hidden } = start(503);
    relayer.random = () => 0.5;
    const message = { body: TEXT, sentAt: NOW + 1, receives: 3 };
    clock.advance(6.5 * DAY_MS);
    expect(await relay(message)).toEqual(['m0']);
    // Tried for the third time: half of four minutes, and one.
    expect(hidden).toEqual([{ id: 'm0', ms: 3 * MINUTE_MS }]);
    clock.advance(1);
    expect(await relay(message)).toEqual([]);
    expect(keys()).toEqual([refusedKey('expired', NOW + 6.5 * DAY_MS + 1)]);
  });

  it('is deleted and not sent after eleven days, and counted', async () => {
    const { clock, store, relay, keys, line, counts } = start();
    await store.write(WAITING, TEXT);
    clock.advance(11 * DAY_MS);
    expect(await relay(NAMED)).toEqual([]);
    expect(keys()).toEqual([]);
    expect(counts().sent).toBe(0);
    expect(line()).toMatchObject({ refused: { deleted: 1 }, code: 'SLUICE_RELAY_DELETED' });
    const young = start();
    young.clock.advance(11 * DAY_MS - 1);
    await young.relay(TEXT);
    expect(young.counts().sent).toBe(1);
  });

  it('waits for the seconds of `Retry-After`', async () => {
    const { relay, relayer, hidden, answer } = start(429);
    relayer.random = () => 0.5;
    answer.more = { retryAfter: '7200' };
    await relay(TEXT);
    expect(hidden).toEqual([{ id: 'm0', ms: 7_230_000 }]);
  });

  it('is not sent after the deadline', async () => {
    const { clock, relayer, relay, counts, hidden } = start();
    clock.advance(relayer.deadline - NOW);
    expect(await relay(TEXT)).toEqual(['m0']);
    expect(counts().sent).toBe(0);
    expect(hidden).toHaveLength(1);
  });

  it('stays in its queue if its message cannot be hidden', async () => {
    const { relay, away, logged } = start(503);
    away.queue = true;
    expect(await relay(TEXT)).toEqual(['m0']);
    expect(logged).toContainEqual(
      expect.objectContaining({
        event: 'relay_hide',
        code: 'SLUICE_RELAY_BUCKET_FAILED',
        detail: 'QueueAway',
      }),
    );
  });

  it('is one of ten that are sent at a time', async () => {
    const { relay, counts } = start();
    await relay(...Array.from({ length: 25 }, () => TEXT));
    expect(counts()).toEqual({ sent: 25, mostAtOnce: 10 });
  });
});

describe('the log line of an invocation', () => {
  const old = { body: TEXT, sentAt: NOW };
  const young = { body: TEXT, sentAt: NOW + 7 * DAY_MS };
  const deleted = { ...young, body: writeRelayCopy({ ...copy, keptAt: NOW - 5 * DAY_MS }) };
  it.each([
    {
      what: 'a deleted copy before a refused one',
      messages: [old, deleted],
      has: { refused: { expired: 1, deleted: 1 } },
      code: 'SLUICE_RELAY_DELETED',
    },
    {
      what: 'a refused copy before one that is tried again',
      messages: [old, young],
      has: { retried: { 503: 1 }, refused: { expired: 1 } },
      code: 'SLUICE_RELAY_REFUSED',
    },
    {
      what: 'a refused copy before an object that is no copy',
      messages: [old, { ...young, body: NAMED }],
      has: { unreadable: 1, refused: { expired: 1 } },
      code: 'SLUICE_RELAY_REFUSED',
    },
    {
      what: 'objects that are no copies before a copy that is tried again',
      messages: [young, { ...young, body: NAMED }, { ...young, body: NAMED }],
      has: { retried: { 503: 1 }, unreadable: 2 },
      code: 'SLUICE_RELAY_COPY_UNREADABLE',
    },
  ])('has the code of $what, and the counts of both', async ({ messages, has, code }) => {
    const { clock, store, relay, line } = start(503);
    await store.write(WAITING, 'no copy');
    clock.advance(7 * DAY_MS);
    await relay(...messages);
    expect(line()).toMatchObject({ level: 'warn', ...has, code });
  });

  it('has the code of the bucket before that of the target, and metrics of both', async () => {
    const { store, relay, line, logged } = start(503);
    store.read = slowDown;
    await relay(TEXT, NAMED, TEXT, NAMED);
    expect(line()).toMatchObject({
      retried: { 503: 2 },
      failed: { SlowDown: 2 },
      code: 'SLUICE_RELAY_BUCKET_FAILED',
    });
    expect(logged).toContainEqual(expect.objectContaining({ RelayRetried: 4 }));
  });

  it('has the code of an object that is no copy before that of the bucket', async () => {
    const { store, relay, line } = start(401);
    await store.write(WAITING, 'no copy');
    store.write = slowDown;
    await relay(TEXT, NAMED);
    expect(line()).toMatchObject({
      failed: { SlowDown: 1 },
      unreadable: 1,
      code: 'SLUICE_RELAY_COPY_UNREADABLE',
    });
  });
});

describe('a message', () => {
  it('is done if its object is gone, and if its object is no copy, which stays', async () => {
    const { store, relay, keys, logged } = start();
    expect(await relay(NAMED)).toEqual([]);
    await store.write(WAITING, 'no copy');
    expect(await relay(NAMED)).toEqual([]);
    expect(keys()).toEqual([WAITING]);
    const counts = { relayed: 0, unreadable: 1, code: 'SLUICE_RELAY_COPY_UNREADABLE' };
    expect(logged).toContainEqual(expect.objectContaining(counts));
  });

  it('is done if its object is empty, which is no error', async () => {
    const { store, relay, keys, line } = start();
    await store.write(WAITING, '');
    expect(await relay(NAMED)).toEqual([]);
    expect(keys()).toEqual([WAITING]);
    expect(line()).not.toHaveProperty('code');
  });

  it('stays if its object cannot be read', async () => {
    const { store, relay, hidden, line } = start();
    store.read = slowDown;
    expect(await relay(NAMED)).toEqual(['m0']);
    expect(hidden).toHaveLength(1);
    expect(line()).toMatchObject({
      messages: 1,
      failed: { SlowDown: 1 },
      code: 'SLUICE_RELAY_BUCKET_FAILED',
    });
  });

  it('goes to the dead letters if it is no copy and names no waiting one, and the others are done', async () => {
    const { relay, relayer, buried, counts, logged } = start();
    // One that names another object would have that deleted.
    const planted = ['{"planted":1}', writeRelayedKey('landing/a')];
    expect(await relay(...planted, TEXT)).toEqual([]);
    expect(buried).toEqual(planted);
    expect(counts().sent).toBe(1);
    expect(logged[0]).toMatchObject({ messageId: 'm0', code: 'SLUICE_RELAY_MESSAGE_INVALID' });
    relayer.queues.bury = () => Promise.reject(new Error('away'));
    expect(await relay(...planted)).toEqual(['m0', 'm1']);
  });

  it('has no age in metrics once it is taken', async () => {
    const { clock, relay, logged } = start(202);
    clock.advance(90_000);
    await relay(TEXT);
    expect(logged.filter((line) => 'RelayAge' in line)).toMatchObject([{ RelayRelayed: 1, RelayAge: 0 }]);
  });

  it('is counted in metrics by reason, with the age of the oldest copy that is not taken', async () => {
    const { clock, relay, logged } = start(401);
    clock.advance(90_000);
    await relay(TEXT, writeRelayCopy({ ...copy, keptAt: NOW + MINUTE_MS }));
    const metrics = logged.filter((line) => 'RelayRefused' in line);
    expect(metrics).toMatchObject([
      {
        stage: 'test',
        RelayRelayed: 0,
        RelayRetried: 0,
        RelayRefused: 2,
        RelayAge: 90,
        _aws: { Timestamp: NOW + 90_000, CloudWatchMetrics: [{ Namespace: 'Sluice' }] },
      },
      { reason: '401', RelayRefused: 2 },
    ]);
  });
});

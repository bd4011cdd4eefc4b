import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock, MovableClock } from '../../src/base/index.ts';
import { EventSourceMapping, type MappingOptions } from '../../src/lambda/EventSourceMapping.ts';
import type { Queue } from '../../src/sqs/Queue.ts';
import { Queues } from '../../src/sqs/Queues.ts';
import { queueSettingsSchema } from '../../src/sqs/queueSettings.ts';
import { temporaryDirectory } from '../../src/testing/temporaryDirectory.ts';
import { closedAfterEach } from '../harness/closedAfterEach.ts';

const opened = closedAfterEach();

const VISIBILITY_SECONDS = 360;
let directory: ReturnType<typeof temporaryDirectory>;
let clock: ManualClock;
let queues: Queues;
let queue: Queue;
let mapping: EventSourceMapping | undefined;

beforeEach(() => {
  directory = temporaryDirectory();
  clock = new ManualClock(Date.UTC(2026, 10, 20));
  queues = Queues.open({ directory: directory.path, clock, region: 'us-east-1', account: '000000000000' });
  const settings = queueSettingsSchema.parse({ VisibilityTimeout: VISIBILITY_SECONDS });
  queue = queues.ensure('register', settings);
});

afterEach(async () => {
  await mapping?.close();
  mapping = undefined;
  queues.close();
  directory.remove();
});

type Batch = {
  Records: {
    messageId: string;
    body: string;
    attributes: Record<string, string>;
    messageAttributes?: unknown;
  }[];
};

/** A mapping to a function that records the bodies of every batch and answers what `answer` says. */
function map(answer: (batch: Batch) => unknown, options: Partial<MappingOptions> = {}) {
  const batches: string[][] = [];
  mapping = new EventSourceMapping({
    queue,
    clock,
    batchSize: 10,
    windowMs: 5_000,
    maximumConcurrency: 2,
    partialResponses: true,
    functionArn: 'arn:aws:lambda:us-east-1:000000000000:function:register',
    recursiveLoop: 'Terminate',
    onFailure: (error) => {
      throw error;
    },
    invoke: async (payload) => {
      const batch: Batch = JSON.parse(payload);
      batches.push(batch.Records.map(({ body }) => body));
      return JSON.stringify((await answer(batch)) ?? null);
    },
    ...options,
  });
  return { mapping, batches };
}

describe('EventSourceMapping', () => {
  it('waits for the batching window, then receives the available messages as one batch', async () => {
    const { mapping, batches } = map(() => ({ batchItemFailures: [] }));
    queue.send('a');
    queue.send('b');
    expect(batches).toEqual([]);
    clock.advance(5_000);
    await mapping.drain();
    expect(batches).toEqual([['a', 'b']]);
    expect(queue.pending()).toBe(0);
  });

  it('stops with a deleted queue', async () => {
    const { mapping, batches } = map(() => {
      queues.delete('register');
      return { batchItemFailures: [] };
    });
    queue.send('a');
    clock.advance(5_000);
    await mapping.drain();
    expect(batches).toEqual([['a']]);
  });

  it('invokes nothing for a queue that is deleted while its window is open, or a batch runs', async () => {
    const open = map(() => ({ batchItemFailures: [] }));
    queue.send('waits');
    queues.delete('register');
    clock.advance(5_000);
    await open.mapping.drain();
    expect(open.batches).toEqual([]);
    queue = queues.ensure('register', queue.settings);
    const deleteQueue = async () => {
      // Functions run elsewhere: a batch is announced as running before they begin.
      await Promise.resolve();
      queue.send('is never received');
      queues.delete('register');
    };
    const running = map(deleteQueue, { batchSize: 1, maximumConcurrency: 1, windowMs: 0 });
    queue.send('runs');
    await running.mapping.drain();
    expect(running.batches).toEqual([['runs']]);
  });

  it('does not wait once a batch is full', async () => {
    const { mapping, batches } = map(() => ({ batchItemFailures: [] }));
    for (let n = 0; n < 10; n += 1) queue.send(String(n));
    expect(batches).toHaveLength(1);
    await mapping.drain();
  });

  it('drains the queue at once within the batch size and the concurrency', async () => {
    let running = 0;
    let most = 0;
    const { mapping, batches } = map(async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
    });
    for (let n = 0; n < 9; n += 1) queue.send(String(n));
    await mapping.drain();
    for (let n = 0; n < 95; n += 1) queue.send(String(n));
    await mapping.drain();
    expect(batches.flat()).toHaveLength(104);
    expect(Math.max(...batches.map((batch) => batch.length))).toBe(10);
    expect(most).toBe(2);
  });

  it('is waited for by a clock that is moved over a visibility timeout', async () => {
    const moved = new MovableClock();
    const place = {
      directory: join(directory.path, 'moved'),
      clock: moved,
      region: 'us-east-1',
      account: '000000000000',
    };
    const own = opened(Queues.open(place), (ownQueues) => ownQueues.close());
    queue = own.ensure('moved', queueSettingsSchema.parse({ VisibilityTimeout: VISIBILITY_SECONDS }));
    queue.send('a');
    const { mapping: moving, batches } = map(
      async () => {
        for (let turn = 0; turn < 10; turn += 1) await nextTurn();
        if (batches.length === 1) throw new Error('The first one fails.');
        return { batchItemFailures: [] };
      },
      { clock: moved, windowMs: 0 },
    );
    while (moving.busy) await nextTurn();
    await moved.advance(3 * VISIBILITY_SECONDS * 1_000);
    expect(batches).toEqual([['a'], ['a']]);
    expect(queue.counts()).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
  });

  it('returns only the failed messages to the queue, after the visibility timeout', async () => {
    const { mapping, batches } = map(({ Records }) => ({
      batchItemFailures: Records.filter(
        ({ body, attributes }) => body === 'bad' && attributes['ApproximateReceiveCount'] === '1',
      ).map(({ messageId }) => ({ itemIdentifier: messageId })),
    }));
    for (const body of ['good', 'bad']) queue.send(body);
    await mapping.drain();
    expect(queue.pending()).toBe(1);
    clock.advance(VISIBILITY_SECONDS * 1000 + 5_000);
    await mapping.drain();
    expect(batches).toEqual([['good', 'bad'], ['bad']]);
    expect(queue.pending()).toBe(0);
  });

  it('retries a failed message once during a drain', async () => {
    const { mapping, batches } = map(({ Records }) => ({
      batchItemFailures: Records.map(({ messageId }) => ({ itemIdentifier: messageId })),
    }));
    queue.send('bad');
    for (let n = 1; n <= 3; n += 1) {
      await mapping.drain();
      expect(batches).toHaveLength(n);
    }
    expect(queue.counts()).toMatchObject({ visible: 0, inFlight: 1 });
  });

  it.each([
    { what: 'throws', answer: () => Promise.reject(new Error('boom')) },
    {
      what: 'names a message that is not in the batch',
      answer: () => ({ batchItemFailures: [{ itemIdentifier: 'other' }] }),
    },
    { what: 'answers what is no partial response', answer: () => ({ batchItemFailures: 'all' }) },
  ])('keeps the whole batch when the function $what', async ({ answer }) => {
    const { mapping } = map(answer);
    for (const body of ['a', 'b']) queue.send(body);
    await mapping.drain();
    expect(queue.pending()).toBe(2);
  });

  describe('with a queue that fails', () => {
    /** The queue, except for calls that fail as with a full disk while `full` is set. */
    function onFullDisk(full: { receive?: boolean; delete?: boolean; counts?: boolean }) {
      const fail = (when: boolean | undefined) => {
        if (when === true) throw new Error('ENOSPC');
      };
      const failures: unknown[] = [];
      return {
        failures,
        onFailure: (error: unknown) => failures.push(error),
        queue: {
          arn: queue.arn,
          onMessage: (listener: () => void) => queue.onMessage(listener),
          reveal: () => queue.reveal(),
          counts() {
            fail(full.counts);
            return queue.counts();
          },
          receive(max: number) {
            fail(full.receive);
            return queue.receive(max);
          },
          abandon: (receipt: string) => queue.abandon(receipt),
          name: queue.name,
          changeVisibility: (receipt: string, ms: number) => queue.changeVisibility(receipt, ms),
          delete(receipt: string) {
            fail(full.delete);
            queue.delete(receipt);
          },
        },
      };
    }

    it.each(['receive', 'counts'] as const)(
      'reports it (%s) and retries with growing pauses',
      async (call) => {
        const full = { [call]: true };
        const { failures, ...options } = onFullDisk(full);
        const { mapping, batches } = map(() => ({ batchItemFailures: [] }), {
          ...options,
          windowMs: 0,
          maximumConcurrency: 1,
        });
        queue.send('a');
        const settled = () => new Promise((resolve) => setImmediate(resolve));
        const failuresAfter: number[] = [];
        for (const seconds of [0, 1, 1, 1, 3, 1]) {
          clock.advance(seconds * 1_000);
          await settled();
          failuresAfter.push(failures.length);
        }
        // At once, after a second, after two more, and after four more.
        expect(failuresAfter).toEqual([1, 2, 2, 3, 3, 4]);
        full[call] = false;
        clock.advance(8_000);
        await mapping.drain();
        expect(batches).toEqual([['a']]);
        expect(queue.pending()).toBe(0);
        // After a success the first pause is a second again.
        full[call] = true;
        queue.send('b');
        await settled();
        expect(failures).toHaveLength(5);
        full[call] = false;
        clock.advance(1_000);
        await settled();
        expect(batches).toEqual([['a'], ['b']]);
      },
    );

    it('receives a message that could not be deleted again after its visibility timeout', async () => {
      const full = { delete: true };
      const { failures, ...options } = onFullDisk(full);
      const { mapping, batches } = map(() => ({ batchItemFailures: [] }), options);
      queue.send('a');
      await mapping.drain();
      expect(failures).toHaveLength(1);
      expect(queue.pending()).toBe(1);
      full.delete = false;
      clock.advance(VISIBILITY_SECONDS * 1_000 + 5_000);
      await mapping.drain();
      expect(batches).toEqual([['a'], ['a']]);
      expect(queue.pending()).toBe(0);
    });

    it('still ends a drain', async () => {
      const { failures, ...options } = onFullDisk({ receive: true });
      const { mapping } = map(() => ({ batchItemFailures: [] }), { ...options, maximumConcurrency: 1 });
      queue.send('a');
      for (let times = 1; times <= 3; times += 1) {
        await mapping.drain();
        expect(failures).toHaveLength(times);
      }
      expect(queue.counts().visible).toBe(1);
    });
  });

  it('treats any response as success when partial batch responses are off', async () => {
    const { mapping } = map(() => ({ batchItemFailures: [{ itemIdentifier: 'other' }] }), {
      partialResponses: false,
    });
    queue.send('a');
    await mapping.drain();
    expect(queue.pending()).toBe(0);
  });
});

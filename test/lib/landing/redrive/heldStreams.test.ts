import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type Hold,
  NO_HOLDS,
  type StreamHolds,
  withHold,
  withoutHold,
} from '../../../../lib/landing/hold/StreamHolds.ts';
import {
  type Redriver,
  redriveMessages,
  redriveStragglers,
} from '../../../../lib/landing/redrive/redriveMessages.ts';
import { type OverflowFolder, overflowKey } from '../../../../lib/tables/objectKeys.ts';
import { objectCreatedEvent } from '../../../../packages/local-aws/src/events/index.ts';
import { BUCKET, CLAIM_MS, overflowBody, rows, startRedrive } from './startRedrive.ts';

const HOUR_MS = 3_600_000;

let world: Awaited<ReturnType<typeof startRedrive>>;
const lines: Record<string, unknown>[] = [];
beforeAll(async () => {
  world = await startRedrive();
});
afterEach(() => {
  lines.length = 0;
  return world.empty();
});
afterAll(() => world.close());

const hold: Hold = {
  since: '2026-11-20T07:00:00.000Z',
  by: 'check',
  why: 'Late.',
  until: 'delivery',
  probe: false,
};
const eventsHeld = withHold(NO_HOLDS, 'events', hold);

const redriver = (holds: StreamHolds | null): Redriver => ({
  ...world.redrive(),
  holds: async () => holds,
  bucket: BUCKET,
  tries: 3,
  log: (line) => lines.push(line),
  deadline: world.clock.now() + 60_000,
  claimUntil: world.clock.now() + CLAIM_MS,
});

async function spill(folder: OverflowFolder, digit: string, documents: readonly string[]): Promise<string> {
  const key = overflowKey(folder, digit.repeat(64));
  const metadata = { documents: String(documents.length), since: '', code: '' };
  await world.putOverflow({ key, body: overflowBody(documents), metadata }, 5_000);
  return key;
}

/** Spills rows of a request into an object whose key begins with some digits. */
const spillAt = (digits: string, documents: readonly string[]) =>
  world.putOverflow(
    {
      key: overflowKey('requests', digits.padEnd(64, '0')),
      body: overflowBody(documents),
      metadata: { documents: '1', since: '', code: '' },
    },
    5_000,
  );

/** The message of an object, as the queue delivers it for the given time. */
const message = (key: string, receives: number) => ({
  messageId: key,
  receives,
  body: JSON.stringify(
    objectCreatedEvent(
      { bucket: BUCKET, key, size: 1, etag: 'e', sequencer: '0', reason: 'PutObject', time: 0 },
      { region: 'us-east-1', account: '000000000000' },
    ),
  ),
});

describe('objects of a stream that is held', () => {
  it('are not tried, their messages are done, and those of other streams are delivered', async () => {
    const events = await spill('events', 'a', rows(2));
    const both = await spill('requests', 'b', ['{"exposures":1,"events":1}', ...rows(2, 10)]);
    const exposures = await spill('exposures', 'c', rows(1, 20));
    const all = [events, both, exposures].map((key) => message(key, 3));
    expect(await redriveMessages(redriver(eventsHeld), all)).toEqual({ batchItemFailures: [] });
    expect(lines).toEqual([
      expect.objectContaining({ level: 'info', objects: { held: 2, delivered: 1 }, documents: 1 }),
    ]);
    expect(await world.keys('overflow/')).toEqual([events, both].sort());
    expect(world.landed).toEqual(rows(1, 20));
  });

  it('are tried if they have no row for it: an object of a request waits for its own streams only', async () => {
    const key = await spill('requests', 'b', ['{"exposures":1}', ...rows(1)]);
    const held = withHold(NO_HOLDS, 'quarantine', hold);
    expect(await redriveMessages(redriver(held), [message(key, 1)])).toEqual({ batchItemFailures: [] });
    expect(world.landed).toEqual(rows(1));
    await spill('requests', 'c', ['{"events":1}', ...rows(1, 5)]);
    world.clock.advance(HOUR_MS);
    expect(await redriveStragglers(redriver(held))).toMatchObject({ objects: { delivered: 1 } });
    expect(await world.keys('overflow/')).toEqual([]);
  });

  it('wait for days without being parked, and are delivered after the release', async () => {
    const key = await spill('events', 'a', rows(1));
    world.clock.advance(30 * HOUR_MS);
    expect(await redriveStragglers(redriver(eventsHeld))).toMatchObject({ level: 'info', objects: {} });
    expect(await world.keys('overflow/')).toEqual([key]);

    // The time in which it was held is no time in which it was tried: one failure does not park it.
    const released = withoutHold(eventsHeld, 'events', world.clock.now());
    world.answerWith(() => ({ kind: 'failed', code: 'ServiceUnavailableException', retryable: true }));
    expect(await redriveStragglers(redriver(released))).toMatchObject({ objects: { kept: 1 } });
    world.answerWith(undefined);
    expect(await redriveStragglers(redriver(released))).toMatchObject({ objects: { delivered: 1 } });
    expect(world.landed).toEqual(rows(1));
  });

  it('are parked a day after the release, if they fail for so long', async () => {
    await spill('events', 'a', rows(1));
    const released = withoutHold(eventsHeld, 'events', world.clock.now() + HOUR_MS);
    world.answerWith(() => ({ kind: 'failed', code: 'ServiceUnavailableException', retryable: true }));
    world.clock.advance(25 * HOUR_MS - 120_000);
    expect(await redriveStragglers(redriver(released))).toMatchObject({ objects: { kept: 1 } });
    world.clock.advance(120_000);
    expect(await redriveStragglers(redriver(released))).toMatchObject({ objects: { parked: 1 } });
  });

  it('of errors wait as well while the quarantine stream is held', async () => {
    const held = withHold(NO_HOLDS, 'quarantine', hold);
    const key = 'errors/events/format-conversion-failed/x';
    await world.store.claim(key, 0);
    await world.putOverflow(
      { key, body: overflowBody(rows(1)), metadata: { documents: '1', since: '', code: '' } },
      5_000,
    );
    expect(await redriveMessages(redriver(held), [message(key, 3)])).toEqual({ batchItemFailures: [] });
    world.clock.advance(30 * HOUR_MS);
    expect(await redriveStragglers(redriver(held))).toMatchObject({ objects: {} });
    expect(await world.keys('errors/')).toEqual([key]);
  });
});

describe('while it could never be read which streams are held', () => {
  it('nothing is tried, messages return until their last try, and objects stay', async () => {
    const keys = [await spill('events', 'a', rows(1)), await spill('requests', 'b', rows(1, 10))];
    const error = 'errors/events/format-conversion-failed/x';
    const metadata = { documents: '1', since: '', code: '' };
    await world.putOverflow({ key: error, body: overflowBody(rows(1)), metadata }, 5_000);
    const all = [...keys, error];
    const messages = [message(all[0] ?? '', 1), message(all[1] ?? '', 2), message(error, 3)];
    expect(await redriveMessages(redriver(null), messages)).toEqual({
      batchItemFailures: all.slice(0, 2).map((itemIdentifier) => ({ itemIdentifier })),
    });
    expect(lines).toMatchObject([{ level: 'error', kept: { SLUICE_HOLD_UNAVAILABLE: 3 } }]);
    world.clock.advance(30 * HOUR_MS);
    expect(await redriveStragglers(redriver(null))).toMatchObject({
      ...{ level: 'error', code: 'SLUICE_HOLD_UNAVAILABLE', objects: {}, waiting: 3 },
    });
    expect(await world.keys('overflow/')).toEqual(keys);
    expect(await world.keys('errors/')).toEqual([error]);
    expect(world.landed).toEqual([]);
  });
});

describe('a stream that is held while redrive works', () => {
  it('gets nothing of the group that was read before', async () => {
    const key = await spill('events', 'a', rows(3));
    let isRead = false;
    const store = {
      ...world.store,
      read: (one: string) => {
        isRead = true;
        return world.store.read(one);
      },
    };
    const holds = async () => (isRead ? eventsHeld : NO_HOLDS);
    const response = await redriveMessages({ ...redriver(NO_HOLDS), store, holds }, [message(key, 1)]);
    expect([response, isRead]).toEqual([{ batchItemFailures: [] }, true]);
    expect(lines).toMatchObject([{ objects: { held: 1 }, documents: 0 }]);
    expect(world.landed).toEqual([]);
    expect(await world.keys('overflow/')).toEqual([key]);
  });
});

describe('a stream that asks for a probe', () => {
  const probing = withHold(NO_HOLDS, 'events', { ...hold, probe: true });

  it.each([
    ['its own folder', 'events', rows(3)],
    ['an object of several streams', 'requests', ['{"exposures":1,"events":2}', ...rows(3)]],
  ] as const)('gets one row of %s, which stays', async (_, folder, documents) => {
    const key = await spill(folder, 'a', documents);
    await redriveStragglers(redriver(probing));
    expect(world.landed).toEqual([folder === 'events' ? rows(1)[0] : rows(3)[1]]);
    expect(await world.keys('overflow/')).toEqual([key]);
    expect(lines[0]).toMatchObject({ event: 'redrive_probe', table: 'events', outcome: 'put' });
  });

  it('gets one however many objects have no row for it', async () => {
    const others = Array.from({ length: 40 }, (_, i) => `8${String(i).padStart(2, '0')}`);
    for (const digits of others) await spillAt(digits, ['{"exposures":1}', ...rows(1)]);
    await spillAt('ff', ['{"events":1}', ...rows(1, 50)]);
    await redriveStragglers(redriver(probing));
    expect(lines[0]).toMatchObject({ event: 'redrive_probe', table: 'events', outcome: 'put' });
    expect(world.landed).toEqual(rows(1, 50));
  });

  it('gets one, and what waits is counted, although the objects of the batch take all of the time', async () => {
    await spill('events', 'a', rows(1));
    const other = await spill('exposures', 'b', rows(1, 20));
    const store = {
      ...world.store,
      claim: async (key: string, until: number) => {
        world.clock.advance(5 * 60_000);
        return world.store.claim(key, until);
      },
    };
    const run = { messageId: 'run', receives: 1, body: '{"sluice":"stragglers"}' };
    await redriveMessages({ ...redriver(probing), store }, [message(other, 1), run]);
    expect(lines).toMatchObject([
      { event: 'redrive_probe', table: 'events', outcome: 'put' },
      { event: 'redrive' },
      { event: 'redrive_stragglers', waiting: 2 },
    ]);
  });

  it('gets none when nothing waits, or the bucket cannot be read', async () => {
    await redriveStragglers(redriver(probing));
    expect(lines[0]).toMatchObject({ event: 'redrive_probe', outcome: 'nothing_waits' });
    lines.length = 0;
    await spill('events', 'a', rows(1));
    world.faults.set({
      s3: [{ fault: 'failCalls', code: 'AccessDenied', operations: ['GetObject'], calls: 'all' }],
    });
    await redriveStragglers(redriver(probing));
    expect(lines[0]).toMatchObject({ event: 'redrive_probe', outcome: 'AccessDenied' });
    expect(world.landed).toEqual([]);
  });
});

import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { PutOutcome, PutRecordBatch } from '../../../../lib/landing/delivery/putRecords.ts';
import { type Redriver, redriveStragglers } from '../../../../lib/landing/redrive/redriveMessages.ts';
import type { TableKind } from '../../../../lib/schema/kinds.ts';
import { tableKinds } from '../../../../lib/schema/kinds.ts';
import { overflowFolder, overflowKey } from '../../../../lib/tables/objectKeys.ts';
import { BUCKET, CLAIM_MS, overflowBody, rows, startRedrive } from './startRedrive.ts';

const MINUTE_MS = 60_000;
/** What an invocation has, and the pause between two runs. */
const TIME_MS = 4 * MINUTE_MS;
const RUN_MS = 5 * MINUTE_MS;

let world: Awaited<ReturnType<typeof startRedrive>>;
beforeAll(async () => {
  world = await startRedrive();
});
afterEach(() => world.empty());
afterAll(() => world.close());

/** One run, with one stream that answers as told. */
function run(kind: TableKind, putRecordBatch: PutRecordBatch, store = world.store) {
  const redrive = world.redrive();
  const redriver: Redriver = {
    ...redrive,
    store,
    streams: { ...redrive.streams, [kind]: [world.streamOf(kind, putRecordBatch)] },
    bucket: BUCKET,
    tries: 3,
    log: () => undefined,
    deadline: world.clock.now() + TIME_MS,
    claimUntil: world.clock.now() + CLAIM_MS,
  };
  return redriveStragglers(redriver);
}

/** Overflow of a stream: an object of one row for each number. */
async function spill(kind: TableKind, ...numbers: readonly number[]): Promise<void> {
  for (const number of numbers) {
    const key = overflowKey(kind, String(number).padStart(64, '0'));
    const metadata = { documents: '1', since: '', code: '' };
    await world.putOverflow({ key, body: overflowBody(rows(1, number)), metadata }, 5_000);
  }
}

const throttled: PutOutcome = { kind: 'failed', code: 'ServiceUnavailableException', retryable: true };

describe('the run for stragglers', () => {
  it('leaves a folder whose stream accepts nothing, and continues with the next', async () => {
    for (const kind of tableKinds) await spill(kind, 1, 2);
    world.clock.advance(20 * MINUTE_MS);
    expect(await run('events', async () => throttled)).toMatchObject({
      objects: { kept: 2, delivered: 4 },
      kept: { 'SLUICE_REDRIVE_NOT_DELIVERED ServiceUnavailableException': 2 },
    });
    expect(await world.keys('overflow/')).toEqual(
      [1, 2].map(() => expect.stringContaining(overflowFolder('events'))),
    );
  });

  it.each(tableKinds)('reaches every folder although %s takes all of its time', async (hanging) => {
    for (const [i, kind] of tableKinds.entries()) await spill(kind, i);
    world.clock.advance(20 * MINUTE_MS);
    // A call that hangs until the invocation has to stop.
    const hang: PutRecordBatch = async (_records, timeoutMs) => {
      world.clock.advance(timeoutMs);
      return throttled;
    };
    for (let n = 0; n < 7; n += 1) {
      const began = world.clock.now();
      await run(hanging, hang);
      world.clock.advance(began + RUN_MS - world.clock.now());
    }
    expect(world.landed).toHaveLength(2);
    expect(await world.keys('overflow/')).toEqual([expect.stringContaining(overflowFolder(hanging))]);
  });

  it('stops listing at the deadline, however many objects are too recent to be redriven', async () => {
    let listed = 0;
    const endless = async function* (prefix: string) {
      while (prefix.startsWith('overflow/') && listed < 10_000) {
        listed += 1;
        world.clock.advance(1_000);
        yield { key: `${prefix}${listed}`, modifiedAt: world.clock.now() };
      }
    };
    await run('events', async () => throttled, { ...world.store, list: endless });
    expect(listed * 1_000).toBeLessThanOrEqual(TIME_MS + 60_000);
  });

  it('reports the number of parked objects while there are any', async () => {
    await spill('events', 1, 2);
    world.clock.advance(25 * 60 * MINUTE_MS);
    const away: PutRecordBatch = async () => throttled;
    expect(await run('events', away)).toMatchObject({ objects: { parked: 2 }, parked: 2 });
    for (let n = 0; n < 2; n += 1) {
      world.clock.advance(RUN_MS);
      expect(await run('events', away)).toMatchObject({ objects: {}, parked: 2 });
    }
    for (const key of await world.keys('parked/')) await world.store.remove([key]);
    expect(await run('events', away)).toMatchObject({ parked: 0 });
  });

  it('reports what waited before it, since when, and what is not of Sluice', async () => {
    const report = () => run('events', async () => throttled);
    expect(await report()).toMatchObject({ waiting: 0, oldest_seconds: 0 });
    await spill('events', 1);
    world.clock.advance(90 * MINUTE_MS);
    await spill('exposures', 2);
    const body = overflowBody(['{}']);
    const metadata = { documents: '1', since: '', code: '' };
    for (const key of ['overflow/events/note.txt', 'errors/notes.txt', 'overflow/events/'])
      await world.putOverflow({ key, body, metadata }, 5_000);
    const { oldest_seconds, ...counted } = await report();
    expect(counted).toMatchObject({ waiting: 2, unknown: 2 });
    // S3 tells whole seconds.
    expect([5_400, 5_401]).toContain(oldest_seconds);
    for (const key of await world.keys('overflow/')) await world.store.remove([key]);
    expect(await report()).toMatchObject({ waiting: 0, oldest_seconds: 0, unknown: 1 });
  });

  it('goes on when it cannot count, and says which error that was', async () => {
    await spill('exposures', 1);
    world.clock.advance(20 * MINUTE_MS);
    let lists = 0;
    const store = {
      ...world.store,
      list(prefix: string) {
        lists += 1;
        if (lists === 1) throw Object.assign(new Error('No.'), { name: 'AccessDenied' });
        return world.store.list(prefix);
      },
    };
    const report = await run('events', async () => throttled, store);
    expect(report).toMatchObject({ objects: { delivered: 1 }, detail: 'AccessDenied', parked: 0 });
    expect(report).not.toHaveProperty('waiting');
  });
});

import { beforeEach, describe, expect, it } from '@jest/globals';
import { MAX_AGE_MS, TRIED_MS } from '../../../lib/relay/limits.ts';
import { writeRelayCopy } from '../../../lib/relay/RelayCopy.ts';
import type { Relayer } from '../../../lib/relay/Relayer.ts';
import { relayRun } from '../../../lib/relay/relayRuns.ts';
import { Target } from '../../../lib/relay/Target.ts';
import { relayId, relayWaitingKey } from '../../../lib/tables/objectKeys.ts';
import { ManualClock } from '../../../packages/local-aws/src/base/index.ts';
import { MemoryObjects } from '../../harness/MemoryObjects.ts';

const NOW = Date.UTC(2026, 10, 22, 1, 30);
const MINUTE = 60_000;

/** Numbers that look random, the same in every run. */
function seeded(): () => number {
  let state = 20_261_122;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
}

describe('a run over waiting copies', () => {
  let clock: ManualClock;
  let store: MemoryObjects;
  let objects: MemoryObjects['objects'];
  let taken: string[];
  let lines: Readonly<Record<string, unknown>>[];
  let isDown: (body: string) => boolean;
  let run: () => Promise<void>;
  beforeEach(() => {
    clock = new ManualClock(NOW);
    store = new MemoryObjects(clock);
    objects = store.objects;
    taken = [];
    lines = [];
    isDown = () => false;
    const random = seeded();
    const log = (line: Readonly<Record<string, unknown>>) => void lines.push(line);
    const target = new Target({
      target: { statsig: true },
      send: async ({ body }) => {
        const text = Buffer.from(body).toString();
        if (isDown(text)) throw Object.assign(new Error('reset'), { code: 'ECONNRESET' });
        taken.push(text);
        return { status: 202, retryAfter: null, saysFailure: false };
      },
      clock,
      random,
      log,
    });
    const relayer = (): Relayer => ({
      target,
      queues: { hide: async () => {}, bury: async () => {} },
      store,
      bucket: 'b',
      clock,
      random,
      log,
      writeMetrics: log,
      stage: 'test',
      deadline: clock.now() + 2 * MINUTE,
      claimUntil: clock.now() + 3 * MINUTE,
    });
    run = () => relayRun(relayer());
  });

  function keep(name: string, keptAt: number, modifiedAt = keptAt): void {
    const id = relayId(keptAt, Buffer.from(name).toString('hex').padEnd(24, '0'));
    const copy = { id, keptAt, path: '/v1/rgstr', query: '', headers: {}, body: Buffer.from(name) };
    const stored = { bytes: Buffer.from(writeRelayCopy(copy)), modifiedAt };
    objects.set(relayWaitingKey(id), { ...stored, eTag: '"0"', metadata: {} });
  }
  const names = () => [...objects.keys()].map((key) => key.split('/').slice(0, 3).join('/'));

  it('gets to every copy, though the oldest are never taken', async () => {
    for (let i = 0; i < 12; i += 1) keep(`bad ${i}`, NOW - 60 * MINUTE + i);
    for (let i = 0; i < 20; i += 1) keep(`good ${i}`, NOW - 30 * MINUTE + i);
    isDown = (body) => body.startsWith('bad');
    for (let runs = 0; runs < 60; runs += 1) {
      await run();
      clock.advance(5 * MINUTE);
    }
    expect(new Set(taken).size).toBe(20);
    expect(objects.size).toBe(12);
  });

  it('puts aside what was tried for six days and a half, though the target is away', async () => {
    isDown = () => true;
    for (let i = 0; i < 30; i += 1) keep(`old ${i}`, NOW - TRIED_MS - i);
    keep('young', NOW - 60 * MINUTE);
    await run();
    expect(names().filter((name) => name === 'relay/refused/expired')).toHaveLength(30);
    expect(objects.size).toBe(31);
    expect(lines).toContainEqual(expect.objectContaining({ reason: 'expired', RelayRefused: 30 }));
  });

  it('tries anew what was sent again by hand, and deletes it in time, which is told', async () => {
    isDown = () => true;
    keep('again', NOW - 8 * 24 * 60 * MINUTE, NOW - 20 * MINUTE);
    await run();
    expect(names()).toEqual([expect.stringMatching(/^relay\/waiting\//)]);
    clock.advance(MAX_AGE_MS - 8 * 24 * 60 * MINUTE);
    await run();
    expect(objects.size).toBe(0);
    expect(lines).toContainEqual(
      expect.objectContaining({ event: 'relay', refused: { deleted: 1 }, code: 'SLUICE_RELAY_DELETED' }),
    );
    expect(lines).toContainEqual(expect.objectContaining({ reason: 'deleted', RelayRefused: 1 }));
  });

  it('leaves what it cannot read, and says so', async () => {
    objects.set(relayWaitingKey(relayId(NOW, 'a'.repeat(24))), {
      ...{ bytes: Buffer.from('{"v":2}'), eTag: '"0"', metadata: {} },
      modifiedAt: NOW - 60 * MINUTE,
    });
    await run();
    expect(objects.size).toBe(1);
    expect(lines).toContainEqual(
      expect.objectContaining({ level: 'warn', unreadable: 1, code: 'SLUICE_RELAY_COPY_UNREADABLE' }),
    );
  });
});

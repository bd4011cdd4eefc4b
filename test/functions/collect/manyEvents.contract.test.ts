import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { collectPlan } from '../../../lib/collect/rows/plan.ts';
import { collectBatch } from '../../../lib/collect/rows.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { MAX_EVENTS, MAX_PARTS } from '../../../lib/wire/limits.ts';
import { memoryCollector, requestOf } from './memoryCollector.ts';
import { NOW } from './postEvents.ts';

const plan = collectPlan(defineConfig({ bucket: 'bucket' }));
const sender = {
  keyHash: 'a'.repeat(64),
  clientTimes: [],
  sessionId: null,
  sdkType: null,
  sdkVersion: null,
  receivedAt: NOW,
};
const bodyOf = (events: number, exposures: number, event = '0') =>
  `{"events":[${Array(events).fill(event)}],"exposures":[${Array(exposures).fill(event)}]}`;

describe('a body with more events than the collector accepts', () => {
  it.each([
    [MAX_EVENTS + 1, 0],
    [0, MAX_EVENTS + 1],
    [MAX_EVENTS, 1],
    [3_000_000, 0],
  ])('is answered 413 and kept completely: %i events, %i exposures', async (events, exposures) => {
    const body = gzipSync(bodyOf(events, exposures), { level: 1 });
    const { status, code, quarantined, rows } = await memoryCollector()(requestOf(body));
    expect([status, code, rows.length]).toEqual([413, 'SLUICE_BODY_TOO_MANY_EVENTS', 0]);
    expect(quarantined).toMatchObject([
      { reason: code, raw: body.toString('base64'), raw_encoding: 'base64' },
    ]);
  });

  it('is also answered 413 when its objects are too many', async () => {
    const body = (count: number) =>
      `{"unread":"${'x'.repeat(2_100_000)}","events":[[${'{},'.repeat(count)}0]]}`;
    expect(collectBatch(body(MAX_PARTS - 5), sender, plan).events).toBe(1);
    const { status, code } = await memoryCollector()(requestOf(gzipSync(body(MAX_PARTS - 4), { level: 1 })));
    expect([status, code]).toEqual([413, 'SLUICE_BODY_TOO_COSTLY']);
  });

  it('has at least one event more than the limit', () => {
    expect(collectBatch(bodyOf(MAX_EVENTS - 1, 1), sender, plan).events).toBe(MAX_EVENTS);
  });
});

describe('a batch that takes too long', () => {
  const looksOf = (body: string, looks: number) => {
    let asked = 0;
    collectBatch(body, sender, plan, () => asked++ >= looks);
    return asked;
  };
  const outOfTime = expect.objectContaining({ code: 'SLUICE_COLLECT_OUT_OF_TIME' });

  it('is stopped at any step, including the second, exact parse', () => {
    const once = bodyOf(600, 400, '{"eventName":"e"}');
    const twice = once.replace('{"eventName":"e"}', '{"eventName":"e","value":9007199254740993}');
    const all = looksOf(once, Number.POSITIVE_INFINITY);
    expect(all).toBeGreaterThan(10);
    // Once more before it is parsed again.
    expect(looksOf(twice, Number.POSITIVE_INFINITY)).toBe(2 * all + 1);
    for (const looks of [0, 1, all - 1]) expect(() => looksOf(once, looks)).toThrow(outOfTime);
    for (const looks of [all, 2 * all]) expect(() => looksOf(twice, looks)).toThrow(outOfTime);
  });

  it('is answered 503, and no part of it is delivered', async () => {
    const request = requestOf(bodyOf(1_000, 0, '{"eventName":"e"}'));
    const { status, code, rows } = await memoryCollector({}, { tickMs: 100 })(request);
    expect([status, code, rows]).toEqual([503, 'SLUICE_COLLECT_OUT_OF_TIME', []]);
  });
});

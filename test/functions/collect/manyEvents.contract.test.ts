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
});

import { describe, expect, it } from '@jest/globals';
import { collectPlan } from '../../../lib/collect/rows/plan.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import type { ConfigInput } from '../../../lib/schema/config.ts';
import { collectDocuments } from './collectOne.ts';

const now = Date.UTC(2026, 10, 20, 7, 32);
const sender = {
  keyHash: 'a'.repeat(64),
  clientTimes: [],
  sessionId: 'session',
  sdkType: null,
  sdkVersion: null,
  receivedAt: now,
};
const redacting: Partial<ConfigInput> = {
  privacy: { redact: { 'user.email': 'drop' }, salt: 'salt, 16 or more of it' },
};

function collect(event: object, statsigMetadata: object | null, config: Partial<ConfigInput> = {}) {
  const body = JSON.stringify({ events: [{ eventName: 'e', time: now, ...event }], statsigMetadata });
  const plan = collectPlan(defineConfig({ bucket: 'test', ...config }));
  const [document = '{}'] = collectDocuments(body, sender, plan).documents.events;
  const row: Record<string, unknown> = JSON.parse(document);
  return { id: row['event_id'], metadata: JSON.parse(String(row['statsig_metadata'] ?? null)) };
}

describe("the event's part of its identity", () => {
  it.each([
    { statsigMetadata: { currentPage: '/', more: 1 } },
    { statsigMetadata: { currentPage: '/' } },
    { statsigMetadata: { currentPage: '/' }, undocumented: 1 },
    { statsigMetadata: 'text' },
    { undocumented: 1 },
  ])('is the same whatever else the batch has: %j', (event) => {
    for (const config of [{}, redacting]) {
      const ids = [null, {}, { os: 'linux' }, { currentPage: '/other' }, { event: 1 }].map(
        (batch) => collect(event, batch, config).id,
      );
      expect(ids[0]).toMatch(/^[0-9a-f]{32}$/);
      expect(new Set(ids).size).toBe(1);
    }
  });

  it('is the same for metadata that is empty, null or absent', () => {
    const ids = [{}, { statsigMetadata: null }, { statsigMetadata: {} }].map(
      (event) => collect({ ...event, undocumented: 1 }, null).id,
    );
    expect(new Set(ids).size).toBe(1);
  });
});

describe('an undocumented member', () => {
  it('does not hide metadata with the same key', () => {
    expect(collect({ undocumented: 1, statsigMetadata: { event: 'own' } }, {}).metadata).toEqual({
      event: 'own',
      event_: { undocumented: 1 },
    });
    const both = collect({ undocumented: 1, statsigMetadata: { event_: 'own' } }, { event: 'batch' });
    expect(both.metadata).toEqual({ event: 'batch', event_: 'own', event__: { undocumented: 1 } });
    expect(collect({ undocumented: 1 }, { event: 'batch' }, redacting).metadata).toEqual({
      event: 'batch',
      event_: { undocumented: 1 },
    });
  });
});

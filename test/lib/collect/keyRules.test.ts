import { describe, expect, it } from '@jest/globals';
import type { Sender } from '../../../lib/collect/rows/batchParts.ts';
import { collectPlan } from '../../../lib/collect/rows/plan.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { collectDocuments } from './collectOne.ts';

const plan = collectPlan(defineConfig({ bucket: 'acme' }));
const sender: Sender = {
  keyHash: 'a'.repeat(64),
  clientTimes: [],
  sessionId: null,
  sdkType: null,
  sdkVersion: null,
  receivedAt: Date.UTC(2026, 10, 20, 7, 32),
};
const user = { userID: 'u1' };
const inStaging = { userID: 'u1', statsigEnvironment: { tier: 'development' } };
const exposure = { eventName: 'statsig::gate_exposure', user, metadata: { gate: 'g', ruleID: 'r' } };
const collect = (events: readonly object[], key: Partial<Sender> = {}) =>
  collectDocuments(JSON.stringify({ events }), { ...sender, ...key }, plan);
const rows = (documents: readonly string[]) => documents.map((document) => JSON.parse(document));

describe("a key's environment", () => {
  it.each([
    [undefined, 'production'],
    [null, 'production'],
    ['staging', 'staging'],
  ])('%j applies to events whose user has no tier: %s', (environment, expected) => {
    const key = environment === undefined ? {} : { environment };
    const { documents } = collect([exposure, { eventName: 'a', user }, { eventName: 'b' }], key);
    for (const row of [...rows(documents.exposures), ...rows(documents.events)]) {
      expect(row.environment).toBe(expected);
    }
    expect(documents.exposures.length + documents.events.length).toBe(3);
  });

  it('does not override the tier of a user', () => {
    const { documents } = collect([{ eventName: 'a', user: inStaging }], { environment: 'staging' });
    expect(rows(documents.events)).toMatchObject([{ environment: 'development' }]);
  });

  it('changes no event_id: a batch that is resent after a change keeps its IDs', () => {
    const ids = (key: Partial<Sender>) =>
      Object.values(collect([exposure, { eventName: 'a', user }], key).documents)
        .flatMap(rows)
        .map(({ event_id }) => event_id);
    expect(ids({ environment: 'staging' })).toEqual(ids({}));
  });
});

describe("a key's kinds", () => {
  const batch = [exposure, { eventName: 'a', user }, { eventName: 'statsig::diagnostics' }];

  it.each([
    [['exposures'], 1, 0],
    [['events'], 0, 1],
    [['exposures', 'events'], 1, 1],
  ] as const)(
    'set to %j let %d exposures and %d events land, and the rest is quarantined by name',
    (kinds, exposures, events) => {
      const { documents, refused, counted } = collect(batch, { kinds });
      expect([documents.exposures.length, documents.events.length]).toEqual([exposures, events]);
      expect(refused).toHaveLength(2 - exposures - events);
      for (const { code, raw } of refused) {
        expect(code).toBe('SLUICE_EVENT_KIND_NOT_ALLOWED');
        expect(batch).toContainEqual(JSON.parse(raw).events[0]);
      }
      expect(counted).toEqual({ 'statsig::diagnostics': 1 });
    },
  );
});

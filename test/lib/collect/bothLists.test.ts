import { expect, it } from '@jest/globals';
import { collectPlan } from '../../../lib/collect/rows/plan.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { collectDocuments } from './collectOne.ts';

const plan = collectPlan(defineConfig({ bucket: 'test' }));
const sender = {
  keyHash: 'a'.repeat(64),
  clientTimes: [],
  sessionId: null,
  sdkType: null,
  sdkVersion: null,
  receivedAt: Date.UTC(2026, 10, 20, 7, 32),
};
const collect = (body: object) => collectDocuments(JSON.stringify(body), sender, plan);

const event = { eventName: 'e', user: { userID: 'u' } };
const item = { user: { userID: 'u' }, gateName: 'g', passes: true };

it.each([
  [{ events: [event], exposures: [item] }, 1, 1],
  [{ events: [], exposures: [item] }, 0, 1],
  [{ events: null, exposures: [item] }, 0, 1],
  [{ events: [event], exposures: [] }, 1, 0],
  [{ events: [event], exposures: null }, 1, 0],
  [{ events: [], exposures: [] }, 0, 0],
])('no part of a body with events and exposures is lost: %j', (body, events, exposures) => {
  const collected = collect(body);
  expect(collected).toMatchObject({ events: events + exposures, refused: [] });
  expect(collected.documents.events).toHaveLength(events);
  expect(collected.documents.exposures).toHaveLength(exposures);
});

it.each([{ events: [event], exposures: {} }, { events: 'e', exposures: [item] }, { events: null }, {}])(
  'a body whose lists are not arrays is refused as a whole: %j',
  (body) => {
    expect(() => collect(body)).toThrow(expect.objectContaining({ code: 'SLUICE_BODY_WRONG_SHAPE' }));
  },
);

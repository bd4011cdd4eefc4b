import { expect, it } from '@jest/globals';
import { collectPlan } from '../../../lib/collect/rows/plan.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { collectDocuments } from './collectOne.ts';

const now = Date.UTC(2026, 10, 20, 7, 32);
const plan = collectPlan(defineConfig({ bucket: 'test' }));
const sender = {
  keyHash: 'a'.repeat(64),
  clientTimes: [],
  sessionId: null,
  sdkType: null,
  sdkVersion: null,
  receivedAt: now,
};

it('exact numbers are kept beside an event that is nested too deeply', () => {
  const deep = `${'['.repeat(1_000)}${']'.repeat(1_000)}`;
  const body = `{"events":[
    {"eventName":"e","time":${now},"user":{"userID":9007199254740993}},
    {"eventName":"e","time":${now},"metadata":{"a":${deep}}}]}`;
  const { documents, refused } = collectDocuments(body, sender, plan);
  expect(documents.events).toHaveLength(1);
  expect(documents.events[0]).toContain('"user_id":"9007199254740993"');
  expect(refused).toEqual([expect.objectContaining({ code: 'SLUICE_EVENT_TOO_DEEP' })]);
});

import { expect, it } from '@jest/globals';
import { collectPlan } from '../../../lib/collect/rows/plan.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { collectDocuments } from './collectOne.ts';

const now = Date.UTC(2026, 10, 20, 7, 32);
const plan = collectPlan(defineConfig({ bucket: 'test' }));

it.each(['1700000000', '0', String(now + 400 * 86_400_000)])(
  'an impossible clock corrects no event: %s',
  (clientTime) => {
    const body = JSON.stringify({ events: [{ eventName: 'e', time: now }] });
    const { documents, noted } = collectDocuments(
      body,
      {
        keyHash: 'a'.repeat(64),
        clientTimes: [clientTime],
        sessionId: null,
        sdkType: null,
        sdkVersion: null,
        receivedAt: now,
      },
      plan,
    );
    expect(JSON.parse(documents.events[0] ?? '{}')).toMatchObject({
      timestamp: new Date(now).toISOString(),
      client_timestamp: new Date(now).toISOString(),
      ds: '2026-11-20',
    });
    expect(noted).toEqual({ clock_ignored: 1 });
  },
);

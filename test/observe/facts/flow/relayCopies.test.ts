import { afterAll, describe, expect, it } from '@jest/globals';
import { DAY_MS, HOUR_MS, isoTimestamp, MINUTE_MS } from '../../../../lib/base/time.ts';
import { defineConfig } from '../../../../lib/config/defineConfig.ts';
import type { ConfigInput } from '../../../../lib/schema/config.ts';
import {
  areCopiesLate,
  readRelayState,
  readUnkeptCopies,
  waitingCopies,
} from '../../../../observe/facts/flow/relayCopies.ts';
import { metricClient } from '../../../harness/metricClient.ts';
import { slowDeployment } from '../../slowDeployment.ts';

const NOW = Date.UTC(2026, 10, 20, 9);

describe('the oldest copy that waits', () => {
  it.each([
    { what: 'is none of nothing', messages: 0, stored: [], queuedSince: [], oldest: null },
    {
      what: 'is none of a queue that has become empty',
      messages: 0,
      stored: [],
      queuedSince: [NOW],
      oldest: null,
    },
    {
      what: 'is none of copies in the bucket that have no message',
      messages: 0,
      stored: [NOW - HOUR_MS],
      queuedSince: [],
      oldest: null,
    },
    {
      what: 'is the oldest by any metric of the queue',
      messages: 2,
      stored: [],
      queuedSince: [NOW, NOW - HOUR_MS],
      oldest: '2026-11-20T08:00:00.000Z',
    },
    {
      what: 'is an older one in the bucket',
      messages: 2,
      stored: [NOW, NOW - MINUTE_MS],
      queuedSince: [NOW],
      oldest: '2026-11-20T08:59:00.000Z',
    },
    {
      what: 'is that of the bucket where the queue does not tell',
      messages: 1,
      stored: [NOW],
      queuedSince: [],
      oldest: '2026-11-20T09:00:00.000Z',
    },
  ])('$what', ({ messages, stored, queuedSince, oldest }) => {
    expect(waitingCopies(messages, stored, queuedSince)).toEqual({ count: messages, oldest });
  });

  it.each([
    { what: 'is late after an hour', oldest: NOW - HOUR_MS, isLate: true },
    { what: 'is not late before', oldest: NOW - HOUR_MS + 1, isLate: false },
    { what: 'is not late where nothing tells its age', oldest: null, isLate: false },
  ])('$what', ({ oldest, isLate }) => {
    const waiting = { count: 1, oldest: oldest === null ? null : isoTimestamp(oldest) };
    expect(areCopiesLate({ waiting, stranded: null, refused: [], hasMore: false }, NOW)).toBe(isLate);
  });
});

describe('copies that were not kept for relay', () => {
  const minutesAgo = (minutes: number) => NOW - minutes * MINUTE_MS;
  const cloudwatch = metricClient({
    'RelayNotKept Sum collect prod': [
      [minutesAgo(0) - DAY_MS, 8],
      [minutesAgo(-1) - DAY_MS, 3],
      [minutesAgo(9), 1],
      [minutesAgo(7), 0],
    ],
  });
  const relay = { statsig: true } as const;
  const unkept = (config: Partial<ConfigInput>, client = cloudwatch) =>
    readUnkeptCopies({
      cloudwatch: client,
      stack: { service: 'sluice', stage: 'prod' },
      config: defineConfig({ bucket: 'acme', ...config }),
      now: NOW,
    });

  it('are counted within 24 hours, which end with the running minute', async () => {
    expect(await unkept({ relay })).toEqual({
      count: 4,
      first: '2026-11-19T09:01:00.000Z',
      last: '2026-11-20T08:51:00.000Z',
    });
  });

  it('are none with relay if all were kept', async () => {
    const kept = metricClient({ 'RelayNotKept Sum collect prod': [[minutesAgo(7), 0]] });
    expect(await unkept({ relay }, kept)).toBeNull();
  });

  it('are none without relay', async () => {
    expect(await unkept({})).toBeNull();
  });
});

const { deployment, timed } = slowDeployment({
  config: defineConfig({ bucket: 'own' }),
  now: NOW,
  objects: new Map(),
});
afterAll(() => deployment.close());
it('nothing is asked of a configuration without relay, which has no state of copies', async () => {
  expect(await timed(() => readRelayState(deployment))).toMatchObject({ answer: null, inTurn: 0 });
});

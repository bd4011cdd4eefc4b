import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { requestMetrics } from '../../lib/collect/collectMetrics.ts';
import { readHourlyCounts } from '../../observe/facts/flow/hourlyMetrics.ts';
import { ManualClock } from '../../packages/local-aws/src/base/index.ts';
import {
  cloudWatchService,
  MetricStore,
  readEmbeddedMetrics,
} from '../../packages/local-aws/src/cloudwatch/index.ts';
import { startServices } from '../../packages/local-aws/src/testing/index.ts';
import { temporaryDirectory } from '../harness/temporaryDirectory.ts';

const NOON = Date.UTC(2026, 10, 20, 12);
const HOUR = 3_600_000;
const own = { function: 'collect', stage: 'prod' };

/** Log lines of the collector of 0.2: a line for the request, and one for each stream with a dimension `table`. */
function linesOf02(at: number): object[] {
  const line = (dimensions: Readonly<Record<string, string>>, values: Readonly<Record<string, number>>) => ({
    _aws: {
      Timestamp: at,
      CloudWatchMetrics: [
        {
          Namespace: 'Sluice',
          Dimensions: [Object.keys(dimensions)],
          Metrics: Object.keys(values).map((Name) => ({ Name, Unit: 'Count' })),
        },
      ],
    },
    ...dimensions,
    ...values,
  });
  return [
    line(own, { requests: 1, received: 10, landed: 7, quarantined: 1, overflowed: 2, latency_ms: 12 }),
    line({ ...own, table: 'exposures' }, { landed: 4 }),
    line({ ...own, table: 'events' }, { landed: 3, overflowed: 1 }),
    line({ ...own, table: 'quarantine' }, { quarantined: 1, overflowed: 1 }),
  ];
}

const directory = temporaryDirectory();
const clock = new ManualClock(NOON + HOUR);
let store: MetricStore;
let cloudwatch: CloudWatchClient;
let services: Awaited<ReturnType<typeof startServices>>;
beforeAll(async () => {
  store = MetricStore.open({ directory: directory.path, clock });
  services = await startServices([
    cloudWatchService({ metrics: store, clock, beforeReading: () => undefined }),
  ]);
  cloudwatch = new CloudWatchClient(services.options);
});
afterAll(async () => {
  cloudwatch.destroy();
  await services.close();
  store.close();
  directory.remove();
});

const print = (lines: readonly object[]) => {
  for (const line of lines) store.add(readEmbeddedMetrics(JSON.stringify(line)));
};

it('counts the hour of an update whole: what the collectors of both versions print', async () => {
  // The hour before has 0.2 alone, the hour of the update has both.
  print(linesOf02(NOON - HOUR));
  print(linesOf02(NOON));
  const none = { landed: 0, overflowed: 0 };
  print(
    requestMetrics({
      ...{ stage: 'prod', receivedAt: NOON + 1_000, requestId: null, latencyMs: 9, received: 9 },
      refusedAs: null,
      tables: [
        { ...none, table: 'exposures', landed: 5 },
        { ...none, table: 'events', overflowed: 2 },
        { ...none, table: 'quarantine', landed: 2 },
      ],
      ignored: {},
    }),
  );
  const counts = await readHourlyCounts(
    { cloudwatch, stack: { service: 'sluice', stage: 'prod' } },
    NOON - HOUR,
    NOON + HOUR,
  );
  expect([...counts]).toEqual([
    [
      NOON - HOUR,
      {
        ...{ received: 10, landed: 7, quarantined: 1, overflowed: 2, ignored: 0, failedBy: {} },
        streams: {
          exposures: { landed: 4, overflowed: 0 },
          events: { landed: 3, overflowed: 1 },
          quarantine: { landed: 1, overflowed: 1 },
        },
      },
    ],
    [
      NOON,
      {
        ...{ received: 19, landed: 12, quarantined: 3, overflowed: 4, ignored: 0, failedBy: {} },
        streams: {
          exposures: { landed: 9, overflowed: 0 },
          events: { landed: 3, overflowed: 3 },
          quarantine: { landed: 3, overflowed: 1 },
        },
      },
    ],
  ]);
});

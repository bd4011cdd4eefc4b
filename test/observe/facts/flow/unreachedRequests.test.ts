import { describe, expect, it } from '@jest/globals';
import { HOUR_MS, MINUTE_MS } from '../../../../lib/base/time.ts';
import { defineConfig } from '../../../../lib/config/defineConfig.ts';
import type { ConfigInput } from '../../../../lib/schema/config.ts';
import { readUnreached } from '../../../../observe/facts/flow/unreachedRequests.ts';
import { metricClient } from '../../../harness/metricClient.ts';
import { wellHour } from '../../statusFacts.ts';

const START = Date.UTC(2026, 10, 20, 8);
/** Ten minutes after the last period that counts. */
const END = START + 2 * HOUR_MS;
const API = 'AWS/ApiGateway';
const FIVE = 5 * MINUTE_MS;

/** A count of the gateway, or of the Function URL, in periods of five minutes after the start. */
type Counts = Readonly<Record<string, readonly (readonly [period: number, count: number])[]>>;

/** What is found of these counts, while the collector answered so many requests by itself in the first period. */
async function unreached(
  counts: Counts,
  own: { readonly refused?: number; readonly failed?: number } = {},
  config: Partial<ConfigInput> = {},
) {
  const values = Object.entries(counts).map(([name, points]) => {
    const dimension = name.startsWith('Url') ? 'sluice-prod-collect' : 'api1';
    return [
      `${name} Sum ${dimension}`,
      points.map(([period, count]) => [START + period * FIVE, count] as const),
    ] as const;
  });
  const day = new Map([
    [START, { ...wellHour, refusedBy: { A: own.refused ?? 0 }, failedBy: { B: own.failed ?? 0 } }],
  ]);
  const found = await readUnreached(
    {
      cloudwatch: metricClient(Object.fromEntries(values)),
      stack: { service: 'sluice', stage: 'prod' },
      config: defineConfig({ bucket: 'acme', ...config }),
    },
    new Map([
      ['CollectorUrl', 'https://url1.lambda-url.eu-west-1.on.aws'],
      ['GatewayUrl', 'https://api1.execute-api.eu-west-1.amazonaws.com'],
    ]),
    { day, before: new Map(), start: START, end: END },
  );
  return found.map(({ hour, kind, count, of }) => [hour.slice(11, 13), kind, count, of]);
}

describe(`what ${API} answered by itself in an hour`, () => {
  it.each<{ what: string; counts: Counts; own?: Parameters<typeof unreached>[1]; found: readonly unknown[] }>(
    [
      { what: '20 of 400', counts: { Count: [[0, 400]], '4xx': [[0, 20]] }, found: [['08', '4xx', 20, 400]] },
      { what: 'fewer than 5 %', counts: { Count: [[0, 401]], '4xx': [[0, 20]] }, found: [] },
      { what: 'fewer than 20', counts: { Count: [[0, 20]], '4xx': [[0, 19]] }, found: [] },
      {
        what: '5 failures of 500',
        counts: { Count: [[0, 500]], '5xx': [[0, 5]] },
        found: [['08', '5xx', 5, 500]],
      },
      { what: 'fewer failures than 1 %', counts: { Count: [[0, 501]], '5xx': [[0, 5]] }, found: [] },
      { what: 'fewer than 5 failures', counts: { Count: [[0, 4]], '5xx': [[0, 4]] }, found: [] },
      {
        what: 'what the collector did not answer so',
        counts: { Count: [[0, 100]], '4xx': [[0, 50]], '5xx': [[0, 30]] },
        own: { refused: 30, failed: 26 },
        found: [['08', '4xx', 20, 100]],
      },
      {
        what: 'the sum of an hour, apart from the next',
        counts: {
          Count: [
            [0, 30],
            [11, 30],
            [12, 50],
          ],
          '4xx': [
            [0, 10],
            [11, 11],
            [12, 22],
          ],
        },
        found: [
          ['08', '4xx', 21, 60],
          ['09', '4xx', 22, 50],
        ],
      },
      {
        what: 'what the collector answered in another hour',
        counts: { Count: [[12, 90]], '4xx': [[12, 60]] },
        own: { refused: 60 },
        found: [['09', '4xx', 60, 90]],
      },
      {
        what: 'nothing yet of the last ten minutes',
        counts: { Count: [[22, 90]], '5xx': [[22, 90]] },
        found: [],
      },
    ],
  )('is told: $what', async ({ counts, own, found }) => {
    expect(await unreached(counts, own)).toEqual(found);
  });

  it('is that of the Function URL, too, and of that alone without a gateway', async () => {
    const counts: Counts = {
      Count: [[0, 40]],
      UrlRequestCount: [[0, 10]],
      '5xx': [[0, 6]],
      Url5xxCount: [[0, 8]],
      Url4xxCount: [[0, 25]],
    };
    expect(await unreached(counts, {}, { endpoint: { kind: 'both' } })).toEqual([
      ['08', '4xx', 25, 50],
      ['08', '5xx', 14, 50],
    ]);
    expect(await unreached(counts, {}, { endpoint: { kind: 'function-url' } })).toEqual([
      ['08', '4xx', 25, 10],
      ['08', '5xx', 8, 10],
    ]);
  });

  it('is not told where the gateway answers for Statsig, too', async () => {
    const passThrough = { statsig: true };
    const counts: Counts = { Count: [[0, 90]], '5xx': [[0, 90]] };
    expect(await unreached(counts, {}, { passThrough } as Partial<ConfigInput>)).toEqual([]);
  });
});

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import type { StatusFacts } from '../../observe/status/statusFacts.ts';
import { findProblems } from '../../observe/status/statusProblems.ts';
import { daysOfDropped, readDroppedRecords, readStreams } from '../../observe/status/streamState.ts';

const NOW = Date.UTC(2026, 10, 20, 12);
const at = (hoursAgo: number) => new Date(NOW - hoursAgo * 3_600_000).toISOString();

const nothing = { count: 0, hasMore: false, oldest: null, lastCode: null, unknownKeys: 0 };
const well: StatusFacts = {
  stack: 'sluice-prod',
  isLocal: false,
  at: at(0),
  collector: null,
  lastHour: null,
  lastRequestAt: null,
  tables: [],
  waiting: {
    buffered: { count: null, oldest: null },
    overflow: nothing,
    errors: nothing,
    parked: nothing,
  },
  streams: [],
  dropped: [],
  held: {},
  drain: null,
  partitions: { days: 3, gaps: [] },
  quarantine: [],
  datasets: [],
  exports: [],
  curated: [],
  relay: null,
  alarms: [],
  unknown: [],
  notes: [],
  scannedBytes: 0,
};
const place = {
  config: defineConfig({ bucket: 'acme' }),
  stack: { service: 'sluice', stage: 'prod' },
  localControl: undefined,
  now: NOW,
};
const judge = (facts: Partial<StatusFacts>) =>
  findProblems({ ...well, ...facts }, place, { region: 'eu-central-1', faults: 0 });

describe('problems of a deployment', () => {
  it('are none when all is well', () => {
    expect(judge({})).toEqual([]);
  });

  it('are requests that were answered 503, by the reason', () => {
    const zero = { requests: 9, refusedRequests: 0, notStoredRequests: 0, received: 0, landed: 0 };
    const more = { overflowed: 0, quarantined: 0, ignored: 0, deliveries: 0 };
    const streams = { exposures: 0, events: 0, quarantine: 0 };
    const failing = (failedBy: Readonly<Record<string, number>>, facts: Partial<StatusFacts> = {}) =>
      judge({ lastHour: { ...zero, ...more, streams, failedBy }, ...facts }).map(({ code, detail }) => [
        code,
        detail,
      ]);
    expect(failing({ SLUICE_COLLECT_NOT_DELIVERED: 2, SLUICE_COLLECT_NO_QUARANTINE: 1 })).toEqual([
      ['SLUICE_STATUS_NOT_STORED', '3 requests.'],
    ]);
    expect(failing({ SLUICE_COLLECT_BODY_MANGLED: 4, SLUICE_COLLECT_OUT_OF_TIME: 1 })).toEqual([
      [
        'SLUICE_STATUS_UNAVAILABLE',
        expect.stringMatching(
          /^4 requests with SLUICE_COLLECT_BODY_MANGLED\. .*1 request with SLUICE_COLLECT_OUT_OF_TIME\. /,
        ),
      ],
    ]);
    const drain = { since: at(1), empty: null, drained: null };
    expect(failing({ SLUICE_COLLECT_DRAINING: 7 }, { drain }).map(([code]) => code)).toEqual([
      'SLUICE_STATUS_DRAINING',
    ]);
  });

  it('are held streams, also one that the checkout does not have, with the command if only a person releases it', () => {
    const hold = { since: at(3), by: 'check', why: 'Late.', until: 'delivery', probe: false } as const;
    const held = {
      'events-2': { ...hold, probe: true },
      'exposures-3': hold,
      events: { ...hold, probe: true },
      quarantine: { ...hold, by: 'hand', until: 'release' },
    } as const;
    const release = (word: string) => `npx sluice hold ${word} --release --stage prod --region eu-central-1`;
    expect(judge({ held }).map(({ detail, commands }) => [detail.split(':')[0], commands])).toEqual([
      ['sluice-prod-exposures-3', []],
      ['sluice-prod-events', []],
      ['sluice-prod-events-2', [release('events-2')]],
      ['sluice-prod-quarantine', [release('quarantine')]],
    ]);
    const three = { ...place, config: defineConfig({ bucket: 'acme', streams: { events: { shards: 3 } } }) };
    const [first] = findProblems({ ...well, held: { events: held.events } }, three, {
      ...{ region: 'eu-central-1', faults: 0 },
    });
    expect(first?.commands).toEqual([release('events-1')]);
  });

  it('have commands for the stage and region', () => {
    const overflow = { ...nothing, count: 10_000, hasMore: true, oldest: at(1), lastCode: 'Slow' };
    const [found] = judge({ waiting: { ...well.waiting, overflow } });
    expect(found).toMatchObject({
      code: 'SLUICE_STATUS_OVERFLOW',
      severity: 'problem',
      detail: `At least 10000 objects, the oldest since ${at(1)}, the last for Slow.`,
      commands: [
        `aws sqs send-message --queue-url "$(aws sqs get-queue-url --queue-name sluice-prod-redrive --query QueueUrl --output text --region eu-central-1)" --message-body '{"sluice":"stragglers"}' --region eu-central-1`,
      ],
    });
    expect(judge({ quarantine: [{ reason: 'SLUICE_FIREHOSE_X', rows: 1, newestAt: at(1) }] })).toMatchObject([
      {
        severity: 'problem',
        commands: [
          'npx sluice redrive --reason SLUICE_FIREHOSE_X --dry-run --stage prod --region eu-central-1',
        ],
      },
    ]);
  });

  it('are a drain that is on, and how it is cancelled', () => {
    const drain = { since: at(2), empty: at(1), drained: null };
    expect(judge({ drain })).toMatchObject([
      {
        ...{ code: 'SLUICE_STATUS_DRAINING', severity: 'problem' },
        detail: `sluice-prod: no events are taken since ${at(2)}.`,
        commands: ['npx sluice drain --cancel --stage prod --region eu-central-1'],
      },
    ]);
    expect(judge({ drain: { ...drain, drained: at(0) } })[0]?.detail).toBe(
      `sluice-prod: no events are taken since ${at(2)}, and nothing waits since ${at(0)}: it can be removed.`,
    );
  });

  it('are failed days, late drops and failed exports', () => {
    const days = [
      { day: '2026-11-18', state: 'failed', code: 'SLUICE_INGEST_X' },
      { day: '2026-11-19', state: 'succeeded', code: null },
    ] as const;
    const dataset = {
      ...{ source: 'acme', dataset: 'orders', table: 'acme_orders', listedAt: at(1), listFailure: null },
      late: ['2026-11-20'],
      days,
    };
    const found = judge({ datasets: [dataset], exports: [{ export: 'daily', table: 'events', days }] });
    expect(
      found.map(({ code, detail, commands }) => [code, detail, commands[0]?.split(' --stage')[0]]),
    ).toEqual([
      [
        'SLUICE_STATUS_INGEST_FAILED',
        'acme/orders: 2026-11-18 SLUICE_INGEST_X.',
        'npx sluice ingest explain --source acme --dataset orders --day 2026-11-18',
      ],
      [
        'SLUICE_STATUS_INGEST_LATE',
        'acme/orders: 2026-11-20 is late.',
        'npx sluice ingest status --source acme --dataset orders',
      ],
      [
        'SLUICE_STATUS_EXPORT_FAILED',
        'daily: 2026-11-18 SLUICE_INGEST_X.',
        'npx sluice export status --export daily',
      ],
    ]);
  });

  it('are copies that the target of relay refused', () => {
    const waiting = {
      count: 3,
      queued: 3,
      objects: 0,
      hasMore: false,
      oldest: null,
      oldestQueued: null,
      oldestStored: null,
    };
    const refused = [
      { reason: '401', count: 2, oldest: at(3) },
      { reason: 'expired', count: 1, oldest: at(3) },
    ];
    expect(judge({ relay: { waiting, refused, deadLetters: 0 } })).toMatchObject([
      {
        code: 'SLUICE_STATUS_RELAY_REFUSED',
        part: 'collector',
        detail: '2 for 401, 1 for expired.',
        commands: [
          expect.stringContaining('sluice relay status'),
          expect.stringContaining('sluice relay redrive'),
        ],
      },
    ]);
    expect(judge({ relay: { waiting, refused: [], deadLetters: 0 } })).toEqual([]);
  });

  it('are days that could not be curated, and days that wait for it', () => {
    const table = { kind: 'events', table: 'curated_events', listed: 30, leftOut: 0, raw: 3 } as const;
    const failed = [{ day: '2026-11-17', code: 'SLUICE_CURATE_KILLED' }];
    const found = judge({
      curated: [{ ...table, failed, late: ['2026-11-16', '2026-11-15'], unplanned: ['2026-11-14'] }],
    });
    expect(
      found.map(({ code, part, detail, commands }) => [
        ...[code, part, detail],
        commands.map((command) => command.split(' --stage')[0]),
      ]),
    ).toEqual([
      [
        ...['SLUICE_STATUS_CURATE_FAILED', 'partitions', 'curated_events: 2026-11-17 SLUICE_CURATE_KILLED.'],
        ['npx sluice curate status --table events', 'npx sluice curate run --table events'],
      ],
      [
        ...['SLUICE_STATUS_CURATE_LATE', 'partitions', 'curated_events: 2026-11-16, 2026-11-15.'],
        ['npx sluice curate run --table events'],
      ],
      [
        ...['SLUICE_STATUS_CURATE_UNPLANNED', 'partitions', 'curated_events: 2026-11-14.'],
        ['npx sluice curate run --table events'],
      ],
    ]);
    expect(judge({ curated: [{ ...table, failed: [], late: [], unplanned: [] }] })).toEqual([]);
  });

  it('are alarms that are on; those that notify nobody are a warning, and come last', () => {
    const alarm = { description: 'Look there', reason: '', since: at(2) };
    const found = judge({
      alarms: [
        { ...alarm, name: 'sluice-prod-overflow', state: 'ALARM', notifies: false },
        { ...alarm, name: 'sluice-prod-parked', state: 'OK', notifies: true },
      ],
      quarantine: [{ reason: 'SLUICE_EVENT_NO_NAME', rows: 2, newestAt: at(1) }],
    });
    expect(found.map(({ code, severity, detail }) => [code, severity, detail])).toEqual([
      ['SLUICE_STATUS_ALARM', 'problem', `sluice-prod-overflow, since ${at(2)}: Look there.`],
      ['SLUICE_STATUS_QUARANTINED', 'warning', '2 rows with SLUICE_EVENT_NO_NAME.'],
      ['SLUICE_STATUS_NO_TOPIC', 'warning', '1 of 2 alarms.'],
    ]);
  });
});

describe("streams by Firehose's metrics", () => {
  /** Values of the last minutes, newest first, by `<stream> <metric>`. */
  let metrics: Readonly<Record<string, readonly number[]>> = {};
  const server = createServer(async (request, response) => {
    const input = JSON.parse(await text(request));
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' });
    const MetricDataResults = input.MetricDataQueries.map(
      ({ Id, MetricStat: { Metric } }: { Id: string; MetricStat: { Metric: Named } }) => {
        const Values = metrics[`${Metric.Dimensions[0]?.Value} ${Metric.MetricName}`] ?? [];
        return {
          Id,
          StatusCode: 'Complete',
          Values,
          Timestamps: Values.map((_, i) => NOW / 1_000 - 60 * (i + 1)),
        };
      },
    );
    response.end(JSON.stringify({ MetricDataResults }));
  });
  interface Named {
    readonly MetricName: string;
    readonly Dimensions: readonly { readonly Value: string }[];
  }
  let cloudwatch: CloudWatchClient;
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    cloudwatch = new CloudWatchClient({
      ...{ region: 'us-east-1', endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}` },
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    });
  });
  beforeEach(() => {
    metrics = {};
  });
  afterAll(() => {
    cloudwatch.destroy();
    server.close();
    server.closeAllConnections();
  });
  const read = async () => {
    const streams = await readStreams({ cloudwatch, config: place.config, stack: place.stack, now: NOW });
    return { streams, events: streams.find(({ table }) => table === 'events') };
  };

  it('are not known without metrics', async () => {
    expect((await read()).events).toEqual({
      ...{ table: 'events', shard: 1, isInRotation: true, stream: 'sluice-prod-events', oldest: null },
      ...{ quotaShare: null, quota: null, throttledRecords: null, undeliveredRecords: null },
    });
  });

  it('tell that records were dropped, and which days to look at', async () => {
    metrics = { 'hold oldest_record_seconds': [300, 86_100, 85_900, 85_700] };
    const { config, stack } = place;
    const dropped = await readDroppedRecords({ cloudwatch, config, stack, now: NOW });
    const [first, last] = [at(3 / 60), at(2 / 60)];
    expect(dropped).toContainEqual({ stream: 'sluice-prod-events', first, last });
    const [found] = judge({ dropped });
    expect(found).toMatchObject({
      code: 'SLUICE_STATUS_STREAM_DROPPED',
      detail: expect.stringContaining(`had waited for 24 hours from ${first} to ${last}.`),
      commands: [`npx sluice reconcile --day ${at(24).slice(0, 10)} --stage prod --region eu-central-1`],
    });
    metrics = { 'hold oldest_record_seconds': [85_700] };
    expect(await readDroppedRecords({ cloudwatch, config, stack, now: NOW })).toEqual([]);
    const midnight = { stream: 's', first: '2026-11-20T23:58:00.000Z', last: '2026-11-21T00:13:00.000Z' };
    expect(daysOfDropped(midnight)).toEqual(['2026-11-19', '2026-11-20']);
  });

  it('tell the oldest record, the quota that is nearest, and what was throttled', async () => {
    metrics = {
      'sluice-prod-events DeliveryToS3.DataFreshness': [45_000, 44_940],
      'sluice-prod-events IncomingBytes': [60 * 500_000, 60 * 900_000],
      'sluice-prod-events BytesPerSecondLimit': [1_000_000, 1_000_000],
      'sluice-prod-events IncomingRecords': [60 * 100],
      'sluice-prod-events RecordsPerSecondLimit': [1_000],
      'sluice-prod-events ThrottledRecords': [0, 7],
    };
    const { events, streams } = await read();
    const oldest = new Date(NOW - 60_000 - 45_000_000).toISOString();
    expect(events).toMatchObject({ oldest, quotaShare: 0.9, quota: 'bytes', throttledRecords: 7 });
    const name = 'statsig_forwarded_events';
    const table = { table: 'events', name, newestRowAt: null, lagSeconds: null } as const;
    const none = {
      p50Seconds: null,
      p99Seconds: null,
      rowsLastHour: 0,
      filesLastHour: 0,
      newestFileAt: null,
    };
    const found = judge({ streams, tables: [{ ...table, ...none, buffered: { count: null, oldest } }] });
    expect(found.map(({ code, detail }) => [code, detail])).toEqual([
      [
        'SLUICE_STATUS_STREAM_EXPIRING',
        'sluice-prod-events: its oldest record has waited 12.5 hours; Firehose drops it in 11.5 hours. At most 6000 records wait, of up to 500 rows.',
      ],
      [
        'SLUICE_STATUS_QUOTA_NEAR',
        'sluice-prod-events: 90 % of its bytes a second. 7 records were throttled within 15 minutes.',
      ],
    ]);
    metrics = { ...metrics, 'sluice-prod-events DeliveryToS3.DataFreshness': [42_000] };
    expect(await read()).toMatchObject({ events: { undeliveredRecords: 6_000 } });
    const [late] = judge({
      tables: [{ ...table, ...none, buffered: { count: null, oldest: at(11.9) } }],
    });
    expect(late?.code).toBe('SLUICE_STATUS_STREAM_LATE');
    // Firehose tells no freshness while delivery is completely blocked.
    metrics = { 'sluice-prod-events IncomingRecords': Array(13 * 60 + 5).fill(9) };
    expect((await read()).events?.oldest).toBe(at(13 + 5 / 60));
    metrics = { ...metrics, 'sluice-prod-events DeliveryToS3.Records': [...Array(59).fill(0), 5] };
    expect((await read()).events?.oldest).toBe(at(59 / 60));
    // All that was accepted has been delivered.
    metrics = { 'sluice-prod-events DeliveryToS3.DataFreshness': [0, 300] };
    expect((await read()).events?.oldest).toBe(null);
  });
});

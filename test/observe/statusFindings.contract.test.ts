import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import { readStream } from '../../observe/facts/flow/streamState.ts';
import type { StatusFacts } from '../../observe/facts/statusFacts.ts';
import { judge as judgeFacts } from '../../observe/findings/judge.ts';

const NOW = Date.UTC(2026, 10, 20, 12);
const at = (hoursAgo: number) => new Date(NOW - hoursAgo * 3_600_000).toISOString();

const nothing = { count: 0, bytes: 0, hasMore: false, oldest: null };
const well: StatusFacts = {
  stack: 'sluice-prod',
  isLocal: false,
  at: at(0),
  collector: null,
  lastHour: null,
  lastRequestAt: null,
  refusals: null,
  senders: 1,
  lastEventAt: null,
  tables: [],
  waiting: {
    buffered: { count: null, oldest: null },
    landing: nothing,
    damaged: nothing,
  },
  stream: null,
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
  judgeFacts({ ...well, ...facts }, place, { region: 'eu-central-1', faults: 0 });

describe('problems of a deployment', () => {
  it('are none when all is well', () => {
    expect(judge({})).toEqual([]);
  });

  it('are requests that were answered 503, by the reason', () => {
    const zero = { requests: 9, refusedRequests: 0, notStoredRequests: 0, received: 0, landed: 0 };
    const more = { overflowed: 0, quarantined: 0, ignored: 0, deliveries: 0 };
    const streams = { exposures: 0, events: 0, quarantine: 0 };
    const failing = (failedBy: Readonly<Record<string, number>>) =>
      judge({ lastHour: { ...zero, ...more, streams, failedBy, refusedBy: {} } }).map(({ code, detail }) => [
        code,
        detail,
      ]);
    expect(failing({ SLUICE_COLLECT_NOT_DELIVERED: 2, SLUICE_COLLECT_NO_QUARANTINE: 1 })).toEqual([
      ['SLUICE_FINDING_NOT_STORED', '3 requests.'],
    ]);
    expect(failing({ SLUICE_COLLECT_BODY_MANGLED: 4, SLUICE_COLLECT_OUT_OF_TIME: 1 })).toEqual([
      [
        'SLUICE_FINDING_NOT_STORED',
        expect.stringMatching(
          /^4 requests with SLUICE_COLLECT_BODY_MANGLED\. .*1 request with SLUICE_COLLECT_OUT_OF_TIME\. /,
        ),
      ],
    ]);
  });

  describe('of who sends', () => {
    const streams = { exposures: 0, events: 0, quarantine: 0 };
    const lastHour = {
      ...{ requests: 100, refusedRequests: 0, notStoredRequests: 0, received: 0, landed: 0, overflowed: 0 },
      ...{
        quarantined: 0,
        ignored: 0,
        deliveries: 0,
        streams,
        failedBy: {},
        refusedBy: {},
      },
    };
    const lastRequestAt = at(0.1);

    it.each([
      [60, 60, 'problem'],
      [3, 5, 'problem'],
      [1, 2, 'warning'],
      [20, 400, 'problem'],
      [19, 400, 'warning'],
      [20, 401, 'warning'],
    ])('are %i of %i requests that were refused: a %s', (refused, requests, severity) => {
      const refusedBy = { SLUICE_KEY_UNKNOWN: refused };
      const first = { first: at(0.5), last: at(0.1) };
      const group = { code: 'SLUICE_KEY_UNKNOWN', key: null, sdk: null, requests: refused, ...first };
      const found = judge({
        lastHour: { ...lastHour, requests, refusedRequests: refused, refusedBy },
        ...{ lastRequestAt, refusals: { groups: [group], hasMore: false } },
      });
      expect(found).toMatchObject([
        {
          ...{ code: 'SLUICE_FINDING_REFUSED', severity, section: 'Requests are refused' },
          detail: `${refused} of ${requests} requests: ${refused} SLUICE_KEY_UNKNOWN, first ${at(0.5)}, last ${at(0.1)}.`,
          commands: [
            'npx sluice tail --errors --stage prod --region eu-central-1',
            'npx sluice keys list --stage prod --region eu-central-1',
          ],
        },
      ]);
    });

    it('are told by key label and SDK, and by code alone while the log cannot be read', () => {
      const refusedBy = { SLUICE_BODY_NOT_JSON: 2 };
      const sender = { key: 'web', sdk: 'js-client 3.32.6', first: at(1), last: at(1) };
      const group = { code: 'SLUICE_BODY_NOT_JSON', requests: 2, ...sender };
      const refusing = (refusals: StatusFacts['refusals']) =>
        judge({ lastHour: { ...lastHour, refusedBy }, lastRequestAt, refusals })[0]?.detail;
      expect(refusing({ groups: [group], hasMore: false })).toContain(
        '2 SLUICE_BODY_NOT_JSON from js-client 3.32.6 with the key web, first',
      );
      expect(refusing(null)).toBe('2 of 100 requests: 2 SLUICE_BODY_NOT_JSON.');
    });

    it('are a deployment without a key that may send', () => {
      const codesOf = (facts: Partial<StatusFacts>) =>
        judge({ senders: 0, ...facts }).map(({ code }) => code);
      expect(codesOf({})).toEqual(['SLUICE_FINDING_NO_KEY']);
      expect(codesOf({ senders: null })).toEqual([]);
    });

    it('are traffic that stopped, with the time of the last event', () => {
      const silent = (lastEventAt: string | null, facts: Partial<StatusFacts> = {}) =>
        judge({ lastHour: { ...lastHour, requests: 0 }, lastEventAt, ...facts }).map(
          ({ code, severity, detail }) => [...[code, severity], detail],
        );
      expect(silent(null)).toEqual([]);
      expect(silent(at(0.9))).toEqual([]);
      expect(silent(at(30), { lastRequestAt })).toEqual([]);
      expect(silent(at(2.5))).toEqual([
        ['SLUICE_FINDING_SILENT', 'warning', `The last event came at ${at(2.5)}, 2.5 hours ago.`],
      ]);
      expect(silent(at(72))[0]?.[2]).toMatch(/, 3 days ago\.$/);
    });
  });

  it('have commands for the stage and region', () => {
    const landing = { ...nothing, count: 10_000, hasMore: true, oldest: at(1) };
    const [found] = judge({ waiting: { ...well.waiting, landing } });
    expect(found).toMatchObject({
      code: 'SLUICE_FINDING_LANDING_LATE',
      severity: 'problem',
      detail: `landing/: at least 10000 objects, the oldest since ${at(1)}.`,
      commands: ['npx sluice redrive --landing --stage prod --region eu-central-1'],
    });
    expect(judge({ quarantine: [{ reason: 'SLUICE_ROW_UNFIT', rows: 1, newestAt: at(1) }] })).toMatchObject([
      {
        severity: 'problem',
        commands: [
          'npx sluice quarantine --stage prod --region eu-central-1',
          'npx sluice redrive --reason SLUICE_ROW_UNFIT --dry-run --stage prod --region eu-central-1',
        ],
      },
    ]);
  });

  it('are objects that wait in the landing, once they wait for too long, and damaged ones', () => {
    const judged = (waiting: Partial<StatusFacts['waiting']>) =>
      judge({ waiting: { ...well.waiting, ...waiting } });
    const landing = { ...nothing, count: 3 };
    expect(judged({ landing: { ...landing, oldest: at(0.33) } })).toEqual([]);
    expect(judged({ landing: { ...landing, oldest: at(0.34) } })).toMatchObject([
      { code: 'SLUICE_FINDING_LANDING_LATE', severity: 'problem', part: 'streams' },
    ]);
    expect(judged({ damaged: { ...nothing, count: 1, oldest: at(0) } })).toMatchObject([
      { code: 'SLUICE_FINDING_DAMAGED', detail: `damaged/: 1 object, the oldest since ${at(0)}.` },
    ]);
  });

  it('are failed days, late drops and failed exports', () => {
    const days = [
      {
        day: '2026-11-18',
        state: 'failed',
        code: 'SLUICE_INGEST_X',
        leftOut: '',
        receipt: null,
        athena: null,
      },
      { day: '2026-11-19', state: 'succeeded', code: null, leftOut: '', receipt: null, athena: null },
    ] as const;
    const dataset = {
      ...{ source: 'acme', dataset: 'orders', table: 'acme_orders', listedAt: at(1), listFailure: null },
      ...{
        folder: 's3://acme/orders/',
        schedule: 'daily' as const,
        lookbackDays: 3,
        isStopped: false,
      },
      late: [{ day: '2026-11-20', due: at(2) }] as const,
      days,
    } as const;
    const found = judge({
      datasets: [dataset],
      exports: [{ export: 'daily', table: 'events', bucket: 'theirs', days }],
    });
    expect(
      found.map(({ code, detail, commands }) => [code, detail, commands[0]?.split(' --stage')[0]]),
    ).toEqual([
      [
        'SLUICE_FINDING_INGEST_FAILED',
        'acme/orders: 2026-11-18 SLUICE_INGEST_X.',
        'npx sluice ingest explain --source acme --dataset orders --day 2026-11-18',
      ],
      [
        'SLUICE_FINDING_INGEST_LATE',
        `acme/orders 2026-11-20: expected by ${at(2)}.`,
        'npx sluice ingest status --source acme --dataset orders',
      ],
      [
        'SLUICE_FINDING_EXPORT_FAILED',
        'daily, s3://theirs/: 2026-11-18 SLUICE_INGEST_X.',
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
        code: 'SLUICE_FINDING_RELAY_REFUSED',
        part: 'collector',
        detail: `401: 2 copies, the oldest of ${at(3)}, expired: 1 copy, the oldest of ${at(3)}.`,
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
        ...['SLUICE_FINDING_CURATE_FAILED', 'partitions', 'curated_events: 2026-11-17 SLUICE_CURATE_KILLED.'],
        ['npx sluice curate status --table events', 'npx sluice curate run --table events'],
      ],
      [
        ...[
          'SLUICE_FINDING_CURATE_LATE',
          'partitions',
          'curated_events, queued for a day: 2026-11-16, 2026-11-15.',
        ],
        ['npx sluice curate run --table events'],
      ],
      [
        ...['SLUICE_FINDING_CURATE_LATE', 'partitions', 'curated_events, never queued: 2026-11-14.'],
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
        { ...alarm, name: 'sluice-prod-write-refused', state: 'OK', notifies: true },
      ],
      quarantine: [{ reason: 'SLUICE_EVENT_NO_NAME', rows: 2, newestAt: at(1) }],
    });
    expect(found.map(({ code, severity, detail }) => [code, severity, detail])).toEqual([
      ['SLUICE_FINDING_ALARM', 'problem', `sluice-prod-overflow, since ${at(2)}: Look there.`],
      ['SLUICE_FINDING_QUARANTINED', 'warning', '2 rows with SLUICE_EVENT_NO_NAME.'],
      ['SLUICE_FINDING_NO_TOPIC', 'warning', '1 of 2 alarms.'],
    ]);
  });
});

describe("the stream by Firehose's metrics", () => {
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
  const read = () =>
    readStream({ cloudwatch, config: place.config, stack: place.stack, now: NOW }, 'sluice-prod-landing');

  it('is not known without metrics', async () => {
    expect(await read()).toEqual({
      ...{ stream: 'sluice-prod-landing', oldest: null },
      ...{ quotaShare: null, quota: null, throttledRecords: null, undeliveredRecords: null },
    });
  });

  it('tells the oldest record, the quota that is nearest, and what was throttled', async () => {
    metrics = {
      'sluice-prod-landing DeliveryToS3.DataFreshness': [45_000, 44_940],
      'sluice-prod-landing IncomingBytes': [60 * 500_000, 60 * 900_000],
      'sluice-prod-landing BytesPerSecondLimit': [1_000_000, 1_000_000],
      'sluice-prod-landing IncomingRecords': [60 * 100],
      'sluice-prod-landing RecordsPerSecondLimit': [1_000],
      'sluice-prod-landing ThrottledRecords': [0, 7],
    };
    const stream = await read();
    const oldest = new Date(NOW - 60_000 - 45_000_000).toISOString();
    expect(stream).toMatchObject({ oldest, quotaShare: 0.9, quota: 'bytes', throttledRecords: 7 });
    const found = judge({ stream });
    expect(found.map(({ code, detail }) => [code, detail])).toEqual([
      [
        'SLUICE_FINDING_STREAM_LATE',
        'sluice-prod-landing: its oldest record has waited 12.5 hours; Firehose drops it in 11.5 hours. At most 6000 requests wait.',
      ],
      [
        'SLUICE_FINDING_QUOTA_NEAR',
        'sluice-prod-landing: 90 % of its bytes a second. 7 records were throttled within 15 minutes.',
      ],
    ]);
    metrics = { ...metrics, 'sluice-prod-landing DeliveryToS3.DataFreshness': [42_000] };
    expect(await read()).toMatchObject({ undeliveredRecords: 6_000 });
    const [late] = judge({ stream: { ...stream, oldest: at(11.9), quotaShare: null } });
    expect(late?.code).toBe('SLUICE_FINDING_STREAM_LATE');
    // Firehose reports no freshness while delivery is completely blocked.
    metrics = { 'sluice-prod-landing IncomingRecords': Array(13 * 60 + 5).fill(9) };
    expect((await read()).oldest).toBe(at(13 + 5 / 60));
    metrics = { ...metrics, 'sluice-prod-landing DeliveryToS3.Records': [...Array(59).fill(0), 5] };
    expect((await read()).oldest).toBe(at(59 / 60));
    // All that was accepted has been delivered.
    metrics = { 'sluice-prod-landing DeliveryToS3.DataFreshness': [0, 300] };
    expect((await read()).oldest).toBe(null);
  });
});

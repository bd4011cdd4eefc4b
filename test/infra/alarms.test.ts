import {
  CloudWatchClient,
  type DescribeAlarmsCommandInput,
  type GetMetricDataCommandInput,
} from '@aws-sdk/client-cloudwatch';
import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { serviceConfiguration } from '../../infra/serverless/service.ts';
import { metricsLine } from '../../lib/base/log.ts';
import { collectMetrics, requestMetrics } from '../../lib/collect/collectMetrics.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import type { ConfigInput } from '../../lib/schema/config.ts';
import { REGIONS } from '../../lib/schema/regions.ts';
import { readAlarms } from '../../observe/facts/flow/alarms.ts';
import { readLastRequest } from '../../observe/facts/flow/requestCounts.ts';
import { type AskedCall, answeredBy } from '../harness/answering.ts';
import { textOf } from '../harness/textOf.ts';
import { madeResources } from './madeResources.ts';

const { Resources } = madeResources().template;

const watchedSchema = z.object({
  Namespace: z.string(),
  MetricName: z.string(),
  Dimensions: z.array(z.object({ Name: z.string(), Value: z.string() })),
});

/** Properties of an alarm. */
function alarm(logicalId: string) {
  const { Type, Properties } = Resources[logicalId] ?? {};
  expect(Type).toBe('AWS::CloudWatch::Alarm');
  return Properties;
}

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html */
const REDUCED_QUOTA = new Set(
  'af-south-1 eu-south-1 ap-southeast-3 me-central-1 ap-south-2 ap-southeast-4 eu-south-2 eu-central-2 il-central-1 ca-west-1 ap-southeast-5 ap-southeast-7 mx-central-1'.split(
    ' ',
  ),
);

/** The name of a resource that a value refers to. */
const named = (value: unknown) =>
  typeof value === 'string' ? value : Object.values(Object(value)).flat()[0];

interface Metric {
  readonly Namespace: string;
  readonly MetricName: string;
  readonly Dimensions: readonly { readonly Name: string; readonly Value: unknown }[];
}
const metricText = ({ MetricName, Dimensions }: Metric) =>
  [MetricName, ...Dimensions.map(({ Value }) => named(Value))].join(' ');

/** What an alarm watches, and from which value in how many of which periods on it is on. */
function alarmText(properties: object): string {
  const {
    AlarmName,
    Metrics = [],
    Statistic,
    Period,
    Threshold,
    ComparisonOperator,
    ...shared
  } = Object(properties);
  const [{ Expression = '' } = {}, ...parts] = Metrics;
  const metrics = parts.map(
    ({ MetricStat: of }: { MetricStat: { Metric: Metric; Stat: string; Period: number } }) =>
      `${metricText(of.Metric)}, ${of.Stat} ${of.Period}`,
  );
  const watched =
    Expression === ''
      ? `${metricText(shared)}, ${Statistic} ${Period}`
      : `${Expression} ${metrics.join('; ')}`;
  const { EvaluationPeriods: evaluated, DatapointsToAlarm: some = evaluated, TreatMissingData } = shared;
  const comparison = ComparisonOperator === 'GreaterThanOrEqualToThreshold' ? '>=' : ComparisonOperator;
  const missing = TreatMissingData === 'notBreaching' ? '' : ` ${TreatMissingData}`;
  const periods = evaluated === 1 ? '' : ` in ${some} of ${evaluated}`;
  return `${AlarmName.replace('acme-prod-', '')}: ${watched} ${comparison} ${Threshold}${periods}${missing}`;
}

const DEAD = 'ApproximateNumberOfMessagesVisible';
/** Alarms of a stack with everything. */
const ALARMS = [
  'mangled: refused_requests collect acme/prod SLUICE_COLLECT_BODY_MANGLED, Sum 300 >= 1',
  'collect-throttled: Throttles acme-prod-collect, Sum 300 >= 1',
  'overflow: overflowed collect acme/prod, Sum 300 >= 1 in 3 of 3',
  'groups: groups_failures collect acme/prod, Sum 3600 >= 3',
  'stage-limit: Count HttpApi, Sum 60 >= 300000',
  'api-4xx: IF(some >= 20, 100 * some / all, 0) 4xx HttpApi, Sum 300; Count HttpApi, Sum 300 >= 5',
  'api-5xx: IF(some >= 5, 100 * some / all, 0) 5xx HttpApi, Sum 300; Count HttpApi, Sum 300 >= 1',
  'requests-refused: IF(some >= 3, 100 * some / all, 0) refused_requests collect acme/prod, Sum 3600; received collect acme/prod, SampleCount 3600 >= 50',
  'invocations: Invocations acme-prod-collect, Sum 3600 >= 1000000',
  ...['UNKNOWN', 'MISSING', 'NOT_FOR_EVENTS'].map((why) => {
    const part = why.toLowerCase().replaceAll('_', '-');
    return `key-${part}: refused_requests collect acme/prod SLUICE_KEY_${why}, Sum 3600 >= 10000`;
  }),
  'stream-late: DeliveryToS3.DataFreshness LandingStream, Maximum 300 >= 420 in 3 of 3',
  'stream-blocked: IF(FILL(arrived, 0) > 0 AND FILL(delivered, 0) == 0, 1, 0) IncomingRecords LandingStream, Sum 900; DeliveryToS3.Records LandingStream, Sum 900 >= 1 in 3 of 3',
  'stream-stuck: IF(RUNNING_SUM(FILL(arrived, 0)) > RUNNING_SUM(FILL(delivered, 0)) AND FILL(delivered, 0) == 0, 1, 0) IncomingRecords LandingStream, Sum 3600; DeliveryToS3.Records LandingStream, Sum 3600 >= 1 in 3 of 24',
  `write-queue: IF(FILL(dead, 0) > 0 OR FILL(age, 0) > 1500, 1, 0) ${DEAD} WriteDeadLetterQueue, Maximum 300; ApproximateAgeOfOldestMessage WriteQueue, Maximum 300 >= 1`,
  'write-refused: WriteRefused-acme/prod, Sum 300 >= 1',
  'write-undeleted: WriteUndeleted-acme/prod, Sum 300 >= 1',
  // The next hourly run of the registrar changes it.
  'partition-gaps: PartitionGaps-acme/prod, Maximum 3600 >= 1 in 1 of 3',
  // Each schedule by itself: a good hourly run does not end the alarm of a daily one.
  ...['daily', 'hourly'].flatMap((schedule) => [
    `ingest-failed-${schedule}: days_failed ingest-plan acme/prod ${schedule}, Maximum 300 >= 1 ignore`,
    `ingest-unreadable-${schedule}: datasets_unreadable ingest-plan acme/prod ${schedule}, Maximum 300 >= 1 ignore`,
    `ingest-stopped-${schedule}: datasets_stopped ingest-plan acme/prod ${schedule}, Maximum 300 >= 1 ignore`,
    `ingest-left-out-${schedule}: files_left_out ingest-plan acme/prod ${schedule}, Maximum 300 >= 1 ignore`,
    `export-failed-${schedule}: exports_failed export acme/prod ${schedule}, Maximum 60 >= 1 ignore`,
  ]),
  'ingest-late: drops_late ingest-plan acme/prod, Maximum 300 >= 1 ignore',
  'ingest-load-failed: IngestLoadsFailed-acme/prod, Sum 300 >= 1',
  'curations-failed: curations_failed curate-plan acme/prod, Maximum 300 >= 1 ignore',
  'curations-waiting: curations_waiting curate-plan acme/prod, Maximum 300 >= 1 ignore',
  'hours-short: hours_short reconcile acme/prod, Maximum 300 >= 1 ignore',
  'night-missing: hours_since_night register acme/prod, Maximum 300 >= 26 ignore',
  'relay-not-kept: RelayNotKept collect acme/prod, Sum 300 >= 1',
  'relay-refused: RelayRefused relay acme/prod, Sum 300 >= 1',
  'relay-age: RelayAge relay acme/prod, Maximum 300 >= 518400',
  'relay-queue-age: ApproximateAgeOfOldestMessage RelayQueue, Maximum 300 >= 518400',
  ...['register', 'ingest-plan', 'ingest-load', 'export', 'curate-plan', 'curate', 'relay'].map((part) => {
    const queue = part.replaceAll(/(?:^|-)(.)/g, (_, first: string) => first.toUpperCase());
    return `${part}-dead-letters: ${DEAD} ${queue}DeadLetterQueue, Maximum 300 >= 1`;
  }),
  // Tried again within the hour: one error needs no person.
  ...['register', 'write', 'ingest-plan', 'curate-plan', 'relay'].map(
    (part) => `${part}-errors: Errors acme-prod-${part}, Sum 7200 >= 2`,
  ),
  // Their message comes again after 90 minutes.
  ...['ingest-load', 'export', 'curate'].map(
    (part) => `${part}-errors: Errors acme-prod-${part}, Sum 7200 >= 1`,
  ),
  'reconcile-errors: Errors acme-prod-reconcile, Sum 86400 >= 2',
  'ingest-trigger-errors: Errors acme-prod-ingest-trigger, Sum 86400 >= 1',
  'collect-errors: IF(some >= 2, 100 * some / all, 0) Errors acme-prod-collect, Sum 3600; Invocations acme-prod-collect, Sum 3600 >= 1',
];

/** What alarms of a stack with everything at both addresses watch: names of metrics by namespace and names of dimensions. */
const WATCHED: Readonly<Record<string, readonly string[]>> = {
  'AWS/ApiGateway ApiId': ['4xx', '5xx', 'Count'],
  'AWS/Firehose DeliveryStreamName': [
    'DeliveryToS3.DataFreshness',
    'DeliveryToS3.Records',
    'IncomingRecords',
  ],
  'AWS/Lambda': ['UnreservedConcurrentExecutions'],
  'AWS/Lambda FunctionName': [
    'Errors',
    'Invocations',
    'Throttles',
    'Url4xxCount',
    'Url5xxCount',
    'UrlRequestCount',
  ],
  'AWS/SQS QueueName': ['ApproximateAgeOfOldestMessage', DEAD],
  Sluice: [
    'IngestLoadsFailed-acme/prod',
    'PartitionGaps-acme/prod',
    'WriteRefused-acme/prod',
    'WriteUndeleted-acme/prod',
  ],
  'Sluice function stage': [
    'RelayAge',
    'RelayNotKept',
    'RelayRefused',
    'curations_failed',
    'curations_waiting',
    'drops_late',
    'events_landed',
    'exposures_landed',
    'groups_failures',
    'hours_short',
    'hours_since_night',
    'overflowed',
    'received',
    'refused_requests',
  ],
  'Sluice function stage reason': ['refused_requests'],
  'Sluice function stage schedule': [
    'datasets_stopped',
    'datasets_unreadable',
    'days_failed',
    'exports_failed',
    'files_left_out',
  ],
};

const schedules = ['daily', 'hourly'] as const;
const owner = '111122223333';
const everything: Partial<ConfigInput> = {
  relay: { statsig: true },
  sources: [
    {
      name: 'acme',
      bucket: 'acme-drops',
      owner,
      datasets: schedules.map((schedule) => ({
        name: schedule,
        kind: 'events',
        schedule,
        expectedBy: { hour: 9 },
      })),
    },
  ],
  exports: schedules.map((schedule) => ({
    name: schedule,
    table: 'statsig_forwarded_events',
    schedule,
    target: { bucket: `acme-${schedule}`, owner },
  })),
};

describe('an alarm', () => {
  const alarmsOf = (input: Partial<ConfigInput>) =>
    Object.values(madeResources(input).template.Resources).flatMap(({ Type, Properties }) =>
      // Those on silence: below.
      Type === 'AWS::CloudWatch::Alarm' && !('ThresholdMetricId' in Properties)
        ? [alarmText(Properties)]
        : [],
    );

  it('is on by the values of its metric', () => {
    expect(alarmsOf(everything).sort()).toEqual(ALARMS.toSorted());
  });

  it('is on by what the Function URL answers where there is one', () => {
    const added = alarmsOf({ ...everything, endpoint: { kind: 'both' } });
    expect(added.filter((text) => !ALARMS.includes(text)).sort()).toEqual([
      'concurrency: UnreservedConcurrentExecutions, Maximum 60 >= 500',
      'request-rate: Invocations acme-prod-collect, Sum 60 >= 300000',
      'url-4xx: IF(some >= 20, 100 * some / all, 0) Url4xxCount acme-prod-collect, Sum 300; UrlRequestCount acme-prod-collect, Sum 300 >= 5',
      'url-5xx: IF(some >= 5, 100 * some / all, 0) Url5xxCount acme-prod-collect, Sum 300; UrlRequestCount acme-prod-collect, Sum 300 >= 1',
    ]);
  });

  it('watches metrics by the namespace and the dimensions that they are written with', () => {
    const { Resources: all } = madeResources({ ...everything, endpoint: { kind: 'both' } }).template;
    const metrics = Object.values(all).flatMap(({ Type, Properties }): readonly Metric[] => {
      if (Type !== 'AWS::CloudWatch::Alarm') return [];
      const { Metrics, ...alone } = Object(Properties);
      const parts = Array.from(Metrics ?? [], (part) => Object(part).MetricStat?.Metric ?? []);
      return Metrics === undefined ? [alone] : parts.flat();
    });
    const watched: Record<string, string[]> = {};
    for (const { Namespace, Dimensions, MetricName } of metrics) {
      const by = [Namespace, ...Dimensions.map(({ Name }) => Name)].join(' ');
      watched[by] = [...new Set([...(watched[by] ?? []), MetricName])].sort();
    }
    expect(watched).toEqual(WATCHED);
  });

  it('costs what docs/cost.md says, $0.10 for each metric that it reads, and for three with a band', () => {
    const read = Object.values(Resources).map(({ Type, Properties }) => {
      if (Type !== 'AWS::CloudWatch::Alarm') return 0;
      const { Metrics, ThresholdMetricId } = Object(Properties);
      const metrics = Array.from(Metrics ?? [], (part) => Object(part).MetricStat ?? []).flat().length;
      return (Metrics === undefined ? 1 : metrics) * (ThresholdMetricId === undefined ? 1 : 3);
    });
    const dollars = (read.reduce((sum, count) => sum + count, 0) / 10).toFixed(2);
    expect(textOf('docs', 'cost.md')).toContain(`| alarms | ${dollars} | ${dollars} |`);
  });

  it('is read with all others of a deployment at once', async () => {
    const asked: DescribeAlarmsCommandInput[] = [];
    const cloudwatch = answeredBy(CloudWatchClient, ({ input }: AskedCall<DescribeAlarmsCommandInput>) => {
      asked.push(input);
      return {};
    });
    const config = defineConfig({ bucket: 'acme', ...everything });
    await readAlarms({ cloudwatch, stack: { service: 'acme', stage: 'prod' }, config });
    // Those of ALARMS, and the two on silence.
    expect(asked.map(({ AlarmNames = [] }) => AlarmNames.length)).toEqual([ALARMS.length + 2]);
    // CloudWatch answers 50 by default: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
    expect(asked).toMatchObject([{ MaxRecords: 100 }]);
  });

  it('of sources, exports, curated days and relay is left out without them', () => {
    const parts = alarmsOf({ curate: false }).map((text) => text.replace(/-?[a-z\d]*: .*/, ''));
    expect(parts.filter((part) => /^(?:ingest|export|curat|relay)/.test(part))).toEqual([]);
  });

  it('of hourly datasets is left out if there are only daily ones', () => {
    const [dataset] = everything.sources?.[0]?.datasets ?? [];
    const sources = [
      {
        name: 'acme',
        bucket: 'acme-drops',
        owner,
        datasets: dataset ? [dataset] : [],
      },
    ];
    expect(alarmsOf({ sources }).filter((text) => /hourly/.test(text))).toEqual([]);
  });
});

describe('a metric of log lines', () => {
  const { Resources: ofSources } = madeResources({ sources: everything.sources }).template;
  it.each([
    { name: 'WriteRefused', logGroup: 'Write' },
    { name: 'WriteUndeleted', logGroup: 'Write' },
    { name: 'PartitionGaps', logGroup: 'Register' },
    { name: 'IngestLoadsFailed', logGroup: 'IngestDashload' },
  ])('$name is of the log of $logGroup, and has the name that its alarm watches', ({ name, logGroup }) => {
    expect(ofSources[`${name}Metric`]?.Properties).toMatchObject({
      LogGroupName: { Ref: `${logGroup}LogGroup` },
      MetricTransformations: [{ MetricName: `${name}-acme/prod` }],
    });
  });
});

describe('the alarms on silence', () => {
  it('compare the rows of each table with what CloudWatch expects, from a volume on', () => {
    expect(alarm('EventsSilentAlarm')).toMatchObject({
      AlarmName: 'acme-prod-events-silent',
      ThresholdMetricId: 'usual',
      EvaluationPeriods: 4,
      ComparisonOperator: 'LessThanLowerThreshold',
      TreatMissingData: 'ignore',
      Metrics: [
        { Id: 'all', MetricStat: { Metric: { MetricName: 'events_landed' }, Period: 900, Stat: 'Sum' } },
        { Id: 'some', Expression: 'IF(FILL(all, 0) >= 250, all, 0)', ReturnData: true },
        { Id: 'usual', Expression: 'ANOMALY_DETECTION_BAND(some, 3)', ReturnData: true },
      ],
    });
    expect(alarm('EventsSilentAlarm')).not.toHaveProperty('Threshold');
    expect(JSON.stringify(alarm('ExposuresSilentAlarm'))).toContain('exposures_landed');
  });

  // Rows that the configuration keeps from the stream count as landed: test/lib/collect/undeliveredEvents.test.ts.
  it('watch the same metrics without a stream', () => {
    const direct = madeResources({ landing: 'direct' }).template.Resources;
    expect(direct['EventsSilentAlarm']?.Properties).toEqual(alarm('EventsSilentAlarm'));
  });

  it('round the volume of a quarter of an hour up', () => {
    const { Resources: others } = madeResources({ alarms: { silenceFromPerHour: 1_001 } }).template;
    expect(JSON.stringify(others['EventsSilentAlarm'])).toContain('FILL(all, 0) >= 251,');
  });

  it('are off by configuration', () => {
    const off = madeResources({ alarms: { silenceFromPerHour: null } }).template.Resources;
    expect(Object.keys(off).filter((name) => name.includes('Silent'))).toEqual([]);
  });
});

describe('the notification of alarms', () => {
  const actionsOf = (config: Partial<ConfigInput>) =>
    Object.values(madeResources(config).template.Resources)
      .filter(({ Type }) => Type === 'AWS::CloudWatch::Alarm')
      .map(({ Properties }) => [Properties['AlarmActions'], Properties['OKActions']]);

  it('goes to the configured topic for every alarm, when it starts and when it ends', () => {
    const topicArn = 'arn:aws:sns:us-east-1:111122223333:on-call';
    const actions = actionsOf({ alarms: { topicArn } });
    expect(actions.length).toBeGreaterThan(12);
    for (const ofAlarm of actions) expect(ofAlarm).toEqual([[topicArn], [topicArn]]);
  });

  it('goes to nobody by default', () => {
    const actions = actionsOf({});
    expect(actions.length).toBeGreaterThan(12);
    for (const ofAlarm of actions) expect(ofAlarm).toEqual([undefined, undefined]);
  });
});

describe('the alarm on mangled bodies', () => {
  it('watches the metric that the collector writes', () => {
    const [line] = requestMetrics({
      stage: 'acme/prod',
      receivedAt: 0,
      requestId: null,
      latencyMs: 1,
      received: 0,
      refusedAs: 'SLUICE_COLLECT_BODY_MANGLED',
      tables: [],
      ignored: {},
    }).filter((metric) => 'reason' in metric);
    const { Namespace, MetricName, Dimensions } = watchedSchema.parse(alarm('MangledAlarm'));
    expect(line).toMatchObject({
      _aws: { CloudWatchMetrics: [{ Namespace, Dimensions: [Dimensions.map(({ Name }) => Name)] }] },
      ...Object.fromEntries(Dimensions.map(({ Name, Value }) => [Name, Value])),
      [MetricName]: 1,
    });
  });
});

describe('stacks of two services with one stage', () => {
  /** The values of `stage` by which the functions write metrics, alarms watch them, and `sluice status` reads them. */
  const stagesOf = async (service: string) => {
    const stack = { config: defineConfig({ bucket: 'acme', keysInSecret: true }), service, stage: 'prod' };
    const { provider, resources } = serviceConfiguration(stack);
    const made = JSON.stringify(resources);
    const watched = [...made.matchAll(/"Name":"stage","Value":"(.*?)"/g)].map(([, value]) => value);
    const logged = [...made.matchAll(/"MetricName":"(?:WriteRefused|PartitionGaps)-(.*?)"/g)].map(
      ([, value]) => value,
    );
    const read: (string | undefined)[] = [];
    const cloudwatch = answeredBy(CloudWatchClient, ({ input }: AskedCall<GetMetricDataCommandInput>) => {
      for (const { MetricStat } of input.MetricDataQueries ?? [])
        read.push(MetricStat?.Metric?.Dimensions?.find(({ Name }) => Name === 'stage')?.Value);
      return { MetricDataResults: [] };
    });
    await readLastRequest({ cloudwatch, stack, now: 0 }).catch(() => undefined);
    expect(watched).not.toHaveLength(0);
    expect(logged).not.toHaveLength(0);
    expect(read).not.toHaveLength(0);
    return [...new Set([provider.environment.SLUICE_STAGE, ...watched, ...logged, ...read])];
  };

  it('have metrics of their own', async () => {
    expect(await stagesOf('sluice')).toEqual(['prod']);
    expect(await stagesOf('acme-events')).toEqual(['acme-events/prod']);
  });
});

describe('the alarms on overload', () => {
  it.each(REGIONS)('include one in %s that starts before its gateway answers 429', (region) => {
    const quota = REDUCED_QUOTA.has(region) ? 2_500 : 10_000;
    const limitsOf = (endpoint: ConfigInput['endpoint']) => {
      const { template } = madeResources({ region, endpoint, architecture: 'x86_64' });
      const stage = template.extensions['HttpApiStage']?.Properties['DefaultRouteSettings'];
      return { threshold: template.Resources['StageLimitAlarm']?.Properties['Threshold'], stage };
    };
    const limits = { ThrottlingRateLimit: quota, ThrottlingBurstLimit: quota / 2 };
    expect(limitsOf({})).toEqual({ threshold: quota * 30, stage: expect.objectContaining(limits) });
    // A stage's limit beyond the account's changes nothing; the alarm must not go by it.
    expect(limitsOf({ requestsPerSecond: 40_000 }).threshold).toBe(quota * 30);
    const raised = limitsOf({ accountRequestsPerSecond: 40_000 });
    expect(raised).toEqual({
      threshold: 1_200_000,
      stage: expect.objectContaining({ ThrottlingRateLimit: 40_000 }),
    });
  });
});

describe('the alarm on experiment groups', () => {
  it('uses the metric of reads that fail', () => {
    const line = metricsLine([[collectMetrics.groups_failures, 1]], { stage: 'acme/prod' }, 0);
    const { Namespace, MetricName, Dimensions } = watchedSchema.parse(alarm('GroupsAlarm'));
    expect(line).toMatchObject({
      _aws: { CloudWatchMetrics: [{ Namespace, Dimensions: [Dimensions.map(({ Name }) => Name)] }] },
      ...Object.fromEntries(Dimensions.map(({ Name, Value }) => [Name, Value])),
      [MetricName]: 1,
    });
  });
});

import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { groupsFailureMetrics, requestMetrics } from '../../lib/collect/collectMetrics.ts';
import type { ConfigInput } from '../../lib/schema/config.ts';
import { REGIONS } from '../../lib/schema/regions.ts';
import { madeResources } from './madeResources.ts';

const { Resources } = madeResources().made;

const watchedSchema = z.object({
  Namespace: z.string(),
  MetricName: z.string(),
  Dimensions: z.array(z.object({ Name: z.string(), Value: z.string() })),
  Statistic: z.string(),
  Threshold: z.number(),
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

describe('the alarm on rows that are refused and objects that are damaged', () => {
  it('is on for each line that tells of one', () => {
    expect(Resources['WriteRefusedMetric']).toMatchObject({
      Type: 'AWS::Logs::MetricFilter',
      Properties: {
        LogGroupName: { Ref: 'WriteLogGroup' },
        FilterPattern: '{ $.event = "write_refused" || $.event = "write_damaged" }',
        MetricTransformations: [
          { MetricNamespace: 'Sluice', MetricName: 'WriteRefused-prod', MetricValue: '1' },
        ],
      },
    });
    expect(alarm('WriteRefusedAlarm')).toMatchObject({
      ...{ AlarmName: 'acme-prod-write-refused', MetricName: 'WriteRefused-prod' },
      ...{ Statistic: 'Sum', Threshold: 1, EvaluationPeriods: 1 },
    });
  });
});

describe('the alarm on partition gaps', () => {
  it('is on until a run of the registrar closes the gaps', () => {
    expect(Resources['PartitionGapsMetric']).toMatchObject({
      Type: 'AWS::Logs::MetricFilter',
      Properties: {
        LogGroupName: { Ref: 'RegisterLogGroup' },
        FilterPattern: '{ $.event = "register_daily" && $.gaps > 0 }',
        MetricTransformations: [
          { MetricNamespace: 'Sluice', MetricName: 'PartitionGaps-prod', MetricValue: '$.gaps' },
        ],
      },
    });
    expect(alarm('PartitionGapsAlarm')).toMatchObject({
      MetricName: 'PartitionGaps-prod',
      Threshold: 1,
      ...{ Period: 3_600, EvaluationPeriods: 3, DatapointsToAlarm: 1, TreatMissingData: 'notBreaching' },
    });
  });
});

describe('the alarms on silence', () => {
  it('compare the rows of each table with what CloudWatch expects, from a volume on', () => {
    expect(alarm('EventsSilentAlarm')).toMatchObject({
      ...{ AlarmName: 'acme-prod-events-silent', ThresholdMetricId: 'usual', EvaluationPeriods: 4 },
      ...{ ComparisonOperator: 'LessThanLowerThreshold', TreatMissingData: 'ignore' },
      Metrics: [
        { Id: 'all', MetricStat: { Metric: { MetricName: 'events_landed' }, Period: 900, Stat: 'Sum' } },
        { Id: 'some', Expression: 'IF(FILL(all, 0) >= 250, all, 0)', ReturnData: true },
        { Id: 'usual', Expression: 'ANOMALY_DETECTION_BAND(some, 3)', ReturnData: true },
      ],
    });
    expect(alarm('EventsSilentAlarm')).not.toHaveProperty('Threshold');
    expect(JSON.stringify(alarm('ExposuresSilentAlarm'))).toContain('exposures_landed');
    const direct = madeResources({ landing: 'direct' }).made.Resources;
    expect(JSON.stringify(direct['EventsSilentAlarm'])).toContain('events_overflowed');
  });

  it('are off by configuration', () => {
    const off = madeResources({ alarms: { silenceFromPerHour: null } }).made.Resources;
    expect(Object.keys(off).filter((name) => name.includes('Silent'))).toEqual([]);
  });
});

describe('the notification of alarms', () => {
  const actionsOf = (config: Partial<ConfigInput>) =>
    Object.values(madeResources(config).made.Resources)
      .filter(({ Type }) => Type === 'AWS::CloudWatch::Alarm')
      .map(({ Properties }) => [Properties['AlarmActions'], Properties['OKActions']]);

  it('goes to the configured topic for every alarm, when it starts and when it ends', () => {
    const topicArn = 'arn:aws:sns:us-east-1:111122223333:on-call';
    const actions = actionsOf({ alarms: { topicArn } });
    expect(actions.length).toBeGreaterThan(12);
    for (const one of actions) expect(one).toEqual([[topicArn], [topicArn]]);
  });

  it('goes to nobody by default', () => {
    for (const one of actionsOf({})) expect(one).toEqual([undefined, undefined]);
  });
});

describe('the alarm on mangled bodies', () => {
  it('uses exactly the metric that the collector writes', () => {
    const [line] = requestMetrics({
      stage: 'prod',
      receivedAt: 0,
      requestId: null,
      latencyMs: 1,
      received: 0,
      refusedAs: 'SLUICE_COLLECT_BODY_MANGLED',
      tables: [],
      ignored: {},
    }).filter((one) => 'reason' in one);
    const { Namespace, MetricName, Dimensions, Statistic, Threshold } = watchedSchema.parse(
      alarm('MangledAlarm'),
    );
    expect(line).toMatchObject({
      _aws: { CloudWatchMetrics: [{ Namespace, Dimensions: [Dimensions.map(({ Name }) => Name)] }] },
      ...Object.fromEntries(Dimensions.map(({ Name, Value }) => [Name, Value])),
      [MetricName]: 1,
    });
    expect([Statistic, Threshold]).toEqual(['Sum', 1]);
  });
});

describe('the alarms on overload', () => {
  const api = (Id: string, MetricName: string) => ({
    Id,
    MetricStat: {
      Metric: {
        Namespace: 'AWS/ApiGateway',
        MetricName,
        Dimensions: [{ Name: 'ApiId', Value: { Ref: 'HttpApi' } }],
      },
      Period: 300,
      Stat: 'Sum',
    },
    ReturnData: false,
  });

  it.each([
    ['ClientErrorsAlarm', '4xx', 5],
    ['ServerErrorsAlarm', '5xx', 1],
  ])('include %s, which measures which part of all responses of the API is %s', (id, metric, percent) => {
    expect(alarm(id)).toMatchObject({
      AlarmName: `acme-prod-api-${metric}`,
      Metrics: [{ Id: 'result', ReturnData: true }, api('some', metric), api('all', 'Count')],
      Threshold: percent,
    });
  });

  it.each([
    [10_000, 300_000],
    [2_500, 75_000],
  ])(
    'include one at half of the stage limit of %s a second, in any minute',
    (requestsPerSecond, threshold) => {
      const { made } = madeResources({ endpoint: { requestsPerSecond } });
      expect(made.Resources['StageLimitAlarm']?.Properties).toMatchObject({
        Namespace: 'AWS/ApiGateway',
        MetricName: 'Count',
        Dimensions: [{ Name: 'ApiId', Value: { Ref: 'HttpApi' } }],
        Statistic: 'Sum',
        Period: 60,
        Threshold: threshold,
      });
      expect(made.extensions['HttpApiStage']).toMatchObject({
        Properties: { DefaultRouteSettings: { ThrottlingRateLimit: requestsPerSecond } },
      });
    },
  );

  it.each(REGIONS)('include one in %s that starts before its gateway answers 429', (region) => {
    const quota = REDUCED_QUOTA.has(region) ? 2_500 : 10_000;
    const of = (endpoint: ConfigInput['endpoint']) => {
      const { made } = madeResources({ region, endpoint, architecture: 'x86_64' });
      const stage = made.extensions['HttpApiStage']?.Properties['DefaultRouteSettings'];
      return { threshold: made.Resources['StageLimitAlarm']?.Properties['Threshold'], stage };
    };
    const limits = { ThrottlingRateLimit: quota, ThrottlingBurstLimit: quota / 2 };
    expect(of({})).toEqual({ threshold: quota * 30, stage: expect.objectContaining(limits) });
    // A stage's limit beyond the account's changes nothing; the alarm must not go by it.
    expect(of({ requestsPerSecond: 40_000 }).threshold).toBe(quota * 30);
    const raised = of({ accountRequestsPerSecond: 40_000 });
    expect(raised).toEqual({
      threshold: 1_200_000,
      stage: expect.objectContaining({ ThrottlingRateLimit: 40_000 }),
    });
  });
});

describe('the alarms on failed exports', () => {
  const alarmsOf = (...schedules: readonly ('daily' | 'hourly')[]) => {
    const exports = schedules.map((schedule, i) => ({
      ...{ name: `export-${i}`, table: 'statsig_forwarded_events', schedule },
      target: { bucket: `acme-warehouse-${i}`, owner: '111122223333' },
    }));
    return Object.entries(madeResources({ exports }).made.Resources).flatMap(([id, { Properties }]) =>
      /^ExportFailed.*Alarm$/.test(id) ? [Properties] : [],
    );
  };

  it('watch each schedule separately: a good hourly run does not end the alarm of a daily one', () => {
    const byEach = alarmsOf('hourly', 'daily', 'hourly').map((properties) => ({
      name: properties['AlarmName'],
      dimensions: watchedSchema.parse(properties).Dimensions,
    }));
    expect(byEach).toEqual(
      ['daily', 'hourly'].map((schedule) => ({
        name: `acme-prod-export-failed-${schedule}`,
        dimensions: expect.arrayContaining([
          { Name: 'function', Value: 'export' },
          { Name: 'schedule', Value: schedule },
        ]),
      })),
    );
    expect(alarmsOf('daily')).toHaveLength(1);
    expect(alarmsOf()).toEqual([]);
  });
});

/** Resources of a stack with a dataset. */
function resourcesOf(dataset: object) {
  const sources = [
    {
      ...{ name: 'acme', bucket: 'acme-drops', owner: '111122223333' },
      datasets: [{ name: 'events', kind: 'events' as const, ...dataset }],
    },
  ];
  return madeResources({ sources }).made.Resources;
}

describe('the alarms on drops', () => {
  it('include one on loads by Athena, which a schedule counts every ten minutes', () => {
    const made = resourcesOf({});
    expect(made['IngestAthenaAlarm']?.Properties).toMatchObject({
      AlarmName: 'acme-prod-ingest-athena',
      MetricName: 'IngestAthenaLoadsFailed-prod',
      Statistic: 'Maximum',
      Threshold: 1,
      Period: 900,
      TreatMissingData: 'notBreaching',
    });
    expect(Object.keys(resourcesOf({ engine: 'lambda' })).filter((id) => /Athena/.test(id))).toEqual([]);
  });

  it('include one on files that loads leave out, for each schedule in use', () => {
    const [alarms, other] = ['daily', 'hourly'].map((schedule) =>
      Object.entries(resourcesOf({ schedule })).flatMap(([id, { Properties }]) =>
        id.startsWith('IngestLeftOut') ? [Properties] : [],
      ),
    );
    expect(alarms).toMatchObject([
      { AlarmName: 'acme-prod-ingest-left-out-daily', MetricName: 'files_left_out', Threshold: 1 },
    ]);
    expect(other).toMatchObject([
      {
        AlarmName: 'acme-prod-ingest-left-out-hourly',
        Dimensions: expect.arrayContaining([{ Name: 'schedule', Value: 'hourly' }]),
        TreatMissingData: 'ignore',
      },
    ]);
  });
});

describe('the alarm on experiment groups', () => {
  it('uses the metric of reads that fail, and rings when several do within an hour', () => {
    const [line] = groupsFailureMetrics('prod', 0);
    const { Namespace, MetricName, Dimensions, Threshold } = watchedSchema.parse(alarm('GroupsAlarm'));
    expect(line).toMatchObject({
      _aws: { CloudWatchMetrics: [{ Namespace, Dimensions: [Dimensions.map(({ Name }) => Name)] }] },
      ...Object.fromEntries(Dimensions.map(({ Name, Value }) => [Name, Value])),
      [MetricName]: 1,
    });
    expect([alarm('GroupsAlarm')?.['Period'], Threshold]).toEqual([3_600, 3]);
  });
});

describe('the alarm on overdue drops', () => {
  it('exists, with its scheduled check, as soon as one dataset has an expected time', () => {
    const made = resourcesOf({ expectedBy: { hour: 9 } });
    expect(made['IngestLateAlarm']?.Properties).toMatchObject({
      AlarmName: 'acme-prod-ingest-late',
      Namespace: 'Sluice',
      MetricName: 'drops_late',
      Dimensions: [
        { Name: 'function', Value: 'ingest-plan' },
        { Name: 'stage', Value: 'prod' },
      ],
      Statistic: 'Maximum',
      Threshold: 1,
      TreatMissingData: 'ignore',
    });
    expect(made['IngestExpectedSchedule']?.Properties).toMatchObject({
      ScheduleExpression: 'cron(5 * * * ? *)',
      Target: { Arn: { 'Fn::GetAtt': ['IngestPlanQueue', 'Arn'] }, Input: '{"sluice":"expected"}' },
    });
    const without = Object.keys(resourcesOf({}));
    expect(without.filter((id) => /^Ingest(Late|Expected)/.test(id))).toEqual([]);
  });
});

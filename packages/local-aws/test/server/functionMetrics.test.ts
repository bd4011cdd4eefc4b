import { fileURLToPath } from 'node:url';
import { CloudWatchClient, DescribeAlarmsCommand, GetMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { HOUR_MS } from '../../src/base/clock.ts';
import { MovableClock } from '../../src/base/index.ts';
import type { LocalAws } from '../../src/server/index.ts';
import { startTestAws } from '../../src/testing/index.ts';

const att = (id: string) => ({ 'Fn::GetAtt': [id, 'Arn'] });
const template = {
  Resources: {
    Function: {
      Type: 'AWS::Lambda::Function',
      Properties: {
        FunctionName: 'picky',
        Handler: 'picky.handler',
        Runtime: 'nodejs24.x',
        Role: 'arn:aws:iam::000000000000:role/picky',
        LoggingConfig: { LogFormat: 'JSON', SystemLogLevel: 'WARN' },
        Code: { S3Bucket: 'b', S3Key: 'k' },
      },
    },
    Api: { Type: 'AWS::ApiGatewayV2::Api', Properties: { Name: 'api', ProtocolType: 'HTTP' } },
    Integration: {
      Type: 'AWS::ApiGatewayV2::Integration',
      Properties: {
        ApiId: { Ref: 'Api' },
        IntegrationType: 'AWS_PROXY',
        IntegrationUri: att('Function'),
        PayloadFormatVersion: '2.0',
      },
    },
    Route: {
      Type: 'AWS::ApiGatewayV2::Route',
      Properties: {
        ApiId: { Ref: 'Api' },
        RouteKey: 'POST /',
        Target: { 'Fn::Join': ['/', ['integrations', { Ref: 'Integration' }]] },
      },
    },
    Failing: {
      Type: 'AWS::CloudWatch::Alarm',
      Properties: {
        AlarmName: 'failing',
        Namespace: 'AWS/Lambda',
        MetricName: 'Errors',
        Dimensions: [{ Name: 'FunctionName', Value: { Ref: 'Function' } }],
        Statistic: 'Sum',
        Period: 60,
        EvaluationPeriods: 1,
        Threshold: 1,
        ComparisonOperator: 'GreaterThanOrEqualToThreshold',
        TreatMissingData: 'notBreaching',
      },
    },
  },
};

let clock: MovableClock;
let aws: LocalAws;
let close: () => Promise<void>;
let cloudwatch: CloudWatchClient;
let logs: CloudWatchLogsClient;
beforeEach(async () => {
  clock = new MovableClock();
  const codeDirectory = fileURLToPath(new URL('../fixtures/functions', import.meta.url));
  const cloud = await startTestAws({ stack: { template, codeDirectory }, clock });
  ({ aws, close } = cloud);
  const { options } = cloud;
  cloudwatch = new CloudWatchClient(options);
  logs = new CloudWatchLogsClient(options);
});
afterEach(async () => {
  cloudwatch.destroy();
  logs.destroy();
  await close();
});

const post = async (body: string) => (await fetch(`${aws.api}/`, { method: 'POST', body })).status;

/** A statistic of the last hour. */
async function metric(name: string, Stat: string): Promise<number | undefined> {
  const { MetricDataResults } = await cloudwatch.send(
    new GetMetricDataCommand({
      StartTime: new Date(clock.now() - HOUR_MS),
      EndTime: new Date(clock.now() + 60_000),
      MetricDataQueries: [
        {
          Id: 'm',
          MetricStat: {
            Metric: {
              Namespace: 'AWS/Lambda',
              MetricName: name,
              Dimensions: [{ Name: 'FunctionName', Value: 'picky' }],
            },
            Period: 3_600,
            Stat,
          },
        },
      ],
    }),
  );
  const values = MetricDataResults?.[0]?.Values ?? [];
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0);
}

const alarmState = async () =>
  (await cloudwatch.send(new DescribeAlarmsCommand({ AlarmNames: ['failing'] }))).MetricAlarms?.[0]
    ?.StateValue;

it('counts the invocations of a function, its errors and its time, for questions and alarms', async () => {
  expect(await metric('Invocations', 'Sum')).toBeUndefined();
  for (const body of ['a', 'b', 'c']) expect(await post(body)).toBe(204);
  expect(await metric('Errors', 'Sum')).toBe(0);
  await clock.advance(60_000);
  expect(await alarmState()).toBe('OK');
  expect(await post('fail')).toBe(500);
  expect(await metric('Invocations', 'Sum')).toBe(4);
  expect(await metric('Errors', 'Sum')).toBe(1);
  expect(await metric('Throttles', 'Sum')).toBe(0);
  expect(await metric('Duration', 'SampleCount')).toBe(4);
  expect(await metric('Duration', 'Minimum')).toBeGreaterThan(0);
  expect(await alarmState()).toBe('ALARM');
});

it('counts an invocation that was throttled as such, and one with too much payload not at all', async () => {
  expect(await post('a')).toBe(204);
  expect(await post('x'.repeat(6 * 1024 ** 2))).toBe(413);
  aws.faults.set({ lambda: [{ fault: 'throttleInvocations', function: 'picky' }] });
  expect(await post('a')).toBe(503);
  expect(await metric('Throttles', 'Sum')).toBe(1);
  expect(await metric('Invocations', 'Sum')).toBe(1);
  expect(await metric('Errors', 'Sum')).toBe(0);
});

it('reports invocations that failed, and those that ran out of time, in the log of the function, and none that was refused', async () => {
  expect(await post('fail')).toBe(500);
  expect(await post('x'.repeat(6 * 1024 ** 2))).toBe(413);
  aws.faults.set({ lambda: [{ fault: 'timeOutInvocations', function: 'picky', afterMs: 1 }] });
  expect(await post('a')).toBe(500);
  const { events = [] } = await logs.send(
    new FilterLogEventsCommand({
      logGroupName: '/aws/lambda/picky',
      filterPattern: '{ $.record.status != "success" }',
    }),
  );
  const records = events.map(({ message = '' }) => JSON.parse(message));
  const requestId = expect.stringMatching(/^[0-9a-f-]{36}$/);
  expect(records).toMatchObject([
    { type: 'platform.report', record: { status: 'error', errorType: 'TypeError', requestId } },
    { type: 'platform.report', record: { status: 'timeout', requestId } },
  ]);
});

import { CloudWatchClient, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DAY_MS, MINUTE_MS } from '../../src/base/clock.ts';
import { ManualClock } from '../../src/base/index.ts';
import { cloudWatchService } from '../../src/cloudwatch/index.ts';
import { MetricStore } from '../../src/cloudwatch/MetricStore.ts';
import type { ResolvedResource } from '../../src/template/resolveTemplate.ts';
import { startServices } from '../../src/testing/startServices.ts';
import { temporaryDirectory } from '../../src/testing/temporaryDirectory.ts';

const NOON = Date.UTC(2026, 10, 20, 12);

describe('alarms', () => {
  let directory: ReturnType<typeof temporaryDirectory>;
  let clock: ManualClock;
  let store: MetricStore;
  let client: CloudWatchClient;
  let resources: ResolvedResource[];
  let deployedMs: number;
  let updatedMs: number | undefined;
  let close: () => Promise<void>;
  beforeEach(async () => {
    directory = temporaryDirectory();
    clock = new ManualClock(NOON);
    resources = [];
    deployedMs = NOON - 60 * MINUTE_MS;
    updatedMs = undefined;
    store = MetricStore.open({ directory: directory.path, clock });
    const services = await startServices([
      cloudWatchService({
        metrics: store,
        clock,
        beforeReading: () => undefined,
        stack: () => ({ resources, createdMs: deployedMs, updatedMs }),
      }),
    ]);
    client = new CloudWatchClient(services.options);
    close = async () => {
      client.destroy();
      await services.close();
      store.close();
      directory.remove();
    };
  });
  afterEach(() => close());

  const deploy = (type: string, name: string, properties: object) =>
    resources.push({
      logicalId: name,
      type,
      physicalId: name,
      locally: 'inert',
      arn: `arn:aws:cloudwatch:us-east-1:000000000000:alarm:${name}`,
      properties: { ...properties },
    });
  const deployAlarm = (name: string, more: object = {}) =>
    deploy('AWS::CloudWatch::Alarm', name, {
      Namespace: 'Shop',
      MetricName: 'failed',
      Statistic: 'Sum',
      Period: 300,
      EvaluationPeriods: 1,
      Dimensions: [{ Name: 'function', Value: 'collect' }],
      Threshold: 3,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      TreatMissingData: 'notBreaching',
      ...more,
    });
  const measure = (at: number, value: number, name = 'failed') =>
    store.add([
      {
        metric: { namespace: 'Shop', name, unit: 'Count', dimensions: [['function', 'collect']] },
        at,
        values: [value],
      },
    ]);
  const describeAlarms = async (input: object = {}) => {
    const { MetricAlarms = [] } = await client.send(new DescribeAlarmsCommand(input));
    return MetricAlarms;
  };
  const states = async () =>
    Object.fromEntries(
      (await describeAlarms()).map(({ AlarmName = '', StateValue }) => [AlarmName, StateValue]),
    );

  it('are on while their metric reaches the threshold, and say since when', async () => {
    deployAlarm('many', { AlarmDescription: 'Too many', AlarmActions: ['arn:aws:sns:x'] });
    expect(await states()).toEqual({ many: 'OK' });
    measure(NOON - 3 * MINUTE_MS, 2);
    expect(await states()).toEqual({ many: 'OK' });
    measure(NOON - MINUTE_MS, 1);
    const [alarm] = await describeAlarms();
    expect(alarm).toMatchObject({
      AlarmName: 'many',
      AlarmDescription: 'Too many',
      AlarmActions: ['arn:aws:sns:x'],
      StateValue: 'ALARM',
      ActionsEnabled: true,
      Threshold: 3,
      Period: 300,
      StateTransitionedTimestamp: new Date(NOON - MINUTE_MS),
    });
    await clock.advance(10 * MINUTE_MS);
    expect(await states()).toEqual({ many: 'OK' });
  });

  it('say since when by a clock that was set back after the deployment', async () => {
    deployAlarm('many');
    deployedMs = NOON + 60 * MINUTE_MS;
    measure(NOON - 3 * MINUTE_MS, 5);
    const [alarm] = await describeAlarms();
    expect(alarm).toMatchObject({
      StateValue: 'ALARM',
      StateTransitionedTimestamp: new Date(NOON - 3 * MINUTE_MS),
    });
  });

  it('say since when also after days, and of an alarm that was changed meanwhile', async () => {
    deployAlarm('lasting', { TreatMissingData: 'breaching' });
    deployAlarm('kept', { TreatMissingData: 'ignore' });
    measure(NOON - 4 * MINUTE_MS, 1);
    measure(NOON - 2 * MINUTE_MS, 5);
    const times = async () =>
      (await describeAlarms()).map((alarm) => [alarm.StateValue, alarm.StateTransitionedTimestamp]);
    const since = ['ALARM', new Date(NOON - 2 * MINUTE_MS)];
    expect(await times()).toEqual([since, since]);
    await clock.advance(3 * DAY_MS);
    updatedMs = clock.now() - MINUTE_MS;
    expect(await times()).toEqual([since, since]);
  });

  it('wait for as many periods as they evaluate', async () => {
    deployAlarm('lasting', { EvaluationPeriods: 3 });
    for (const ago of [1, 6]) measure(NOON - ago * MINUTE_MS, 5);
    expect(await states()).toEqual({ lasting: 'OK' });
    measure(NOON - 11 * MINUTE_MS, 5);
    expect(await states()).toEqual({ lasting: 'ALARM' });
  });

  it('need some of the periods that they evaluate', async () => {
    deployAlarm('some', { EvaluationPeriods: 3, DatapointsToAlarm: 2 });
    measure(NOON - 11 * MINUTE_MS, 5);
    expect(await states()).toEqual({ some: 'OK' });
    measure(NOON - MINUTE_MS, 5);
    expect(await states()).toEqual({ some: 'ALARM' });
  });

  it('count missing periods as breaching, if they say so', async () => {
    deployAlarm('some', { EvaluationPeriods: 3, DatapointsToAlarm: 2, TreatMissingData: 'breaching' });
    measure(NOON - MINUTE_MS, 1);
    expect(await states()).toEqual({ some: 'ALARM' });
    measure(NOON - 6 * MINUTE_MS, 1);
    expect(await states()).toEqual({ some: 'OK' });
  });

  it('treat missing data as they say', async () => {
    for (const TreatMissingData of ['missing', 'ignore', 'breaching', 'notBreaching'])
      deployAlarm(TreatMissingData, { TreatMissingData });
    const empty = {
      missing: 'INSUFFICIENT_DATA',
      ignore: 'INSUFFICIENT_DATA',
      breaching: 'ALARM',
      notBreaching: 'OK',
    };
    expect(await states()).toEqual(empty);
    measure(NOON - MINUTE_MS, 5);
    const all = { missing: 'ALARM', ignore: 'ALARM', breaching: 'ALARM', notBreaching: 'ALARM' };
    expect(await states()).toEqual(all);
    await clock.advance(30 * MINUTE_MS);
    expect(await states()).toEqual({ ...empty, ignore: 'ALARM' });
  });

  it.each([
    { Statistic: 'Maximum', ComparisonOperator: 'GreaterThanThreshold', Threshold: 4, state: 'OK' },
    { Statistic: 'Maximum', ComparisonOperator: 'GreaterThanThreshold', Threshold: 3.9, state: 'ALARM' },
    { Statistic: 'Minimum', ComparisonOperator: 'LessThanThreshold', Threshold: 2, state: 'OK' },
    { Statistic: 'Minimum', ComparisonOperator: 'LessThanThreshold', Threshold: 2.1, state: 'ALARM' },
    { Statistic: 'Average', ComparisonOperator: 'LessThanOrEqualToThreshold', Threshold: 2.9, state: 'OK' },
    { Statistic: 'Average', ComparisonOperator: 'LessThanOrEqualToThreshold', Threshold: 3, state: 'ALARM' },
    { Statistic: 'Sum', ComparisonOperator: 'GreaterThanOrEqualToThreshold', Threshold: 6.1, state: 'OK' },
    { Statistic: 'Sum', ComparisonOperator: 'GreaterThanOrEqualToThreshold', Threshold: 6, state: 'ALARM' },
    { Statistic: 'SampleCount', ComparisonOperator: 'GreaterThanThreshold', Threshold: 2, state: 'OK' },
    { Statistic: 'SampleCount', ComparisonOperator: 'GreaterThanThreshold', Threshold: 1, state: 'ALARM' },
  ])(
    'of the values 2 and 4 are $state by $Statistic $ComparisonOperator $Threshold',
    async ({ state, ...compared }) => {
      measure(NOON - MINUTE_MS, 2);
      measure(NOON - MINUTE_MS, 4);
      deployAlarm('compared', compared);
      expect(await states()).toEqual({ compared: state });
    },
  );

  it('have no data where the metric is not here: of services, of filters, and metric math', async () => {
    deployAlarm('service', { Namespace: 'AWS/SQS' });
    deployAlarm('filter', { MetricName: 'parked', Dimensions: [] });
    deploy('AWS::CloudWatch::Alarm', 'math', { Metrics: [], EvaluationPeriods: 1, Threshold: 1 });
    deploy('AWS::Logs::MetricFilter', 'made', {
      MetricTransformations: [{ MetricNamespace: 'Shop', MetricName: 'parked', MetricValue: '1' }],
    });
    const alarms = await describeAlarms();
    expect(
      alarms.map(({ AlarmName, StateValue, StateReason }) => [AlarmName, StateValue, StateReason]),
    ).toEqual([
      ['filter', 'INSUFFICIENT_DATA', expect.stringContaining('metric filters')],
      ['math', 'INSUFFICIENT_DATA', expect.stringContaining('metric math')],
      ['service', 'INSUFFICIENT_DATA', expect.stringContaining('AWS/SQS')],
    ]);
  });

  it.each([
    { member: 'Period', properties: { Period: 30 } },
    { member: 'Unit', properties: { Unit: 'Seconds' } },
    { member: 'Statistic', properties: { Statistic: undefined, ExtendedStatistic: 'p99' } },
    { member: 'ComparisonOperator', properties: { ComparisonOperator: 'LessThanLowerThreshold' } },
    { member: 'TreatMissingData', properties: { EvaluationPeriods: 3, TreatMissingData: 'missing' } },
    { member: 'TreatMissingData', properties: { EvaluationPeriods: 3, TreatMissingData: 'ignore' } },
  ])('are not evaluated by $properties, and name $member', async ({ member, properties }) => {
    measure(NOON - MINUTE_MS, 5);
    deployAlarm('other', properties);
    expect(await describeAlarms()).toMatchObject([
      { StateValue: 'INSUFFICIENT_DATA', StateReason: expect.stringContaining(member) },
    ]);
  });

  const describedNames = async (input: object) =>
    (await describeAlarms(input)).map(({ AlarmName }) => AlarmName);

  it('are found by name', async () => {
    for (const name of ['a', 'b']) deployAlarm(name);
    expect(await describedNames({ AlarmNames: ['b', 'c'] })).toEqual(['b']);
  });

  it('are described in pages', async () => {
    for (const name of ['a', 'b', 'c']) deployAlarm(name);
    const { MetricAlarms, NextToken } = await client.send(new DescribeAlarmsCommand({ MaxRecords: 2 }));
    expect(MetricAlarms).toHaveLength(2);
    expect(await describedNames({ MaxRecords: 2, NextToken })).toEqual(['c']);
  });

  it('are described by 100 names, 100 on a page', async () => {
    deployAlarm('a');
    const AlarmNames = Array.from({ length: 100 }, (_, i) => (i === 0 ? 'a' : `none ${i}`));
    expect(await describedNames({ AlarmNames, MaxRecords: 100 })).toEqual(['a']);
  });

  it.each([
    { what: '101 names', input: { AlarmNames: Array(101).fill('a') } },
    { what: 'pages of 101', input: { MaxRecords: 101 } },
    { what: 'pages of none', input: { MaxRecords: 0 } },
  ])('are not described by $what', async ({ input }) => {
    await expect(describeAlarms(input)).rejects.toMatchObject({ name: 'ValidationException' });
  });

  it('are on no page of a token that was not given out', async () => {
    await expect(describeAlarms({ NextToken: 'x' })).rejects.toMatchObject({ name: 'InvalidNextToken' });
  });

  it.each(['AlarmNamePrefix', 'StateValue'])(
    'are not found by %s, which is refused by name',
    async (member) => {
      await expect(describeAlarms({ [member]: 'OK' })).rejects.toMatchObject({
        name: 'NotImplemented',
        message: expect.stringContaining(member),
      });
    },
  );
});

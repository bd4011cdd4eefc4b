import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { expect, it } from '@jest/globals';
import { defineConfig } from '../../../../lib/config/defineConfig.ts';
import { readAlarms } from '../../../../observe/facts/flow/alarms.ts';
import { answeredBy, answering } from '../../../harness/answering.ts';

const config = defineConfig({ bucket: 'acme-experiments' });
const stack = { service: 'sluice', stage: 'dev' };

const ACTIONS = ['arn:aws:sns:us-east-1:111122223333:oncall'];
it.each([
  { notifies: 'notifies somebody', what: 'has an action', alarm: { AlarmActions: ACTIONS }, isTold: true },
  { notifies: 'notifies nobody', what: 'has no action', alarm: {}, isTold: false },
  {
    notifies: 'notifies nobody',
    what: 'has an action that is switched off',
    alarm: { AlarmActions: ACTIONS, ActionsEnabled: false },
    isTold: false,
  },
])('an alarm that $what $notifies', async ({ alarm, isTold }) => {
  const cloudwatch = answeredBy(CloudWatchClient, () => ({ MetricAlarms: [alarm] }));
  expect(await readAlarms({ cloudwatch, stack, config })).toMatchObject([{ notifies: isTold }]);
});

it('the alarms of the stack are asked for by their names, in one call of as many as CloudWatch takes', async () => {
  const { client: cloudwatch, asked } = answering(CloudWatchClient, {});
  await readAlarms({ cloudwatch, stack, config });
  const [
    {
      name,
      input: { AlarmNames = [], MaxRecords },
    } = { name: '', input: {} },
  ] = asked;
  expect({ name, MaxRecords }).toEqual({ name: 'DescribeAlarms', MaxRecords: 100 });
  expect(AlarmNames).toEqual(expect.arrayContaining(['sluice-dev-overflow', 'sluice-dev-collect-throttled']));
});

it('an alarm has what CloudWatch says of it, and says so where it says nothing', async () => {
  const cloudwatch = answeredBy(CloudWatchClient, () => ({
    MetricAlarms: [
      {
        AlarmName: 'a',
        AlarmDescription: 'd',
        StateValue: 'ALARM',
        StateReason: 'r',
        StateTransitionedTimestamp: new Date(1_000),
        StateUpdatedTimestamp: new Date(2_000),
      },
      {},
    ],
  }));
  expect(await readAlarms({ cloudwatch, stack, config })).toEqual([
    {
      name: 'a',
      description: 'd',
      state: 'ALARM',
      since: '1970-01-01T00:00:01.000Z',
      reason: 'r',
      notifies: false,
    },
    { name: '', description: '', state: 'INSUFFICIENT_DATA', since: null, reason: '', notifies: false },
  ]);
});

import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { expect, it } from '@jest/globals';
import { defineConfig } from '../../../../lib/config/defineConfig.ts';
import { readAlarms } from '../../../../observe/facts/flow/alarms.ts';
import { answeredBy } from '../../../harness/answering.ts';

it.each([
  { what: 'has an action', alarm: { AlarmActions: ['arn:aws:sns:us-east-1:1:a'] }, notifies: true },
  { what: 'has no action', alarm: {}, notifies: false },
  {
    what: 'has an action that is switched off',
    alarm: { AlarmActions: ['arn:aws:sns:us-east-1:1:a'], ActionsEnabled: false },
    notifies: false,
  },
])('an alarm that $what notifies: $notifies', async ({ alarm, notifies }) => {
  const cloudwatch = answeredBy(CloudWatchClient, () => ({ MetricAlarms: [alarm] }));
  const config = defineConfig({ bucket: 'acme-experiments' });
  const stack = { service: 'sluice', stage: 'dev' };
  expect(await readAlarms({ cloudwatch, stack, config })).toMatchObject([{ notifies }]);
});

it('an alarm has what CloudWatch says of it, and as many as the template has are asked for by name', async () => {
  const asked: unknown[] = [];
  const cloudwatch = answeredBy(CloudWatchClient, ({ input }) => {
    asked.push(input['AlarmNames']);
    return {
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
    };
  });
  const config = defineConfig({ bucket: 'acme-experiments' });
  expect(await readAlarms({ cloudwatch, stack: { service: 'sluice', stage: 'dev' }, config })).toEqual([
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
  expect(asked).toEqual([expect.arrayContaining(['sluice-dev-overflow'])]);
});

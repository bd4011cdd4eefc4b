import { expect, it } from '@jest/globals';
import { defineConfig } from '../../../../lib/config/defineConfig.ts';
import { readAlarms } from '../../../../observe/facts/flow/alarms.ts';

it.each([
  { what: 'has an action', alarm: { AlarmActions: ['arn:aws:sns:us-east-1:1:a'] }, notifies: true },
  { what: 'has no action', alarm: {}, notifies: false },
  {
    what: 'has an action that is switched off',
    alarm: { AlarmActions: ['arn:aws:sns:us-east-1:1:a'], ActionsEnabled: false },
    notifies: false,
  },
])('an alarm that $what notifies: $notifies', async ({ alarm, notifies }) => {
  const cloudwatch = { send: async () => ({ MetricAlarms: [alarm] }) } as never;
  const config = defineConfig({ bucket: 'acme-experiments' });
  const stack = { service: 'sluice', stage: 'dev' };
  expect(await readAlarms({ cloudwatch, stack, config })).toMatchObject([{ notifies }]);
});

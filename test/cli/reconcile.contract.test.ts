import { afterAll, expect, it } from '@jest/globals';
import { ManualClock } from '../../packages/local-aws/src/base/index.ts';
import { startAws } from '../harness/startAws.ts';

const DAY = '2026-11-18';
const aws = await startAws({ clock: new ManualClock(Date.UTC(2026, 10, 20, 12)) });
aws.store.createBucket('acme');
const command = aws.commands({ bucket: 'acme' });
afterAll(() => aws.close());
const hour = { hour: 4, table_name: 'events', accepted: 9, finished: 2, missing: 7, unproved: 0, ds: DAY };
const judged = JSON.stringify({ ...hour, state: 'short', why: null });
await aws.store.put('acme', `statsig/ingested/received_hours/${DAY}.json`, judged);

it('sluice reconcile answers what a night has judged of a day', async () => {
  const { code, stdout } = await command('reconcile', '--day', DAY, '--json');
  expect({ code, ...JSON.parse(stdout) }).toMatchObject({
    code: 3,
    closes: false,
    day: DAY,
    hours: [{ hour: 4, missing: 7, state: 'short' }],
  });
});

// No metrics are here.
it.each([
  { what: 'of a day that no night has judged', options: ['--day', '2026-11-19'] },
  { what: 'of one that is judged anew', options: ['--day', DAY, '--deep'] },
  { what: 'of today', options: [] },
])('sluice reconcile looks itself $what', async ({ options }) => {
  const { code, stderr } = await command('reconcile', ...options);
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(/^SLUICE_AWS_FAILED: /) });
});

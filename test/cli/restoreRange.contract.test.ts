import { expect, it } from '@jest/globals';
import { addDays } from '../../lib/base/time.ts';
import { callMain } from '../harness/callMain.ts';

const TO = '2026-11-20';
/** Restores days of a table of a deployment that nobody can reach. */
const restore = (days: number): ReturnType<typeof callMain> =>
  callMain([
    'restore',
    '--table',
    'events',
    '--from',
    addDays(TO, 1 - days),
    '--to',
    TO,
    '--endpoint-url',
    'http://127.0.0.1:9',
    '--region',
    'us-east-1',
    '--local',
  ]);

it('sluice restore takes as many days as a backfill, and not one more', async () => {
  expect((await restore(3_661)).code).toBe(2);
  expect((await restore(3_660)).code).toBe(1);
});

import { expect, it } from '@jest/globals';
import { DAY_MS, HOUR_MS } from '../../../../lib/base/time.ts';
import type { ReceivedHour } from '../../../../lib/reconcile/receivedHours.ts';
import { undeliveredHours } from '../../../../observe/facts/tables/receivedHours.ts';
import { metricClient } from '../../../harness/metricClient.ts';

const EIGHT = Date.UTC(2026, 10, 20, 8);

/** Hours of one day that are short. */
const short = (...hours: readonly number[]) =>
  hours.map((hour) => ({ ds: '2026-11-20', hour, state: 'short' }) as ReceivedHour);

/** Hours of which the stream has delivered nothing, and why, by the hours from eight until now. */
async function undelivered(rows: readonly ReceivedHour[], hoursLater: number) {
  const cloudwatch = metricClient({
    'IncomingRecords Sum stream': [8, 9, 10].map((hour) => [EIGHT + (hour - 8) * HOUR_MS, 5]),
    // What came at nine was delivered a day later, and what came at ten an hour after that.
    'DeliveryToS3.Records Sum stream': [[EIGHT + DAY_MS + HOUR_MS, 1]],
  });
  const deployment = { cloudwatch, now: EIGHT + hoursLater * HOUR_MS };
  const found = await undeliveredHours(deployment, rows, async () => 'stream');
  return found.map(({ hour, why }) => `${new Date(hour).getUTCHours()} ${why}`);
}

it('of hours of which events are missing the stream has dropped those that it did not deliver within a day', async () => {
  expect(await undelivered(short(8, 8, 9, 10), 48)).toEqual(['8 dropped', '9 dropped']);
});

it('the stream may still deliver what it was given less than a day ago', async () => {
  expect(await undelivered(short(8), 25)).toEqual(['8 dropped']);
  expect(await undelivered(short(8), 24.99)).toEqual([]);
  const whole = short(8).map((row): ReceivedHour => ({ ...row, state: 'whole' }));
  expect(await undelivered(whole, 48)).toEqual([]);
});

it('the stream was given nothing of an hour before it was made, which is known at once', async () => {
  expect(await undelivered(short(7, 8, 11), 4)).toEqual(['7 notGiven', '11 notGiven']);
});

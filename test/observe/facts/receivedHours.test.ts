import { expect, it } from '@jest/globals';
import { DAY_MS, HOUR_MS } from '../../../lib/base/time.ts';
import type { ReceivedHour } from '../../../lib/reconcile/receivedHours.ts';
import { undeliveredHours } from '../../../observe/facts/receivedHours.ts';
import { metricClient } from '../../harness/metricClient.ts';
import { shortHour } from '../statusFacts.ts';

const EIGHT = Date.UTC(2026, 10, 20, 8);

/** These hours of one day, of each of which events are missing. */
const short = (...hours: readonly number[]) => hours.map((hour): ReceivedHour => ({ ...shortHour, hour }));

/** The hours of which the stream has delivered nothing, and why. @param hoursLater From eight until now. */
async function undelivered(rows: readonly ReceivedHour[], hoursLater: number) {
  const cloudwatch = metricClient({
    'IncomingRecords Sum stream': [8, 9, 10].map((hour) => [EIGHT + (hour - 8) * HOUR_MS, 5]),
    // At nine the next day: later than 24 hours after nine, and within 24 hours after ten.
    'DeliveryToS3.Records Sum stream': [[EIGHT + DAY_MS + HOUR_MS, 1]],
  });
  const deployment = { cloudwatch, now: EIGHT + hoursLater * HOUR_MS };
  const found = await undeliveredHours(deployment, rows, async () => 'stream');
  return found.map(({ hour, why }) => ({ hour: new Date(hour).getUTCHours(), why }));
}

it('the stream has dropped each hour of which events are missing, and of which it delivered nothing within a day', async () => {
  expect(await undelivered(short(8, 8, 9, 10), 48)).toEqual([
    { hour: 8, why: 'dropped' },
    { hour: 9, why: 'dropped' },
  ]);
});

it('the stream may still deliver what it was given less than a day ago', async () => {
  expect(await undelivered(short(8), 25)).toEqual([{ hour: 8, why: 'dropped' }]);
  expect(await undelivered(short(8), 24.99)).toEqual([]);
});

it('nothing is told of hours of which no event is missing', async () => {
  const whole = short(8).map((row): ReceivedHour => ({ ...row, state: 'whole' }));
  expect(await undelivered(whole, 48)).toEqual([]);
});

it('that the stream was given nothing of an hour is known at once', async () => {
  expect(await undelivered(short(7, 8, 11), 4)).toEqual([
    { hour: 7, why: 'notGiven' },
    { hour: 11, why: 'notGiven' },
  ]);
});

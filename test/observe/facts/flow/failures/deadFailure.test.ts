import { expect, it } from '@jest/globals';
import { MINUTE_MS } from '../../../../../lib/base/time.ts';
import { triesOf } from '../../../../../observe/facts/flow/failures/deadFailure.ts';

const NOW = Date.UTC(2026, 10, 20, 12);

it.each([
  { part: 'ingest-load', minutes: 92 },
  { part: 'write', minutes: 18 },
] as const)(
  'the last try of a dead letter of $part began up to $minutes minutes before it moved',
  ({ part, minutes }) => {
    expect(triesOf(part, NOW)).toEqual({ startTime: NOW - minutes * MINUTE_MS, endTime: NOW + MINUTE_MS });
  },
);

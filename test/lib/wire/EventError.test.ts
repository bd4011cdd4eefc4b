import { expect, it } from '@jest/globals';
import { eventRefusal } from '../../../lib/wire/EventError.ts';

it('events are refused with one error for each reason and detail', () => {
  // The errors outlive a suite: this detail is of no other.
  const detail = 'detail of EventError.test.ts';
  const error = eventRefusal('SLUICE_EVENT_BAD_TIME', detail);
  expect(error).toMatchObject({ code: 'SLUICE_EVENT_BAD_TIME', detail });
  expect(eventRefusal('SLUICE_EVENT_BAD_TIME', detail)).toBe(error);
  expect(eventRefusal('SLUICE_EVENT_BAD_TIME')).not.toBe(error);
});

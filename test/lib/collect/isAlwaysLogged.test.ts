import { expect, it } from '@jest/globals';
import { type AnsweredRequest, CLOCK_OFF_MS, isAlwaysLogged } from '../../../lib/collect/isAlwaysLogged.ts';

const STORED: AnsweredRequest = {
  status: 202,
  refused: {},
  noted: {},
  clock_skew_ms: null,
  not_streamed: null,
  relay: null,
};

it.each<{ readonly what: string; readonly fields: Partial<AnsweredRequest>; readonly isLogged: boolean }>([
  { what: 'is stored', fields: {}, isLogged: false },
  { what: 'is answered 400', fields: { status: 400 }, isLogged: true },
  { what: 'has a refused event', fields: { refused: { SLUICE_EVENT_NO_NAME: 1 } }, isLogged: true },
  { what: 'has a time before 2000', fields: { noted: { before_2000: 1 } }, isLogged: true },
  { what: 'has a time ahead', fields: { noted: { clock_ahead: 1 } }, isLogged: true },
  { what: 'has a value that is no number', fields: { noted: { not_a_number: 1 } }, isLogged: true },
  { what: 'has another note', fields: { noted: { something_else: 1 } }, isLogged: false },
  { what: 'has a clock that is hours behind', fields: { clock_skew_ms: CLOCK_OFF_MS }, isLogged: true },
  { what: 'has a clock that is hours ahead', fields: { clock_skew_ms: -CLOCK_OFF_MS }, isLogged: true },
  { what: 'has a clock that is minutes off', fields: { clock_skew_ms: CLOCK_OFF_MS - 1 }, isLogged: false },
  { what: 'is held back', fields: { not_streamed: 'held_back: SlowDown' }, isLogged: true },
  { what: 'is too large for the stream', fields: { not_streamed: 'too_large' }, isLogged: false },
  { what: 'has no copy for relay', fields: { relay: 'not_kept' }, isLogged: true },
])('logs a request that $what: $isLogged', ({ fields, isLogged }) => {
  expect(isAlwaysLogged({ ...STORED, ...fields })).toBe(isLogged);
});

import { expect, it } from '@jest/globals';
import { reasonOf, redriveExit } from '../../../cli/commands/redrive.ts';

it.each([
  { values: { from: '2026-11-18', to: '2026-11-19' }, from: '2026-11-18', to: '2026-11-19' },
  { values: { from: '2026-11-18' }, from: '2026-11-18', to: '9999-12-31' },
  { values: { to: '2026-11-19' }, from: '0001-01-01', to: '2026-11-19' },
  { values: {}, from: '0001-01-01', to: '9999-12-31' },
])('a redrive with $values is of what was received from $from to $to', async ({ values, from, to }) => {
  const reason = 'SLUICE_ROW_UNFIT';
  expect(await reasonOf({ values: { ...values, reason }, positionals: [] })).toEqual({ reason, from, to });
});

it.each([
  { failed: {}, refused: {}, code: 0 },
  { failed: {}, refused: { SLUICE_EVENT_NO_NAME: 1 }, code: 3 },
  { failed: { SlowDown: 1 }, refused: {}, code: 1 },
  { failed: { SlowDown: 1 }, refused: { SLUICE_EVENT_NO_NAME: 1 }, code: 1 },
])('a redrive that leaves $failed and $refused ends with $code', ({ code, ...left }) => {
  expect(redriveExit(left)).toBe(code);
});

import { expect, it } from '@jest/globals';
import { reasonOf, redriveExit } from '../../../cli/commands/redrive.ts';

it.each([
  {
    options: '--from and --to',
    values: { from: '2026-11-18', to: '2026-11-19' },
    from: '2026-11-18',
    to: '2026-11-19',
  },
  { options: '--from alone', values: { from: '2026-11-18' }, from: '2026-11-18', to: '9999-12-31' },
  { options: '--to alone', values: { to: '2026-11-19' }, from: '0001-01-01', to: '2026-11-19' },
  { options: 'neither', values: {}, from: '0001-01-01', to: '9999-12-31' },
])('a redrive with $options is of what was received from $from to $to', async ({ values, from, to }) => {
  const reason = 'SLUICE_ROW_UNFIT';
  expect(await reasonOf({ values: { ...values, reason }, positionals: [] })).toEqual({ reason, from, to });
});

it.each([
  { what: 'nothing', failed: {}, refused: {}, code: 0 },
  { what: 'rows that are refused again', failed: {}, refused: { SLUICE_EVENT_NO_NAME: 1 }, code: 3 },
  { what: 'rows that the bucket did not take', failed: { SlowDown: 1 }, refused: {}, code: 1 },
  { what: 'rows of both kinds', failed: { SlowDown: 1 }, refused: { SLUICE_EVENT_NO_NAME: 1 }, code: 1 },
])('a redrive that leaves $what ends with $code', ({ failed, refused, code }) => {
  expect(redriveExit({ failed, refused })).toBe(code);
});

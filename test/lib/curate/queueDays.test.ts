import { expect, it } from '@jest/globals';
import { addDays } from '../../../lib/base/time.ts';
import { type ChosenDay, chooseDays } from '../../../lib/curate/queueDays.ts';

/** A day, so many days before 2026-11-20. */
const dayOf = (ago: number, reason: ChosenDay['reason'], bytes = 1): ChosenDay => ({
  day: addDays('2026-11-20', -ago),
  reason,
  raw: { bytes, fingerprint: 'f', isArchived: false },
  ended: undefined,
  goesOn: undefined,
});

it('a night takes days that failed before after all others, each the newest first', () => {
  const chosen = chooseDays([dayOf(1, 'retried'), dayOf(3, 'new'), dayOf(0, 'retried'), dayOf(2, 'new')]);
  expect(chosen.map(({ day }) => day)).toEqual(['2026-11-18', '2026-11-17', '2026-11-20', '2026-11-19']);
});

it('a night takes 31 days, of which none that failed takes the place of another', () => {
  const failed = Array.from({ length: 31 }, (_, i) => dayOf(i, 'retried'));
  const chosen = chooseDays([...failed, dayOf(40, 'new')]);
  expect(chosen).toHaveLength(31);
  expect(chosen[0]?.day).toBe('2026-10-11');
});

it('a night takes days of 64 GB together, and smaller ones after those that have no room', () => {
  const days = [30e9, 30e9, 30e9, 4e9, 1].map((bytes, i) => dayOf(i, 'new', bytes));
  expect(chooseDays(days).map(({ day }) => day)).toEqual(['2026-11-20', '2026-11-19', '2026-11-17']);
});

it('a night takes a day that is larger than that, alone', () => {
  const chosen = chooseDays([dayOf(0, 'new', 200e9), dayOf(1, 'new')]);
  expect(chosen.map(({ day }) => day)).toEqual(['2026-11-20']);
});

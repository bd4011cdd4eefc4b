import { expect, it } from '@jest/globals';
import { HOUR_MS } from '../../../../../lib/base/time.ts';
import { expectedFrom } from '../../../../../lib/drops/plan/late/firstExpected.ts';
import type { LateNote } from '../../../../../lib/drops/plan/late/lateNotes.ts';
import { definedDataset } from '../../../../harness/configInput.ts';

const { dataset } = definedDataset({ expectedBy: { hour: 9 } });
const NOW = Date.parse('2026-11-20T12:00:00Z');
const hoursAgo = (hours: number) => NOW - hours * HOUR_MS;
const came = { day: '2026-10-01', hasCome: true };
const noneCame = { day: '2026-10-01', hasCome: false };
const today = { day: '2026-11-20', hasCome: false };

it.each<{ what: string; note: Omit<LateNote, 'late'> | null; first: typeof today }>([
  { what: 'no look before', note: null, first: today },
  { what: 'a look two days ago', note: { at: hoursAgo(48), first: came }, first: came },
  { what: 'no look for more than two days', note: { at: hoursAgo(49), first: came }, first: today },
  {
    what: 'looks that ran out of time since',
    note: { at: hoursAgo(49), triedAt: hoursAgo(1), first: came },
    first: came,
  },
  {
    what: 'no look for more than two days, when none had come',
    note: { at: hoursAgo(49), first: noneCame },
    first: noneCame,
  },
])('after $what drops are expected from $first.day', ({ note, first }) => {
  expect(expectedFrom(dataset, note === null ? null : { ...note, late: [] }, NOW)).toEqual(first);
});

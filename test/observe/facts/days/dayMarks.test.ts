import { expect, it } from '@jest/globals';
import { type MarkedDays, type MarkName, marksOf } from '../../../../observe/facts/days/dayMarks.ts';
import { loadedDay } from '../../statusFacts.ts';

it.each<{ readonly what: string; readonly more: Partial<MarkedDays>; readonly mark: MarkName }>([
  { what: 'with files that no run looks at', more: { unlooked: [loadedDay.day] }, mark: 'outside' },
  { what: 'with newer files that no run looks at', more: { newer: [loadedDay.day] }, mark: 'outside' },
  {
    what: 'that lacks files, whatever no run looks at',
    more: { newer: [loadedDay.day], days: [{ ...loadedDay, lackingSince: 0 }] },
    mark: 'lacking',
  },
  {
    what: 'that no query reads, whatever else is known',
    more: { newer: [loadedDay.day], unread: [{ day: loadedDay.day }] },
    mark: 'lacking',
  },
])('a day $what is marked $mark', ({ more, mark }) => {
  expect([...marksOf({ days: [loadedDay], ...more })]).toEqual([[loadedDay.day, mark]]);
});

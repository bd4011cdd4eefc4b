import { expect, it } from '@jest/globals';
import { type MarkedDays, type MarkName, marksOf } from '../../../../observe/facts/days/dayMarks.ts';
import type { DropDay } from '../../../../observe/facts/days/dropDays.ts';
import { loadedDay, unusualBy } from '../../statusFacts.ts';

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

const unusual = unusualBy('has files of another day', 'copies');

it.each<{ readonly what: string; readonly more: Partial<DropDay>; readonly mark: MarkName }>([
  { what: 'was loaded', more: {}, mark: 'done' },
  { what: 'had no files', more: { state: 'succeeded_no_data' }, mark: 'noFiles' },
  {
    what: 'is a gap that is accepted',
    more: { state: 'succeeded_no_data', isAccepted: true },
    mark: 'accepted',
  },
  { what: 'has rows and is accepted', more: { isAccepted: true }, mark: 'done' },
  { what: 'has unusual files of another day', more: { hasCopies: true, unusual }, mark: 'copies' },
  { what: 'may have files of another day, as each day', more: { hasCopies: true }, mark: 'done' },
  { what: 'is unusual otherwise', more: { unusual }, mark: 'done' },
  {
    what: 'has files of another day and failed since',
    more: { state: 'failed', hasCopies: true, unusual },
    mark: 'failed',
  },
  { what: 'lacks its inputs', more: { state: 'inputs_missing' }, mark: 'missing' },
  { what: 'is loaded now', more: { state: 'loading' }, mark: 'working' },
  { what: 'is queued', more: { state: 'waiting' }, mark: 'waiting' },
  { what: 'has files and waits for a marker', more: { state: null, waiting: 'has 1 file' }, mark: 'waiting' },
  { what: 'is late, with files that wait', more: { lateSince: 0, waiting: 'has 1 file' }, mark: 'lacking' },
  {
    what: 'is late, with a file without rows',
    more: { lateSince: 0, empty: '1 file, 0 rows' },
    mark: 'empty',
  },
  {
    what: 'lacks files and has no rows',
    more: { lackingSince: 0, empty: '1 file, 0 rows' },
    mark: 'lacking',
  },
  { what: 'is unknown to the ledger', more: { state: null }, mark: 'nothing' },
])('a day that $what is marked $mark', ({ more, mark }) => {
  expect([...marksOf({ days: [{ ...loadedDay, ...more }] })]).toEqual([[loadedDay.day, mark]]);
});

import { expect, it } from '@jest/globals';
import { restoredNote } from '../../cli/commands/restore.ts';
import { addDays } from '../../lib/base/time.ts';
import { callMain } from '../harness/callMain.ts';

const TO = '2026-11-20';
/** Restores days of a table of a deployment that nobody can reach. */
const restore = (days: number): ReturnType<typeof callMain> =>
  callMain([
    'restore',
    '--table',
    'events',
    '--from',
    addDays(TO, 1 - days),
    '--to',
    TO,
    '--endpoint-url',
    'http://127.0.0.1:9',
    '--region',
    'us-east-1',
    '--local',
  ]);

it.each([
  { what: '--table', words: ['--from', TO] },
  { what: '--from', words: ['--table', 'events'] },
])('sluice restore needs $what', async ({ words }) => {
  expect((await callMain(['restore', ...words, '--endpoint-url', 'http://127.0.0.1:9'])).code).toBe(2);
});

it.each([
  { what: 'deleted', files: { deleted: ['a'] } },
  { what: 'replaced', files: { replaced: [{ key: 'a', copy: 'b' }] } },
])('sluice restore tells apart $what files that came back, would come back, and none', ({ files }) => {
  const empty = { day: TO, folder: null, deleted: [], replaced: [] };
  const some = [empty, { ...empty, ...files }];
  const nothing = restoredNote([empty], false);
  expect(restoredNote([empty], true)).toBe(nothing);
  expect(new Set([nothing, restoredNote(some, true), restoredNote(some, false)]).size).toBe(3);
});

it('sluice restore takes as many days as a backfill, and not one more', async () => {
  expect((await restore(3_661)).code).toBe(2);
  expect((await restore(3_660)).code).toBe(1);
});

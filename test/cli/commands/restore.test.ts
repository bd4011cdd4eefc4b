import { expect, it } from '@jest/globals';
import { restoredNote } from '../../../cli/commands/restore.ts';

const NONE = { day: '2026-11-20', folder: null, deleted: [], replaced: [] };

it.each([
  { what: 'deleted', files: { deleted: ['a'] } },
  { what: 'replaced', files: { replaced: [{ key: 'a', copy: 'b' }] } },
])('the note on a restore tells apart $what files that came back, would come back, and none', ({ files }) => {
  const some = [NONE, { ...NONE, ...files }];
  const nothing = restoredNote([NONE], false);
  expect(restoredNote([NONE], true)).toBe(nothing);
  expect(new Set([nothing, restoredNote(some, true), restoredNote(some, false)]).size).toBe(3);
});

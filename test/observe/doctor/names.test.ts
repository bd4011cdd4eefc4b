import { expect, it } from '@jest/globals';
import { judgeHash } from '../../../observe/doctor/names.ts';
import { commands } from './setupOf.ts';

it('an experiment that is known by its hash is told since the first of its rows', () => {
  const hashed = { hash: '1a2b', layer: 'home', rows: 7, firstAt: '2026-11-19 10:20:30.123' };
  expect(judgeHash(hashed, commands)).toMatchObject({ since: '2026-11-19T10:20:30.123Z' });
});

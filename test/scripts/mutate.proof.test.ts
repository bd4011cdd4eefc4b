import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { projectRoot } from '../../local/roots.ts';

it.each([
  { what: 'no worker', args: ['--by-hand', '--workers', '0'], said: '--workers: expected 1 or more.' },
  {
    what: 'a word for workers',
    args: ['--by-hand', '--workers', 'x'],
    said: '--workers: expected 1 or more.',
  },
  { what: 'a path without a fault', args: ['--by-hand', 'lib/nowhere'], said: 'no fault in lib/nowhere.' },
  { what: 'options of generated faults by hand', args: ['--by-hand', '--unit'], said: '--unit: not with' },
  { what: 'an empty reference by hand', args: ['--by-hand', '--since', ''], said: '--since: not with' },
  { what: 'workers of generated faults', args: ['lib/wire', '--workers', '2'], said: '--workers: only with' },
  { what: 'a reference beside a path', args: ['lib/wire', '--since', 'HEAD'], said: '--since: not with' },
  { what: 'a path without code', args: ['lib/wire', 'lib/nowhere'], said: 'no code in lib/nowhere.' },
])('faults are not judged with $what, and that is no success', ({ args, said }) => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(projectRoot, 'scripts', 'mutate.ts'), ...args],
    { encoding: 'utf8' },
  );
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toContain(said);
});

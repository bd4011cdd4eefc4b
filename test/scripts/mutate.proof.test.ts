import { spawnSync } from 'node:child_process';
import { expect, it } from '@jest/globals';
import { repositoryRoot } from '../../local/dataDirectory.ts';

it('npm run mutate sees a fault in a constant of a module, and none that changes nothing', () => {
  const { stdout } = spawnSync(process.execPath, ['scripts/mutate.ts', 'lib/reconcile/lastNight.ts'], {
    cwd: repositoryRoot,
    encoding: 'utf8',
  });
  // The constant is NIGHT_MS: its two faults are static. Days come in their order, so that `>` and `>=` are equal.
  expect(stdout).toMatch(/^lib\/reconcile: .*, static 2 of 2 seen, 1 equivalent$/m);
});

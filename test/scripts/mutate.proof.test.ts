import { spawnSync } from 'node:child_process';
import { expect, it } from '@jest/globals';
import { repositoryRoot } from '../../local/dataDirectory.ts';

it('npm run mutate counts a fault in a constant of a module as seen, and leaves out a suite that passes only once', () => {
  const { stdout } = spawnSync(process.execPath, ['scripts/mutate.ts', 'lib/reconcile/lastNight.ts'], {
    cwd: repositoryRoot,
    encoding: 'utf8',
  });
  expect(stdout).toMatch(
    /^\S+ \(\d+\) WARN SuiteRunner test\/functions\/register\/handler\.contract\.test\.ts .* fails without a mutant/m,
  );
  // The constant is NIGHT_MS: its two faults are static.
  expect(stdout).toMatch(/^lib\/reconcile: .*, 0 unjudged, .*, static 2 of 2 seen, 0 equivalent$/m);
});

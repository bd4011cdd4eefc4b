// `npm test`: the tiers unit, contract and story of the product. CONTRIBUTING.md says what a tier is.
//
//   npm test                        unit, contract and story
//   npm test -- PATH…               suites of any tier whose path matches; jest's options go with each form
//   npm run test:proof              proof, and every property with all its cases and a new seed
//   npm test -w packages/local-aws  the emulator's suites and their witnesses: packages/local-aws/test/run.ts
import { execFileSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statfsSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildArgv, run } from 'jest';
import { projectRoot } from '../local/roots.ts';

const LEAST_BYTES = 4 * 1024 ** 3;

// The folder for temporary files is a link, as on macOS: a suite that compares its path with one that the system has
// resolved fails on Linux, too.
const temporary = inMemory() ?? mkdtempSync(join(tmpdir(), 'sluice-'));
mkdirSync(join(temporary, 'files'));
symlinkSync('files', join(temporary, 'link'));
process.env['TMPDIR'] = join(temporary, 'link');
process.once('exit', () => {
  try {
    rmSync(temporary, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  } catch {
    // Something still writes there: that is no result of a test.
  }
});
for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));
// A process loads what an earlier one has compiled: a command starts in half the time. V8 counts less precisely with it, for who asks
// for coverage: https://nodejs.org/api/module.html#module-compile-cache
if (process.env['NODE_V8_COVERAGE'] === undefined) {
  process.env['NODE_COMPILE_CACHE'] ??= join(temporary, 'compiled');
}
// esbuild, which bundles functions, takes a quarter less of the processors where it may take more memory.
process.env['GOGC'] ??= '400';
const args = process.argv.slice(2);
const options = args.filter((arg) => arg !== '--proof' && arg !== '--emulator');
const { _: paths } = await buildArgv(options);

if (args.includes('--emulator')) {
  // With a seed, properties have as many cases as they ask for: test/harness/fast-check.mjs.
  process.env['SLUICE_SEED'] ??= '1';
  await run([...options, '--selectProjects', 'emulator']);
} else if (args.includes('--proof')) {
  process.env['SLUICE_SEED'] ??= String(randomInt(2 ** 31));
  process.stderr.write(
    `Properties draw from the seed ${process.env['SLUICE_SEED']}: with it in SLUICE_SEED, the same cases again.\n`,
  );
  if (paths.length > 0) await run([...options, '--selectProjects', 'proof']);
  else await run(['--runTestsByPath', ...proofSuites(), ...options]);
} else if (paths.length > 0) await run(options);
else await run([...options, '--selectProjects', 'unit', 'contract', 'story']);

/**
 * A new folder in memory, if there is much of it: on a disk, a third of the time goes to making and removing the files of
 * suites. Null if the system has no such memory (macOS has none), or none from which programs run.
 */
function inMemory(): string | null {
  try {
    const memory = '/dev/shm';
    const { bavail, bsize } = statfsSync(memory);
    const mount = readFileSync('/proc/mounts', 'utf8')
      .split('\n')
      .find((line) => line.includes(` ${memory} `));
    // A container may have less than its tmpfs says.
    const free = Math.min(bavail * bsize, process.availableMemory());
    if (free < LEAST_BYTES || mount === undefined || mount.includes('noexec')) return null;
    return mkdtempSync(join(memory, 'sluice-'));
  } catch {
    return null;
  }
}

/** The suites of the tier, and suites of other tiers that have properties. */
function proofSuites(): readonly string[] {
  const files = execFileSync('git', ['ls-files', 'test/**.test.ts'], {
    cwd: projectRoot,
    encoding: 'utf8',
  });
  return files
    .trim()
    .split('\n')
    .filter(
      (file) =>
        file.endsWith('.proof.test.ts') ||
        readFileSync(join(projectRoot, file), 'utf8').includes("from 'fast-check'"),
    );
}

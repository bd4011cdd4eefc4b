// `npm run mutate [-- PATH…] [--workers N] [--who]` tests the tests: it puts each fault of mutations.ts (by default
// all; with a PATH those of files whose paths begin so) into a copy of the last commit and of the changes since. There
// it runs the fault's suites one after the other, and takes the fault out again. A fault is caught by the first suite
// that fails. With `--who` the whole of `npm test` runs, and every suite that fails is named: a suite that no fault
// needs may go. The exit code is 1 if some faults survive.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { repositoryRoot } from '../local/dataDirectory.ts';
import { type Mutation, mutations } from './mutations.ts';

/**
 * Milliseconds after which a suite is stopped, because a fault may make an endless loop. The suite then counts as
 * failed.
 */
const SUITE_MS = 180_000;
/** Milliseconds after which the whole `npm test` is stopped. */
const WHOLE_MS = 3_600_000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { workers: { type: 'string', default: '2' }, who: { type: 'boolean', default: false } },
});
const chosen = mutations.filter(
  ({ file }) => positionals.length === 0 || positionals.some((path) => file.startsWith(path)),
);
const began = Date.now();
const worktrees = Array.from({ length: Number(values.workers) }, makeWorktree);
process.once('exit', () => {
  for (const { remove } of worktrees) remove();
});
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));
// A suite that fails without a fault can catch nothing.
const broken = new Set<string>();
const first = values.who ? [null] : new Set(chosen.flatMap(({ suites }) => suites));
await share([...first], async (suite, worktree) => {
  for (const failed of await failing(suite, worktree)) broken.add(failed);
});
for (const suite of broken) process.stdout.write(`fails without a fault: ${suite}\n`);
const survived: Mutation[] = [];
await share(chosen, async (mutation, worktree) => {
  const started = Date.now();
  const suite = await catchers(mutation, worktree, broken);
  if (suite === null) survived.push(mutation);
  print(mutation, suite, Date.now() - started);
});
if (survived.length > 0) process.stdout.write('\n');
for (const mutation of survived) print(mutation, null);
process.stdout.write(`${Math.round((Date.now() - began) / 1_000)} s\n`);
const caught = chosen.length - survived.length;
const rate = (100 * caught) / chosen.length;
process.stdout.write(
  `${caught} of ${chosen.length} caught (${rate.toFixed(1)} %), ${survived.length} survived\n`,
);
process.exitCode = caught < chosen.length || broken.size > 0 ? 1 : 0;

interface Worktree {
  readonly path: string;
  remove(): void;
}

function makeWorktree(): Worktree {
  const path = mkdtempSync(join(tmpdir(), 'sluice-mutate-'));
  // A fresh clone names no author, which `git stash create` needs.
  const changed = git('-c', 'user.name=mutate', '-c', 'user.email=mutate@localhost', 'stash', 'create');
  git('worktree', 'add', '--quiet', '--force', '--detach', path, changed || 'HEAD');
  symlinkSync(join(repositoryRoot, 'node_modules'), join(path, 'node_modules'));
  const remove = () => {
    rmSync(path, { recursive: true, force: true });
    git('worktree', 'prune');
  };
  return { path, remove };
}

function git(...args: readonly string[]): string {
  return execFileSync('git', args, { cwd: repositoryRoot, encoding: 'utf8' }).trim();
}

/** Calls a function with each item, in all worktrees at the same time. */
async function share<Item>(items: readonly Item[], work: (item: Item, worktree: Worktree) => Promise<void>) {
  const left = items.values();
  await Promise.all(
    worktrees.map(async (worktree) => {
      for (const item of left) await work(item, worktree);
    }),
  );
}

/**
 * Puts a fault in, and takes it out again. @returns The first of its suites that fails, or with `--who` all suites that
 * do; null if none fails.
 */
async function catchers(
  { file, old, fault, suites }: Mutation,
  worktree: Worktree,
  broken: ReadonlySet<string>,
): Promise<string | null> {
  const path = join(worktree.path, file);
  const original = readFileSync(path, 'utf8');
  writeFileSync(
    path,
    original.replace(old, () => fault),
  );
  try {
    for (const suite of values.who ? [null] : suites) {
      if (suite !== null && broken.has(suite)) continue;
      const failed = (await failing(suite, worktree)).filter((failedSuite) => !broken.has(failedSuite));
      if (failed.length > 0) return failed.join(' ');
    }
    return null;
  } finally {
    writeFileSync(path, original);
  }
}

/**
 * Returns a suite if it fails in a worktree or does not end. Without a suite it returns those of `npm test` that fail,
 * or `all` if `npm test` does not end.
 */
async function failing(suite: string | null, { path }: Worktree): Promise<readonly string[]> {
  const node = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
  const report = join(path, 'mutate.json');
  const jest = suite === null ? ['--json', '--outputFile', report] : [suite, '--bail'];
  const child = spawn(process.execPath, [...node, 'test/run.ts', ...jest, '--runInBand'], {
    cwd: path,
    stdio: 'ignore',
    timeout: suite === null ? WHOLE_MS : SUITE_MS,
    killSignal: 'SIGKILL',
  });
  rmSync(report, { force: true });
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject).once('exit', resolve);
  });
  if (code === 0) return [];
  if (suite !== null) return [suite];
  if (!existsSync(report)) return ['all'];
  const { testResults }: { testResults: readonly { name: string; status: string }[] } = JSON.parse(
    readFileSync(report, 'utf8'),
  );
  const failed = testResults.filter(({ status }) => status === 'failed');
  return failed.map(({ name }) => relative(path, name));
}

function print({ file, old, fault }: Mutation, suite: string | null, ms?: number): void {
  const line = (text: string) => text.trim().replaceAll(/\s+/g, ' ');
  const time = ms === undefined ? '' : `  ${Math.round(ms / 1_000)} s`;
  process.stdout.write(
    `${suite === null ? 'SURVIVED' : 'caught'}  ${file}  ${line(old)}  →  ${line(fault) || '(nothing)'}  ${suite ?? ''}${time}\n`,
  );
}

import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '../../local/roots.ts';
import { type Mutation, mutations } from './mutations.ts';

/**
 * Milliseconds after which a suite is stopped, because a fault may make an endless loop. The suite then counts as
 * failed.
 */
const SUITE_MS = 180_000;

/** Which faults are put in. */
interface ByHandOptions {
  /** Beginnings of the paths of files; all faults if there are none. */
  readonly paths: readonly string[];
  /** How many suites run at the same time, each in a worktree of its own. */
  readonly workers: number;
}

/**
 * Puts each fault into a copy of the last commit and of the changes since, and runs its suites one after the other until one
 * fails. Prints each fault with that suite.
 *
 * @returns Whether each was seen, and no suite fails without a fault.
 * @throws RangeError without a worker, and for a path without a fault: nothing would be judged.
 */
export async function judgeByHand({ paths, workers }: ByHandOptions): Promise<boolean> {
  if (!Number.isInteger(workers) || workers < 1) throw new RangeError('--workers: expected 1 or more.');
  const idle = paths.filter((path) => !mutations.some(({ file }) => file.startsWith(path)));
  if (idle.length > 0) throw new RangeError(`There is no fault in ${idle.join(', ')}.`);
  const chosen = mutations.filter(
    ({ file }) => paths.length === 0 || paths.some((path) => file.startsWith(path)),
  );
  const began = Date.now();
  const worktrees = Array.from({ length: workers }, makeWorktree);
  process.once('exit', () => {
    for (const { remove } of worktrees) remove();
  });
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));
  // A suite that fails without a fault sees nothing.
  const broken = new Set<string>();
  await share(worktrees, [...new Set(chosen.flatMap(({ suites }) => suites))], async (suite, worktree) => {
    if (await fails(suite, worktree)) broken.add(suite);
  });
  for (const suite of broken) process.stdout.write(`fails without a fault: ${suite}\n`);
  const survived: Mutation[] = [];
  await share(worktrees, chosen, async (mutation, worktree) => {
    const started = Date.now();
    const suite = await firstFailing(mutation, worktree, broken);
    if (suite === null) survived.push(mutation);
    print(mutation, suite, Date.now() - started);
  });
  if (survived.length > 0) process.stdout.write('\n');
  for (const mutation of survived) print(mutation, null);
  const seconds = Math.round((Date.now() - began) / 1_000);
  process.stdout.write(
    `${chosen.length - survived.length} of ${chosen.length} seen, ${survived.length} survived, ${seconds} s\n`,
  );
  return survived.length === 0 && broken.size === 0;
}

/** A copy of the repository in which faults are made. */
interface Worktree {
  /** Its folder. */
  readonly path: string;
  /** Removes it. */
  remove(): void;
}

/** Makes a copy of the repository with its changes. */
function makeWorktree(): Worktree {
  const path = mkdtempSync(join(tmpdir(), 'sluice-mutate-'));
  // A fresh clone names no author, which `git stash create` needs.
  const changed = git('-c', 'user.name=mutate', '-c', 'user.email=mutate@localhost', 'stash', 'create');
  git('worktree', 'add', '--quiet', '--force', '--detach', path, changed || 'HEAD');
  symlinkSync(join(projectRoot, 'node_modules'), join(path, 'node_modules'));
  const remove = () => {
    rmSync(path, { recursive: true, force: true });
    git('worktree', 'prune');
  };
  return { path, remove };
}

/** Runs git in the repository. @returns What it writes. */
function git(...args: readonly string[]): string {
  return execFileSync('git', args, { cwd: projectRoot, encoding: 'utf8' }).trim();
}

/** Calls a function with each item, in all worktrees at the same time. */
async function share<Item>(
  worktrees: readonly Worktree[],
  items: readonly Item[],
  work: (item: Item, worktree: Worktree) => Promise<void>,
): Promise<void> {
  const left = items.values();
  await Promise.all(
    worktrees.map(async (worktree) => {
      for (const item of left) await work(item, worktree);
    }),
  );
}

/** Puts a fault in, and takes it out again. @returns The first of its suites that fails; null if none does. */
async function firstFailing(
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
    for (const suite of suites) if (!broken.has(suite) && (await fails(suite, worktree))) return suite;
    return null;
  } finally {
    writeFileSync(path, original);
  }
}

/** Whether a suite fails in a worktree, or does not end. */
async function fails(suite: string, { path }: Worktree): Promise<boolean> {
  const node = ['--disable-warning=ExperimentalWarning'];
  const child = spawn(process.execPath, [...node, 'test/run.ts', suite, '--bail', '--runInBand'], {
    cwd: path,
    stdio: 'ignore',
    timeout: SUITE_MS,
    killSignal: 'SIGKILL',
  });
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject).once('exit', resolve);
  });
  return code !== 0;
}

/** Writes what became of a fault. @param suite The suite that caught it; null if none did. */
function print({ file, old, fault }: Mutation, suite: string | null, ms?: number): void {
  const line = (text: string) => text.trim().replaceAll(/\s+/g, ' ');
  const time = ms === undefined ? '' : `  ${Math.round(ms / 1_000)} s`;
  process.stdout.write(
    `${suite === null ? 'SURVIVED' : 'caught'}  ${file}  ${line(old)}  →  ${line(fault) || '(nothing)'}  ${suite ?? ''}${time}\n`,
  );
}

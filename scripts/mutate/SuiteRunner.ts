import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  INSTRUMENTER_CONSTANTS,
  type InstrumenterContext,
  type MutantCoverage,
  type StrykerOptions,
} from '@stryker-mutator/api/core';
import type { Logger } from '@stryker-mutator/api/logging';
import { PluginKind } from '@stryker-mutator/api/plugin';
import {
  type DryRunResult,
  DryRunStatus,
  type MutantRunOptions,
  type MutantRunResult,
  MutantRunStatus,
  type TestResult,
  type TestRunner,
  TestStatus,
} from '@stryker-mutator/api/test-runner';
import circus, {
  addEventHandler,
  type Event,
  getState,
  resetState,
  run,
  type State,
  setState,
} from 'jest-circus';
import { sum } from '../../lib/base/sum.ts';

/** A `describe` of jest-circus. */
type Block = State['rootDescribeBlock'];
/** A test of jest-circus. */
type Test = Block['tests'][number];

/** A test file that is loaded. */
interface Suite {
  /** Its path in the repository. */
  readonly file: string;
  /** What jest-circus keeps of it: the tree of its tests and hooks. */
  readonly state: State;
  /** Its tests by their ids, but for those that the file itself skips. */
  readonly tests: ReadonlyMap<string, Test>;
}

/** What came of a run of tests. */
interface Outcome {
  /** How many tests ran. */
  readonly count: number;
  /** The failed tests by their ids, with the message of each. */
  readonly failures: ReadonlyMap<string, string>;
  /** The suites that failed, in a test or outside of one. */
  readonly failedSuites: ReadonlySet<string>;
}

/** A file of the working directory, Stryker's copy of the repository: the suites that are left out, as JSON. */
const LEFT_OUT = 'suites-left-out.json';

/** Milliseconds that a test may take. A mutant that makes an endless loop is ended by Stryker, earlier. */
const TEST_MS = 120_000;
/** Milliseconds from which on a test is slow. */
const SLOW_MS = 200;
/** Takes the place of a test's id where a hook, or a promise that nobody awaits, fails outside of a test. */
const OUTSIDE = 'outside of a test';

/** Takes the place of a test's id while a hook runs that is for several tests. */
const BEFORE_ALL = 'before all';
/** Fits no test. */
const NO_TEST = /(?!)/;
/** The id of no mutant. */
const NO_MUTANT = '';

/** What code that Stryker has instrumented reads, and where it counts which mutants it reaches. */
type Context = {
  -readonly [Name in keyof Required<InstrumenterContext>]: InstrumenterContext[Name] | undefined;
};

// https://github.com/stryker-mutator/stryker-js/blob/master/packages/instrumenter/src/util/syntax-helpers.ts
const context: Context = {
  activeMutant: NO_MUTANT,
  currentTestId: undefined,
  hitCount: undefined,
  hitLimit: undefined,
  mutantCoverage: undefined,
};
Object.assign(globalThis, { [INSTRUMENTER_CONSTANTS.NAMESPACE]: context });

/**
 * Runs Jest's suites for Stryker. Stryker's own runner for Jest loads all suites anew for each mutant, which takes seconds.
 * This one loads them once, into the process that Stryker started for it, and then runs the tests that reach a mutant, in
 * milliseconds. Suites have the `describe`, `it` and `expect` of Jest, but share one instance of each module.
 *
 * A failed test counts only if it passes without the mutant: before the first mutant of the process, and after this one. A
 * static mutant is not held to that, because its process never runs without it.
 */
class SuiteRunner implements TestRunner {
  static readonly inject = ['options', 'logger'] as const;
  /** Stryker's log. */
  readonly #logger: Logger;
  /** The paths of the suites, from the working directory. */
  readonly #files: readonly string[];
  /** Static mutants are active while modules load, so that each needs a process of its own. */
  readonly #reloads: boolean;
  /** The ids of tests. */
  readonly #ids = new Map<Test, string>();
  /** The tests that failed in the current run, by their ids. */
  readonly #failures = new Map<string, string>();
  /** The suites; undefined before they are loaded. */
  #suites: readonly Suite[] | undefined;
  /** Whether tests run on after one has failed. */
  #goesOn = true;
  /** How many mutants this process has run. */
  #mutants = 0;
  /** Whether a mutant has left something behind by which tests fail without it. */
  #isSpoilt = false;

  constructor(options: StrykerOptions, logger: Logger) {
    this.#logger = logger;
    this.#files = options['suites'] as readonly string[];
    this.#reloads = !options.ignoreStatic;
  }

  /** Tells Stryker what this runner can do. */
  capabilities(): { readonly reloadEnvironment: boolean } {
    return { reloadEnvironment: !this.#reloads };
  }

  /** Prepares the suites, once a process. */
  init(): Promise<void> {
    // Where jestGlobals.mjs finds them.
    Object.assign(globalThis, { [Symbol.for('sluice.suite')]: { globals: circus } });
    const globals = pathToFileURL(join(process.cwd(), 'test/harness/jestGlobals.mjs')).href;
    const fastCheck = pathToFileURL(join(process.cwd(), 'test/harness/fast-check.mjs')).href;
    registerHooks({
      resolve(specifier, from, next) {
        if (specifier === '@jest/globals') return { url: globals, shortCircuit: true };
        if (specifier === 'fast-check') return { url: fastCheck, shortCircuit: true };
        return next(specifier, from);
      },
    });
    const fail = (error: unknown) => this.#failures.set(OUTSIDE, messageOf(error));
    process.on('unhandledRejection', fail);
    process.on('uncaughtException', fail);
    addEventHandler((event) => this.#follow(event));
    return Promise.resolve();
  }

  /** Runs the tests without a fault: which tests there are, and what each runs. */
  async dryRun(): Promise<DryRunResult> {
    const mutantCoverage: MutantCoverage = { static: {}, perTest: {} };
    context.mutantCoverage = mutantCoverage;
    await this.#load();
    await this.#leaveOutFailing();
    const reached = structuredClone(mutantCoverage);
    // A suite that passes only once would fail with each mutant.
    await this.#leaveOutFailing();
    const tests = (this.#suites ?? []).flatMap(({ file, tests: ofSuite }) =>
      [...ofSuite].map(
        ([id, { duration }]): TestResult => ({
          id,
          name: id,
          fileName: file,
          timeSpentMs: duration ?? 0,
          status: TestStatus.Success,
        }),
      ),
    );
    return { status: DryRunStatus.Complete, tests, mutantCoverage: reached };
  }

  /** Runs the tests of one fault. */
  async mutantRun(options: MutantRunOptions): Promise<MutantRunResult> {
    // Stryker answers an error by a new process, in which the same mutant runs once more.
    if (this.#isSpoilt) throw new Error('An earlier mutant has left something behind.');
    const { activeMutant, disableBail, hitLimit } = options;
    // Stryker also says so of code that runs while modules load and later: only the latter is judged without a new process.
    const isStatic = options.mutantActivation === 'static' && this.#reloads;
    const ids = options.testFilter === undefined ? null : new Set(options.testFilter);
    if (this.#mutants === 0 && !isStatic) {
      const { failures } = await this.#run(ids, true);
      if (failures.size > 0)
        return {
          status: MutantRunStatus.Error,
          errorMessage: `Fails before any mutant: ${[...failures.keys()]}`,
        };
    }
    this.#mutants += 1;
    context.activeMutant = activeMutant.id;
    context.hitLimit = hitLimit;
    context.hitCount = hitLimit === undefined ? undefined : 0;
    // A static mutant may leave modules that can't be loaded.
    const outcome = await this.#run(ids, disableBail).catch((error: unknown) => ({
      count: 0,
      failures: new Map([[OUTSIDE, messageOf(error)]]),
      failedSuites: new Set<string>(),
    }));
    context.activeMutant = NO_MUTANT;
    const isOver = hitLimit !== undefined && (context.hitCount ?? 0) > hitLimit;
    if (isOver) {
      this.#isSpoilt = true;
      return { status: MutantRunStatus.Timeout, reason: 'Its code ran more than 100 times as often.' };
    }
    const { count, failures } = outcome;
    const [failureMessage] = failures.values();
    if (failureMessage === undefined) return { status: MutantRunStatus.Survived, nrOfTests: count };
    if (failures.size === 1 && failures.has(OUTSIDE) && this.#mutants > 1) {
      this.#isSpoilt = true;
      throw new Error(`An earlier mutant may have left this behind: ${failureMessage}`);
    }
    if (!isStatic) await this.#requireTrust(failures.has(OUTSIDE) ? ids : new Set(failures.keys()));
    return {
      status: MutantRunStatus.Killed,
      killedBy: [...failures.keys()],
      failureMessage,
      nrOfTests: count,
    };
  }

  /**
   * Runs tests without a mutant after they have failed with it.
   *
   * @throws {Error} They fail again, perhaps by what an earlier mutant has left behind.
   */
  async #requireTrust(ids: ReadonlySet<string> | null): Promise<void> {
    const { failures } = await this.#run(ids, false);
    this.#isSpoilt = failures.size > 0;
    if (this.#isSpoilt && this.#mutants > 1)
      throw new Error(`Fails without a mutant: ${[...failures.keys()]}`);
  }

  /** Runs all tests without a mutant, and leaves out the suites of those that fail. */
  async #leaveOutFailing(): Promise<void> {
    const { failures, failedSuites } = await this.#run(null, true);
    for (const [id, message] of failures) this.#logger.warn('%s fails without a mutant: %s', id, message);
    this.#leaveOut(failedSuites);
  }

  /**
   * Leaves suites out, in this process and those that Stryker starts after it: they need a fresh instance of a module, as
   * test/harness/NativeRuntime.cjs gives it.
   */
  #leaveOut(files: ReadonlySet<string>): void {
    this.#suites = this.#suites?.filter(({ file }) => !files.has(file));
    const before: readonly string[] = existsSync(LEFT_OUT) ? JSON.parse(readFileSync(LEFT_OUT, 'utf8')) : [];
    writeFileSync(LEFT_OUT, JSON.stringify([...before, ...files]));
  }

  /** Loads the suites. The second call returns what the first has loaded. */
  async #load(): Promise<readonly Suite[]> {
    if (this.#suites !== undefined) return this.#suites;
    const suites: Suite[] = [];
    const leftOut: readonly string[] = existsSync(LEFT_OUT) ? JSON.parse(readFileSync(LEFT_OUT, 'utf8')) : [];
    for (const file of this.#files) {
      if (leftOut.includes(file)) continue;
      resetState();
      const state = getState();
      state.testTimeout = TEST_MS;
      try {
        await import(pathToFileURL(join(process.cwd(), file)).href);
      } catch (error) {
        // With a static mutant that may be the mutant's effect.
        if (context.activeMutant !== NO_MUTANT) throw error;
        this.#logger.warn('%s cannot be loaded: %s', file, messageOf(error));
        this.#leaveOut(new Set([file]));
        continue;
      }
      const tests = new Map<string, Test>();
      for (const { name, test } of testsOf(state.rootDescribeBlock, file)) {
        if (test.mode === 'skip') continue;
        const id = tests.has(name) ? `${name} #${tests.size}` : name;
        tests.set(id, test);
        this.#ids.set(test, id);
      }
      keepRepeatable(state.rootDescribeBlock);
      suites.push({ file, state, tests });
    }
    this.#suites = suites;
    return suites;
  }

  /**
   * Runs tests, first those that took least in their last run: the quick tests of a suite together, each slow test alone.
   *
   * @param ids Which tests; null for all.
   * @param goesOn Whether further tests run after one has failed.
   */
  async #run(ids: ReadonlySet<string> | null, goesOn: boolean): Promise<Outcome> {
    this.#failures.clear();
    this.#goesOn = goesOn;
    let count = 0;
    const failedSuites = new Set<string>();
    const parts = (await this.#load()).flatMap(({ file, state, tests }) =>
      partsOf(tests, ids).map((part) => ({ file, state, tests, ...part })),
    );
    for (const { file, state, tests, chosen } of parts.sort((one, other) => one.ms - other.ms)) {
      count += chosen.size;
      const before = this.#failures.size;
      for (const [id, test] of tests) {
        test.errors = [];
        // Without a value, the mode is the one of a usual test.
        test.mode = chosen.has(id) ? undefined : 'skip';
      }
      state.unhandledErrors = [];
      state.testNamePattern = null;
      setState(state);
      await run();
      // A promise that nobody awaits is rejected later.
      await new Promise((resolve) => setImmediate(resolve));
      const [error] = state.unhandledErrors;
      if (error !== undefined) this.#failures.set(OUTSIDE, messageOf(error));
      if (this.#failures.size > before) failedSuites.add(file);
      if (!goesOn && this.#failures.size > 0) break;
    }
    return { count, failures: new Map(this.#failures), failedSuites };
  }

  /** Keeps which test runs and which fails. */
  #follow(event: Event): void {
    if (event.name === 'test_start') context.currentTestId = this.#ids.get(event.test);
    else if (event.name === 'hook_start' && event.hook.type === 'beforeAll')
      context.currentTestId = BEFORE_ALL;
    else if (event.name === 'hook_success' && event.hook.type === 'beforeAll') {
      this.#countBeforeAll(event.hook.parent);
      context.currentTestId = undefined;
    } else if (event.name === 'test_skip') context.currentTestId = undefined;
    else if (event.name === 'test_done') {
      context.currentTestId = undefined;
      const [error] = event.test.errors;
      if (error === undefined) return;
      this.#failures.set(this.#ids.get(event.test) ?? OUTSIDE, messageOf(error));
      if (!this.#goesOn) getState().testNamePattern = NO_TEST;
    }
  }

  /** Counts what a hook `beforeAll` reached for each test that it is for. */
  #countBeforeAll(block: Block): void {
    const perTest = context.mutantCoverage?.perTest;
    const reached = perTest?.[BEFORE_ALL];
    if (perTest === undefined || reached === undefined) return;
    delete perTest[BEFORE_ALL];
    for (const { test } of testsOf(block, '')) {
      const id = this.#ids.get(test);
      if (id === undefined) continue;
      const counts = perTest[id] ?? {};
      perTest[id] = counts;
      for (const [mutant, hits] of Object.entries(reached)) counts[mutant] = (counts[mutant] ?? 0) + hits;
    }
  }
}

/** Tests of a suite that run together. */
interface SuitePart {
  /** Their ids. */
  readonly chosen: ReadonlySet<string>;
  /** Milliseconds that they took in their last run. */
  readonly ms: number;
}

/**
 * Which tests of a suite run together: the quick ones, and each slow one alone, so that a fault that a quick one sees costs no
 * more.
 *
 * @param ids Which tests; null for all, which run together.
 */
function partsOf(tests: Suite['tests'], ids: ReadonlySet<string> | null): readonly SuitePart[] {
  const chosen = [...tests].filter(([id]) => ids === null || ids.has(id));
  const isQuick = ([, { duration }]: readonly [string, Test]) => ids === null || (duration ?? 0) < SLOW_MS;
  const slow = chosen.filter((test) => !isQuick(test)).map((test) => [test]);
  return [chosen.filter(isQuick), ...slow]
    .filter((part) => part.length > 0)
    .map((part) => ({
      chosen: new Set(part.map(([id]) => id)),
      ms: sum(part.map(([, { duration }]) => duration ?? 0)),
    }));
}

/** The tests of a block and of the blocks in it, with their names behind the names of their blocks. */
function* testsOf(block: Block, path: string): Generator<{ readonly name: string; readonly test: Test }> {
  for (const child of block.children) {
    const name = `${path} ${child.name}`;
    if (child.type === 'describeBlock') yield* testsOf(child, name);
    else yield { name, test: child };
  }
}

/**
 * Removes the hooks that make a second run of tests impossible, from a block and the blocks in it: where no `beforeAll` makes
 * it again, `afterAll` frees what the suite has made while it was loaded. It is freed when the process ends.
 */
function keepRepeatable(block: Block): void {
  const isMadeAgain = block.hooks.some(({ type }) => type === 'beforeAll');
  if (!isMadeAgain) block.hooks = block.hooks.filter(({ type }) => type !== 'afterAll');
  for (const child of block.children) if (child.type === 'describeBlock') keepRepeatable(child);
}

/** The message of what was thrown, which jest-circus gives alone or with the place of the test behind it. */
function messageOf(thrown: unknown): string {
  const error: unknown = Array.isArray(thrown) ? thrown[0] : thrown;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** The reason why a call of a function `log` is not changed; undefined for other code. */
function shouldIgnore(path: unknown): string | undefined {
  const { node } = path as { readonly node: LoggedNode };
  const name = node.callee?.name ?? node.callee?.property?.name ?? node.callee?.property?.id?.name;
  return node.type === 'CallExpression' && name === 'log' ? 'It is a line of the log.' : undefined;
}

/** What is read of a node of Babel's syntax tree. */
interface LoggedNode {
  /** Babel's name of the kind of node. */
  readonly type: string;
  /** What a call calls; absent for other nodes. */
  readonly callee?: {
    /** Its name, if it is called by one. */
    readonly name?: string;
    /** The member that is called, and in a private member its name. */
    readonly property?: { readonly name?: string; readonly id?: { readonly name?: string } };
  };
}

/** What Stryker finds in this file. */
export const strykerPlugins = [
  { kind: PluginKind.TestRunner, name: 'suites', injectableClass: SuiteRunner },
  { kind: PluginKind.Ignore, name: 'logs', value: { shouldIgnore } },
];

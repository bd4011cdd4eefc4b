// Stryker's runner for Jest, which loads only the files whose tests reach a mutant: by itself it loads every file and
// then leaves out tests by their names. `SLUICE_STRYKER` is where `npm run mutate` has installed it.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const folder = join(
  process.env.SLUICE_STRYKER,
  'node_modules',
  '@stryker-mutator',
  'jest-runner',
  'dist',
  'src',
);
const load = (file) => import(pathToFileURL(join(folder, file)).href);
const { JestTestRunner } = await load('jest-test-runner.js');
export const { strykerPlugins, strykerValidationSchema } = await load('index.js');

const { dryRun, mutantRun } = JestTestRunner.prototype;
/** Files by a test's ID. One process makes the dry run, others run mutants; all of them work in the sandbox. */
const FILES = 'stryker-test-files.json';
let files;

JestTestRunner.prototype.dryRun = async function (options) {
  const result = await dryRun.call(this, options);
  writeFileSync(FILES, JSON.stringify(result.tests?.map(({ id, fileName }) => [id, fileName]) ?? []));
  return result;
};

JestTestRunner.prototype.mutantRun = async function (options) {
  files ??= new Map(JSON.parse(readFileSync(FILES, 'utf8')));
  const all = this.jestConfig.testMatch;
  const reaching = new Set(options.testFilter?.map((id) => files.get(id)));
  if (reaching.size > 0 && !reaching.has(undefined)) this.jestConfig.testMatch = [...reaching];
  try {
    return await mutantRun.call(this, options);
  } finally {
    this.jestConfig.testMatch = all;
  }
};

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { mapLimit } from '../../../lib/base/concurrency.ts';
import { bounds, memoryOf } from './bounds.ts';

/** Runs a program with a part of the heap that Lambda gives to Node: nine tenths of the memory. @throws Error if it is not enough. */
async function run(program: string, megabytes: number): Promise<unknown> {
  const [file = '', ...args] = program.split(' ');
  const path = fileURLToPath(new URL(`${file}.ts`, import.meta.url));
  const flags = [
    `--max-old-space-size=${Math.floor(megabytes * 0.9)}`,
    '--max-semi-space-size=32',
    '--disable-warning=ExperimentalWarning',
  ];
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, path, ...args]);
  return JSON.parse(stdout);
}

const works = Object.entries(bounds).flatMap(([name, bound]) =>
  bound.works.map((work) => ({ name, ...work })),
);
const outcomes = works.map((work) => ({ ...work, outcome: Promise.withResolvers<unknown>() }));
beforeAll(() => {
  // Two at a time: most of a run is one thread that collects garbage.
  void mapLimit(outcomes, 2, async ({ name, program, part, outcome }) =>
    outcome.resolve(
      await run(program, memoryOf(name) * part).catch((error: unknown) => String(error).slice(0, 2_000)),
    ),
  );
});

describe('the memory of a function', () => {
  it.each(outcomes)('is enough at its limits: $name, $program', async ({ answer, outcome }) => {
    expect(await outcome.promise).toEqual(answer);
  });
});

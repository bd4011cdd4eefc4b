import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { serviceFunctions } from '../../../infra/serverless/service.ts';
import { mapLimit } from '../../../lib/base/concurrency.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { bounds } from './bounds.ts';

const functions = serviceFunctions(defineConfig({ bucket: 'acme-experiments' }));
const memoryOf = (name: string) => functions[name]?.memorySize ?? 0;

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
/** Two at a time: most of a run is one thread that collects garbage. */
void mapLimit(outcomes, 2, async ({ name, program, part, outcome }) =>
  outcome.resolve(
    await run(program, memoryOf(name) * part).catch((error: unknown) => String(error).slice(0, 2_000)),
  ),
);

describe('the memory of a function', () => {
  it.each(outcomes)('is enough at its limits: $name, $program', async ({ answer, outcome }) => {
    expect(await outcome.promise).toEqual(answer);
  });

  it('has a bound, which docs/limits.md states', () => {
    expect(Object.keys(bounds).sort()).toEqual(Object.keys(functions).sort());
    const page = readFileSync(new URL('../../../docs/limits.md', import.meta.url), 'utf8');
    for (const [name, { most, of, code }] of Object.entries(bounds)) {
      const [memory, number] = [memoryOf(name), most].map((count) => count.toLocaleString('en-US'));
      const refusal = code === null ? '' : `\`${code}\``;
      expect(page).toContain(`| \`${name}\` | ${memory} | ${number} ${of} | ${refusal} |`);
    }
  });
});

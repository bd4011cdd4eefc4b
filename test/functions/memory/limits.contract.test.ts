import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';

/**
 * What each function works with at its stated limits, docs/limits.md: the program that does it, the `memorySize` of the function,
 * the part of its heap that this work may take, and what it answers.
 */
const LIMITS: readonly (readonly [
  name: string,
  program: string,
  megabytes: number,
  part: number,
  answer: unknown,
])[] = [
  // Node has some tens of megabytes beside its heap, and a body that is being read is there twice.
  ['ingest-plan, of datasets with the most files', 'planAtLimits', 1_024, 0.3, { queued: 8 }],
  // DuckDB has half of the memory, and is not at work then; the rest is for what the load itself knows of the day.
  ['ingest-load, of what is usual', 'usualRowsAtLimits', 1_769, 0.3, 1_000],
  ['export, of days with the most files', 'exportAtLimits', 1_024, 0.4, [2, 'succeeded', 100_000]],
  ['curate-plan, of days with the most files', 'curatePlanAtLimits', 512, 0.4, { failed: 0, queued: 4 }],
];

/** Runs a program with the heap that Lambda gives to Node: nine tenths of the memory. @throws Error if it is not enough. */
function run(program: string, megabytes: number): unknown {
  const { stdout, stderr, status, signal } = spawnSync(
    process.execPath,
    [
      `--max-old-space-size=${Math.floor(megabytes * 0.9)}`,
      '--disable-warning=ExperimentalWarning',
      fileURLToPath(new URL(`${program}.ts`, import.meta.url)),
    ],
    { encoding: 'utf8', maxBuffer: 2 ** 26 },
  );
  if (status !== 0) throw new Error(`It ended with ${status ?? signal}: ${stderr.slice(-2_000)}`);
  return JSON.parse(stdout);
}

describe('a function at its limits fits its memory', () => {
  it.each(LIMITS)('%s', (_, program, megabytes, part, answer) => {
    expect(run(program, megabytes * part)).toEqual(answer);
  });
});

import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { textOf } from '../harness/textOf.ts';
import { trackedFiles } from './trackedFiles.ts';

const files = trackedFiles.filter((file) => file.endsWith('.ts'));
const texts = new Map(files.map((file) => [file, textOf(file)]));
const suites = files.filter((file) => /^test\/.*\.test\.ts$/.test(file));
const unit = suites.filter((file) => /\/[^/.]+\.test\.ts$/.test(file));

/** All modules that a module loads by static imports, itself included. Types don't count. */
function reach(module: string): readonly string[] {
  const reached = new Set([module]);
  for (const path of reached)
    for (const [, named] of (texts.get(path) ?? '').matchAll(
      /^(?:import|export) (?!type\b)[^;]*?'(\.[^']+)';$/gm,
    )) {
      const target = join(dirname(path), named ?? '');
      if (texts.has(target)) reached.add(target);
    }
  return [...reached];
}

describe('a suite', () => {
  it('is in a tier by its suffix', () => {
    const named = suites.filter((file) => /\/[^/.]+\.(?:contract|story|proof)\.test\.ts$/.test(file));
    expect(suites.length).toBeGreaterThan(200);
    expect(suites.filter((file) => !unit.includes(file) && !named.includes(file))).toEqual([]);
  });

  it('of the unit tier loads no service of the local cloud and no DuckDB, and starts no process', () => {
    const impure = unit
      .filter((file) => !file.startsWith('test/repository/'))
      .flatMap((suite) =>
        reach(suite)
          .filter(
            (path) =>
              /^packages\/local-aws\/src\/(?!base\/)/.test(path) ||
              /^import (?!type).*'@duckdb\/node-api'/m.test(texts.get(path) ?? '') ||
              (path.startsWith('test/') && texts.get(path)?.includes("'node:child_process'")),
          )
          .slice(0, 1)
          .map((path) => `${suite}: ${path}`),
      );
    expect(impure).toEqual([]);
  });

  it('with a literal day moves the clock of the cloud that it starts', () => {
    const unmoved = suites.filter((file) => {
      if (!/\.(?:contract|story)\./.test(file)) return false;
      const text = texts.get(file) ?? '';
      return (
        /\b(?:startCloud|startCloudProcess|ingestCloud|storyCloud)\(/.test(text) &&
        /['"`/]20[2-9]\d-[01]\d-[0-3]\d(?!-)/.test(text.replaceAll('2012-10-17', '')) &&
        !/\bjumpTo\(|\bstartsAt\b|\bclock\b|_sluice\/clock|setClock|moveClock/.test(text)
      );
    });
    expect(unmoved).toEqual([]);
  });
});

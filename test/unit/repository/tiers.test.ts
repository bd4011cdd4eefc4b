import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { repositoryRoot } from '../../../local/dataDirectory.ts';
import { ImportGraph } from '../../harness/importGraph.ts';

const files = execFileSync('git', ['ls-files', '*.ts', '*.mjs'], { cwd: repositoryRoot, encoding: 'utf8' })
  .trim()
  .split('\n')
  .filter((file) => existsSync(join(repositoryRoot, file)));
const texts = new Map(files.map((file) => [file, readFileSync(join(repositoryRoot, file), 'utf8')]));
const graph = new ImportGraph(texts);
const suites = files.filter((file) => file.endsWith('.test.ts'));

describe('a suite', () => {
  it('is in a tier, or tests the local cloud', () => {
    expect(suites.length).toBeGreaterThan(400);
    expect(
      suites.filter(
        (file) => !/^(?:test\/(?:unit|contract|story|proof)|packages\/local-aws\/test)\//.test(file),
      ),
    ).toEqual([]);
  });

  it('of the unit tier loads no service of the local cloud and no DuckDB, and starts no process', () => {
    const impure = suites
      .filter((file) => file.startsWith('test/unit/') && !file.startsWith('test/unit/repository/'))
      .flatMap((suite) =>
        [...graph.reach(suite)]
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

  it('of the story tier is one of ten', () => {
    expect(suites.filter((file) => file.startsWith('test/story/')).length).toBeLessThanOrEqual(10);
  });
});

import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '../../local/dataDirectory.ts';
import { withRows } from './withRows.ts';

/** For search, not for reading: pages that a generator writes completely, and what reviews are held against. */
const REFERENCES = /^docs\/(reference|appendix)\//;

/** Tables of pages whose rows are generated, by the heading of their first column. */
const GENERATED: Readonly<Record<string, readonly string[]>> = {
  'docs/operate.md': ['alarm'],
  'docs/retention.md': ['folder'],
  'docs/cost.md': ['`buffering.seconds`'],
  'docs/statsig.md': ['rule ID'],
};

/** Pages that people read, each with its words. */
export function wordsByPage(): ReadonlyMap<string, number> {
  const pages = globSync(['*.md', 'docs/**/*.md', 'examples/*/README.md', 'packages/*/README.md'], {
    cwd: repositoryRoot,
  });
  return new Map(
    pages
      .filter((page) => !REFERENCES.test(page))
      .sort()
      .map((page) => {
        const text = readFileSync(join(repositoryRoot, page), 'utf8');
        const read = (GENERATED[page] ?? []).reduce((rest, table) => withRows(rest, table, []), text);
        return [page, read.trim().split(/\s+/).length];
      }),
  );
}

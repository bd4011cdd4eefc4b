import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '../../local/dataDirectory.ts';
import { withRows } from './withRows.ts';

/** Pages that a generator writes completely are references: for search, not for reading. */
const REFERENCE = 'docs/reference/';

/** Rows of checks and findings are generated too, on the doctor's own page. */
const DOCTOR = { page: 'docs/doctor.md', rows: /^\| `(?:SLUICE_|[a-z][a-z-]*` \|).*$/gm };

/** Tables of other pages whose rows are generated, by the heading of their first column. */
const GENERATED: Readonly<Record<string, readonly string[]>> = {
  'docs/operate.md': ['alarm'],
  'docs/ingest.md': ['answer of the plan', 'answer of the load'],
  'docs/retention.md': ['folder'],
  'docs/cost.md': ['`buffering.seconds`'],
  'docs/statsig.md': ['rule ID'],
};

/** Pages that people read, each with its words: the README, docs/ without its references, and what contributors read. */
export function wordsByPage(): ReadonlyMap<string, number> {
  const pages = globSync(['{README,ARCHITECTURE,CHANGELOG,CONTRIBUTING}.md', 'docs/**/*.md'], {
    cwd: repositoryRoot,
  });
  return new Map(
    pages
      .filter((page) => !page.startsWith(REFERENCE))
      .sort()
      .map((page) => {
        const text = readFileSync(join(repositoryRoot, page), 'utf8');
        const whole = page === DOCTOR.page ? text.replaceAll(DOCTOR.rows, '') : text;
        const read = (GENERATED[page] ?? []).reduce((rest, table) => withRows(rest, table, []), whole);
        return [page, read.trim().split(/\s+/).length];
      }),
  );
}

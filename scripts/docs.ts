// `npm run docs` writes the pages of docs/ that are generated from code. With `--check` it writes none, and fails with
// the names of the pages that differ.
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { cliPage } from './docs/cliPage.ts';
import { configurationPage, dropsConfigurationPage } from './docs/configurationPage.ts';
import { errorsPage } from './docs/errorsPage.ts';
import { jsonPage } from './docs/jsonPage.ts';
import { experimentsPage, findingsPage, mappingPage, statsigPage, timesPage } from './docs/rowsPages.ts';
import { tablesPage } from './docs/tablesPage.ts';

/** The pages, each with the function that makes it from its present text: some pages are generated only in part. */
const pages: Readonly<Record<string, (page: string) => string | Promise<string>>> = {
  'reference/tables.md': tablesPage,
  'reference/cli.md': () => cliPage(),
  'reference/json.md': jsonPage,
  'experiments.md': experimentsPage,
  'statsig.md': statsigPage,
  'send.md': timesPage,
  'ingest-mapping.md': mappingPage,
  'reference/errors.md': errorsPage,
  'reference/findings.md': findingsPage,
  'reference/configuration.md': configurationPage,
  'reference/configuration-drops.md': dropsConfigurationPage,
};
const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
for (const [name, make] of Object.entries(pages)) {
  const file = new URL(`../docs/${name}`, import.meta.url);
  const page = readFileSync(file, 'utf8');
  const generated = await make(page);
  if (generated === page) continue;
  if (values.check) {
    process.stderr.write(`docs/${name} is not what \`npm run docs\` generates.\n`);
    process.exitCode = 1;
  } else writeFileSync(file, generated);
}

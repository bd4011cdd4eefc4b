import type * as z from 'zod';
import { readerQuestions } from '../../cli/connect/questions.ts';
import { questions } from '../../cli/trial/questions.ts';
import { routes } from '../../console/api/routes.ts';
import { TIME_FORMS } from '../../lib/base/timeForms.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import { NON_GROUP_RULE_ENDINGS, NON_GROUP_RULES } from '../../lib/wire/isAssignment.ts';
import { findingCatalogue } from '../../observe/findings/catalogue.ts';
import { asReference } from './asReference.ts';

/** docs/statsig.md with the table of rules that are no group written anew. All other text stays. */
export function statsigPage(page: string): string {
  const rules = [...NON_GROUP_RULES].map(([rule, meaning]) => [
    rule === '' ? '(empty)' : `\`${rule}\``,
    meaning,
  ]);
  const endings = [...NON_GROUP_RULE_ENDINGS].map(([ending, meaning]) => [`\`…${ending}\``, meaning]);
  return withRows(
    page,
    'rule ID',
    [...rules, ...endings].map((row) => `| ${row.join(' | ')} |`),
  );
}

/** A page with its table of texts that are times written anew. All other text stays. */
export function timesPage(page: string): string {
  const rows = TIME_FORMS.map(({ form, examples }) => {
    const written = examples.map((example) => `\`${example}\``);
    return `| ${form} | ${written.join(', ')} |`;
  });
  return withRows(page, 'text of a time', rows);
}

/** docs/reference/probe.md with its questions written anew. All other text stays. */
export function probePage(page: string): string {
  const rows = Object.entries(questions).map(
    ([code, { asks, expects }]) => `| \`${code}\`<br>${asks} | ${expects} |`,
  );
  return withRows(page, 'question', rows.map(asReference));
}

/** docs/reference/findings.md with its codes written anew. All other text stays. */
export function findingsPage(page: string): string {
  const rows = Object.entries(findingCatalogue).map(
    ([code, { severity, cause }]) => `| \`${code}\` | ${severity} | ${cause} |`,
  );
  return withRows(page, 'code', rows.map(asReference));
}

/** docs/experiments.md with the query of conversion that `sluice connect` prints. All other text stays. */
export function experimentsPage(page: string): string {
  const config = defineConfig({ bucket: 'acme-experiments' });
  const question = readerQuestions(config).find(({ name }) => name === 'Conversion by group');
  if (question === undefined) throw new RangeError('There is no query of conversion.');
  return page.replace(/```sql\n.*?```/s, () => `\`\`\`sql\n${question.sql}\n\`\`\``);
}

/** docs/reference/console.md with its calls written anew. All other text stays. */
export function consoleApiPage(page: string): string {
  const rows = routes.map(
    ({ method, path, writes, localOnly, summary, query, body }) =>
      `| \`${method} ${path}\`${writes ? ', writes' : ''}${localOnly ? ', local cloud only' : ''} | ${summary} | ${parametersOf(query, body)} |`,
  );
  return withRows(page, 'call', rows.map(asReference));
}

function parametersOf(...schemas: readonly (z.ZodObject | undefined)[]): string {
  return schemas
    .flatMap((schema) => Object.keys(schema?.shape ?? {}).map((name) => `\`${name}\``))
    .join(', ');
}

/**
 * A page with the rows of one of its tables written anew. All other text stays.
 *
 * @param heading The first of the table's headings.
 * @throws RangeError for a page without the table.
 */
function withRows(page: string, heading: string, rows: readonly string[]): string {
  const lines = page.split('\n');
  const first = lines.findIndex((line) => line.startsWith(`| ${heading} |`));
  if (first < 0) throw new RangeError(`The page has no table of "${heading}".`);
  // Below the headings is the line of dashes.
  const from = first + 2;
  const length = lines.slice(from).findIndex((line) => !line.startsWith('|'));
  return [...lines.slice(0, from), ...rows, ...lines.slice(length < 0 ? lines.length : from + length)].join(
    '\n',
  );
}

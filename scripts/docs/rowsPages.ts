import { readerQueries } from '../../cli/connect/readerQueries.ts';
import { TIME_FORMS } from '../../lib/base/timeForms.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import { eventsMapping, exposuresMapping, metricsMapping } from '../../lib/schema/mapping/mappings.ts';
import { noteOf } from '../../lib/schema/noted.ts';
import { NON_GROUP_RULE_ENDINGS, NON_GROUP_RULES } from '../../lib/wire/isAssignment.ts';
import { findingCatalogue } from '../../observe/findings/catalogue.ts';
import { asReference } from './asReference.ts';

/** The text of docs/statsig.md with a new table of rules that are no group. All other text stays. */
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

/** The text of a page with a new table of the texts that are times. All other text stays. */
export function timesPage(page: string): string {
  const rows = TIME_FORMS.map(({ form, examples }) => {
    const written = examples.map((example) => `\`${example}\``);
    return `| ${form} | ${written.join(', ')} |`;
  });
  return withRows(page, 'text of a time', rows);
}

/** The mappings of kinds whose files have columns of known names. */
const MAPPINGS = { events: eventsMapping, metrics: metricsMapping, exposures: exposuresMapping };

/** The text of docs/ingest-mapping.md with a new table of each kind's fields and the columns that they read by default. All other text stays. */
export function mappingPage(page: string): string {
  const rows = Object.entries(MAPPINGS).flatMap(([kind, mapping]) => {
    const usual: Readonly<Record<string, unknown>> = mapping.parse({});
    const { shape } = mapping.unwrap();
    return Object.entries(shape).map(([field, schema]) => {
      const { text = '', absent = 'none' } = noteOf(schema) ?? {};
      return `| \`${kind}\`: \`${field}\` | ${columnText(usual[field]) ?? absent} | ${text} |`;
    });
  });
  return withRows(page, 'kind and field', rows);
}

/** What a field reads if the mapping does not name it; undefined if that is nothing. */
function columnText(field: unknown): string | undefined {
  if (typeof field !== 'object' || field === null) return undefined;
  if ('constant' in field) return `the text \`${field.constant}\` in each row`;
  if ('column' in field) return `\`${field.column}\``;
  const named = Object.entries(field).map(([name, from]) => `${columnText(from)} as \`${name}\``);
  return named.length === 0 ? undefined : named.join(', ');
}

/** The text of docs/reference/findings.md with a new table of codes. All other text stays. */
export function findingsPage(page: string): string {
  const rows = Object.entries(findingCatalogue).map(
    ([code, { severity, cause }]) => `| \`${code}\` | ${severity} | ${cause} |`,
  );
  return withRows(page, 'code', rows.map(asReference));
}

/**
 * The text of docs/experiments.md with the query of conversion that `sluice connect` prints, in place of its first query. All other
 * text stays.
 *
 * @throws RangeError for a page without a query.
 */
export function experimentsPage(page: string): string {
  const config = defineConfig({ bucket: 'acme-experiments' });
  const question = readerQueries(config).find(({ name }) => name === 'Conversion by group');
  if (question === undefined) throw new RangeError('There is no query of conversion.');
  const block = /```sql\n.*?```/s;
  if (!block.test(page)) throw new RangeError('The page has no query.');
  return page.replace(block, () => `\`\`\`sql\n${question.sql}\n\`\`\``);
}

/**
 * The text of a page with new rows in one of its tables. All other text stays.
 *
 * @param heading The heading of the table's first column.
 * @throws RangeError for a page without the table.
 */
function withRows(page: string, heading: string, rows: readonly string[]): string {
  const lines = page.split('\n');
  const first = lines.findIndex((line) => line.startsWith(`| ${heading} |`));
  if (first < 0) throw new RangeError(`The page has no table of "${heading}".`);
  // The line of dashes is between the headings and the rows.
  const from = first + 2;
  const length = lines.slice(from).findIndex((line) => !line.startsWith('|'));
  return [...lines.slice(0, from), ...rows, ...lines.slice(length < 0 ? lines.length : from + length)].join(
    '\n',
  );
}

import { defineConfig } from '../../lib/config/defineConfig.ts';
import { type CuratedTable, curatedTables } from '../../lib/curate/curatedTables.ts';
import { forwardedKinds, tableKinds } from '../../lib/schema/kinds.ts';
import { type ColumnNote, columnNotes, quarantineNotes } from '../../lib/tables/columnNotes.ts';
import { deliveredTables } from '../../lib/tables/deliveredTables.ts';
import { groupsNotes, groupsTable } from '../../lib/tables/groupsTable.ts';
import type { Column, Table } from '../../lib/tables/Table.ts';
import type { View } from '../../lib/views/View.ts';
import { viewColumnNote } from '../../lib/views/viewColumnNotes.ts';
import { viewNames } from '../../lib/views/viewNames.ts';
import { views } from '../../lib/views/views.ts';
import { asReference } from './asReference.ts';

/** Configuration of the columns that the page shows: one of each kind. */
const config = defineConfig({
  bucket: 'acme-experiments',
  unitIds: { companyID: 'company_id' },
  jsonPaths: { plan: 'user.custom.plan', sku: 'metadata.sku' },
});

const CONFIGURED: Readonly<Record<string, ColumnNote>> = {
  company_id: {
    example: 'acme',
    filledBy: 'all SDKs, if the application set that custom ID',
    nullWhen: 'the application did not set it',
  },
  plan: {
    example: 'pro',
    filledBy: 'all SDKs, if the application set it',
    nullWhen: 'nothing plain is there',
  },
  sku: {
    example: 'abc',
    filledBy: 'all SDKs, if the application logged it',
    nullWhen: 'nothing plain is there',
  },
};

/** docs/reference/tables.md, in whole. */
export function tablesPage(): string {
  const tables = deliveredTables(config);
  const all = views(config);
  const curated = curatedTables(config);
  return asReference(`# Tables and views

<!-- Made by \`npm run docs\` from lib/tables, lib/views and scripts/docs: edit those. -->

Read the views. The tables contain the events as SDKs sent them, including resends, staging events, evaluations that assigned nobody, and users as JSON.

| View | Use it for |
|---|---|
${viewNames.map((name) => `| [\`${name}\`](#${name}) | ${all[name].comment} |`).join('\n')}

The columns \`company_id\`, \`plan\` and \`sku\` below are examples of columns from your own configuration: \`unitIds: { companyID: 'company_id' }\` and \`jsonPaths: { plan: 'user.custom.plan', sku: 'metadata.sku' }\`. You can change the names of tables there (\`tables\`), but not the names of views.

## What the views do

- **Resends are removed**: of the rows of a day with the same \`event_id\`, a view shows the one received first; of two received in the same millisecond, the one with the earlier \`timestamp\`, then the lesser \`sdk_type\` and \`sdk_version\`. If these are equal, too, the two can differ in \`session_id\`, \`statsig_metadata\` and \`protocol\` alone, and the view shows either. The day of a resend comes from the event's own time, so it is on the same day as the first row. Only if a sender's clock was corrected within seconds of midnight, or a resend came after \`timeWindow\` had closed, two days show the event once each. Even this does not affect \`first_exposures\`.
- **Only production**: an event without a tier counts as production.
- **No telemetry**: \`product_events\` leaves out names that begin with \`statsig::\`, such as \`statsig::log_line\`.
- **Only groups of experiments**: rules that are not a group, such as \`launchedGroup\`, and units in a known holdout count in no group. This includes rows of earlier versions: [statsig.md](statsig.md#what-is-no-group).
- **\`ds\` prunes**: with \`WHERE ds BETWEEN date '2026-11-01' AND date '2026-11-30'\` a query reads (and Athena bills) those days only. \`first_exposures\` has no \`ds\`, because only all days together show which exposure was first; restrict \`experiment_id\` and \`unit_type\` there.
- **Units by type**: an exposure does not show which of its IDs the experiment randomizes. \`first_exposures\` and \`daily_exposures\` have a row for each ID: always restrict \`unit_type\` to one.
- **JSON as columns**: \`country\`, \`locale\`, \`app_version\` and the paths in \`jsonPaths\`. A path under \`metadata\` is a column of \`product_events\` only. Lists and objects are null in these columns; their JSON is in the JSON column. Invalid JSON is also null, and no query fails because of it. A number is written as in the SDK's JSON: \`2.5\`, \`1e+21\`.
- **Numbers**: \`value_number\` is null if \`event_value\` is anything other than exactly a number, for example a number with a line break after it.
- **Days that are over**: with \`curate: true\` the views read them from [\`curated_exposures\`](#curated_exposures) and [\`curated_events\`](#curated_events), where a query reads less. Rows are the same with and without: [curated.md](curated.md).
- **The same rows everywhere**: each view is one SQL text, which Athena runs unchanged and DuckDB runs translated. Tests compare the rows with rows calculated without SQL, in DuckDB with \`npm test\` and in Trino 435, the engine that Athena is based on, with \`npm run test:trino\` (Java 17 and Maven).

${COSTS}
## Views

${viewNames.map((name) => viewSection(all[name])).join('\n')}
## Tables

${tableKinds.map((kind) => tableSection(tables[kind])).join('\n')}
${forwardedKinds.map((kind) => curatedSection(curated[kind])).join('\n')}
${section(groupsTable.name, groupsTable.comment, groupsTable.columns, groupNoteOf)}
## Adding columns

If you add a unit ID to \`unitIds\`, it becomes a column of both forwarded tables and all views with the next deployment. The partition of a day gets the new column as soon as a new file arrives for the day, all other partitions with the next hourly run (five minutes past). Earlier rows have null in the column; their \`custom_ids\` contains the ID.

If you add a path to \`jsonPaths\`, it becomes a column of the views only, so it immediately has the values of all days.

## Words

${glossary.map(([word, meaning]) => `- **${word}**: ${meaning}`).join('\n')}
`);
}

/** The figures come from `npm run bench views`, metric `read_of_a_day`. */
const COSTS = `## What a query of a view costs

Athena bills the compressed bytes of the columns and days that a query reads, 10 MB at least. These figures were measured with \`npm run bench views\` on a day of 333,334 exposures in one file, 62 MB with all columns:

| Query | Bytes read of that day |
|---|---|
| \`experiment_exposures\`, units, groups and times of one experiment | 18 MB |
| the same by \`country\` | 22 MB |
| \`experiment_exposures\`, all columns | 62 MB |
| \`secondary_exposures\`, units of each gate and group | 18 MB |
| \`daily_exposures\`, one \`unit_type\` | 30 MB |
| \`first_exposures\`, one \`unit_type\` | 5 MB, and as much of every other day |
| the table, \`experiment_id\` alone | 0.2 MB |

Most of the bytes of the first queries are \`event_id\`, which identifies resends and does not compress: 32 hexadecimal digits a row. Of curated days it is not read: [curated.md](curated.md). If resends do not matter, for example when you count the units that were ever exposed, \`first_exposures\` and \`count(DISTINCT user_id)\` over the table do not read it.

`;

function viewSection(view: View): string {
  return section(
    view.name,
    view.comment,
    view.columns,
    (name) => viewColumnNote(view.name, name) ?? noteOf(name),
  );
}

function tableSection({ name, comment, columns, partitionKey, kind }: Table): string {
  const all = [...columns, { ...partitionKey, comment: `Partition key. ${partitionKey.comment}` }];
  const special: Readonly<Record<string, ColumnNote>> = kind === 'quarantine' ? quarantineNotes : {};
  return section(name, comment, all, (column) => special[column] ?? noteOf(column));
}

/** The columns of the forwarded table have their notes there. */
function curatedSection({ kind, name, comment, raw, columns }: CuratedTable): string {
  const view = kind === 'exposures' ? 'experiment_exposures' : 'product_events';
  const added = columns.slice(raw.length);
  const about = `${comment}. It has the columns of \`${config.tables[kind]}\`, and these ([curated.md](curated.md))`;
  return section(
    name,
    about,
    added,
    (column) => COPY_NOTES[column] ?? viewColumnNote(view, column) ?? noteOf(column),
  );
}

const COPY_NOTES: Readonly<Record<string, ColumnNote>> = {
  copies: { example: '1', filledBy: 'the curation', nullWhen: 'never' },
  copies_differ: { example: 'false', filledBy: 'the curation', nullWhen: 'never' },
  copy: { example: '1', filledBy: 'the curation', nullWhen: 'never' },
};

function groupNoteOf(column: string): ColumnNote {
  const notes: Readonly<Record<string, ColumnNote>> = groupsNotes;
  return notes[column] ?? noteOf(column);
}

function noteOf(column: string): ColumnNote {
  const notes: Readonly<Record<string, ColumnNote>> = { ...columnNotes, ...CONFIGURED };
  const found = notes[column];
  if (found === undefined) throw new Error(`The column ${column} has no note.`);
  return found;
}

function section(
  name: string,
  comment: string,
  columns: readonly Column[],
  notes: (column: string) => ColumnNote,
): string {
  const lines = columns.map((column) => {
    const { example, filledBy, nullWhen } = notes(column.name);
    const cells = [`\`${column.name}\``, column.type, column.comment, `\`${example}\``, filledBy, nullWhen];
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('<', '&lt;')).join(' | ')} |`;
  });
  return `### ${name}

${comment}.

| Column | Type | Meaning | Example | Filled by | Null when |
|---|---|---|---|---|---|
${lines.join('\n')}
`;
}

/** Words with a special meaning in Sluice. */
const glossary: readonly (readonly [word: string, meaning: string])[] = [
  [
    'exposure',
    'A record that a user was shown a gate, experiment or layer. SDKs log one each time the application checks it, at most every few minutes.',
  ],
  [
    'assignment',
    'An exposure that puts a unit in a group (`is_assignment`). Defaults, disabled rules, overrides, shipped experiments and holdouts are also exposures, but not assignments.',
  ],
  [
    'unit',
    'The subject that an experiment randomizes: a user, a device (`stable_id`), or one of your own IDs, such as a company.',
  ],
  [
    'resend',
    'The same event again, sent by an SDK that got no answer. It has the same `event_id`. The raw tables contain it, the views do not.',
  ],
  [
    'forwarded',
    'Data that SDKs sent through the collector, in `statsig_forwarded_exposures` and `statsig_forwarded_events`. Statsig uses the same names for its own forwarding.',
  ],
  [
    'dataset',
    "A folder of your own Parquet files in S3, a subfolder for each day, that Statsig's S3 ingestion or Sluice reads.",
  ],
  ['drop', 'One day of a dataset, as the customer put it into the bucket.'],
  [
    'staging database',
    'The Glue database in which Statsig creates and drops its own tables. It is never the database of the tables on this page.',
  ],
  [
    'Statsig folder',
    'The folder of the bucket that Statsig writes to (`statsigFolder`); the forwarded tables are in it, beside Statsig’s staging data.',
  ],
  [
    'quarantine',
    'Data that was sent with a valid key and could not become a row, with the reason: [quarantine.md](quarantine.md).',
  ],
];

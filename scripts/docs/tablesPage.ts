import { defineConfig } from '../../lib/config/defineConfig.ts';
import { tableKinds } from '../../lib/schema/kinds.ts';
import { type ColumnNote, columnNotes, quarantineNotes } from '../../lib/tables/columnNotes.ts';
import { deliveredTables } from '../../lib/tables/deliveredTables.ts';
import { groupsNotes, groupsTable } from '../../lib/tables/groupsTable.ts';
import type { Column, Table } from '../../lib/tables/Table.ts';
import type { View } from '../../lib/views/View.ts';
import { viewColumnNote } from '../../lib/views/viewColumnNotes.ts';
import { viewNames, views } from '../../lib/views/views.ts';

/** What the page shows of configured columns: one of each. */
const config = defineConfig({
  bucket: 'acme-experiments',
  unitIds: { companyID: 'company_id' },
  jsonPaths: { plan: 'user.custom.plan', sku: 'metadata.sku' },
});

const CONFIGURED: Readonly<Record<string, ColumnNote>> = {
  company_id: {
    example: 'acme',
    filledBy: 'all SDKs, if the application set that custom ID',
    nullWhen: 'it did not',
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

/** docs/tables.md, in whole. */
export function tablesPage(): string {
  const tables = deliveredTables(config);
  const all = views(config);
  return `# Tables and views

<!-- Made by \`npm run docs\` from lib/tables, lib/views and scripts/docs: edit those. -->

Read the views. The tables hold what SDKs sent, as they sent it: resends, staging, evaluations that assigned nobody, users as JSON.

| Read | for |
|---|---|
${viewNames.map((name) => `| [\`${name}\`](#${name}) | ${all[name].comment} |`).join('\n')}

The columns \`company_id\`, \`plan\` and \`sku\` below stand for those of your own configuration: \`unitIds: { companyID: 'company_id' }\` and \`jsonPaths: { plan: 'user.custom.plan', sku: 'metadata.sku' }\`. Table names can be changed there (\`tables\`), names of views can't.

## What the views do

- **Resends are gone**: of the rows of a day with one \`event_id\`, the one received first is shown; of two received in the same millisecond, either. A resend has its day from the event's own time, so it lies beside the first. Only where a sender's clock was corrected within seconds of midnight, or a resend came after \`timeWindow\` had closed, do two days show it once each; \`first_exposures\` doesn't mind even that.
- **Only production**: an event without a tier is production's.
- **Only groups of experiments**: rules that are no group, such as \`launchedGroup\`, and units in a known holdout count in none, in rows of earlier versions too: [statsig.md](statsig.md#what-is-no-group).
- **\`ds\` prunes**: with \`WHERE ds BETWEEN date '2026-11-01' AND date '2026-11-30'\` a query reads (and Athena bills) those days only. \`first_exposures\` has no \`ds\`, for which exposure was first only all days tell; restrict \`experiment_id\` and \`unit_type\` there.
- **Units by type**: an exposure doesn't say which of its IDs the experiment randomises. \`first_exposures\` and \`daily_exposures\` have a row for each: always restrict \`unit_type\` to one.
- **JSON as columns**: \`country\`, \`locale\`, \`app_version\` and what \`jsonPaths\` names. A path under \`metadata\` is a column of \`product_events\` only. Lists and objects are null there; the JSON is in the column beside. What is no JSON is null, too; no query fails of it. A number is written as the SDK's JSON has it: \`2.5\`, \`1e+21\`.
- **Numbers**: \`value_number\` is null where \`event_value\` is more or less than a number, as with a line break behind it.
- **The same rows everywhere**: the views are one text, run by Athena as it is and by DuckDB in translation. Their rows are compared with rows worked out without SQL, in DuckDB by \`npm test\` and in Trino 435, of whose kind Athena is, by \`npm run test:trino\` (Java 17 and Maven).

${COSTS}
## Views

${viewNames.map((name) => viewSection(all[name])).join('\n')}
## Tables

${tableKinds.map((kind) => tableSection(tables[kind])).join('\n')}
${section(groupsTable.name, groupsTable.comment, groupsTable.columns, groupNoteOf)}
## Adding columns

A unit ID that is added to \`unitIds\` becomes a column of both forwarded tables, their streams and all views with the next deployment. A day's partition is described anew as soon as a new file comes for it, all others by the next daily run (00:05 UTC). Rows from before have null there; their \`custom_ids\` has the ID.

A path that is added to \`jsonPaths\` becomes a column of the views alone, so it has the values of all days at once.

## Words

${glossary.map(([word, meaning]) => `- **${word}**: ${meaning}`).join('\n')}
`;
}

/** Of `npm run bench views`, where `read_of_a_day` has the figures. */
const COSTS = `## What a query of a view costs

Athena bills the compressed bytes of the columns that a query reads, of the days that it reads, 10 MB at least. Measured with \`npm run bench views\` on a day of 333,334 exposures in one file, 62 MB with all columns:

| A query of | reads of that day |
|---|---|
| \`experiment_exposures\`, units, groups and times of one experiment | 18 MB |
| the same by \`country\` | 20 MB |
| \`experiment_exposures\`, all columns | 62 MB |
| \`secondary_exposures\`, units of each gate and group | 16 MB |
| \`daily_exposures\`, one \`unit_type\` | 28 MB |
| \`first_exposures\`, one \`unit_type\` | 5 MB, and as much of every other day |
| the table, \`experiment_id\` alone | 0.2 MB |

Most of what the first ones read is \`event_id\`, which tells resends apart and does not compress: 32 hexadecimal digits a row. Where resends don't matter, as for the units that were ever exposed, \`first_exposures\` and \`count(DISTINCT user_id)\` over the table do without it.

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

function groupNoteOf(column: string): ColumnNote {
  const notes: Readonly<Record<string, ColumnNote>> = groupsNotes;
  return notes[column] ?? noteOf(column);
}

function noteOf(column: string): ColumnNote {
  const notes: Readonly<Record<string, ColumnNote>> = { ...columnNotes, ...CONFIGURED };
  const found = notes[column];
  if (found === undefined) throw new Error(`Nothing is said of the column ${column}.`);
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

/** Words that mean one thing here, and another elsewhere. */
const glossary: readonly (readonly [word: string, meaning: string])[] = [
  [
    'exposure',
    'A record that somebody was shown a gate, experiment or layer. SDKs log one each time it is looked at, at most every few minutes.',
  ],
  [
    'assignment',
    'An exposure that puts a unit in a group (`is_assignment`). Defaults, disabled rules, overrides, shipped experiments and holdouts are exposures too, but no assignments.',
  ],
  [
    'unit',
    'Who or what an experiment randomises: a user, a device (`stable_id`), or one of your own IDs, such as a company.',
  ],
  [
    'resend',
    'The same event again, sent by an SDK that had no answer. It has the same `event_id`; the raw tables hold it, the views do not.',
  ],
  [
    'forwarded',
    'What came from SDKs through the collector, in `statsig_forwarded_exposures` and `statsig_forwarded_events`: the names that Statsig gives its own.',
  ],
  [
    'dataset',
    "A folder of your own Parquet files in S3, a subfolder for each day, that Statsig's S3 ingestion or Sluice reads.",
  ],
  ['drop', 'One day of a dataset, as it was put into the bucket.'],
  [
    'staging database',
    'The Glue database in which Statsig makes tables of its own and drops them. Never that of the tables here.',
  ],
  [
    'Statsig folder',
    'The folder of the bucket that Statsig writes to (`statsigFolder`); the forwarded tables lie in it, beside what it stages.',
  ],
  [
    'quarantine',
    'What came with a valid key and could not become a row, with the reason: [quarantine.md](quarantine.md).',
  ],
];

import { defineConfig } from '../../lib/config/defineConfig.ts';
import { type CuratedTable, curatedTables } from '../../lib/curate/curatedTables.ts';
import { forwardedKinds } from '../../lib/schema/kinds.ts';
import { columnNotes } from '../../lib/tables/columnNotes.ts';
import { deliveredTables } from '../../lib/tables/deliveredTables.ts';
import { groupsTable } from '../../lib/tables/groupsTable.ts';
import type { Column, Table } from '../../lib/tables/Table.ts';
import type { View } from '../../lib/views/View.ts';
import { viewNames } from '../../lib/views/viewNames.ts';
import { views } from '../../lib/views/views.ts';
import { asReference } from './asReference.ts';

/** Configuration of the columns that the page shows: one of each kind. */
const config = defineConfig({
  bucket: 'acme-experiments',
  unitIds: { companyID: 'company_id' },
  jsonPaths: { plan: 'user.custom.plan', sku: 'metadata.sku' },
});

const tables = deliveredTables(config);
/** Columns of the forwarded tables: what they mean is told there. */
const told = new Set(
  forwardedKinds.flatMap((kind) => [...tables[kind].columns.map(({ name }) => name), 'ds']),
);

/** docs/reference/tables.md, in whole. */
export function tablesPage(): string {
  const all = views(config);
  const curated = curatedTables(config);
  return asReference(`# Tables and views

<!-- Made by \`npm run docs\` from lib/tables, lib/views and scripts/docs: edit those. -->

Read the views. The tables hold the events as SDKs sent them, with resends, staging events, evaluations that assigned nobody, and users as JSON.

The columns \`company_id\`, \`plan\` and \`sku\` below are examples of your own configuration: \`unitIds: { companyID: 'company_id' }\` and \`jsonPaths: { plan: 'user.custom.plan', sku: 'metadata.sku' }\`. A new unit ID becomes a column of the tables and views with the next deployment; earlier rows have null there, and the ID in \`custom_ids\`. A new JSON path is a column of the views only, with the values of all days.

## What the views do

- **Resends are removed**: of the rows of a day with the same \`event_id\`, a view shows the one received first. The day comes from the event's own time, so a resend is on the same day, unless a sender's clock was corrected near midnight.
- **Only production**: an event without a tier counts as production.
- **No telemetry**: \`product_events\` leaves out names that begin with \`statsig::\`.
- **Only groups of experiments**: rules that are not a group, and units in a known holdout, count in no group: [statsig.md](statsig.md#what-is-no-group).
- **\`ds\` prunes**: with \`WHERE ds BETWEEN date '2026-11-01' AND date '2026-11-30'\` a query reads, and Athena bills, those days only. \`first_exposures\` has no \`ds\`, because only all days together show which exposure was first: restrict \`experiment_id\` and \`unit_type\` there.
- **Units by type**: an exposure does not show which of its IDs the experiment randomizes. \`first_exposures\` and \`daily_exposures\` have a row for each ID: always restrict \`unit_type\` to one.
- **JSON as columns**: \`country\`, \`locale\`, \`app_version\` and the paths in \`jsonPaths\`. Lists, objects and JSON that is not valid are null there. \`value_number\` is null if \`event_value\` is anything other than exactly a number.
- **Days that are over**: with \`curate\` the views read them from the curated tables, with the same rows: [curated.md](curated.md).

${COSTS}
## Views

Each lists the columns that it adds to those of its table; \`npx sluice tables <view>\` lists all.

${viewSections(viewNames.map((name) => all[name]))}
## Tables

${forwardedKinds.map((kind) => forwardedSection(tables[kind])).join('\n')}
${tableSection(tables.quarantine)}
${forwardedKinds.map((kind) => curatedSection(curated[kind])).join('\n')}
${section(groupsTable.name, groupsTable.comment, groupsTable.columns)}
`);
}

/** The figures come from `npm run bench views`, metric `read_of_a_day`. */
const COSTS = `## What a query of a view costs

Athena bills the compressed bytes of the columns and days that a query reads, 10 MB at least. Measured with \`npm run bench views\` on a day of 333,334 exposures in one file, 62 MB with all columns:

| query | bytes read of that day |
|---|---|
| \`experiment_exposures\`, units, groups and times of one experiment | 18 MB |
| \`experiment_exposures\`, all columns | 62 MB |
| \`secondary_exposures\`, units of each gate and group | 18 MB |
| \`daily_exposures\`, one \`unit_type\` | 30 MB |
| \`first_exposures\`, one \`unit_type\` | 5 MB, and as much of every other day |
| the table, \`experiment_id\` alone | 0.2 MB |

Most of the bytes of the first queries are \`event_id\`, which identifies resends and does not compress. Of curated days it is not read.

`;

/** Only the columns that the view does not have from its table, each described in the first section that has it. */
function viewSections(all: readonly View[]): string {
  const described = new Set(told);
  const sections = all.map((view) => {
    const own = view.columns.filter(({ name }) => !told.has(name));
    const first = own.filter(({ name }) => !described.has(name));
    const again = own.filter((column) => !first.includes(column)).map(({ name }) => `\`${name}\``);
    for (const { name } of first) described.add(name);
    const also = again.length === 0 ? '' : `. As above: ${again.join(', ')}`;
    return section(view.name, `${view.comment}${also}`, first);
  });
  return sections.join('\n');
}

function withKey({ columns, partitionKey }: Table): readonly Column[] {
  return [...columns, { ...partitionKey, comment: `Partition key. ${partitionKey.comment}` }];
}

function tableSection(table: Table): string {
  return section(table.name, table.comment, withKey(table));
}

/** With an example of each column. */
function forwardedSection(table: Table): string {
  const notes: Readonly<Record<string, { readonly example: string }>> = {
    ...columnNotes,
    company_id: { example: 'acme' },
  };
  const [first] = forwardedKinds.map((kind) => tables[kind]);
  const inFirst = (name: string) =>
    first !== undefined && first.name !== table.name && first.columns.some((one) => one.name === name);
  const own = withKey(table).filter(({ name }) => !inFirst(name) && (first === table || name !== 'ds'));
  const rows = own.map(({ name, type, comment }) =>
    row([`\`${name}\``, type, comment, `\`${notes[name]?.example ?? ''}\``]),
  );
  const same = table.columns.filter(({ name }) => inFirst(name)).map(({ name }) => `\`${name}\``);
  const also = same.length === 0 ? '' : ` As in \`${first?.name}\`: ${[...same, '`ds`'].join(', ')}.`;
  return `### ${table.name}\n\n${table.comment}.${also}\n\n| column | type | meaning | example |\n|---|---|---|---|\n${rows.join('\n')}\n`;
}

function curatedSection({ kind, name, comment, raw, columns }: CuratedTable): string {
  const view = views(config)[kind === 'exposures' ? 'experiment_exposures' : 'product_events'];
  const about = `${comment}. It has the columns of \`${config.tables[kind]}\`, those that \`${view.name}\` adds, and these ([curated.md](curated.md))`;
  const own = columns
    .slice(raw.length)
    .filter((column) => !view.columns.some(({ name: of }) => of === column.name));
  return section(name, about, own);
}

function section(name: string, about: string, columns: readonly Column[]): string {
  const rows = columns.map((column) => row([`\`${column.name}\``, column.type, column.comment]));
  const own = rows.length === 0 ? [] : [`| column | type | meaning |\n|---|---|---|\n${rows.join('\n')}\n`];
  return [`### ${name}\n`, `${about}.\n`, ...own].join('\n');
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('<', '&lt;')).join(' | ')} |`;
}

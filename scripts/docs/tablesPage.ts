import { defineConfig } from '../../lib/config/defineConfig.ts';
import { curatedTables } from '../../lib/curate/curatedTables.ts';
import { deliveredTables } from '../../lib/tables/deliveredTables.ts';
import { groupsTable } from '../../lib/tables/groupsTable.ts';
import { receivedHoursTable } from '../../lib/tables/receivedHoursTable.ts';
import type { Column, Table } from '../../lib/tables/Table.ts';
import { viewNames } from '../../lib/views/viewNames.ts';
import { views } from '../../lib/views/views.ts';
import { asReference } from './asReference.ts';

/** A configuration that has one column of each kind, for the page to show. */
const config = defineConfig({
  bucket: 'acme-experiments',
  unitIds: { companyID: 'company_id' },
});

/** The whole text of docs/reference/tables.md. */
export function tablesPage(): string {
  const { exposures, events, quarantine } = deliveredTables(config);
  const curated = curatedTables(config);
  const viewsByName = views(config);
  const rawColumns = new Set([...withDay(exposures), ...events.columns].map(({ name }) => name));
  const viewSections = sections(
    viewNames.map((name) => viewsByName[name]),
    new Set(rawColumns),
  );
  const tableSections = sections(
    [exposures, events].map((table) => ({ ...table, columns: withDay(table) })),
    new Set(),
  );
  const curatedSection = section(
    `${curated.exposures.name} and ${curated.events.name}`,
    `Days that are over, without resends and sorted ([curated.md](curated.md)). They have the columns of \`${exposures.name}\` and \`${events.name}\` and these`,
    curated.exposures.columns.slice(curated.exposures.raw.length),
  );
  return asReference(`# Tables and views

<!-- Made by \`npm run docs\` from lib/tables, lib/views and scripts/docs: edit those. -->

Read the views. The tables hold the events as SDKs sent them, with resends, staging events, evaluations that assigned nobody, and users as JSON.

The column \`company_id\` below is an example of your own configuration: \`unitIds: { companyID: 'company_id' }\`. A new unit ID becomes a column of the tables and views with the next deployment, between the others, so name columns in place of \`*\`; earlier rows have null there, and the ID in \`custom_ids\`.

## What the views do

- **Duplicates (resends) are removed**: of the rows of a day \`ds\` with the same \`event_id\`, a view shows the one received first. Deduplicate raw tables in the same way: \`count(DISTINCT event_id)\` of each \`ds\`, or the rows with 1 as \`row_number() OVER (PARTITION BY ds, event_id ORDER BY received_at)\`. [What stays twice](answers.md#event-ids).
- **Only production**: an event without a tier counts as production.
- **No telemetry**: \`product_events\` leaves out names that begin with \`statsig::\`.
- **Only groups of experiments**: rules that are not a group, and units in a known holdout, count in no group: [statsig.md](statsig.md#what-is-no-group).
- **\`ds\` prunes**: with \`WHERE ds BETWEEN date '2026-11-01' AND date '2026-11-30'\` a query reads, and Athena bills, those days only. \`first_exposures\` has no \`ds\`, because only all days together show which exposure was first: restrict \`experiment_id\` and \`unit_type\` there.
- **Units by type**: \`first_exposures\` and \`daily_exposures\` have a row for each ID of a unit: always restrict \`unit_type\` to one.
- **JSON as columns**: \`country\`, \`locale\`, \`app_version\`. Lists, objects and JSON that is not valid are null there. Only \`unitIds\` make further columns; put others into a view of yours, made [like this one](send.md#load-history): \`json_extract_scalar(company_metadata, '$.sku')\`, of the user \`json_extract_scalar(user_object, '$.custom.plan')\` (of exposures \`user_dimensions\`); [a number](experiments.md#numbers-in-texts); [a list](experiments.md#items-of-a-list).

${COSTS}
## Views

Each lists the columns that neither the raw tables nor a view above it have; \`npx sluice tables <view>\` lists all.

${viewSections}
## Tables

The table of events has most columns of the table of exposures, which are not repeated.

${tableSections}
${section(quarantine.name, quarantine.comment, withDay(quarantine))}
${curatedSection}
${section(groupsTable.name, groupsTable.comment, groupsTable.columns)}
${section(receivedHoursTable.name, receivedHoursTable.comment, receivedHoursTable.columns)}
`);
}

/** The section about the costs of queries. */
const COSTS = `## What a query of a view costs

Athena bills the compressed bytes of the columns and days that a query reads, 10 MB at least, and S3 the requests for them. Most bytes of raw days are \`event_id\`, which identifies resends and does not compress. Of [curated days](curated.md#what-it-saves) it is not read, and they have few files. \`first_exposures\` reads all days. \`LIMIT\` saves little, as a view looks for resends before it returns its first row.
`;

/** The columns of a table, and its day. */
function withDay({ columns, partitionKey }: Table): readonly Column[] {
  return [...columns, { ...partitionKey, comment: `Partition key. ${partitionKey.comment}` }];
}

/** The sections of several tables or views, each with the columns that no section before it describes. */
function sections(
  described: readonly {
    /** Name of the table. */
    readonly name: string;
    /** What a row is, in a sentence. */
    readonly comment: string;
    /** The columns, in order. */
    readonly columns: readonly Column[];
  }[],
  known: Set<string>,
): string {
  return described
    .map(({ name, comment, columns }) => {
      const newColumns = columns.filter((column) => !known.has(column.name));
      for (const column of newColumns) known.add(column.name);
      return section(name, comment, newColumns);
    })
    .join('\n');
}

/** The section of a table or view. */
function section(name: string, about: string, columns: readonly Column[]): string {
  const rows = columns.map((column) => row([`\`${column.name}\``, column.type, column.comment]));
  return `### ${name}\n\n${about}.\n\n| column | type | meaning |\n|---|---|---|\n${rows.join('\n')}\n`;
}

/** A line of a table. */
function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('<', '&lt;')).join(' | ')} |`;
}

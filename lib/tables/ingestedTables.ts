import type { Config } from '../schema/config.ts';
import type { DatasetKind } from '../schema/kinds.ts';
import { columnNamesOf } from '../schema/mapping/fieldSource.ts';
import type { DeclaredColumn } from '../schema/mapping/tableMapping.ts';
import type { Dataset, Source } from '../schema/sources.ts';
import { partitionKey, unitIdColumns } from './sharedColumns.ts';
import { type Column, glueComment, type Table } from './Table.ts';

/** The table of one dataset. */
export interface IngestedTable extends Omit<Table, 'kind'> {
  /** The kind of the dataset. */
  readonly kind: DatasetKind;
  /** Name of the source. */
  readonly source: string;
  /** Name of the dataset, which is unique within its source. */
  readonly dataset: string;
}

/** The table of each configured dataset, in the order of the configuration. */
export function ingestedTables(config: Pick<Config, 'sources' | 'unitIds'>): IngestedTable[] {
  return config.sources.flatMap((source) =>
    source.datasets.map((dataset) => ingestedTable(config, source, dataset)),
  );
}

/** The table of a dataset. Its kind determines its columns; tables of events also have the configured unit IDs. */
function ingestedTable(
  config: Pick<Config, 'unitIds'>,
  source: Pick<Source, 'name' | 'bucket'>,
  dataset: Dataset,
): IngestedTable {
  return {
    kind: dataset.kind,
    source: source.name,
    dataset: dataset.name,
    name: dataset.table,
    comment: `${ROWS_OF_KIND[dataset.kind]} that were dropped into s3://${source.bucket}/${dataset.folder}/, one row each`,
    columns: [...ownColumns(config, dataset), ...originColumns],
    partitionKey: {
      ...partitionKey,
      comment: "Day of the drop's folder; a row's own time may be another's",
    },
  };
}

/** The columns of a dataset's rows, without their origin. */
function ownColumns(config: Pick<Config, 'unitIds'>, dataset: Dataset): readonly Column[] {
  switch (dataset.kind) {
    case 'table':
      return declaredColumns(dataset.mapping.columns);
    case 'events': {
      const { before, after } = ingestedColumns.events;
      return [...before, ...unitIdColumns(config, (unitId) => `Unit ID of type ${unitId}`), ...after];
    }
    case 'metrics':
    case 'exposures':
      return ingestedColumns[dataset.kind].before;
  }
}

/** The columns of a table whose columns the configuration declares. */
function declaredColumns(columns: Readonly<Record<string, DeclaredColumn>>): readonly Column[] {
  return Object.entries(columns).map(([name, column]) => ({
    name,
    type: column.type,
    comment: column.comment ?? originComment(column),
  }));
}

/** The comment of a column that the configuration gives none: where its values come from. */
function originComment(column: DeclaredColumn): string {
  if ('folder' in column) return glueComment(`Folder ${column.folder}= of the file`);
  return glueComment(`Column ${columnNamesOf(column).join(' or ')} of the file`);
}

/** What the rows of each kind are, for the table's comment. */
const ROWS_OF_KIND: Readonly<Record<DatasetKind, string>> = {
  events: 'Events',
  metrics: 'Metrics by unit and day',
  exposures: 'Exposures of units to groups',
  table: 'Rows',
};

/** The time of an ingested event or exposure. */
const timestampColumn = {
  name: 'timestamp',
  type: 'timestamp',
  comment: 'When it happened, UTC, as the file has it',
} as const;

/** Columns with the origin of a row. Every ingested table ends with them. */
const originColumns = [
  { name: 'source_file', type: 'string', comment: "Key of the file in the customer's bucket" },
  { name: 'row_number', type: 'bigint', comment: 'Number of the row in that file, counted from 0' },
  { name: 'ingested_at', type: 'timestamp', comment: 'When the load began that took it, UTC' },
] as const satisfies readonly Column[];

/** The columns of each kind. The configured unit IDs of events come between `before` and `after`. */
export const ingestedColumns = {
  events: {
    before: [
      timestampColumn,
      { name: 'event_name', type: 'string', comment: 'Name of the event' },
      { name: 'event_value', type: 'string', comment: 'Value of the event, numbers as text; null when none' },
      { name: 'user_id', type: 'string', comment: 'Unit ID of type userID; null when empty' },
    ],
    after: [
      { name: 'unit_ids', type: 'string', comment: 'All unit IDs of the row by type, as a JSON object' },
      {
        name: 'event_metadata',
        type: 'string',
        comment: 'Metadata of the event as a JSON object; null when it has none',
      },
    ],
  },
  metrics: {
    before: [
      { name: 'unit_id', type: 'string', comment: 'Unit that the metric is of' },
      { name: 'id_type', type: 'string', comment: 'Type of the unit ID, e.g. userID' },
      {
        name: 'metric_date',
        type: 'date',
        comment: "Day that the metric is of, in the dataset's timezone, as the file has it",
      },
      { name: 'metric_name', type: 'string', comment: 'Name of the metric' },
      { name: 'metric_value', type: 'double', comment: 'Value of the metric; null when it is a ratio' },
      { name: 'numerator', type: 'double', comment: 'Numerator of a ratio; null for other metrics' },
      { name: 'denominator', type: 'double', comment: 'Denominator of a ratio; null for other metrics' },
    ],
    after: [],
  },
  exposures: {
    before: [
      timestampColumn,
      { name: 'experiment_id', type: 'string', comment: 'Experiment that the unit was exposed to' },
      { name: 'group_id', type: 'string', comment: 'Group that it was exposed to' },
      { name: 'unit_id', type: 'string', comment: 'Unit that was exposed' },
      { name: 'unit_type', type: 'string', comment: 'Type of the unit ID, e.g. userID' },
      {
        name: 'metadata',
        type: 'string',
        comment: 'Metadata of the exposure as a JSON object; null when it has none',
      },
    ],
    after: [],
  },
} as const satisfies Readonly<
  Record<
    Exclude<DatasetKind, 'table'>,
    { readonly before: readonly Column[]; readonly after: readonly Column[] }
  >
>;

/** Every column name of an ingested table of events before any unit ID is configured. */
export const RESERVED_INGESTED_COLUMNS: ReadonlySet<string> = new Set(
  [...ingestedColumns.events.before, ...ingestedColumns.events.after, ...originColumns].map(
    ({ name }) => name,
  ),
);

/** Names that no declared column can have: every row has a column of each. */
export const TAKEN_COLUMNS: ReadonlySet<string> = new Set(
  [...originColumns, partitionKey].map(({ name }) => name),
);

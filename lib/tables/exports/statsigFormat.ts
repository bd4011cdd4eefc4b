import type { Config } from '../../schema/config.ts';
import type { Export } from '../../schema/exports.ts';
import type { Dataset } from '../../schema/sources.ts';
import { unitColumns, unitIdColumns } from '../sharedColumns.ts';
import type { ColumnType } from '../Table.ts';

/** A column of a file for Statsig. */
export interface StatsigColumn {
  /** The name that Statsig expects. */
  readonly name: string;
  /** A timestamp of the table is written as `bigint`: epoch seconds. */
  readonly type: ColumnType;
  /** The column of the table that its values come from. */
  readonly from: string;
}

/**
 * Rows of a table as Statsig's S3 ingestion takes them. https://docs.statsig.com/data-warehouse-ingestion/data_mapping has
 * the columns, their types, which must not be null, and which are shorter than 128 characters.
 */
export interface StatsigFormat {
  /** Statsig's name for the dataset, also the `type` of `mark_data_ready_dwh`. */
  readonly kind: 'events' | 'metrics' | 'exposures';
  /** The columns of the file, in their order. */
  readonly columns: readonly StatsigColumn[];
  /** Columns of the file with IDs of units. Rows without any of them are not exported. */
  readonly units: readonly string[];
  /** Columns of the file that are never null. Rows in which one is null are not exported. */
  readonly required: readonly string[];
  /**
   * Columns of the file whose values have at most {@link MOST_STATSIG_CHARACTERS}. Rows with longer ones are not
   * exported.
   */
  readonly short: readonly string[];
  /** Columns of the table, and the value that a row must have in each. Other rows are not exported. */
  readonly only: Readonly<Record<string, string | number | boolean>>;
}

/** The most characters of a value, by Statsig's rule "Length < 128 characters". */
export const MOST_STATSIG_CHARACTERS = 127;

/** Settings that determine the columns. */
interface FormatConfig extends Pick<Config, 'tables' | 'curatedTables' | 'unitIds'> {
  /** The sources, of which the ingested tables and their kinds are read. */
  readonly sources: readonly { readonly datasets: readonly FormatDataset[] }[];
}

/** A dataset, as far as its format depends on it. */
type FormatDataset = Pick<Dataset, 'table' | 'kind' | 'mapping'>;

/**
 * How a table's rows are written for Statsig. Of a table that cannot be written, `expected` says which one was expected:
 * the end of the sentence `expected ….`, without the full stop.
 */
type TableFormat = { readonly format: StatsigFormat } | { readonly expected: string };

/** What is expected in place of a table that is not for Statsig at all. */
const OTHER_ROWS: TableFormat = {
  expected: "a table of events, exposures or metrics: Statsig's S3 ingestion has no other rows",
};

/**
 * How the rows of a table are written.
 *
 * @param table Name of a table. Those of exposures and events, raw or curated, and those of datasets can be written.
 */
export function statsigFormat(config: FormatConfig, table: string): TableFormat {
  const { sources } = config;
  const dataset = sources.flatMap(({ datasets }) => datasets).find((candidate) => candidate.table === table);
  const made = dataset === undefined ? forwardedFormat(config, table) : ingestedFormat(config, dataset);
  if ('expected' in made) return made;
  const repeated = repeatedColumn(made.format);
  if (repeated === undefined) return made;
  return {
    expected: `a table without a unit column ${repeated}: files for Statsig have another column of this name`,
  };
}

/** The name that a second column of a file has as well; undefined if all names are different. */
function repeatedColumn({ columns }: StatsigFormat): string | undefined {
  const names = columns.map(({ name }) => name);
  return names.find((name, i) => names.indexOf(name) < i);
}

/**
 * The format of each export that is written for Statsig, by the export's name.
 *
 * @throws Error for an export whose table cannot be written. A configuration with one is invalid.
 */
export function statsigFormats(
  config: FormatConfig & { readonly exports: readonly Pick<Export, 'name' | 'table' | 'format'>[] },
): ReadonlyMap<string, StatsigFormat> {
  const formats = new Map<string, StatsigFormat>();
  for (const { name, table, format } of config.exports) {
    if (format !== 'statsig') continue;
    const made = statsigFormat(config, table);
    if ('expected' in made) throw new Error(`The table of the export ${name} cannot be written for Statsig.`);
    formats.set(name, made.format);
  }
  return formats;
}

/** The time of an event or an exposure, which Statsig takes as epoch seconds. */
const timestamp: StatsigColumn = { name: 'timestamp', type: 'bigint', from: 'timestamp' };

/**
 * The format of a table of the SDKs' rows. Only production, and of exposures only assignments, are exported. A curated
 * table has all copies of an event that differ: the first of them is exported.
 */
function forwardedFormat(config: FormatConfig, table: string): TableFormat {
  const { tables, curatedTables } = config;
  const units = [...unitColumns, ...unitIdColumns(config)].map(({ name }) => name);
  const ofExposures = { environment: 'production', is_assignment: true };
  const ofEvents = { environment: 'production' };
  switch (table) {
    case tables.exposures:
      return exposuresFormat(units, 'user_dimensions', ofExposures);
    case curatedTables.exposures:
      return exposuresFormat(units, 'user_dimensions', { ...ofExposures, copy: 1 });
    case tables.events:
      return eventsFormat(units, 'company_metadata', ofEvents);
    case curatedTables.events:
      return eventsFormat(units, 'company_metadata', { ...ofEvents, copy: 1 });
    default:
      return OTHER_ROWS;
  }
}

/** The format of a dataset's table. */
function ingestedFormat(config: FormatConfig, dataset: FormatDataset): TableFormat {
  switch (dataset.kind) {
    case 'events':
      return eventsFormat(
        ['user_id', ...unitIdColumns(config).map(({ name }) => name)],
        'event_metadata',
        {},
      );
    case 'metrics': {
      const same = (name: string, type: ColumnType): StatsigColumn => ({ name, type, from: name });
      const format: StatsigFormat = {
        kind: 'metrics',
        columns: [
          same('unit_id', 'string'),
          same('id_type', 'string'),
          { name: 'date', type: 'date', from: 'metric_date' },
          same('metric_name', 'string'),
          same('metric_value', 'double'),
          same('numerator', 'double'),
          same('denominator', 'double'),
        ],
        units: ['unit_id'],
        required: ['id_type', 'date', 'metric_name'],
        short: ['metric_name'],
        only: {},
      };
      return { format };
    }
    case 'exposures':
      return hasOneUnitType(dataset.mapping)
        ? exposuresFormat(['unit_id'], 'metadata', {})
        : {
            expected:
              "a dataset whose unitType is a constant: Statsig's exposures have no column for the type of a unit",
          };
    default:
      return OTHER_ROWS;
  }
}

/** Whether a mapping of exposures has the same unit type for all rows. */
function hasOneUnitType(mapping: Dataset['mapping']): boolean {
  return 'unitType' in mapping && 'constant' in mapping.unitType;
}

/** The format of a table of events. `metadata` is the column whose JSON becomes the event's metadata. */
function eventsFormat(units: readonly string[], metadata: string, only: StatsigFormat['only']): TableFormat {
  const format: StatsigFormat = {
    kind: 'events',
    columns: [
      timestamp,
      { name: 'event_name', type: 'string', from: 'event_name' },
      { name: 'event_value', type: 'string', from: 'event_value' },
      ...units.map((name): StatsigColumn => ({ name, type: 'string', from: name })),
      { name: 'metadata_json', type: 'string', from: metadata },
    ],
    units,
    only,
    required: ['timestamp', 'event_name'],
    short: ['event_name', 'event_value'],
  };
  return { format };
}

/** The format of a table of exposures. `metadata` is the column whose JSON becomes the exposure's metadata. */
function exposuresFormat(
  units: readonly string[],
  metadata: string,
  only: StatsigFormat['only'],
): TableFormat {
  const format: StatsigFormat = {
    kind: 'exposures',
    columns: [
      timestamp,
      { name: 'experiment', type: 'string', from: 'experiment_id' },
      { name: 'group_id', type: 'string', from: 'group_id' },
      ...units.map((name): StatsigColumn => ({ name, type: 'string', from: name })),
      { name: 'metadata_json', type: 'string', from: metadata },
    ],
    units,
    only,
    required: ['timestamp', 'experiment', 'group_id'],
    short: ['experiment'],
  };
  return { format };
}

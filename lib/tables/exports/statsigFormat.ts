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
  /** Columns of the file with IDs of units. A row has at least one of them. */
  readonly units: readonly string[];
  /** Columns of the file that are never null. */
  readonly required: readonly string[];
  /** Columns of the file with fewer than 128 characters. */
  readonly short: readonly string[];
  /** Columns of the table, and the value that a row must have in each. Other rows are not exported. */
  readonly only: Readonly<Record<string, string | number | boolean>>;
}

/** The most characters of a value, by Statsig's rule "Length < 128 characters". */
export const MOST_STATSIG_CHARACTERS = 127;

/** Settings that determine the columns. */
export interface FormatConfig extends Pick<Config, 'tables' | 'curatedTables' | 'unitIds'> {
  /** The sources, of which the ingested tables and their kinds are read. */
  readonly sources: readonly { readonly datasets: readonly FormatDataset[] }[];
}

/** A dataset, as far as its format depends on it. */
interface FormatDataset extends Pick<Dataset, 'table' | 'kind'> {
  /** For exposures, it has `unitType`. */
  readonly mapping: object;
}

/** How a table's rows are written for Statsig; or, if they cannot be written, which table was expected, in words. */
export type TableFormat = { readonly format: StatsigFormat } | { readonly expected: string };

/** How the rows of a table are written. @param table Name of a forwarded, curated or ingested table. */
export function statsigFormat(config: FormatConfig, table: string): TableFormat {
  const { tables, curatedTables, sources } = config;
  const dataset = sources.flatMap(({ datasets }) => datasets).find((candidate) => candidate.table === table);
  const made =
    dataset === undefined
      ? forwardedFormat(config, table === tables.exposures || table === curatedTables.exposures)
      : ingestedFormat(config, dataset);
  if ('expected' in made) return made;
  const { format } = made;
  const names = format.columns.map(({ name }) => name);
  const repeated = names.find((name, i) => names.indexOf(name) < i);
  if (repeated !== undefined)
    return {
      expected: `a table without a unit column ${repeated}: files for Statsig have another column of this name`,
    };
  const isCurated = table === curatedTables.exposures || table === curatedTables.events;
  const only = { ...format.only, copy: 1 };
  return isCurated ? { format: { ...format, only } } : made;
}

/** The format of each export that is written for Statsig, by the export's name. None of them has a problem. */
export function statsigFormats(
  config: FormatConfig & { readonly exports: readonly Pick<Export, 'name' | 'table' | 'format'>[] },
): Readonly<Record<string, StatsigFormat>> {
  return Object.fromEntries(
    config.exports.flatMap(({ name, table, format }) => {
      if (format !== 'statsig') return [];
      const made = statsigFormat(config, table);
      return 'format' in made ? [[name, made.format] as const] : [];
    }),
  );
}

/** The time of an event or an exposure, which Statsig takes as epoch seconds. */
const timestamp: StatsigColumn = { name: 'timestamp', type: 'bigint', from: 'timestamp' };

/** The format of a forwarded or curated table. Only production, and of exposures only assignments, are exported. */
function forwardedFormat(config: FormatConfig, isExposures: boolean): TableFormat {
  const units = [...unitColumns, ...unitIdColumns(config)].map(({ name }) => name);
  return isExposures
    ? exposuresFormat(units, 'user_dimensions', { environment: 'production', is_assignment: true })
    : eventsFormat(units, 'company_metadata', { environment: 'production' });
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
      const same = (type: ColumnType) => (name: string) => ({ name, type, from: name });
      const format: StatsigFormat = {
        kind: 'metrics',
        columns: [
          ...['unit_id', 'id_type'].map(same('string')),
          { name: 'date', type: 'date', from: 'metric_date' },
          same('string')('metric_name'),
          ...['metric_value', 'numerator', 'denominator'].map(same('double')),
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
      return {
        expected: "a table of events, exposures or metrics: Statsig's S3 ingestion has no other rows",
      };
  }
}

/** Whether a mapping of exposures has the same unit type for all rows. */
function hasOneUnitType(mapping: object): boolean {
  const type: unknown = Reflect.get(mapping, 'unitType');
  return typeof type === 'object' && type !== null && 'constant' in type;
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

import { notEmulated, type StatementError, statementError } from '../../engine/StatementError.ts';
import { ddlFailure } from '../failures.ts';

/** A property of Athena: the one of Iceberg that holds it, and the value there. */
interface KnownProperty {
  readonly iceberg: string;
  /** Converts the value for the metadata; undefined if the property does not take it. */
  readonly store: (value: string) => string | undefined;
  /** The value in Athena. Default: as it is. */
  readonly show?: (value: string) => string;
  /** Description of the values that it takes, for the message. */
  readonly takes: string;
}

const positive =
  (most = Number.MAX_SAFE_INTEGER) =>
  (value: string) =>
    /^\d+$/.test(value) && Number(value) > 0 && Number(value) < most ? String(Number(value)) : undefined;
const oneOf =
  (...known: readonly string[]) =>
  (value: string) =>
    known.find((name) => name === value.toLowerCase());

/**
 * Athena takes these properties only:
 * https://docs.aws.amazon.com/athena/latest/ug/querying-iceberg-creating-tables.html and, for sizes,
 * create-table-as.html. Iceberg's names: https://iceberg.apache.org/docs/latest/configuration/.
 */
const PROPERTIES: ReadonlyMap<string, KnownProperty> = new Map<string, KnownProperty>([
  [
    'format',
    {
      iceberg: 'write.format.default',
      store: oneOf('parquet', 'orc', 'avro'),
      takes: 'parquet, orc or avro',
    },
  ],
  [
    'write_compression',
    {
      iceberg: 'write.parquet.compression-codec',
      store: (value) => {
        const codec = oneOf('zstd', 'snappy', 'gzip', 'lz4', 'none', 'uncompressed')(value);
        return codec === 'none' ? 'uncompressed' : codec;
      },
      show: (value) => (value === 'uncompressed' ? 'none' : value),
      takes: 'zstd, snappy, gzip, lz4 or none',
    },
  ],
  [
    'compression_level',
    {
      iceberg: 'write.parquet.compression-level',
      store: positive(23),
      takes: 'a number from 1 to 22',
    },
  ],
  [
    'write_target_data_file_size_bytes',
    { iceberg: 'write.target-file-size-bytes', store: positive(), takes: 'a positive number' },
  ],
  [
    'optimize_rewrite_min_data_file_size_bytes',
    {
      iceberg: 'athena.optimize.rewrite.min-data-file-size-bytes',
      store: positive(),
      takes: 'a positive number',
    },
  ],
  [
    'optimize_rewrite_max_data_file_size_bytes',
    {
      iceberg: 'athena.optimize.rewrite.max-data-file-size-bytes',
      store: positive(),
      takes: 'a positive number',
    },
  ],
  [
    'optimize_rewrite_data_file_threshold',
    {
      iceberg: 'athena.optimize.rewrite.data-file-threshold',
      store: positive(50),
      takes: 'a positive number below 50',
    },
  ],
  [
    'optimize_rewrite_delete_file_threshold',
    {
      iceberg: 'athena.optimize.rewrite.delete-file-threshold',
      store: positive(50),
      takes: 'a positive number below 50',
    },
  ],
  [
    'vacuum_min_snapshots_to_keep',
    { iceberg: 'history.expire.min-snapshots-to-keep', store: positive(), takes: 'a positive number' },
  ],
  [
    'vacuum_max_snapshot_age_seconds',
    {
      iceberg: 'history.expire.max-snapshot-age-ms',
      store: (value) => {
        const seconds = positive()(value);
        return seconds === undefined ? undefined : `${seconds}000`;
      },
      show: (value) => String(Math.floor(Number(value) / 1_000)),
      takes: 'a positive number',
    },
  ],
  [
    'vacuum_max_metadata_files_to_keep',
    { iceberg: 'write.metadata.previous-versions-max', store: positive(), takes: 'a positive number' },
  ],
]);

/** Properties of Iceberg that ALTER TABLE takes by their own names: querying-iceberg-alter-table-set-properties.html. */
const LOCATIONS = ['write.data.path', 'write.object-storage.path'];

/** The first property that Athena refuses, by its name as written. */
export function unsupportedProperty(names: Iterable<string>): StatementError | undefined {
  for (const name of names)
    if (!PROPERTIES.has(name.toLowerCase()) && !ACCEPTED.has(name.toLowerCase()))
      return ddlFailure(`Unsupported table property key: ${name}`);
  return undefined;
}

/** Properties that say nothing to a table here: its kind, and whether its data's place is named by the newer property. */
const ACCEPTED = new Set(['table_type', 'write_data_path_enabled']);

/**
 * Converts a statement's properties to Iceberg's.
 *
 * @throws StatementError for a value that the property doesn't take, and for a format that isn't written here.
 */
export function icebergProperties(properties: ReadonlyMap<string, string>): Record<string, string> {
  const stored: Record<string, string> = {};
  for (const [name, value] of properties) {
    const known = PROPERTIES.get(name.toLowerCase());
    if (known === undefined) {
      if (LOCATIONS.includes(name)) stored[name] = value;
      continue;
    }
    const own = known.store(value);
    if (own === undefined)
      throw statementError('INVALID_TABLE_PROPERTY', `${name} must be ${known.takes}: ${value}`);
    if (known.iceberg === 'write.format.default' && own !== 'parquet')
      throw notEmulated(`Writing Iceberg's data in the format ${own.toUpperCase()}`);
    stored[known.iceberg] = own;
  }
  return stored;
}

/**
 * The changes of ALTER TABLE SET TBLPROPERTIES.
 *
 * @throws StatementError for a property that Athena doesn't take, and as {@link icebergProperties}.
 */
export function changedProperties(properties: ReadonlyMap<string, string>): Record<string, string> {
  const refused = unsupportedProperty([...properties.keys()].filter((name) => !LOCATIONS.includes(name)));
  if (refused !== undefined) throw refused;
  return icebergProperties(properties);
}

/** The names in Iceberg of the properties that ALTER TABLE UNSET TBLPROPERTIES names. @throws StatementError for others. */
export function unsetProperties(names: readonly string[]): string[] {
  return names.map((name) => {
    const iceberg = LOCATIONS.includes(name) ? name : PROPERTIES.get(name.toLowerCase())?.iceberg;
    if (iceberg === undefined) throw ddlFailure(`Table property ${name} is not supported by Athena`);
    return iceberg;
  });
}

/** Athena's properties of a table, by name: what SHOW TBLPROPERTIES and SHOW CREATE TABLE list. */
export function athenaProperties(properties: Readonly<Record<string, string>>): Map<string, string> {
  const shown = new Map<string, string>();
  for (const [name, { iceberg, show = (value: string) => value }] of PROPERTIES) {
    const value = properties[iceberg];
    if (value !== undefined) shown.set(name, show(value));
  }
  for (const name of LOCATIONS) {
    const value = properties[name];
    if (value !== undefined) shown.set(name, value);
  }
  return shown;
}

const SIZES = { target: 536_870_912, least: 0.75, most: 1.8 } as const;

/** Settings of OPTIMIZE and VACUUM, with Athena's defaults: querying-iceberg-creating-tables.html and
 *  create-table-as.html. */
export function maintenanceSettings(properties: Readonly<Record<string, string>>) {
  const number = (athena: string, otherwise: number) => {
    const value = Number(properties[PROPERTIES.get(athena)?.iceberg ?? '']);
    return Number.isFinite(value) && value > 0 ? value : otherwise;
  };
  const target = number('write_target_data_file_size_bytes', SIZES.target);
  return {
    targetBytes: target,
    leastBytes: number('optimize_rewrite_min_data_file_size_bytes', SIZES.least * target),
    mostBytes: number('optimize_rewrite_max_data_file_size_bytes', SIZES.most * target),
    /** Fewer data files than this are left as they are. */
    dataFiles: number('optimize_rewrite_data_file_threshold', 5),
    /** A data file with fewer delete files than this is left as it is. */
    deleteFiles: number('optimize_rewrite_delete_file_threshold', 2),
    snapshotsKept: number('vacuum_min_snapshots_to_keep', 1),
    snapshotAgeMs: number('vacuum_max_snapshot_age_seconds', 432_000_000),
    metadataFilesKept: number('vacuum_max_metadata_files_to_keep', 100),
  };
}

import { hash } from 'node:crypto';
import * as z from 'zod';
import type { UtcDay } from '../../base/time.ts';
import type { FileSchema } from '../../parquet/FileSchema.ts';
import type { Config } from '../../schema/config.ts';
import { ingestedTables } from '../../tables/ingestedTables.ts';
import { loadFolder } from '../../tables/objectKeys.ts';
import { versionPrefix } from '../../tables/tableFolders.ts';
import type { Drop } from '../Drop.ts';
import type { CompiledMapping } from '../engine/Engine.ts';
import { athenaDialect, athenaType } from '../mapping/athena/athenaDialect.ts';
import { compileMapping, type MappingSubject } from '../mapping/compileMapping.ts';
import { AthenaError, type ScratchTable } from './AthenaPort.ts';
import {
  type AthenaColumn,
  type AthenaGroup,
  acceptedCountsQuery,
  acceptedRowsQuery,
  refusedCountsQuery,
  refusedRowsQuery,
  unloadStatement,
} from './athenaStatements.ts';

const statements = z.object({
  rows: z.string(),
  counts: z.string(),
  refused: z.string(),
  refused_counts: z.string(),
});
const tableSchema = z.object({
  name: z.string(),
  columns: z.array(z.object({ name: z.string(), type: z.string() })),
  location: z.string(),
  holds: z.enum(['manifests', 'files']),
});

/** Data that a load by Athena needs at each step: `plan.json` in its folder. */
export const athenaPlanSchema = z.object({
  /** Fingerprint of the listed files. */
  fingerprint: z.string(),
  /** Rows by key, from the footers. */
  rows: z.record(z.string(), z.number()),
  /** Bytes of all files. */
  bytes: z.number(),
  receivedAt: z.number(),
  /** A person accepted that rows go whose files are gone. */
  acceptsLoss: z.boolean().optional(),
  /** Statements by step. */
  statements,
  /** Tables that are needed from the first step on. */
  tables: z.array(tableSchema),
});

/** See {@link athenaPlanSchema}. */
export type AthenaPlan = z.output<typeof athenaPlanSchema>;

/** The plan of a load, and the manifests that its tables read by. */
export interface PlannedLoad {
  readonly plan: AthenaPlan;
  /** Texts by key. */
  readonly manifests: ReadonlyMap<string, string>;
}

/** https://docs.aws.amazon.com/athena/latest/ug/service-limits.html */
const MAX_STATEMENT_BYTES = 262_144;

/** Where a load by Athena writes. */
export interface LoadTarget {
  readonly config: Pick<Config, 'statsigFolder' | 'tables' | 'database' | 'sources' | 'unitIds'>;
  /** The deployment's bucket. */
  readonly bucket: string;
  readonly table: string;
  readonly day: UtcDay;
  readonly version: string;
}

/** Name of the Glue database for the tables of loads by Athena. */
export function scratchDatabase({ database }: Pick<Config, 'database'>): string {
  return `${database}_scratch`;
}

/** Name of the workgroup of loads by Athena. */
export function loadWorkgroup({ athena }: { readonly athena: Pick<Config['athena'], 'workgroup'> }): string {
  return `${athena.workgroup}-loads`;
}

/** Prefix of the scratch tables of a dataset's table. No other table's are matched by it, whatever their names. */
export function scratchPrefix(table: string): string {
  return `l_${hash('sha256', table).slice(0, 16)}_`;
}

/** Tables that a load may have created: one for each schema, and those over its own files. */
export function scratchTables(
  { table, version }: Pick<LoadTarget, 'table' | 'version'>,
  groups: number,
): readonly string[] {
  const numbers = Array.from({ length: groups }, (_, i) => String(i));
  return [...numbers, 'rows', 'refused'].map((part) => tableName(table, version, part));
}

function tableName(table: string, version: string, part: string): string {
  return `${scratchPrefix(table)}${version.toLowerCase().replaceAll('-', '_')}_${part}`;
}

/** The folder of a load. */
export function folderOf({ table, day, version }: Pick<LoadTarget, 'table' | 'day' | 'version'>): string {
  return loadFolder(table, day, version);
}

/**
 * Plans a load by Athena.
 *
 * @param schemas Of all files of the drop, from their footers. Each can be mapped: lib/drops/mapping/compileMapping.ts
 * @throws AthenaError `SLUICE_ATHENA_TOO_MANY_SCHEMAS`.
 */
export function planAthenaLoad(
  place: LoadTarget,
  subject: MappingSubject,
  drop: Drop,
  schemas: readonly FileSchema[],
  times: { readonly loadedAt: number; readonly receivedAt: number },
): PlannedLoad {
  const { config, bucket, table, day, version } = place;
  const mapping = compileMapping(subject, schemas, athenaDialect);
  const { groups, tables } = groupFiles(mapping, schemas, (number) =>
    tableName(table, version, String(number)),
  );
  const database = scratchDatabase(config);
  const load = { mapping, groups, database, ...times };
  const folder = folderOf(place);
  const own = (path: string) => `s3://${bucket}/${path}`;
  const statements = {
    rows: unloadStatement(acceptedRowsQuery(load), own(versionPrefix(config, table, day, version))),
    counts: acceptedCountsQuery(database, tableName(table, version, 'rows')),
    refused: unloadStatement(refusedRowsQuery(load), own(`${folder}refused/`)),
    refused_counts: refusedCountsQuery(database, tableName(table, version, 'refused')),
  };
  for (const statement of Object.values(statements)) {
    const bytes = Buffer.byteLength(statement);
    if (bytes > MAX_STATEMENT_BYTES)
      throw new AthenaError(
        'SLUICE_ATHENA_TOO_MANY_SCHEMAS',
        `${groups.length} schemas, ${bytes} bytes of SQL.`,
      );
  }
  const manifests = new Map(
    tables.map(({ files }, i) => [
      `${folder}files-${i}/manifest`,
      files.map((file) => `${mapping.origin}${schemas[file]?.name}\n`).join(''),
    ]),
  );
  return {
    manifests,
    plan: {
      fingerprint: drop.fingerprint,
      rows: Object.fromEntries(schemas.map(({ name, rows }) => [name, rows])),
      bytes: drop.files.reduce((sum, { size }) => sum + size, 0),
      receivedAt: times.receivedAt,
      statements,
      tables: tables.map(({ name, columns }, i) => ({
        name,
        columns: [...columns],
        location: own(`${folder}files-${i}/`),
        holds: 'manifests',
      })),
    },
  };
}

/** The table over the version that the first step wrote, with the columns that are counted. */
export function rowsTable(place: LoadTarget): ScratchTable {
  const { config, bucket, table, day, version } = place;
  const columns = ingestedTables(config).find(({ name }) => name === table)?.columns ?? [];
  return {
    name: tableName(table, version, 'rows'),
    columns: columns.map(({ name, type }) => ({ name, type })),
    location: `s3://${bucket}/${versionPrefix(config, table, day, version)}`,
    holds: 'files',
  };
}

/** The table over the refused rows. */
export function refusedTable(place: LoadTarget): ScratchTable {
  return {
    name: tableName(place.table, place.version, 'refused'),
    columns: ['path', 'reason', 'detail'].map((name) => ({ name, type: 'string' })),
    location: `s3://${place.bucket}/${folderOf(place)}refused/`,
    holds: 'files',
  };
}

/** Files of one schema and the table that Athena reads them by. */
export interface FileTable {
  readonly name: string;
  readonly columns: readonly AthenaColumn[];
  /** Indexes of the files in the load. */
  readonly files: readonly number[];
}

/**
 * The tables of a load: one for each schema of its files, with the columns that Athena can read, mapped or not.
 *
 * @param schemas In the order of the load.
 * @param nameOf Name of a table by its number.
 */
export function groupFiles(
  mapping: CompiledMapping,
  schemas: readonly FileSchema[],
  nameOf: (number: number) => string,
): { readonly groups: readonly AthenaGroup[]; readonly tables: readonly FileTable[] } {
  const groups = mapping.groups
    .flatMap((mapped) => mapped.raws.map((raw) => ({ mapped, raw })))
    .map((group, i) => ({ ...group, table: nameOf(i) }));
  return {
    groups,
    tables: groups.map(({ table, raw }) => ({
      name: table,
      columns: readableColumns(schemas[raw.files[0] ?? -1]),
      files: raw.files,
    })),
  };
}

function readableColumns(schema: FileSchema | undefined): AthenaColumn[] {
  return (schema?.columns ?? []).flatMap((column) => {
    const read = athenaType(column, schema?.columns ?? []);
    return 'type' in read ? [{ name: column.name.toLowerCase(), type: read.type }] : [];
  });
}

import type { FileSchema } from '../../parquet/FileSchema.ts';
import type { CompiledMapping } from '../engine/Engine.ts';
import { athenaType } from '../mapping/athena/athenaDialect.ts';
import type { AthenaColumn, AthenaGroup } from './athenaStatements.ts';

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

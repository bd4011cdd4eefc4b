import type { Catalog } from '../../../glue/index.ts';
import type { TableId } from '../commit.ts';
import { objectOf } from '../tableFiles.ts';

/**
 * Finds which files belong to other tables of the catalog: files in the folder of another table or partition, or in one
 * that its properties name, even below the table's own. A table whose folder contains the table's own has no claim on
 * the files there.
 *
 * @param location The table's own.
 */
export function filesOfOthers(
  catalog: Catalog,
  { database, name }: TableId,
  location: string,
): (file: string) => boolean {
  const folders = new Set<string>();
  for (const { input, tables } of catalog.databases())
    for (const { input: table, partitions } of tables.values()) {
      if (input.Name === database && table.Name === name) continue;
      const all = [table, ...partitions.map((partition) => partition.input)];
      const claimed = [
        ...all.map(({ StorageDescriptor }) => StorageDescriptor?.Location ?? ''),
        ...namedFolders(table.Parameters ?? {}),
      ];
      for (const location of claimed) {
        const folder = pathOf(location);
        if (folder !== undefined) folders.add(folder);
      }
    }
  const own = pathOf(location) ?? '';
  return (file) => {
    const path = pathOf(file) ?? '';
    const above = path.startsWith(`${own}/`) ? own.length : 0;
    for (let end = path.lastIndexOf('/'); end >= above && end > 0; end = path.lastIndexOf('/', end - 1))
      if (folders.has(path.slice(0, end))) return true;
    return false;
  };
}

/** The folders that a table's properties name: of Iceberg's metadata and data. */
function namedFolders(parameters: Readonly<Record<string, string>>): string[] {
  const metadata = parameters['metadata_location'] ?? '';
  return [
    metadata.slice(0, Math.max(0, metadata.lastIndexOf('/'))),
    ...['write.data.path', 'write.metadata.path'].map((name) => parameters[name] ?? ''),
  ];
}

/** The bucket and the key, without slashes at the end. */
function pathOf(location: string): string | undefined {
  const place = objectOf(location);
  return place && `${place.bucket}/${place.key}`.replace(/\/+$/, '');
}

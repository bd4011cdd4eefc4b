import {
  IcebergError,
  type NewFile,
  newTable,
  type TableFiles,
  type TableMetadata,
} from '../../src/iceberg/index.ts';

export const LOCATION = 's3://lake/orders';
export const NOW = Date.UTC(2026, 10, 20, 12);

/** A table's files in memory, with the content of each by its location. */
export class MemoryFiles implements TableFiles {
  readonly contents = new Map<string, Uint8Array>();

  async read(location: string): Promise<Uint8Array> {
    const content = this.contents.get(location);
    if (!content) throw new IcebergError('FILE_MISSING', `${location} is missing.`);
    return content;
  }

  async write(location: string, content: Uint8Array): Promise<void> {
    this.contents.set(location, content);
  }

  async *list(folder: string) {
    for (const [location, content] of this.contents) {
      if (location.startsWith(`${folder}/`)) yield { location, size: content.length, modifiedMs: NOW };
    }
  }

  async remove(location: string): Promise<void> {
    this.contents.delete(location);
  }
}

/** A table of orders by day and bucket: `id`, `day`, `amount`, `tags`, with the IDs 1 to 4 and the element's 5. */
export function ordersTable(properties: Readonly<Record<string, string>> = {}): TableMetadata {
  return newTable({
    location: LOCATION,
    schema: {
      type: 'struct',
      fields: [
        { id: 11, name: 'id', required: true, type: 'long' },
        { id: 12, name: 'day', required: false, type: 'date' },
        { id: 13, name: 'amount', required: false, type: 'decimal(9, 2)' },
        {
          id: 14,
          name: 'tags',
          required: false,
          type: { type: 'list', 'element-id': 1, element: 'string', 'element-required': false },
        },
      ],
    },
    spec: {
      fields: [
        { 'source-id': 12, name: 'day', transform: 'identity' },
        { 'source-id': 11, name: 'id_bucket', transform: 'bucket[4]' },
      ],
    },
    properties,
    now: NOW,
    uuid: '6f2c4a52-0f4f-4d7c-9e9a-3b7c2d1e0f00',
  });
}

/** A data file of the orders, which doesn't exist. */
export function orderFile(name: string, day: number | null = 20_000, more: Partial<NewFile> = {}): NewFile {
  return {
    content: 'data',
    location: `${LOCATION}/data/${name}.parquet`,
    format: 'PARQUET',
    specId: 0,
    partition: new Map([
      [1000, day],
      [1001, 3],
    ]),
    recordCount: 10n,
    sizeBytes: 1000n,
    ...more,
  };
}

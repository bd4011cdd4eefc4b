import { readFileSync } from 'node:fs';
import type { z } from 'zod';
import { DiskError } from './DiskError.ts';

/**
 * What a file of JSON holds, validated; undefined where there is none.
 *
 * @throws DiskError SLUICE_DISK_DAMAGED, naming the file.
 */
export function readJsonFile<Schema extends z.ZodType>(
  file: string,
  schema: Schema,
): z.output<Schema> | undefined {
  const text = read(file);
  if (text === undefined) return undefined;
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    throw new DiskError('SLUICE_DISK_DAMAGED', `${file}.`, { cause: error });
  }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}

import type { EventsMapping } from '../../config/mappingSchema.ts';
import type { FileLook } from './FileLook.ts';
import { jsonObject, type Members, mergedObject } from './jsonObject.ts';
import type { MappedRow } from './MappedRow.ts';
import { readJson } from './readJson.ts';
import { readJsonObject } from './readJsonObject.ts';

/** Metadata as the text of one JSON object: columns, and the members of an object; null when there are none. @throws FieldProblem */
export function readMetadata(
  { metadata, metadataJson }: Pick<EventsMapping, 'metadata' | 'metadataJson'>,
  row: MappedRow,
  look: FileLook,
): string {
  const members: Members = Object.entries(metadata).map(([key, field]) => [
    key,
    row.read(readJson(field, look)),
  ]);
  return metadataJson === undefined
    ? jsonObject(members)
    : mergedObject(row.read(readJsonObject(metadataJson, look)), members);
}

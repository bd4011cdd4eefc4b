import type { EventsMapping } from '../../config/mappingSchema.ts';
import type { FileLook } from './FileLook.ts';
import { jsonObject } from './jsonObject.ts';
import type { MappedColumn } from './MappedColumn.ts';
import type { MappedRow } from './MappedRow.ts';
import { readMetadata } from './readMetadata.ts';
import { readText } from './readText.ts';
import { readTime } from './readTime.ts';
import { requiredText } from './requiredText.ts';

/**
 * The columns of an event, up to where it comes from.
 *
 * @param unitIds Columns of unit IDs by type, as the configuration has them.
 * @throws FieldProblem
 */
export function mapEvents(
  mapping: EventsMapping,
  unitIds: Readonly<Record<string, string>>,
  row: MappedRow,
  look: FileLook,
): MappedColumn[] {
  const timestamp = row.read(readTime(mapping.timestamp, look));
  const eventName = requiredText(
    mapping.eventName,
    row,
    look,
    'SLUICE_INGEST_ROW_NAME_MISSING',
    'event name',
  );
  const ids = new Map(
    Object.entries(mapping.unitIds).map(([type, field]) => [
      type,
      `nullif(${row.read(readText(field, look, 'flat'))}, '')`,
    ]),
  );
  row.refuse(
    'SLUICE_INGEST_ROW_UNIT_MISSING',
    [...ids.keys()].join(', '),
    [...ids.values()].map((id) => `${id} IS NULL`).join(' AND '),
  );
  const value =
    mapping.eventValue === undefined ? null : row.read(readText(mapping.eventValue, look, 'nested'));
  const metadata = readMetadata(mapping, row, look);
  const userId = [...ids].find(([type]) => isUserId(type))?.[1];
  return [
    ['timestamp', timestamp],
    ['event_name', eventName],
    ['event_value', value ?? 'CAST(NULL AS VARCHAR)'],
    ['user_id', userId ?? 'CAST(NULL AS VARCHAR)'],
    ...Object.entries(unitIds).map(
      ([type, column]): MappedColumn => [column, ids.get(type) ?? 'CAST(NULL AS VARCHAR)'],
    ),
    ['unit_ids', jsonObject([...ids].map(([type, id]) => [type, `CAST(to_json(${id}) AS VARCHAR)`]))],
    ['event_metadata', metadata],
  ];
}

/** Statsig's own unit, as its SDKs and its consoles write it. */
function isUserId(type: string): boolean {
  return type.replaceAll('_', '').toLowerCase() === 'userid';
}

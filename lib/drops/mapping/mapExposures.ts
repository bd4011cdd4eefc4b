import type { ExposuresMapping } from '../../config/mappingSchema.ts';
import type { FileLook } from './FileLook.ts';
import type { MappedColumn } from './MappedColumn.ts';
import type { MappedRow } from './MappedRow.ts';
import { readMetadata } from './readMetadata.ts';
import { readTime } from './readTime.ts';
import { requiredText } from './requiredText.ts';

/** The columns of an exposure, up to where it comes from. @throws FieldProblem */
export function mapExposures(mapping: ExposuresMapping, row: MappedRow, look: FileLook): MappedColumn[] {
  const timestamp = row.read(readTime(mapping.timestamp, look));
  const name = requiredText(mapping.experiment, row, look, 'SLUICE_INGEST_ROW_NAME_MISSING', 'experiment');
  const group = requiredText(mapping.group, row, look, 'SLUICE_INGEST_ROW_GROUP_MISSING', 'group');
  const unitId = requiredText(mapping.unitId, row, look, 'SLUICE_INGEST_ROW_UNIT_MISSING', 'unit ID');
  const unitType = requiredText(
    mapping.unitType,
    row,
    look,
    'SLUICE_INGEST_ROW_UNIT_MISSING',
    'type of the unit ID',
  );
  return [
    ['timestamp', timestamp],
    ['experiment_id', name],
    ['group_id', group],
    ['unit_id', unitId],
    ['unit_type', unitType],
    ['metadata', readMetadata(mapping, row, look)],
  ];
}

import type { MetricsMapping } from '../../config/mappingSchema.ts';
import type { FileLook } from './FileLook.ts';
import type { MappedColumn } from './MappedColumn.ts';
import type { MappedRow } from './MappedRow.ts';
import { readNumber } from './readNumber.ts';
import { dayIn, readTime } from './readTime.ts';
import { requiredText } from './requiredText.ts';

/** The columns of a metric, up to where it comes from. @throws FieldProblem */
export function mapMetrics(mapping: MetricsMapping, row: MappedRow, look: FileLook): MappedColumn[] {
  const time = row.read(readTime(mapping.date, look));
  const unitId = requiredText(mapping.unitId, row, look, 'SLUICE_INGEST_ROW_UNIT_MISSING', 'unit ID');
  const idType = requiredText(
    mapping.idType,
    row,
    look,
    'SLUICE_INGEST_ROW_UNIT_MISSING',
    'type of the unit ID',
  );
  const name = requiredText(mapping.metricName, row, look, 'SLUICE_INGEST_ROW_NAME_MISSING', 'metric name');
  const { numerator, denominator } = mapping;
  const ratio =
    numerator === undefined || denominator === undefined
      ? null
      : [row.read(readNumber(numerator, look)), row.read(readNumber(denominator, look))];
  const single =
    mapping.metricValue ?? (ratio === null ? { column: 'metric_value', optional: false } : undefined);
  const value = single === undefined ? 'CAST(NULL AS DOUBLE)' : row.read(readNumber(single, look));
  const isRatio = ratio === null ? 'false' : ratio.map((part) => `${part} IS NOT NULL`).join(' AND ');
  row.refuse(
    'SLUICE_INGEST_ROW_VALUE_MISSING',
    'neither a value nor numerator and denominator',
    `${value} IS NULL AND NOT (${isRatio})`,
  );
  const [over = 'CAST(NULL AS DOUBLE)', under = 'CAST(NULL AS DOUBLE)'] = ratio ?? [];
  return [
    ['unit_id', unitId],
    ['id_type', idType],
    ['metric_date', dayIn(time, look.timezone)],
    ['metric_name', name],
    ['metric_value', `CASE WHEN NOT (${isRatio}) THEN ${value} END`],
    ['numerator', `CASE WHEN ${isRatio} THEN ${over} END`],
    ['denominator', `CASE WHEN ${isRatio} THEN ${under} END`],
  ];
}

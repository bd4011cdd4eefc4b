import type { Field } from '../../schema/mapping/fieldSource.ts';
import type { EventsMapping, ExposuresMapping, MetricsMapping } from '../../schema/mapping/mappings.ts';
import type { DeclaredColumn } from '../../schema/mapping/tableMapping.ts';
import type { ingestedColumns } from '../../tables/ingestedTables.ts';
import type { RowReason } from '../rowReasons.ts';
import { type FileColumns, nameOfField } from './columns/FileColumns.ts';
import { quotedSql } from './jsonText.ts';
import type { MappedRow } from './MappedRow.ts';
import { jsonObjectSql, type Members, mergedObjectSql, readJson, readJsonObject } from './readJson.ts';
import { readNumber, readText } from './readText.ts';
import { readDay, readTime } from './readTime.ts';
import { readTyped } from './readTyped.ts';

/** The SQL of each column of a kind, in the table's order, in terms of the reads of a row. */
export type MappedColumns<Kind extends keyof typeof ingestedColumns | 'table' = 'table'> = Readonly<
  Record<Kind extends keyof typeof ingestedColumns ? NameOf<Kind> : string, string>
>;
/** Names of the columns of a kind, without those of its rows' origin. */
type NameOf<Kind extends keyof typeof ingestedColumns> = (typeof ingestedColumns)[Kind][
  | 'before'
  | 'after'][number]['name'];

/** The columns of an exposure, without the columns of its origin. @throws FieldProblem */
export function mapExposures(
  mapping: ExposuresMapping,
  row: MappedRow,
  fileColumns: FileColumns,
): MappedColumns<'exposures'> {
  const timestamp = row.read(readTime(mapping.timestamp, fileColumns), 'timestamp');
  const required = requiredTexts(row, fileColumns);
  const name = required('SLUICE_INGEST_ROW_NAME_MISSING', mapping.experiment, 'experiment');
  const group = required('SLUICE_INGEST_ROW_GROUP_MISSING', mapping.group, 'group');
  const unitId = required('SLUICE_INGEST_ROW_UNIT_MISSING', mapping.unitId, 'unit ID');
  const unitType = required('SLUICE_INGEST_ROW_UNIT_MISSING', mapping.unitType, 'type of the unit ID');
  return {
    timestamp,
    experiment_id: name,
    group_id: group,
    unit_id: unitId,
    unit_type: unitType,
    metadata: readMetadata(mapping, row, fileColumns),
  };
}

/** SQL of a text that is not there. */
const NO_TEXT = 'CAST(NULL AS VARCHAR)';
/** SQL of a number that is not there. */
const NO_NUMBER = 'CAST(NULL AS DOUBLE)';

/**
 * The columns of an event, without the columns of its origin.
 *
 * @param unitIds Columns of unit IDs by type, as configured.
 * @throws FieldProblem
 */
export function mapEvents(
  mapping: EventsMapping,
  unitIds: Readonly<Record<string, string>>,
  row: MappedRow,
  fileColumns: FileColumns,
): MappedColumns<'events'> {
  const timestamp = row.read(readTime(mapping.timestamp, fileColumns), 'timestamp');
  const eventName = requiredTexts(row, fileColumns)(
    'SLUICE_INGEST_ROW_NAME_MISSING',
    mapping.eventName,
    'event name',
  );
  const ids = new Map(
    Object.entries(mapping.unitIds).map(([type, field]) => {
      const id = row.read(readText(field, fileColumns, 'flat'), `unitIds.${type}`);
      return [type, `nullif(${id}, '')`];
    }),
  );
  row.refuse(
    'SLUICE_INGEST_ROW_UNIT_MISSING',
    [...ids.keys()].join(', '),
    [...ids.values()].map((id) => `${id} IS NULL`).join(' AND '),
  );
  const value =
    mapping.eventValue === undefined
      ? null
      : row.read(readText(mapping.eventValue, fileColumns, 'nested'), 'eventValue');
  const metadata = readMetadata(mapping, row, fileColumns);
  const userId = [...ids].find(([type]) => isUserId(type))?.[1];
  // The type of the pairs keeps the row from being `any`, of which no column would be missed.
  const configured = Object.entries(unitIds).map(([type, column]): [name: string, sql: string] => [
    column,
    ids.get(type) ?? NO_TEXT,
  ]);
  return {
    timestamp,
    event_name: eventName,
    event_value: value ?? NO_TEXT,
    user_id: userId ?? NO_TEXT,
    ...Object.fromEntries(configured),
    unit_ids: jsonObjectSql([...ids].map(([type, id]) => [type, quotedSql(id)])),
    event_metadata: metadata,
  };
}

/** Statsig's own unit type, as written by its SDKs and its console. */
function isUserId(type: string): boolean {
  return type.replaceAll('_', '').toLowerCase() === 'userid';
}

/** The columns of a metric, without the columns of its origin. @throws FieldProblem */
export function mapMetrics(
  mapping: MetricsMapping,
  row: MappedRow,
  fileColumns: FileColumns,
): MappedColumns<'metrics'> {
  const day = row.read(readDay(mapping.date, fileColumns), 'date');
  const required = requiredTexts(row, fileColumns);
  const unitId = required('SLUICE_INGEST_ROW_UNIT_MISSING', mapping.unitId, 'unit ID');
  const idType = required('SLUICE_INGEST_ROW_UNIT_MISSING', mapping.idType, 'type of the unit ID');
  const name = required('SLUICE_INGEST_ROW_NAME_MISSING', mapping.metricName, 'metric name');
  const { numerator, denominator } = mapping;
  const ratio =
    numerator === undefined || denominator === undefined
      ? null
      : {
          over: row.read(readNumber(numerator, fileColumns), 'numerator'),
          under: row.read(readNumber(denominator, fileColumns), 'denominator'),
        };
  const single =
    mapping.metricValue ?? (ratio === null ? { column: 'metric_value', optional: false } : undefined);
  const value = single === undefined ? NO_NUMBER : row.read(readNumber(single, fileColumns), 'metricValue');
  const isRatio = ratio === null ? 'false' : `${ratio.over} IS NOT NULL AND ${ratio.under} IS NOT NULL`;
  row.refuse(
    'SLUICE_INGEST_ROW_VALUE_MISSING',
    'neither a value nor numerator and denominator',
    `${value} IS NULL AND NOT (${isRatio})`,
  );
  const { over, under } = ratio ?? { over: NO_NUMBER, under: NO_NUMBER };
  return {
    unit_id: unitId,
    id_type: idType,
    metric_date: day,
    metric_name: name,
    metric_value: `CASE WHEN NOT (${isRatio}) THEN ${value} END`,
    numerator: `CASE WHEN ${isRatio} THEN ${over} END`,
    denominator: `CASE WHEN ${isRatio} THEN ${under} END`,
  };
}

/** The declared columns of a table, without the columns of its rows' origin. @throws FieldProblem */
export function mapDeclared(
  columns: Readonly<Record<string, DeclaredColumn>>,
  row: MappedRow,
  fileColumns: FileColumns,
): MappedColumns {
  const mapped = Object.entries(columns).map(([name, from]): [name: string, sql: string] => {
    const value = row.read(readTyped(from, fileColumns), `columns.${name}`);
    if (from.required) {
      row.refuse(
        'SLUICE_INGEST_ROW_REQUIRED_MISSING',
        `${name}: column ${JSON.stringify(nameOfField(from))}`,
        `${value} IS NULL`,
      );
    }
    return [name, value];
  });
  return Object.fromEntries(mapped);
}

/**
 * Reads a required text of a row.
 *
 * @param reason For which the row is refused without it.
 * @param what The field in words, for the detail.
 * @returns The SQL of the text.
 * @throws FieldProblem
 */
type RequiredText = (reason: RowReason, field: Field, what: string) => string;

/** Makes the reader of a row's required texts. An empty text counts as missing. */
function requiredTexts(row: MappedRow, fileColumns: FileColumns): RequiredText {
  return (reason, field, what) => {
    const value = `nullif(${row.read(readText(field, fileColumns, 'flat'), what)}, '')`;
    row.refuse(
      reason,
      'constant' in field ? what : `${what}: column ${JSON.stringify(nameOfField(field))}`,
      `${value} IS NULL`,
    );
    return value;
  };
}

/**
 * SQL of the metadata: the text of a JSON object with the mapped columns and the members of `metadataJson`; null if
 * there are none.
 *
 * @throws FieldProblem
 */
function readMetadata(
  { metadata, metadataJson }: Pick<EventsMapping, 'metadata' | 'metadataJson'>,
  row: MappedRow,
  fileColumns: FileColumns,
): string {
  const members: Members = Object.entries(metadata).map(([key, field]) => [
    key,
    row.read(readJson(field, fileColumns), `metadata.${key}`),
  ]);
  return metadataJson === undefined
    ? jsonObjectSql(members)
    : mergedObjectSql(row.read(readJsonObject(metadataJson, fileColumns), 'metadataJson'), members);
}

import type { DeclaredColumn, Field, TimeField } from '../../../lib/schema/mappings.ts';
import type { Dataset } from '../../../lib/schema/sources.ts';

/** How much a column is needed: in every row, at least in the file, or not at all. */
type Need = 'every row' | 'every file' | 'no';

/** A column of the files that a customer drops, or a folder of their paths, as the mapping reads it. */
export interface FileColumn {
  readonly name: string;
  /** `folder`: it is in the path of a file, `<name>=<value>/`. */
  readonly from: 'column' | 'folder';
  /** The type of its values, in words. */
  readonly type: string;
  readonly need: Need;
  readonly meaning: string;
}

/** Lists the columns of a dataset's files, by its mapping alone. One that is read twice has two entries, and has to fit both. */
export function fileColumns(dataset: Dataset): readonly FileColumn[] {
  const { timezone } = dataset;
  const time = (field: TimeField, meaning: string) => timeColumn(field, meaning, timezone, 'every row');
  switch (dataset.kind) {
    case 'events': {
      const { timestamp, eventName, eventValue, unitIds, ...rest } = dataset.mapping;
      const units = Object.entries(unitIds);
      return [
        time(timestamp, 'When it happened'),
        ...text(eventName, 'Name of the event', 'every row'),
        ...units.flatMap(([type, field]) =>
          text(
            field,
            `Unit ID of type ${type}${units.length > 1 ? '; a row needs at least one of the unit IDs' : ''}`,
            units.length > 1 ? 'every file' : 'every row',
          ),
        ),
        ...(eventValue === undefined ? [] : text(eventValue, 'Value of the event', 'every file')),
        ...metadataColumns(rest),
      ];
    }
    case 'metrics': {
      const { date, unitId, idType, metricName, metricValue, numerator, denominator } = dataset.mapping;
      const hasRatio = numerator !== undefined && denominator !== undefined;
      const value = metricValue ?? (hasRatio ? undefined : { column: 'metric_value', optional: false });
      // With both, a row needs one of them.
      const needed = hasRatio && value !== undefined ? 'every file' : 'every row';
      const either = needed === 'every file' ? '; a row needs a value, or numerator and denominator' : '';
      return [
        ...text(unitId, 'Unit that the metric is of', 'every row'),
        ...text(idType, 'Type of the unit ID, e.g. userID', 'every row'),
        time(date, 'Day that the metric is of'),
        ...text(metricName, 'Name of the metric', 'every row'),
        ...(value === undefined ? [] : number(value, `Value of the metric${either}`, needed)),
        ...(numerator === undefined ? [] : number(numerator, `Numerator of a ratio${either}`, needed)),
        ...(denominator === undefined ? [] : number(denominator, `Denominator of a ratio${either}`, needed)),
      ];
    }
    case 'exposures': {
      const { timestamp, experiment, group, unitId, unitType, ...rest } = dataset.mapping;
      return [
        time(timestamp, 'When the unit was exposed'),
        ...text(experiment, 'Experiment that the unit was exposed to', 'every row'),
        ...text(group, 'Group that it was exposed to', 'every row'),
        ...text(unitId, 'Unit that was exposed', 'every row'),
        ...text(unitType, 'Type of the unit ID, e.g. userID', 'every row'),
        ...metadataColumns(rest),
      ];
    }
    case 'properties': {
      const { unitId, idType, date, properties } = dataset.mapping;
      return [
        ...text(unitId, 'Unit that the properties are of', 'every row'),
        ...text(idType, 'Type of the unit ID, e.g. userID', 'every row'),
        ...(date === undefined ? [] : [time(date, 'Day on which the properties were so')]),
        ...declared(properties, timezone),
      ];
    }
    case 'table':
      return declared(dataset.mapping.columns, timezone);
  }
}

type Metadata = Extract<Dataset, { kind: 'events' }>['mapping'];

function metadataColumns({
  metadata,
  metadataJson,
}: Pick<Metadata, 'metadata' | 'metadataJson'>): FileColumn[] {
  return [
    ...Object.entries(metadata).flatMap(([key, field]) =>
      fieldColumn(field, `Metadata \`${key}\``, 'every file', ANY),
    ),
    ...(metadataJson === undefined
      ? []
      : fieldColumn(metadataJson, 'Metadata as a JSON object', 'every file', 'text: one JSON object')),
  ];
}

const ANY = 'any; lists and structs become JSON';

function text(field: Field, meaning: string, need: Need): FileColumn[] {
  return fieldColumn(field, meaning, need, 'text, or a whole number');
}

function number(field: Field, meaning: string, need: Need): FileColumn[] {
  return fieldColumn(field, meaning, need, 'number, finite');
}

/** The column or folder of a field; none for a constant. @param type Of a field without a cast. */
function fieldColumn(field: Field, meaning: string, need: Need, type: string): FileColumn[] {
  if ('constant' in field) return [];
  const { cast, optional } = field;
  return [
    {
      ...placeOf(field),
      type: cast === undefined ? type : CASTS[cast],
      need: optional && need !== 'every row' ? 'no' : need,
      meaning,
    },
  ];
}

const CASTS: Readonly<Record<NonNullable<Extract<Field, { column: string }>['cast']>, string>> = {
  string: 'text, or what can be written as text',
  bigint: 'whole number, or text that is one',
  double: 'number, or text that is one',
  boolean: 'boolean, or the texts true and false',
  date: 'date, or ISO 8601 text such as 2026-11-19',
  timestamp: 'timestamp, or ISO 8601 text such as 2026-11-19T10:15:30Z',
  uuid: 'text of a UUID, or 16 bytes',
};

function placeOf(field: { readonly column: string } | { readonly folder: string }) {
  return 'folder' in field
    ? ({ name: field.folder, from: 'folder' } as const)
    : ({ name: field.column, from: 'column' } as const);
}

function timeColumn(field: TimeField, meaning: string, timezone: string, need: Need): FileColumn {
  const { unit, format } = field;
  return {
    ...placeOf(field),
    type: timeWords({ unit, format }, 'folder' in field, timezone),
    need,
    meaning,
  };
}

const UNITS: Readonly<Record<NonNullable<TimeField['unit']>, string>> = {
  s: 'number of seconds since 1970-01-01 UTC',
  ms: 'number of milliseconds since 1970-01-01 UTC',
  us: 'number of microseconds since 1970-01-01 UTC',
  ns: 'number of nanoseconds since 1970-01-01 UTC',
  timestamp: 'timestamp or date',
  iso: 'text in ISO 8601, such as 2026-11-19T10:15:30Z',
};

function timeWords(
  { unit, format }: Pick<TimeField, 'unit' | 'format'>,
  isFolder: boolean,
  timezone: string,
): string {
  const zone = `; without a zone it is in ${timezone}`;
  if (format !== undefined) return `text in the form \`${format}\`${zone}`;
  if (unit !== undefined) return `${UNITS[unit]}${unit === 'timestamp' || unit === 'iso' ? zone : ''}`;
  return isFolder
    ? `a day or time in ISO 8601, such as 2026-11-19${zone}`
    : `timestamp or date, text in ISO 8601, or number of seconds since 1970-01-01 UTC${zone}`;
}

const TYPES: Readonly<Record<DeclaredColumn['type'], string>> = {
  string: 'text; lists and structs become JSON',
  bigint: 'whole number, or text that is one',
  double: 'number, or text that is one',
  boolean: 'boolean, or the texts true and false',
  date: 'date',
  timestamp: 'timestamp',
};

/** Columns of tables that declare their own. */
function declared(columns: Readonly<Record<string, DeclaredColumn>>, timezone: string): FileColumn[] {
  return Object.entries(columns).map(([name, from]): FileColumn => {
    const { type, unit, format, optional, required, comment } = from;
    const isTime = type === 'date' || type === 'timestamp';
    return {
      ...placeOf(from),
      type: isTime
        ? `${TYPES[type]}: ${timeWords({ unit, format }, 'folder' in from, timezone)}`
        : TYPES[type],
      need: required ? 'every row' : optional ? 'no' : 'every file',
      meaning: comment ?? `Column \`${name}\` of the table`,
    };
  });
}

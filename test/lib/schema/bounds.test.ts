import { describe, expect, it } from '@jest/globals';
import * as z from 'zod';
import { configSchema } from '../../../lib/schema/config.ts';
import { tableMapping } from '../../../lib/schema/mapping/tableMapping.ts';

/** A part of a JSON Schema: https://json-schema.org/draft/2020-12/json-schema-core#name-keywords-for-applying-subsch */
interface Part {
  /** The values of members, by their names. */
  readonly properties?: Readonly<Record<string, Part>>;
  /** The items of a list. */
  readonly items?: Part;
  /** The values of all other members, or whether there may be any. */
  readonly additionalProperties?: Part | boolean;
  /** The names of members. */
  readonly propertyNames?: Part;
  /** Some of them have to fit. */
  readonly anyOf?: readonly Part[];
  /** One of them has to fit. */
  readonly oneOf?: readonly Part[];
  /** All of them have to fit. */
  readonly allOf?: readonly Part[];
  /** Any other keyword. */
  readonly [keyword: string]: unknown;
}

/** Keywords that bound a value: its length, its number of members, its size. */
const BOUNDS = [
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'minProperties',
  'maxProperties',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'minimum',
  'maximum',
  'multipleOf',
];
/** Keywords with parts, which {@link innerParts} knows. */
const PARTS = ['properties', 'items', 'additionalProperties', 'propertyNames', 'anyOf', 'oneOf', 'allOf'];
/** Keywords that neither bound a value so nor have parts. */
const OTHERS = ['$schema', 'type', 'required', 'pattern', 'default', 'enum', 'const'];

/** A part with the path of its field. */
type PartAt = readonly [part: Part, path: string];

/** The parts directly in a part. @throws Error for a keyword that may have parts which nobody looks at. */
function innerParts(part: Part, path: string): readonly PartAt[] {
  const known = new Set([...BOUNDS, ...PARTS, ...OTHERS]);
  const unknown = Object.keys(part).filter((keyword) => !known.has(keyword));
  if (unknown.length > 0) throw new Error(`${path} has ${unknown.join(', ')}.`);
  const { properties = {}, items, additionalProperties, propertyNames } = part;
  const { anyOf = [], oneOf = [], allOf = [] } = part;
  const inner: readonly (readonly [Part | boolean | undefined, string])[] = [
    ...Object.entries(properties).map(([name, property]) => [property, `${path}.${name}`] as const),
    [items, `${path}[]`],
    [additionalProperties, `${path}.*`],
    [propertyNames, `${path}.(name)`],
    ...[...anyOf, ...oneOf, ...allOf].map((choice) => [choice, path] as const),
  ];
  return inner.flatMap(([within, at]) => (typeof within === 'object' ? [[within, at] as const] : []));
}

/** A part and all parts in it, but for those of fields that `isLeftOut` names. */
function partsOf(part: Part, path: string, isLeftOut = (_path: string) => false): readonly PartAt[] {
  const inner = innerParts(part, path).filter(([, at]) => at === path || !isLeftOut(at));
  return [[part, path], ...inner.flatMap(([within, at]) => partsOf(within, at, isLeftOut))];
}

/** The bounds of parts, a line each. */
function boundsOf(parts: readonly PartAt[]): readonly string[] {
  return parts.flatMap(([part, path]) => {
    const bounds = BOUNDS.flatMap((name) => {
      const bound = part[name];
      // Zod gives a whole number without a bound those of exact doubles.
      return typeof bound === 'number' && Math.abs(bound) < Number.MAX_SAFE_INTEGER
        ? [`${name} ${bound}`]
        : [];
    });
    return bounds.length === 0 ? [] : [`${path.replace(/^\./, '')}: ${bounds.join(', ')}`];
  });
}

/** Lines in order, each once: behind it how often it comes, as in an object of which there are several kinds. */
function countedLines(lines: readonly string[]): readonly string[] {
  return [...Map.groupBy(lines, (line) => line)].map(([line, { length }]) =>
    length === 1 ? line : `${line} × ${length}`,
  );
}

const schema = z.toJSONSchema(configSchema, {
  io: 'input',
  unrepresentable: 'any',
  reused: 'inline',
}) as Part;
/** Mappings have a test of their own. */
const isMapping = (path: string) => path.endsWith('.mapping');

describe('the JSON Schema of the configuration', () => {
  it('has no object with members that it does not name', () => {
    const open = partsOf(schema, '').filter(
      ([part]) => part.properties !== undefined && part.additionalProperties !== false,
    );
    expect(open.map(([, path]) => path)).toEqual([]);
  });

  it('has these lengths, numbers of members and sizes', () => {
    expect(countedLines(boundsOf(partsOf(schema, '', isMapping)))).toEqual([
      'service: minLength 2, maxLength 16',
      'statsigFolder: maxLength 128',
      'formerStatsigFolders: maxItems 5',
      'formerStatsigFolders[].folder: maxLength 128',
      'curateAfter: minimum 1, maximum 365',
      'unitIds.(name): minLength 1',
      'timeWindow.pastDays: minimum 0, maximum 365',
      'timeWindow.futureDays: minimum 0, maximum 365',
      'experiments[]: minLength 1',
      'experiments[].name: minLength 1',
      'experiments[].split.*: exclusiveMinimum 0',
      'experiments[].split.(name): minLength 1',
      'holdouts[]: minLength 1',
      'keys[].sources: minItems 1, maxItems 100',
      'keys[].sources[]: maxLength 64',
      'collector.reservedConcurrency: minimum 1, maximum 100000',
      'collector.accountConcurrency: minimum 1, maximum 1000000',
      'events.allow: minItems 1',
      'exposures.allow: minItems 1',
      'relay.concurrency: minimum 2, maximum 1000 × 2',
      'relay.headers.*: maxLength 4096',
      'privacy.salt: minLength 16',
      'logs.successes: minimum 0, maximum 1',
      'buffering.seconds: minimum 10, maximum 900',
      'buffering.megabytes: minimum 1, maximum 64',
      'write.concurrency: minimum 2, maximum 1000',
      'athena.scanLimitGigabytes: minimum 0.01, maximum 7000000',
      'readers[].name: maxLength 32 × 3',
      'readers[].keySerial: minimum 1 × 3',
      'readers[].alsoReads: maxItems 20 × 3',
      'readers[].alsoReads[].tables: minItems 1, maxItems 100 × 3',
      'readers[].alsoReads[].locations: maxItems 50 × 3',
      'readers[].policies: maxItems 7 × 3',
      'dailyIngest.hour: minimum 0, maximum 23',
      'exports: maxItems 100',
      'exports[].name: maxLength 64',
      'exports[].target.folder: maxLength 128',
      'exports[].lookbackDays: minimum 1, maximum 90',
      'statsigBucket.writesTo: maxLength 128',
      'retention.forwardedDays: minimum 1, maximum 36500',
      'retention.quarantineDays: minimum 1, maximum 36500',
      'retention.queryResultDays: minimum 1, maximum 36500',
      'retention.landingVersionDays: minimum 1, maximum 36500',
      'retention.stateVersionDays: minimum 1, maximum 36500',
      'retention.dataVersionDays: minimum 1, maximum 36500',
      'sources: maxItems 100',
      'sources[].name: maxLength 64',
      'sources[].settleMinutes: minimum 0, maximum 1440',
      'sources[].receipt: maxLength 200',
      'sources[].datasets: minItems 1, maxItems 200',
      'sources[].datasets[].name: maxLength 64 × 4',
      'sources[].datasets[].folder: maxLength 512 × 4',
      'sources[].datasets[].layout: maxLength 512 × 4',
      'sources[].datasets[].lookbackDays: minimum 1, maximum 90 × 4',
      'sources[].datasets[].waitFor: maxLength 255 × 4',
      'sources[].datasets[].refusedShare: minimum 0, maximum 1 × 4',
      'sources[].datasets[].unusualShare: minimum 0, maximum 1 × 4',
      'sources[].datasets[].expectedBy.hour: minimum 0, maximum 23 × 4',
      'sources[].datasets[].expectedBy.daysAfter: minimum 0, maximum 90 × 4',
      'sources[].datasets[].expectedBy.weekdays: minItems 1 × 4',
      'alarms.invocationsPerHour: minimum 1, maximum 1000000000',
      'alarms.refusedKeysPerHour: minimum 1, maximum 1000000000',
      'alarms.silenceFromPerHour: minimum 1, maximum 1000000000',
      'endpoint.requestsPerSecond: minimum 1, maximum 1000000',
      'endpoint.burst: minimum 1, maximum 1000000',
      'endpoint.accountRequestsPerSecond: minimum 1, maximum 1000000',
    ]);
  });

  it('has these in the mapping of each kind of dataset', () => {
    const mappings = partsOf(schema, '').filter(
      ([part, path]) => isMapping(path) && part.properties !== undefined,
    );
    const found = mappings.flatMap(([{ properties = {} }]) =>
      Object.entries(properties).map(([field, part]) => ({ field, bounds: boundsOf(partsOf(part, '')) })),
    );
    const ofColumn = [
      ': minLength 1, maxLength 1024',
      'column: minLength 1, maxLength 1024',
      'column: minItems 1, maxItems 20',
      'column[]: minLength 1, maxLength 1024',
    ];
    const ofColumns = [
      '*: minLength 1, maxLength 1024',
      '*.column: minLength 1, maxLength 1024',
      '*.column: minItems 1, maxItems 20',
      '*.column[]: minLength 1, maxLength 1024',
    ];
    const ofNamed = [
      ...ofColumns,
      '*.folder: minLength 1, maxLength 255',
      '*.constant: minLength 1',
      '(name): minLength 1',
    ];
    const ofTime = [
      ...ofColumn,
      'format: maxLength 200',
      'folder: minLength 1, maxLength 255',
      'format: maxLength 200',
    ];
    const ofText = [...ofColumn, 'folder: minLength 1, maxLength 255', 'constant: minLength 1'];
    const ofMetadata = ['[]: minLength 1, maxLength 1024', ...ofNamed];
    const ofTyped = ['*.format: maxLength 200', '*.comment: minLength 1, maxLength 255'];
    const ofTable = [...ofColumns, ...ofTyped, '*.folder: minLength 1, maxLength 255', ...ofTyped];
    expect(found).toEqual([
      { field: 'timestamp', bounds: ofTime },
      { field: 'eventName', bounds: ofText },
      { field: 'eventValue', bounds: ofText },
      { field: 'unitIds', bounds: ofNamed },
      { field: 'metadata', bounds: ofMetadata },
      { field: 'metadataJson', bounds: ofText },
      { field: 'unitId', bounds: ofText },
      { field: 'idType', bounds: ofText },
      { field: 'date', bounds: ofTime },
      { field: 'metricName', bounds: ofText },
      { field: 'metricValue', bounds: ofText },
      { field: 'numerator', bounds: ofText },
      { field: 'denominator', bounds: ofText },
      { field: 'timestamp', bounds: ofTime },
      { field: 'experiment', bounds: ofText },
      { field: 'group', bounds: ofText },
      { field: 'unitId', bounds: ofText },
      { field: 'unitType', bounds: ofText },
      { field: 'metadata', bounds: ofMetadata },
      { field: 'metadataJson', bounds: ofText },
      { field: 'columns', bounds: ofTable },
      { field: 'sortBy', bounds: [': minItems 1'] },
    ]);
  });
});

describe('a table of a dataset', () => {
  const columnsOf = (count: number) => ({ columns: Array.from({ length: count }, (_, i) => `column_${i}`) });

  it.each([
    { count: 500, isTaken: true },
    { count: 501, isTaken: false },
  ])('with $count columns of its own is taken: $isTaken', ({ count, isTaken }) => {
    expect(tableMapping.safeParse(columnsOf(count)).success).toBe(isTaken);
  });
});

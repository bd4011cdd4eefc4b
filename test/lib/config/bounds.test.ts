import { expect, it } from '@jest/globals';
import * as z from 'zod';
import { configSchema } from '../../../lib/schema/config.ts';
import { tableMapping } from '../../../lib/schema/mapping/tableMapping.ts';

/** A part of a JSON Schema, as far as it has bounds or other parts. */
interface Part {
  readonly properties?: Readonly<Record<string, Part>>;
  readonly items?: Part;
  readonly additionalProperties?: Part | boolean;
  readonly propertyNames?: Part;
  readonly anyOf?: readonly Part[];
  readonly oneOf?: readonly Part[];
}

/** The names that JSON Schema has for bounds. */
const BOUNDS = ['minLength', 'maxLength', 'minItems', 'maxItems', 'exclusiveMinimum', 'minimum', 'maximum'];

/** The parts directly in a part, each with the path of its field. */
function innerParts(part: Part, path: string): readonly (readonly [part: Part, path: string])[] {
  const { properties = {}, items, additionalProperties, propertyNames, anyOf = [], oneOf = [] } = part;
  const inner: readonly (readonly [Part | boolean | undefined, string])[] = [
    ...Object.entries(properties).map(([name, property]) => [property, `${path}.${name}`] as const),
    [items, `${path}[]`],
    [additionalProperties, `${path}.*`],
    [propertyNames, `${path}.(name)`],
    ...[...anyOf, ...oneOf].map((choice) => [choice, path] as const),
  ];
  return inner.flatMap(([within, at]) => (typeof within === 'object' ? [[within, at] as const] : []));
}

/** The bounds of a part and of the parts in it, each with the path of its field. */
function boundsOf(part: Part, path: string): readonly string[] {
  const bounds = Object.entries(part).flatMap(([name, bound]) =>
    // Zod gives a whole number without a bound those of exact doubles.
    BOUNDS.includes(name) && Math.abs(bound) < Number.MAX_SAFE_INTEGER ? [`${name} ${bound}`] : [],
  );
  return [
    ...(bounds.length === 0 ? [] : [`${path.slice(1)}: ${bounds.join(', ')}`]),
    ...innerParts(part, path).flatMap(([within, at]) => boundsOf(within, at)),
  ];
}

const schema = z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any', reused: 'inline' });

/** The paths of parts with named members that take others, too. */
function openParts(part: Part, path: string): readonly string[] {
  const isOpen = part.properties !== undefined && part.additionalProperties !== false;
  return [
    ...(isOpen ? [path] : []),
    ...innerParts(part, path).flatMap(([within, at]) => openParts(within, at)),
  ];
}

it('no object of the configuration has members that it does not name', () => {
  expect(openParts(schema as Part, '')).toEqual([]);
});

const under = (path: string, bounds: readonly string[]) => bounds.map((bound) => `${path}${bound}`);

it('fields of the configuration have these bounds', () => {
  // Fields that a mapping fills have the same choices.
  const found = boundsOf(schema as Part, '').map((bound) => bound.replace(/mapping\.\w+/, 'mapping.FIELD'));
  expect([...new Set(found)]).toEqual([
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
    'relay.concurrency: minimum 2, maximum 1000',
    'relay.headers.*: maxLength 4096',
    'privacy.salt: minLength 16',
    'logs.successes: minimum 0, maximum 1',
    'buffering.seconds: minimum 10, maximum 900',
    'buffering.megabytes: minimum 1, maximum 64',
    'write.concurrency: minimum 2, maximum 1000',
    'athena.scanLimitGigabytes: minimum 0.01, maximum 7000000',
    'readers[].name: maxLength 32',
    'readers[].keySerial: minimum 1',
    'readers[].alsoReads: maxItems 20',
    'readers[].alsoReads[].tables: minItems 1, maxItems 100',
    'readers[].alsoReads[].locations: maxItems 50',
    'readers[].policies: maxItems 7',
    'dailyIngest.hour: minimum 0, maximum 23',
    'exports: maxItems 100',
    'exports[].name: maxLength 64',
    'exports[].target.folder: maxLength 128',
    'exports[].lookbackDays: minimum 1, maximum 90',
    'statsigBucket.writesTo: maxLength 128',
    ...[
      'forwardedDays',
      'quarantineDays',
      'queryResultDays',
      'landingVersionDays',
      'stateVersionDays',
      'dataVersionDays',
    ].map((days) => `retention.${days}: minimum 1, maximum 36500`),
    'sources: maxItems 100',
    'sources[].name: maxLength 64',
    'sources[].settleMinutes: minimum 0, maximum 1440',
    'sources[].receipt: maxLength 200',
    'sources[].datasets: minItems 1, maxItems 200',
    ...under('sources[].datasets[].', [
      'name: maxLength 64',
      'folder: maxLength 512',
      'layout: maxLength 512',
      'lookbackDays: minimum 1, maximum 90',
      'waitFor: maxLength 255',
      'refusedShare: minimum 0, maximum 1',
      'unusualShare: minimum 0, maximum 1',
      'expectedBy.hour: minimum 0, maximum 23',
      'expectedBy.daysAfter: minimum 0, maximum 90',
      'expectedBy.weekdays: minItems 1',
    ]),
    ...under('sources[].datasets[].mapping.FIELD', [
      ': minLength 1, maxLength 1024',
      '.column: minLength 1, maxLength 1024',
      '.column: minItems 1, maxItems 20',
      '.column[]: minLength 1, maxLength 1024',
      '.format: maxLength 200',
      '.folder: minLength 1, maxLength 255',
      '.constant: minLength 1',
      '.*: minLength 1, maxLength 1024',
      '.*.column: minLength 1, maxLength 1024',
      '.*.column: minItems 1, maxItems 20',
      '.*.column[]: minLength 1, maxLength 1024',
      '.*.folder: minLength 1, maxLength 255',
      '.*.constant: minLength 1',
      '.(name): minLength 1',
      '[]: minLength 1, maxLength 1024',
      '.*.format: maxLength 200',
      '.*.comment: minLength 1, maxLength 255',
      ': minItems 1',
    ]),
    'alarms.invocationsPerHour: minimum 1, maximum 1000000000',
    'alarms.refusedKeysPerHour: minimum 1, maximum 1000000000',
    'alarms.silenceFromPerHour: minimum 1, maximum 1000000000',
    'endpoint.requestsPerSecond: minimum 1, maximum 1000000',
    'endpoint.burst: minimum 1, maximum 1000000',
    'endpoint.accountRequestsPerSecond: minimum 1, maximum 1000000',
  ]);
});

it('a table of a dataset has at most 500 columns of its own', () => {
  const isTaken = (count: number) =>
    tableMapping.safeParse({ columns: Array.from({ length: count }, (_, i) => `column_${i}`) }).success;
  expect([isTaken(500), isTaken(501)]).toEqual([true, false]);
});

import { isDeepStrictEqual } from 'node:util';
import { beforeAll, describe, expect, it } from '@jest/globals';
import * as z from 'zod';
import { resources } from '../../../infra/resources.ts';
import { unusedFunctions } from '../../../infra/serverless/requirements.ts';
import { applyPlatform } from '../../../infra/template/platform.ts';
import { ConfigError } from '../../../lib/config/ConfigError.ts';
import { validateConfig } from '../../../lib/config/defineConfig.ts';
import { functionConfig } from '../../../lib/config/functionConfig.ts';
import { type Config, type ConfigInput, configSchema } from '../../../lib/schema/config.ts';
import type { Effect } from '../../../lib/schema/fields/noted.ts';
import { bare, definition, fieldsOf } from '../../../scripts/docs/configFields.ts';
import { ServiceSpec } from '../../infra/schema/ServiceSpec.ts';

const customer = { bucket: 'acme-drops', owner: '444455556666' };
const certificate = 'arn:aws:acm:us-east-1:111122223333:certificate/12345678-1234-1234-1234-123456789012';
const role = { arn: 'arn:aws:iam::444455557777:role/sluice', externalId: 'made-by-us' };

/** Uses every part of the configuration, so that each field is in use. */
const base: ConfigInput = {
  bucket: 'acme',
  region: 'us-east-1',
  keys: [{ label: 'app', sha256: '0'.repeat(64) }],
  curate: true,
  privacy: { redact: { 'user.email': 'drop' }, salt: 'a salt of the test alone' },
  endpoint: { kind: 'both' },
  passThrough: { statsig: true },
  alarms: {},
  readers: [
    {
      ...{ kind: 'statsig', name: 'warehouse', principal: '999955556666', externalId: 'of-statsig' },
      alsoReads: [{ database: 'shops', locations: ['s3://acme-shops/all/'] }],
    },
    { kind: 'owox', name: 'owox', resultsBucket: 'acme-results' },
    { kind: 'metabase', name: 'bi', as: 'role', principal: 'ec2' },
    { kind: 'statsig', name: 'by-user', as: 'user' },
  ],
  sources: [
    {
      name: 'shop',
      ...customer,
      receipt: { bucket: true },
      datasets: [
        { name: 'clicks', kind: 'events', timezone: 'Europe/Paris' },
        { name: 'sums', kind: 'metrics' },
        { name: 'groups', kind: 'exposures' },
        { name: 'persons', kind: 'properties', mapping: { properties: ['color'] } },
        { name: 'sheet', kind: 'table', mapping: { columns: ['id', 'order_id'] }, expectedBy: { hour: 1 } },
      ],
    },
    {
      name: 'by-role',
      bucket: 'other-drops',
      owner: '444455557777',
      role,
      datasets: [{ name: 'one', kind: 'events' }],
    },
  ],
  exports: [
    {
      name: 'out',
      table: 'statsig_forwarded_exposures',
      target: { bucket: 'other-warehouse', owner: '444455557777', role },
    },
    {
      name: 'direct',
      table: 'statsig_forwarded_events',
      target: { bucket: 'acme-warehouse', owner: '444455556666' },
    },
  ],
  statsigBucket: { bucket: 'acme-for-statsig', user: 'arn:aws:iam::999689269917:user/acme' },
  relay: { statsig: true },
  monitors: {},
};

type Values = Readonly<Record<string, unknown>>;
const dataset = (i: number, rest: string) => `sources.0.datasets.${i}.${rest}`;
const everyDataset = (rest: string, value: unknown): Values =>
  Object.fromEntries([0, 1, 2, 3, 4].map((i) => [dataset(i, rest), value]));

/**
 * Values by path for fields whose example alone changes nothing here, or is not valid here; `from` is set before. A field that
 * is an option of a choice is changed to another option.
 */
const CASES: Readonly<Record<string, { readonly from?: Values; readonly to: Values }>> = {
  // The exports of the base configuration name the table.
  'tables.exposures': { from: { exports: [] }, to: { exports: [], 'tables.exposures': 'exposures' } },
  'tables.events': { from: { exports: [] }, to: { exports: [], 'tables.events': 'events' } },
  curate: { to: { curate: false } },
  'keys.0.sources': { to: { 'keys.0.sources': ['shop'] } },
  relay: { to: { relay: undefined } },
  monitors: { to: { monitors: null } },
  'relay.keys': { to: { 'relay.keys': ['app'] } },
  'relay.statsig': { to: { relay: { url: 'https://collector.example.com' } } },
  'relay.url': {
    from: { relay: { url: 'https://collector.example.com' } },
    to: { relay: { url: 'https://other.example.com' } },
  },
  'relay.headers': {
    from: { relay: { url: 'https://collector.example.com' } },
    to: { relay: { url: 'https://collector.example.com', headers: { 'x-token': 'x' } } },
  },
  'existing.bucket': {
    from: {
      'existing.keyArn': 'arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab',
    },
    to: {
      existing: {
        bucket: true,
        keyArn: 'arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab',
      },
    },
  },
  readers: { to: { readers: [] } },
  'readers.0.kind': {
    to: { 'readers.0': { kind: 'owox', name: 'warehouse', resultsBucket: 'acme-more', ownDatabase: 'more' } },
  },
  'readers.0.as': { to: { 'readers.0': { kind: 'statsig', name: 'warehouse', as: 'user' } } },
  'readers.0.resultLocation': { to: { 'readers.0.resultLocation': 's3://acme/statsig-results/' } },
  'readers.1.resultsKeyArn': {
    from: { 'readers.1.existingResultsBucket': true },
    to: {
      'readers.1.existingResultsBucket': true,
      'readers.1.resultsKeyArn':
        'arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab',
    },
  },
  'readers.1.kind': { to: { 'readers.1': { kind: 'metabase', name: 'owox' } } },
  'readers.2.kind': {
    to: { 'readers.2': { kind: 'owox', name: 'bi', resultsBucket: 'acme-more', ownDatabase: 'more' } },
  },
  'readers.2.as': { to: { 'readers.2': { kind: 'metabase', name: 'bi' } } },
  'readers.2.externalId': {
    from: { 'readers.2.principal': 'arn:aws:iam::444455557777:role/bi' },
    to: {
      'readers.2.principal': 'arn:aws:iam::444455557777:role/bi',
      'readers.2.externalId': 'metabase-7f3b',
    },
  },
  exports: { to: { exports: [] } },
  statsigBucket: { to: { statsigBucket: null } },
  formerStatsigFolders: { to: { formerStatsigFolders: [{ folder: 'former', until: '2026-11-26' }] } },
  'exports.0.target.bucket': { to: { 'exports.1.target.bucket': 'acme-lake' } },
  'exports.0.target.owner': { to: { 'exports.1.target.owner': '444455558888' } },
  'exports.0.target.role.arn': {
    to: { 'sources.1.role.arn': 'arn:aws:iam::444455557777:role/other' },
  },
  'exports.0.target.role.externalId': { to: { 'sources.1.role.externalId': 'another-id' } },
  'exports.0.target.role.allowNoExternalId': {
    to: { 'sources.1.role': { arn: role.arn, allowNoExternalId: true } },
  },
  sources: { to: { sources: [] } },
  // The first receipts of all add an alarm.
  'sources.0.receipt.bucket': {
    from: { 'sources.0.receipt': undefined, 'sources.1.receipt': { bucket: true } },
    to: { 'sources.1.receipt': { bucket: true } },
  },
  'sources.1.datasets': { to: { 'sources.1.datasets.1': { name: 'two', kind: 'events' } } },
  'sources.0.datasets': { to: { 'sources.1.datasets.1': { name: 'two', kind: 'events' } } },
  [dataset(0, 'kind')]: { to: { [dataset(0, 'kind')]: 'metrics' } },
  [dataset(1, 'kind')]: { to: { [dataset(1, 'kind')]: 'events' } },
  [dataset(2, 'kind')]: { to: { [dataset(2, 'kind')]: 'events' } },
  [dataset(3, 'kind')]: { to: { [dataset(3, 'kind')]: 'events', [dataset(3, 'mapping')]: {} } },
  [dataset(4, 'kind')]: { to: { [dataset(4, 'kind')]: 'events', [dataset(4, 'mapping')]: {} } },
  [dataset(0, 'expectedBy')]: { to: { [dataset(4, 'expectedBy')]: undefined } },
  [dataset(0, 'engine')]: { to: everyDataset('engine', 'lambda') },
  [dataset(1, 'mapping.numerator')]: {
    to: { [dataset(1, 'mapping')]: { numerator: 'a', denominator: 'b' } },
  },
  [dataset(1, 'mapping.denominator')]: {
    to: { [dataset(1, 'mapping')]: { numerator: 'a', denominator: 'b' } },
  },
  [dataset(4, 'mapping.sortBy')]: { to: { [dataset(4, 'mapping.sortBy')]: ['id'] } },
  'endpoint.domain': {
    to: { 'endpoint.domain': 'collect.example.com', 'endpoint.certificateArn': certificate },
  },
  'endpoint.certificateArn': {
    from: { 'endpoint.domain': 'collect.example.com', 'endpoint.certificateArn': certificate },
    to: { 'endpoint.domain': 'collect.example.com', 'endpoint.certificateArn': `${certificate}0` },
  },
  'endpoint.kind': { to: { 'endpoint.kind': 'http-api' } },
  passThrough: { to: { passThrough: null } },
  'passThrough.statsig': { to: { passThrough: { url: 'https://proxy.example.com' } } },
  'passThrough.url': { to: { passThrough: { url: 'https://proxy.example.com' } } },
};

/** Not in the template: `--region` makes another stack. */
const ELSEWHERE = new Set(['region']);

/** Worst first. */
const ORDER = ['replaces', 'adds', 'in place', 'functions', 'nothing'] as const satisfies Effect[];

interface Place {
  readonly path: string;
  readonly example: unknown;
}

/** Every field that says what its change does, or is inside of one that does, with its places in the base configuration. */
const fields = new Map<z.core.$ZodType, { readonly effect: Effect; readonly places: Place[] }>();
function visit(schema: z.core.$ZodType, value: unknown, path: readonly PropertyKey[], effect?: Effect): void {
  const inner = bare(schema);
  const def = definition(inner);
  if (def.type === 'pipe') visit(def.in, value, path, effect);
  if (def.type === 'optional' || def.type === 'nullable' || def.type === 'default' || def.type === 'prefault')
    visit(def.innerType, value, path, effect);
  if (def.type === 'array' && Array.isArray(value))
    for (const [i, one] of value.entries()) visit(def.element, one, [...path, i], effect);
  if (def.type === 'union')
    for (const option of def.options)
      if (fieldsOf(option).length > 0 && parses(option, value)) visit(option, value, path, effect);
  if (def.type !== 'object') return;
  for (const { key, schema: field, note } of fieldsOf(inner)) {
    const own = note?.change?.effect ?? effect;
    const isLeaf = fieldsOf(bare(field)).length === 0;
    if (own !== undefined && (isLeaf || note?.change !== undefined)) {
      const known = fields.get(field)?.places ?? [];
      const place = { path: [...path, key].map(String).join('.'), example: note?.example };
      if (!known.some((other) => other.path === place.path))
        fields.set(field, { effect: own, places: [...known, place] });
    }
    const member = Object(value)[key];
    visit(field, member ?? (field._zod.optin === 'defaulted' ? {} : undefined), [...path, key], own);
  }
}
const parses = (schema: z.core.$ZodType, value: unknown) => z.safeParse(schema, value).success;
visit(configSchema, base, []);
visit(configSchema, { ...base, relay: { url: 'https://collector.example.com' } }, []);

/** A copy of a value with others at paths. */
function withValues(value: unknown, to: Values): unknown {
  return Object.entries(to).reduce((all, [path, one]) => withValue(all, path.split('.'), one), value);
}
function withValue(value: unknown, [key, ...rest]: readonly string[], to: unknown): unknown {
  if (key === undefined) return to;
  const copy: unknown[] | object = Array.isArray(value) ? [...value] : { ...Object(value) };
  Reflect.set(copy, key, withValue(Object(value)[key], rest, to));
  return copy;
}

/** The resources and settings that a configuration deploys. */
function deployed(values: Values = {}) {
  const config: Config = validateConfig(withValues(base, values));
  const { Resources, extensions } = resources({ config, service: 'sluice', stage: 'prod' });
  const unused = unusedFunctions(config);
  applyPlatform(Resources, config);
  // The settings that Serverless takes from the configuration: infra/serverless/service.ts.
  const settings = {
    logs: config.logs.retentionDays,
    tags: config.tags,
    reserved: config.collector.reservedConcurrency,
    passThrough: config.passThrough?.concurrency,
    relay: [config.relay?.concurrency, config.relay?.retired],
  };
  const functions = Object.entries(functionConfig)
    .filter(([name]) => !unused.includes(name))
    .map(([name, of]) => [name, of(config)]);
  // A name and a reference to it are the same in AWS.
  const texts = JSON.stringify(Resources)
    .replaceAll('{"Ref":"Database"}', JSON.stringify(config.database))
    .replaceAll('{"Ref":"StagingDatabase"}', JSON.stringify(config.athena.stagingDatabase))
    .replaceAll('{"Ref":"DataBucket"}', JSON.stringify(config.bucket));
  const made: Readonly<Record<string, { readonly Type: string; readonly Properties?: object }>> =
    JSON.parse(texts);
  return {
    resources: made,
    inPlace: JSON.stringify([extensions, settings]),
    functions: JSON.stringify([functions, config.architecture]),
  };
}
type Deployed = ReturnType<typeof deployed>;

/** Types that hold something, or that others know by name: one of another name is another one. */
const LASTING =
  /^AWS::(Glue::(Table|Database)|S3::Bucket|KMS::Key|Athena::WorkGroup|IAM::AccessKey|KinesisFirehose::DeliveryStream)$/;

let spec: ServiceSpec;
beforeAll(async () => {
  spec = await ServiceSpec.load();
});
const known = new Map<string, readonly string[]>();
function createOnly(type: string): readonly string[] {
  const paths = known.get(type) ?? spec.createOnly(type);
  known.set(type, paths);
  return paths;
}

/** The effect of CloudFormation's update from one deployment to the other. */
function effectOf(before: Deployed, after: Deployed): Effect {
  const removed = Object.entries(before.resources).filter(([id]) => !Object.hasOwn(after.resources, id));
  const added = Object.entries(after.resources).filter(([id]) => !Object.hasOwn(before.resources, id));
  const changed = Object.entries(after.resources).filter(
    ([id, one]) => Object.hasOwn(before.resources, id) && !isDeepStrictEqual(before.resources[id], one),
  );
  const isReplaced = changed.some(([id, { Type, Properties }]) =>
    createOnly(Type).some(
      (path) => !isDeepStrictEqual(at(Properties, path), at(before.resources[id]?.Properties, path)),
    ),
  );
  const isRenamed = removed.some(
    ([, { Type }]) => LASTING.test(Type) && added.some(([, other]) => other.Type === Type),
  );
  if (isReplaced || isRenamed) return 'replaces';
  if (removed.length + added.length > 0) return 'adds';
  if (changed.length > 0 || before.inPlace !== after.inPlace) return 'in place';
  return before.functions === after.functions ? 'nothing' : 'functions';
}
const at = (value: unknown, path: string) =>
  path.split('.').reduce<unknown>((inner, name) => Object(inner)[name], value);

describe('what a note says that changing its field does', () => {
  it('is what the template and the functions show', () => {
    const before = deployed();
    const used = new Set<string>();
    const wrong = [...fields.values()].flatMap(({ effect, places }) => {
      const effects = places.flatMap(({ path, example }) => {
        if (ELSEWHERE.has(path)) return [effect];
        const given = CASES[path];
        if (given !== undefined) used.add(path);
        try {
          const from = given?.from === undefined ? before : deployed(given.from);
          return [effectOf(from, deployed(given?.to ?? { [path]: example }))];
        } catch (error) {
          if (error instanceof ConfigError) return [];
          throw error;
        }
      });
      const worst = ORDER.find((one) => effects.includes(one));
      // A refused change would remove something.
      const isSo = effect === 'refused' ? worst === 'adds' : worst === effect;
      return isSo ? [] : [`${places[0]?.path}: says ${effect}, is ${worst}`];
    });
    expect(fields.size).toBeGreaterThan(150);
    expect([wrong, Object.keys(CASES).filter((path) => !used.has(path))]).toEqual([[], []]);
  });
});

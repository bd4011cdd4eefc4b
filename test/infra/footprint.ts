import type { TemplateResource } from './schema/propertyProblems.ts';
import type { PropertySpecs, ServiceSpec, ValueSpec } from './schema/ServiceSpec.ts';

/** Properties that an upgrade must not change, of a resource that holds data or that others know by its name. */
export interface Footprint {
  readonly type: string;
  /** `RetainExceptOnCreate`, or `Retain` as releases before had it, where data outlives the stack. */
  readonly onDeletion: string | undefined;
  /** Properties, by path, whose change makes CloudFormation create a new resource, or AWS refuse the update. */
  readonly fixed: Readonly<Record<string, unknown>>;
  /** Type by column; only for a table that holds data. */
  readonly columns?: Readonly<Record<string, string>>;
}

/** By logical ID. */
export type Footprints = Readonly<Record<string, Footprint>>;

/** Types that hold data, or that clients, SDKs and readers know by name. */
const LASTING = new Set([
  'AWS::S3::Bucket',
  'AWS::KMS::Key',
  'AWS::KMS::Alias',
  'AWS::Glue::Database',
  'AWS::Glue::Table',
  'AWS::KinesisFirehose::DeliveryStream',
  'AWS::SecretsManager::Secret',
  'AWS::SQS::Queue',
  'AWS::Athena::WorkGroup',
  'AWS::ApiGatewayV2::Api',
  'AWS::Lambda::Url',
  'AWS::IAM::User',
]);

/**
 * Fixed properties besides those that the specification calls replacing. The kind of a key can't be changed:
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-kms-key.html. A table's name and keys are in its input, and dynamic
 * partitioning is for the life of a stream: https://docs.aws.amazon.com/firehose/latest/dev/dynamic-partitioning.html
 */
const FIXED: ReadonlyMap<string, readonly string[]> = new Map([
  ['AWS::KMS::Key', ['KeySpec', 'KeyUsage', 'MultiRegion', 'Origin']],
  ['AWS::Glue::Database', ['DatabaseInput.Name']],
  [
    'AWS::Glue::Table',
    ['TableInput.Name', 'TableInput.PartitionKeys', 'TableInput.StorageDescriptor.Location'],
  ],
  [
    'AWS::KinesisFirehose::DeliveryStream',
    [
      'ExtendedS3DestinationConfiguration.DynamicPartitioningConfiguration.Enabled',
      'ExtendedS3DestinationConfiguration.Prefix',
    ],
  ],
]);

/** The footprints of a template's lasting resources. Serverless's own bucket holds nothing but packages. */
export function footprints(
  resources: Readonly<Record<string, TemplateResource & { readonly DeletionPolicy?: string | undefined }>>,
  spec: ServiceSpec,
): Footprints {
  return Object.fromEntries(
    Object.entries(resources)
      .filter(([id, { Type }]) => LASTING.has(Type) && id !== 'ServerlessDeploymentBucket')
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([id, { Type, Properties = {}, DeletionPolicy }]) => {
        const own = spec.resource(Type);
        const fixed = {
          ...replacing(Properties, own?.properties ?? {}),
          ...picked(Properties, [...(own?.replacing ?? []), ...(FIXED.get(Type) ?? [])]),
        };
        const columns =
          Type === 'AWS::Glue::Table' && !isView(Properties) ? columnsOf(Properties) : undefined;
        return [
          id,
          { type: Type, onDeletion: DeletionPolicy, fixed, ...(columns === undefined ? {} : { columns }) },
        ];
      }),
  );
}

/** Properties whose change replaces, or may replace, at any depth outside lists. */
function replacing(value: object, specs: PropertySpecs, path = ''): Record<string, unknown> {
  return Object.assign(
    {},
    ...Object.entries(value).map(([name, member]) => {
      const own = Object.hasOwn(specs, name) ? specs[name] : undefined;
      if (own === undefined) return {};
      if (own.replaces !== 'no') return { [`${path}${name}`]: member };
      return inner(member, own.type, `${path}${name}.`);
    }),
  );
}

function inner(value: unknown, spec: ValueSpec, path: string): Record<string, unknown> {
  if (spec.kind !== 'object' || typeof value !== 'object' || value === null) return {};
  return replacing(value, spec.properties(), path);
}

function picked(value: unknown, paths: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    paths.flatMap((path) => {
      const found = path.split('.').reduce<unknown>((at, name) => Object(at)[name], value);
      return found === undefined ? [] : [[path, path.endsWith('PartitionKeys') ? uncommented(found) : found]];
    }),
  );
}

/** Removes the comments of partition keys, which may change. */
function uncommented(keys: unknown): unknown {
  return Array.isArray(keys) ? keys.map(({ Name, Type }) => ({ Name, Type })) : keys;
}

function columnsOf(properties: object): Record<string, string> {
  const columns: unknown = picked(properties, [COLUMNS])[COLUMNS];
  return Object.fromEntries(
    (Array.isArray(columns) ? columns : []).flatMap((one) =>
      one === null ? [] : [[String(one.Name), String(one.Type)]],
    ),
  );
}

function isView(properties: object): boolean {
  return picked(properties, [TABLE_TYPE])[TABLE_TYPE] === 'VIRTUAL_VIEW';
}

const TABLE_TYPE = 'TableInput.TableType';
const COLUMNS = 'TableInput.StorageDescriptor.Columns';

function outlives({ onDeletion }: Footprint): boolean {
  return onDeletion === 'Retain' || onDeletion === 'RetainExceptOnCreate';
}

/** Describes in words the losses, replacements and failures of a deployment of `next` over `last`. */
export function upgradeProblems(last: Footprints, next: Footprints): string[] {
  return Object.entries(last).flatMap(([id, before]) => {
    const after = next[id];
    if (after === undefined)
      return [
        outlives(before)
          ? `${id} (${before.type}) is gone: it would stay behind, and one of its name could not be made again`
          : `${id} (${before.type}) is gone: it would be deleted`,
      ];
    if (after.type !== before.type)
      return [`${id} was ${before.type} and is ${after.type}: it would be replaced`];
    const retention =
      outlives(before) === outlives(after)
        ? []
        : [`${id}.DeletionPolicy was ${before.onDeletion}, is ${after.onDeletion}`];
    const paths = new Set([...Object.keys(before.fixed), ...Object.keys(after.fixed)]);
    const replaced = [...paths]
      .filter((path) => JSON.stringify(before.fixed[path]) !== JSON.stringify(after.fixed[path]))
      .map((path) => {
        const [was, is] = [before, after].map(({ fixed }) => JSON.stringify(fixed[path]));
        return `${id}.${path} was ${was}, is ${is}: the ${before.type} would be replaced, or the update refused`;
      });
    const columns = Object.entries(before.columns ?? {})
      .filter(([name, type]) => after.columns?.[name] !== type)
      .map(([name, type]) => `${id}: column ${name} was ${type}, is ${after.columns?.[name] ?? 'gone'}`);
    return [...retention, ...replaced, ...columns];
  });
}

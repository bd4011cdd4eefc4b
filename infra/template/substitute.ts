import { isJsonObject, valueAt } from '../../lib/base/json.ts';

/** A template, as far as it is looked at. */
export interface PackagedTemplate {
  readonly Resources?: Readonly<
    Record<
      string,
      { readonly Type: string; readonly Properties?: Readonly<Record<string, unknown>> | undefined }
    >
  >;
  readonly Outputs?: Readonly<Record<string, unknown>> | undefined;
}

/** Where a template is deployed to. */
export interface TemplatePlace {
  /** `sluice-prod` */
  readonly stackName: string;
  readonly region: string;
  /** Default: twelve digits, as every account has. */
  readonly account?: string;
}

/** Stands for an ID that AWS chooses, in its length. */
export const UNKNOWN_ID = 'x'.repeat(36);
/** What nobody here knows, as exports of other stacks: no ARN of ours is longer. */
const UNKNOWN = 'x'.repeat(128);
/** What CloudFormation appends to a name that it makes, at most. */
const SUFFIX = '-XXXXXXXXXXXXX';
/** Kinds whose `Ref` is the ARN: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-template-resource-type-ref.html */
const REF_IS_ARN = ['ManagedPolicy', 'Secret', 'Topic'];

/**
 * Makes a function that replaces the intrinsic functions of a template, as CloudFormation will: by the texts that they will be
 * where the template says them, else by the longest that they can be. IAM counts what it gets.
 *
 * @returns The function. It returns undefined for what will not be there.
 */
export function substitution(
  { Resources = {} }: PackagedTemplate,
  { stackName, region, account = '0'.repeat(12) }: TemplatePlace,
): (value: unknown) => unknown {
  const here = `${region}:${account}`;
  /** The service of a kind, and what follows; its names come after it. */
  const arns: Readonly<Record<string, string>> = {
    Bucket: 's3:::',
    DeliveryStream: `firehose:${here}:deliverystream/`,
    Function: `lambda:${here}:function:`,
    Key: `kms:${here}:key/`,
    LogGroup: `logs:${here}:log-group:`,
    ManagedPolicy: `iam::${account}:policy/`,
    Queue: `sqs:${here}:`,
    Role: `iam::${account}:role/`,
    Secret: `secretsmanager:${here}:secret:`,
    Topic: `sns:${here}:`,
    User: `iam::${account}:user/`,
  };
  /** What ends such an ARN. */
  const ends: Readonly<Record<string, string>> = { LogGroup: ':*', Secret: '-XXXXXX' };
  const known: Readonly<Record<string, unknown>> = {
    'AWS::AccountId': account,
    'AWS::NoValue': undefined,
    // All regions that the stack can be in are of this one: lib/schema/regions.ts.
    'AWS::Partition': 'aws',
    'AWS::Region': region,
    'AWS::StackName': stackName,
  };
  const kindOf = (id: string) => Resources[id]?.Type.split('::').at(-1) ?? '';
  const nameOf = (id: string): string => {
    const kind = kindOf(id);
    if (kind === 'Key') return UNKNOWN_ID;
    const [given] = [['Name'], [`${kind}Name`], [`${kind}Input`, 'Name']].flatMap(
      (path) => filled(valueAt(Resources[id]?.Properties, path)) ?? [],
    );
    // Names of roles and users end there, buckets' a character earlier; no other ID of ours is as long.
    return String(given ?? `${stackName}-${id}${SUFFIX}`.slice(0, kind === 'ManagedPolicy' ? 128 : 64));
  };
  const arnOf = (id: string): string => {
    const kind = kindOf(id);
    return kind in arns ? `arn:aws:${arns[kind]}${nameOf(id)}${ends[kind] ?? ''}` : UNKNOWN;
  };
  const attribute = ([id = '', name]: readonly string[]): unknown => {
    if (id in known) return known[id];
    const kind = kindOf(id);
    if (kind === '') return UNKNOWN;
    if (name?.endsWith('Arn') || (name === undefined && REF_IS_ARN.includes(kind))) return arnOf(id);
    if (name === undefined && kind === 'Queue')
      return `https://sqs.${region}.amazonaws.com/${account}/${nameOf(id)}`;
    return name?.endsWith('Name') !== false ? nameOf(id) : UNKNOWN;
  };
  const functions: Readonly<Record<string, (argument: unknown) => unknown>> = {
    Ref: (id) => attribute([String(id)]),
    'Fn::GetAtt': (path) => attribute([path].flat().join('.').split('.')),
    'Fn::If': (branches) => [branches].flat().slice(1).map(filled).reduce(longer),
    'Fn::Join': (parts) => [filled(valueAt(parts, [1]))].flat().join(String(valueAt(parts, [0]))),
    'Fn::Sub': (template) => {
      const [text, own] = [template].flat();
      return String(text).replaceAll(/\$\{([^!}]+)\}/g, (_, name: string) =>
        String(filled(valueAt(own, [name])) ?? attribute(name.split('.'))),
      );
    },
  };
  function filled(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(filled).filter((one) => one !== undefined);
    if (!isJsonObject(value)) return value;
    const [name = ''] = Object.keys(value);
    if (name in functions) return functions[name]?.(value[name]);
    if (name.startsWith('Fn::')) return UNKNOWN;
    return Object.fromEntries(Object.entries(value).map(([member, one]) => [member, filled(one)]));
  }
  return filled;
}

function longer(one: unknown, other: unknown): unknown {
  return lengthOf(one) < lengthOf(other) ? other : one;
}

/** Characters of a value without white space; none of what is not there. */
export function lengthOf(value: unknown): number {
  return JSON.stringify(value)?.length ?? 0;
}

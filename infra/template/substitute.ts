import { isJsonObject, valueAt } from '../../lib/base/json.ts';

/** The parts of a template that are looked at. */
export interface PackagedTemplate {
  /** The resources by their logical IDs. */
  readonly Resources?: Readonly<
    Record<
      string,
      { readonly Type: string; readonly Properties?: Readonly<Record<string, unknown>> | undefined }
    >
  >;
  /** The outputs by their names; undefined without any. */
  readonly Outputs?: Readonly<Record<string, unknown>> | undefined;
}

/** The place that a template is deployed to. */
export interface TemplatePlace {
  /** Name of the stack: `sluice-prod`. */
  readonly stackName: string;
  /** The region. */
  readonly region: string;
  /** Default: twelve zeros, which are as long as every account ID. */
  readonly account?: string;
}

/** Stands for an ID that AWS chooses, and is as long. */
export const UNKNOWN_ID = 'x'.repeat(36);
/** Stands for values that nobody here knows, such as exports of other stacks. No ARN of ours is longer. */
const UNKNOWN = 'x'.repeat(128);
/** The longest text that CloudFormation appends to a name that it makes. */
const SUFFIX = '-XXXXXXXXXXXXX';
/**
 * The kinds of resources whose `Ref` is the ARN:
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-template-resource-type-ref.html
 */
const REF_IS_ARN = ['ManagedPolicy', 'Secret', 'Topic'];

/**
 * Characters of a name that CloudFormation makes: those of managed policies, and of roles and users. Names of buckets end one
 * earlier, and no other ID of ours is as long. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
 */
const NAME_CHARACTERS = { policy: 128, other: 64 };

/**
 * Makes a function that replaces the intrinsic functions of a template by the texts that CloudFormation will put there.
 * Where the template doesn't say the text, it takes the longest that is possible. IAM counts the texts that it gets.
 *
 * @returns The function. It returns undefined for a value that will not be there.
 */
export function substitution(
  { Resources = {} }: PackagedTemplate,
  { stackName, region, account = '0'.repeat(12) }: TemplatePlace,
): (value: unknown) => unknown {
  const arns = arnBeginnings(region, account);
  const known = new Map<string, string | undefined>([
    ['AWS::AccountId', account],
    ['AWS::NoValue', undefined],
    // All regions that the stack can be in belong to this partition: lib/schema/regions.ts.
    ['AWS::Partition', 'aws'],
    ['AWS::Region', region],
    ['AWS::StackName', stackName],
  ]);
  const kindOf = (id: string) => Resources[id]?.Type.split('::').at(-1) ?? '';
  const nameOf = (id: string): string => {
    const kind = kindOf(id);
    if (kind === 'Key') return UNKNOWN_ID;
    const [given] = [['Name'], [`${kind}Name`], [`${kind}Input`, 'Name']].flatMap(
      (path) => filled(valueAt(Resources[id]?.Properties, path)) ?? [],
    );
    const most = kind === 'ManagedPolicy' ? NAME_CHARACTERS.policy : NAME_CHARACTERS.other;
    return String(given ?? `${stackName}-${id}${SUFFIX}`.slice(0, most));
  };
  const arnOf = (id: string): string => {
    const kind = kindOf(id);
    const beginning = arns.get(kind);
    return beginning === undefined ? UNKNOWN : `arn:aws:${beginning}${nameOf(id)}${ARN_ENDS.get(kind) ?? ''}`;
  };
  const attribute = ([id = '', name]: readonly string[]): unknown => {
    if (known.has(id)) return known.get(id);
    const kind = kindOf(id);
    if (kind === '') return UNKNOWN;
    if (name?.endsWith('Arn') || (name === undefined && REF_IS_ARN.includes(kind))) return arnOf(id);
    if (name === undefined && kind === 'Queue')
      return `https://sqs.${region}.amazonaws.com/${account}/${nameOf(id)}`;
    return name?.endsWith('Name') !== false ? nameOf(id) : UNKNOWN;
  };
  const functions = new Map<string, (argument: unknown) => unknown>([
    ['Ref', (id) => attribute([String(id)])],
    ['Fn::GetAtt', (path) => attribute([path].flat().join('.').split('.'))],
    ['Fn::If', (branches) => [branches].flat().slice(1).map(filled).reduce(longer)],
    ['Fn::Join', (parts) => [filled(valueAt(parts, [1]))].flat().join(String(valueAt(parts, [0])))],
    [
      'Fn::Sub',
      (template) => {
        const [text, variables] = [template].flat();
        return String(text).replaceAll(/\$\{([^!}]+)\}/g, (_, name: string) =>
          String(filled(valueAt(variables, [name])) ?? attribute(name.split('.'))),
        );
      },
    ],
  ]);
  function filled(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(filled).filter((member) => member !== undefined);
    if (!isJsonObject(value)) return value;
    const [name = ''] = Object.keys(value);
    const replace = functions.get(name);
    if (replace !== undefined) return replace(value[name]);
    if (name.startsWith('Fn::')) return UNKNOWN;
    return Object.fromEntries(
      Object.entries(value).map(([member, memberValue]) => [member, filled(memberValue)]),
    );
  }
  return filled;
}

/** The beginnings of ARNs by the kind of resource: what stands between `arn:aws:` and the resource's name. */
function arnBeginnings(region: string, account: string): ReadonlyMap<string, string> {
  const regionAndAccount = `${region}:${account}`;
  return new Map([
    ['Bucket', 's3:::'],
    ['DeliveryStream', `firehose:${regionAndAccount}:deliverystream/`],
    ['Function', `lambda:${regionAndAccount}:function:`],
    ['Key', `kms:${regionAndAccount}:key/`],
    ['LogGroup', `logs:${regionAndAccount}:log-group:`],
    ['ManagedPolicy', `iam::${account}:policy/`],
    ['Queue', `sqs:${regionAndAccount}:`],
    ['Role', `iam::${account}:role/`],
    ['Secret', `secretsmanager:${regionAndAccount}:secret:`],
    ['Topic', `sns:${regionAndAccount}:`],
    ['User', `iam::${account}:user/`],
  ]);
}

/** The ends of ARNs behind the resource's name, by the kind of resource; other kinds have none. */
const ARN_ENDS: ReadonlyMap<string, string> = new Map([
  ['LogGroup', ':*'],
  ['Secret', '-XXXXXX'],
]);

/** The longer one of two values, as a template may have either. */
function longer(first: unknown, second: unknown): unknown {
  return lengthOf(first) < lengthOf(second) ? second : first;
}

/** The number of a value's characters without white space; 0 for undefined. */
export function lengthOf(value: unknown): number {
  return JSON.stringify(value)?.length ?? 0;
}

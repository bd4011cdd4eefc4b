import { valueAt, valuesOf } from '../../lib/base/json.ts';
import { DOCUMENT_LIMITS, IDENTITY_CHARACTERS, MANAGED_POLICIES, TEMPLATE_LIMITS } from './limits.ts';
import { lengthOf, type PackagedTemplate, substitution, type TemplatePlace } from './substitute.ts';

/** What {@link TemplateProblem.part} calls the template itself. */
const TEMPLATE = 'The template';

/** The settings with which the template grows. */
const TEMPLATE_GROWS = '`sources`, `exports`, `readers` and what serverless.yml adds';
/** The setting with which resources of Sluice grow, by the beginnings of their logical IDs. The bucket's policy is `DataBucketPolicy`. */
const RESOURCES_GROW: Readonly<Record<string, string>> = {
  Ingest: '`sources`',
  Export: '`exports`',
  Reader: '`readers`',
  Data: '`readers`',
};

/** The settings with which a part grows, in words. A resource of nobody's setting is of serverless.yml. */
function growsWith(part: string): string {
  if (part === TEMPLATE) return TEMPLATE_GROWS;
  const [, setting] = Object.entries(RESOURCES_GROW).find(([beginning]) => part.startsWith(beginning)) ?? [];
  return setting ?? 'what serverless.yml says of it';
}

/** What is larger in a template than AWS takes. */
export interface TemplateProblem {
  /** The template itself, or the logical ID of a resource. */
  readonly part: string;
  /** Whether it is the template itself. */
  readonly isTemplate: boolean;
  /** The count and its limit: `509 resources, at most 500` */
  readonly excess: string;
  /** All of it in two sentences, the second with the setting with which it grows. */
  readonly text: string;
}

/** A count of a template or a resource, and what AWS takes at most. */
interface Measured {
  /** As in {@link TemplateProblem.part}. */
  readonly part: string;
  /** How many there are. */
  readonly count: number;
  /** What is counted, in the plural: `resources`. */
  readonly unit: string;
  /** How many there may be. */
  readonly most: number;
}

/** A resource of a template with its logical ID. */
interface NamedResource {
  /** The logical ID. */
  readonly id: string;
  /** The type: `AWS::IAM::Role`. */
  readonly Type: string;
  /** The properties by their names; empty without any. */
  readonly Properties: Readonly<Record<string, unknown>>;
}

/**
 * What CloudFormation, IAM and other services would refuse in a template.
 *
 * @param also Resources and bytes that the template does not have yet. Default: none.
 */
export function templateProblems(
  template: PackagedTemplate,
  place: TemplatePlace,
  also: { readonly resources: number; readonly bytes: number } = { resources: 0, bytes: 0 },
): readonly TemplateProblem[] {
  const { Resources = {}, Outputs = {} } = template;
  const filled = substitution(template, place);
  const all = Object.entries(Resources).map(([id, { Type, Properties = {} }]) => ({ id, Type, Properties }));
  const { resources, outputs, bytes } = TEMPLATE_LIMITS;
  const measured: readonly Measured[] = [
    { part: TEMPLATE, count: all.length + also.resources, unit: 'resources', most: resources },
    { part: TEMPLATE, count: Object.keys(Outputs).length, unit: 'outputs', most: outputs },
    // Serverless uploads the template without white space.
    { part: TEMPLATE, count: bytesOf(template) + also.bytes, unit: 'bytes', most: bytes },
    ...all.flatMap((resource) => [
      ...documentSizes(resource, filled),
      ...identityPolicies(resource, all, filled),
    ]),
  ];
  return measured.filter(({ count, most }) => count > most).map(problemOf);
}

/** A count that is too high, as a problem. */
function problemOf({ part, count, unit, most }: Measured): TemplateProblem {
  const excess = `${count} ${unit}, at most ${most}`;
  const text = `${part}: ${excess}. It grows with ${growsWith(part)}.`;
  return { part, isTemplate: part === TEMPLATE, excess, text };
}

/** Replaces the intrinsic functions of a value: {@link substitution}. */
type Fill = ReturnType<typeof substitution>;

/** The sizes of a resource's documents that have a limit. */
function documentSizes({ id, Type, Properties }: NamedResource, filled: Fill): readonly Measured[] {
  return DOCUMENT_LIMITS.filter(({ type }) => type === Type).map(({ property, most }) => {
    const document = filled(Properties[property]);
    return Type.includes('IAM')
      ? { part: id, count: lengthOf(document), unit: `characters of ${property}`, most }
      : { part: id, count: bytesOf(document), unit: `bytes of ${property}`, most };
  });
}

/** The size of the inline policies of a role, user or group, and the number of its managed ones; none for other resources. */
function identityPolicies(
  { id, Type, Properties }: NamedResource,
  all: readonly NamedResource[],
  filled: Fill,
): readonly Measured[] {
  const most = IDENTITY_CHARACTERS.get(Type);
  if (most === undefined) return [];
  const reference = JSON.stringify({ Ref: id });
  // Policies that are resources of their own say whom they are attached to in `Roles` or `RoleName`.
  const attached = (type: RegExp) =>
    all.filter(
      (policy) =>
        type.test(policy.Type) &&
        JSON.stringify({ ...policy.Properties, PolicyDocument: 0 }).includes(reference),
    );
  const documents = [
    ...valuesOf(filled(Properties['Policies'])).map((policy) => valueAt(policy, ['PolicyDocument'])),
    ...attached(/IAM::(Group|Role|User)?Policy$/).map((policy) => policy.Properties['PolicyDocument']),
  ];
  const characters = documents.reduce<number>((sum, document) => sum + lengthOf(filled(document)), 0);
  const managed =
    valuesOf(filled(Properties['ManagedPolicyArns'])).length + attached(/ManagedPolicy$/).length;
  return [
    { part: id, count: characters, unit: 'characters of inline policies', most },
    { part: id, count: managed, unit: 'managed policies', most: MANAGED_POLICIES },
  ];
}

/** Bytes of a value as JSON. */
function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value) ?? '');
}

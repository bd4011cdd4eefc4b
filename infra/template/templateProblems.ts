import { valueAt, valuesOf } from '../../lib/base/json.ts';
import { DOCUMENT_LIMITS, INLINE_CHARACTERS, MANAGED_POLICIES, TEMPLATE_LIMITS } from './limits.ts';
import { lengthOf, type PackagedTemplate, substitution, type TemplatePlace } from './substitute.ts';

/** What {@link TemplateProblem.part} calls the template itself. */
const TEMPLATE = 'The template';

/** The settings with which resources of Sluice grow, by their logical IDs. */
const GROWS: readonly (readonly [RegExp, string])[] = [
  [/^Ingest/, '`sources`'],
  [/^Export/, '`exports`'],
  [/^(Reader|Data)/, '`readers`'],
  [/ /, '`sources`, `exports`, `readers` and what serverless.yml adds'],
];

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
  const problems: TemplateProblem[] = [];
  const demand = (part: string, count: number, unit: string, most: number) => {
    const grows = GROWS.find(([pattern]) => pattern.test(part))?.[1] ?? 'what serverless.yml says of it';
    if (count <= most) return;
    const excess = `${count} ${unit}, at most ${most}`;
    const text = `${part}: ${excess}. It grows with ${grows}.`;
    problems.push({ part, isTemplate: part === TEMPLATE, excess, text });
  };
  const { resources, outputs, bytes } = TEMPLATE_LIMITS;
  demand(TEMPLATE, all.length + also.resources, 'resources', resources);
  demand(TEMPLATE, Object.keys(Outputs).length, 'outputs', outputs);
  // Serverless uploads the template without white space.
  demand(TEMPLATE, bytesOf(template) + also.bytes, 'bytes', bytes);
  for (const { id, Type, Properties } of all) {
    for (const [, property, most] of DOCUMENT_LIMITS.filter(([type]) => type === Type)) {
      const document = filled(Properties[property]);
      if (Type.includes('IAM')) demand(id, lengthOf(document), `characters of ${property}`, most);
      else demand(id, bytesOf(document), `bytes of ${property}`, most);
    }
    const most = INLINE_CHARACTERS[Type];
    if (most === undefined) continue;
    const reference = JSON.stringify({ Ref: id });
    // Policies that are resources of their own say whom they are attached to in `Roles` or `RoleName`.
    const [managed = [], inline = []] = [/ManagedPolicy$/, /IAM::(Group|Role|User)?Policy$/].map((pattern) =>
      all.filter(
        (policy) =>
          pattern.test(policy.Type) &&
          JSON.stringify({ ...policy.Properties, PolicyDocument: 0 }).includes(reference),
      ),
    );
    const documents = [
      ...valuesOf(filled(Properties['Policies'])).map((policy) => valueAt(policy, ['PolicyDocument'])),
      ...inline.map((policy) => policy.Properties['PolicyDocument']),
    ];
    const characters = documents.reduce<number>((sum, document) => sum + lengthOf(filled(document)), 0);
    demand(id, characters, 'characters of inline policies', most);
    const arns = valuesOf(filled(Properties['ManagedPolicyArns'])).length + managed.length;
    demand(id, arns, 'managed policies', MANAGED_POLICIES);
  }
  return problems;
}

/** Bytes of a value as JSON. */
function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value) ?? '');
}

import { valueAt } from '../../lib/base/json.ts';
import { DOCUMENT_LIMITS, INLINE_CHARACTERS, MANAGED_POLICIES, TEMPLATE_LIMITS } from './limits.ts';
import { valuesOf } from './policyMatch.ts';
import { lengthOf, type PackagedTemplate, substitution, type TemplatePlace } from './substitute.ts';

/** What resources of Sluice grow with, by their logical IDs. */
const GROWS: readonly (readonly [RegExp, string])[] = [
  [/^Ingest/, '`sources`'],
  [/^Export/, '`exports`'],
  [/^(Reader|Data)/, '`readers`'],
  [/ /, '`sources`, `exports`, `readers` and what serverless.yml adds'],
];

/**
 * What CloudFormation, IAM and other services would refuse of a template: a sentence each, with the resource, the count, the
 * limit, and what it grows with.
 *
 * @param also Resources and bytes that the template does not have yet. Default none.
 */
export function templateProblems(
  template: PackagedTemplate,
  place: TemplatePlace,
  also: { readonly resources: number; readonly bytes: number } = { resources: 0, bytes: 0 },
): readonly string[] {
  const { Resources = {}, Outputs = {} } = template;
  const filled = substitution(template, place);
  const all = Object.entries(Resources).map(([id, { Type, Properties = {} }]) => ({ id, Type, Properties }));
  const problems: string[] = [];
  const demand = (of: string, count: number, what: string, most: number) => {
    const grows = GROWS.find(([pattern]) => pattern.test(of))?.[1] ?? 'what serverless.yml says of it';
    if (count > most) problems.push(`${of}: ${count} ${what}, at most ${most}. It grows with ${grows}.`);
  };
  const { resources, outputs, bytes } = TEMPLATE_LIMITS;
  demand('The template', all.length + also.resources, 'resources', resources);
  demand('The template', Object.keys(Outputs).length, 'outputs', outputs);
  // Serverless uploads it without white space.
  demand('The template', bytesOf(template) + also.bytes, 'bytes', bytes);
  for (const { id, Type, Properties } of all) {
    for (const [, property, most] of DOCUMENT_LIMITS.filter(([type]) => type === Type)) {
      const document = filled(Properties[property]);
      if (Type.includes('IAM')) demand(id, lengthOf(document), `characters of ${property}`, most);
      else demand(id, bytesOf(document), `bytes of ${property}`, most);
    }
    const most = INLINE_CHARACTERS[Type];
    if (most === undefined) continue;
    const named = JSON.stringify({ Ref: id });
    // Policies that are resources of their own name whom they are attached to: `Roles`, or `RoleName`.
    const [managed = [], inline = []] = [/ManagedPolicy$/, /IAM::(Group|Role|User)?Policy$/].map((pattern) =>
      all.filter(
        (one) =>
          pattern.test(one.Type) && JSON.stringify({ ...one.Properties, PolicyDocument: 0 }).includes(named),
      ),
    );
    const documents = [
      ...valuesOf(filled(Properties['Policies'])).map((one) => valueAt(one, ['PolicyDocument'])),
      ...inline.map((one) => one.Properties['PolicyDocument']),
    ];
    const characters = documents.reduce<number>((sum, one) => sum + lengthOf(filled(one)), 0);
    demand(id, characters, 'characters of inline policies', most);
    const arns = valuesOf(filled(Properties['ManagedPolicyArns'])).length + managed.length;
    demand(id, arns, 'managed policies', MANAGED_POLICIES);
  }
  return problems;
}

function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value) ?? '');
}

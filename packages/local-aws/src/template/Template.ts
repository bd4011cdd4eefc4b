import { z } from 'zod';
import { TemplateError } from '../base/errors.ts';

/** Values of `DeletionPolicy`. `Snapshot` is missing: it is for types that the local cloud does not have. */
const deletionPolicy = z.enum(['Delete', 'Retain', 'RetainExceptOnCreate']);
/** Values of `UpdateReplacePolicy`, without `Snapshot` either. */
const updateReplacePolicy = z.enum(['Delete', 'Retain']);

/**
 * What becomes of a resource that leaves the stack:
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html
 */
export type DeletionPolicy = z.output<typeof deletionPolicy>;
/**
 * What becomes of a resource that another replaces:
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-updatereplacepolicy.html
 */
export type UpdateReplacePolicy = z.output<typeof updateReplacePolicy>;

/** A resource of a template. */
const resourceSchema = z.strictObject({
  Type: z.string(),
  Properties: z.record(z.string(), z.unknown()).default({}),
  DependsOn: z
    .union([z.string(), z.array(z.string())])
    .default([])
    .transform((ids) => (typeof ids === 'string' ? [ids] : ids)),
  DeletionPolicy: deletionPolicy.optional(),
  UpdateReplacePolicy: updateReplacePolicy.optional(),
});

/** An output of a template. */
const outputSchema = z.strictObject({
  Description: z.string().optional(),
  Value: z.unknown(),
  Export: z.unknown().optional(),
});

/**
 * A CloudFormation template as `serverless package` writes it. `Parameters`, `Mappings`, `Conditions` and
 * `Transform` are not supported and are refused by name.
 */
const templateSchema = z.strictObject({
  AWSTemplateFormatVersion: z.string().optional(),
  Description: z.string().optional(),
  Resources: z.record(z.string(), resourceSchema),
  Outputs: z.record(z.string(), outputSchema).default({}),
});

/** A template with only members that the local cloud knows. */
export type Template = z.output<typeof templateSchema>;

/** Reads a template. @throws TemplateError `TEMPLATE_INVALID`, with each member that is wrong or unknown. */
export function parseTemplate(json: unknown): Template {
  const result = templateSchema.safeParse(json);
  if (result.success) return result.data;
  const problems = result.error.issues.map(
    ({ path, message }) => `${path.join('.') || 'template'}: ${message}`,
  );
  throw new TemplateError('TEMPLATE_INVALID', problems.join('; '));
}

/** A `${…}` of `Fn::Sub`. `${!Literal}` is kept, without the `!`. */
export const SUB_PLACEHOLDER = /\$\{(!?)([^${}]*)\}/g;

/**
 * The intrinsic function that an object represents, if any: it has exactly one member, named `Ref` or `Fn::…`.
 * A `Condition` member of a policy is not an intrinsic here: templates with conditions are refused.
 */
export function intrinsicOf(
  value: object,
): { readonly name: string; readonly argument: unknown } | undefined {
  const [entry, ...otherEntries] = Object.entries(value);
  if (entry === undefined || otherEntries.length > 0) return undefined;
  const [name, argument] = entry;
  return name === 'Ref' || name.startsWith('Fn::') ? { name, argument } : undefined;
}

/** Splits `Bucket.Arn` (or `['Bucket', 'Arn']`) into logical ID and attribute. */
export function attributePath(argument: unknown): [logicalId: string, attribute: string] | undefined {
  const parts = typeof argument === 'string' ? argument.split(/\.(.*)/s).slice(0, 2) : argument;
  if (!Array.isArray(parts) || parts.length !== 2) return undefined;
  const [logicalId, attribute]: unknown[] = parts;
  return typeof logicalId === 'string' && typeof attribute === 'string' ? [logicalId, attribute] : undefined;
}

/** Logical IDs that must be created before a resource: those in its properties and its `DependsOn`. */
function dependenciesOf(template: Template, logicalId: string): readonly string[] {
  const resource = template.Resources[logicalId];
  const references = new Set<string>(resource?.DependsOn);
  collectReferences(resource?.Properties, references);
  return [...references].filter((id) => Object.hasOwn(template.Resources, id));
}

/** Adds the names to which the intrinsic functions in a value refer. */
function collectReferences(value: unknown, references: Set<string>): void {
  if (typeof value !== 'object' || value === null) return;
  const intrinsic = intrinsicOf(value);
  if (intrinsic?.name === 'Ref' && typeof intrinsic.argument === 'string') references.add(intrinsic.argument);
  if (intrinsic?.name === 'Fn::GetAtt') {
    const path = attributePath(intrinsic.argument);
    if (path !== undefined) references.add(path[0]);
  }
  if (intrinsic?.name === 'Fn::Sub') {
    const text = Array.isArray(intrinsic.argument) ? intrinsic.argument[0] : intrinsic.argument;
    if (typeof text === 'string') {
      for (const [, literal, name = ''] of text.matchAll(SUB_PLACEHOLDER)) {
        const [logicalId = name] = name.split('.');
        if (literal === '') references.add(logicalId);
      }
    }
  }
  for (const child of Object.values(value)) collectReferences(child, references);
}

/**
 * Logical IDs in an order in which each follows its dependencies.
 *
 * @throws TemplateError `TEMPLATE_CYCLE` with the cycle; `TEMPLATE_REFERENCE_UNKNOWN`
 * for a `DependsOn` that names no resource.
 */
export function orderResources(template: Template): string[] {
  const order: string[] = [];
  const state = new Map<string, 'open' | 'done'>();
  const path: string[] = [];

  const visit = (logicalId: string): void => {
    if (state.get(logicalId) === 'done') return;
    if (state.get(logicalId) === 'open') {
      const circle = [...path.slice(path.indexOf(logicalId)), logicalId];
      throw new TemplateError('TEMPLATE_CYCLE', `${circle.join(' → ')}.`);
    }
    state.set(logicalId, 'open');
    path.push(logicalId);
    for (const dependency of dependenciesOf(template, logicalId)) visit(dependency);
    path.pop();
    state.set(logicalId, 'done');
    order.push(logicalId);
  };

  for (const [logicalId, { DependsOn }] of Object.entries(template.Resources)) {
    const unknown = DependsOn.find((id) => !Object.hasOwn(template.Resources, id));
    if (unknown !== undefined) {
      throw new TemplateError('TEMPLATE_REFERENCE_UNKNOWN', `${logicalId}.DependsOn: ${unknown}.`);
    }
    visit(logicalId);
  }
  return order;
}

import type { z } from 'zod';
import { TemplateError } from '../base/errors.ts';
import { AwsError } from '../protocol/AwsError.ts';
import { readProperties } from '../protocol/readProperties.ts';
import { evaluate, NO_VALUE, type Scope } from './evaluate.ts';
import {
  INERT_LOGICAL_IDS,
  type KnownResource,
  type ResourceType,
  resourceTypes,
  type StackIdentity,
  stackId,
} from './resourceTypes.ts';
import { type DeletionPolicy, orderResources, type Template, type UpdateReplacePolicy } from './Template.ts';

/** A resource with evaluated intrinsic functions. */
export interface ResolvedResource {
  /** Its name in the template. */
  readonly logicalId: string;
  /** E.g. `AWS::S3::Bucket`. */
  readonly type: string;
  /** Value of `Ref`: usually the name; for a queue its URL. */
  readonly physicalId: string;
  /** Undefined for a type without ARNs. */
  readonly arn: string | undefined;
  /** The address of a Function URL on AWS; undefined for any other type. */
  readonly url?: string | undefined;
  /** Whether the local cloud creates it: {@link ResourceType}. */
  readonly locally: 'built' | 'inert';
  /** The properties, without those that have no value. */
  readonly properties: Readonly<Record<string, unknown>>;
  /** Action when the resource leaves the stack. Default `Delete`. */
  readonly deletionPolicy?: DeletionPolicy | undefined;
  /** Action when another resource replaces it. Default `Delete`. */
  readonly updateReplacePolicy?: UpdateReplacePolicy | undefined;
}

/** A template as deployed: plain values only, resources in dependency order. */
export interface ResolvedTemplate {
  /** The resources, each after those that it refers to. */
  readonly resources: readonly ResolvedResource[];
  /** The values of the outputs by their names; empty without outputs. */
  readonly outputs: Readonly<Record<string, string>>;
}

/** A resource to which later ones can refer. */
interface NamedResource {
  /** What its `Ref` and attributes are derived from. */
  readonly resource: KnownResource;
  /** How resources of its type are named. */
  readonly type: ResourceType;
  /** e.g. `AWS::S3::Bucket`. */
  readonly typeName: string;
}

/**
 * Evaluates a template for a stack.
 *
 * @throws TemplateError with the name of what is not supported: a resource type, an intrinsic function, a
 * pseudo parameter, an attribute, an unknown reference, a cycle.
 */
export function resolveTemplate(template: Template, stack: StackIdentity): ResolvedTemplate {
  requireKnownTypes(template);
  const named = new Map<string, NamedResource>();
  const scope = scopeOf(named, stack);
  const resources = orderResources(template).flatMap((logicalId): ResolvedResource[] => {
    const raw = template.Resources[logicalId];
    const type = raw && resourceTypes.get(raw.Type);
    if (raw === undefined || type === undefined) return [];
    const properties = Object.fromEntries(
      Object.entries(raw.Properties)
        .map(([name, value]) => [name, evaluate(value, scope, `${logicalId}.${name}`)] as const)
        .filter(([, value]) => value !== NO_VALUE),
    );
    const resource: KnownResource = { logicalId, properties, stack };
    named.set(logicalId, { resource, type, typeName: raw.Type });
    return [
      {
        logicalId,
        type: raw.Type,
        physicalId: type.ref(resource),
        arn: type.attributes.Arn?.(resource),
        url: type.attributes.FunctionUrl?.(resource),
        locally: INERT_LOGICAL_IDS.has(logicalId) ? 'inert' : type.locally,
        properties,
        deletionPolicy: raw.DeletionPolicy,
        updateReplacePolicy: raw.UpdateReplacePolicy,
      },
    ];
  });
  const outputs = Object.entries(template.Outputs).map(([name, { Value }]) => [
    name,
    String(evaluate(Value, scope, `Outputs.${name}`)),
  ]);
  return { resources, outputs: Object.fromEntries(outputs) };
}

/**
 * Checks the types of resources. @throws TemplateError `TEMPLATE_RESOURCE_UNSUPPORTED`, with all resources of types
 * that are not supported.
 */
function requireKnownTypes({ Resources }: Template): void {
  const unsupported = Object.entries(Resources).filter(([, { Type }]) => !resourceTypes.has(Type));
  if (unsupported.length === 0) return;
  const names = unsupported.map(([logicalId, { Type }]) => `${logicalId} (${Type})`).join(', ');
  throw new TemplateError('TEMPLATE_RESOURCE_UNSUPPORTED', `${names}.`);
}

/** The values of names in a template. `named` grows while resources are evaluated, each after those that it refers to. */
function scopeOf(named: ReadonlyMap<string, NamedResource>, stack: StackIdentity): Scope {
  const lookUp = (logicalId: string, where: string) => {
    const referenced = named.get(logicalId);
    if (referenced === undefined) throw unknownReference(logicalId, where);
    return referenced;
  };
  return {
    ref(name, where) {
      if (name.startsWith('AWS::')) return pseudoParameter(name, stack, where);
      const { resource, type } = lookUp(name, where);
      return type.ref(resource);
    },
    attribute(logicalId, attribute, where) {
      const { resource, type, typeName } = lookUp(logicalId, where);
      const value = Object.hasOwn(type.attributes, attribute) ? type.attributes[attribute] : undefined;
      if (value === undefined)
        throw unknownReference(`attribute ${attribute} of ${typeName} ${logicalId}`, where);
      return value(resource);
    },
  };
}

/**
 * The value of a pseudo parameter:
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html
 */
function pseudoParameter(name: string, stack: StackIdentity, where: string): string | typeof NO_VALUE {
  switch (name) {
    case 'AWS::AccountId':
      return stack.account;
    case 'AWS::Region':
      return stack.region;
    case 'AWS::Partition':
      return stack.partition;
    case 'AWS::StackName':
      return stack.stackName;
    case 'AWS::StackId':
      return stackId(stack, stack.stackName);
    case 'AWS::URLSuffix':
      return stack.partition === 'aws-cn' ? 'amazonaws.com.cn' : 'amazonaws.com';
    case 'AWS::NoValue':
      return NO_VALUE;
    default:
      throw unknownReference(`pseudo parameter ${name}`, where);
  }
}

/** The error for a name that the template does not have. @param where The place that uses it. */
function unknownReference(reference: string, where: string): Error {
  return new TemplateError('TEMPLATE_REFERENCE_UNKNOWN', `${reference} at ${where}.`);
}

/** The resources of a type. */
export function resourcesOfType(resolved: ResolvedTemplate, type: string): ResolvedResource[] {
  return resolved.resources.filter((resource) => resource.type === type);
}

/**
 * Validates the properties of a resource that no service receives, in the same way as the services do.
 *
 * @throws TemplateError `TEMPLATE_INVALID` with each property that is wrong or not emulated.
 */
export function readResource<Schema extends z.ZodType>(
  { type, logicalId, properties }: ResolvedResource,
  schema: Schema,
): z.output<Schema> {
  try {
    return readProperties(schema, properties, `${type} ${logicalId}`);
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    throw new TemplateError('TEMPLATE_INVALID', error.message, { cause: error });
  }
}

/** `collect` of `arn:aws:lambda:us-east-1:000000000000:function:collect`. */
export function arnName(arn: string): string {
  return arn.slice(arn.lastIndexOf(':') + 1);
}

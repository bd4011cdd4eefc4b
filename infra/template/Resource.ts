import { arnIn } from '../../lib/access/arns.ts';
import type { PolicyDocument, Statement } from '../../lib/access/policyDocument.ts';

/** A value of a CloudFormation property, intrinsic functions included. */
export type Value = string | number | boolean | readonly Value[] | { readonly [name: string]: Value };

/**
 * One resource of the template.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/resources-section-structure.html
 */
export interface Resource {
  /** Its type: `AWS::S3::Bucket`. */
  readonly Type: `AWS::${string}`;
  /** Its properties by their names. */
  readonly Properties: { readonly [name: string]: Value };
  /** Logical IDs of resources that are made before. Default: those that its properties refer to. */
  readonly DependsOn?: readonly string[];
  /**
   * `RetainExceptOnCreate` keeps a resource when the stack is deleted, and deletes it when the deployment that creates it
   * fails, so that its name is free for the next one. `Retain` is for resources without a fixed name. https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html
   */
  readonly DeletionPolicy?: 'Retain' | 'RetainExceptOnCreate';
  /** Keeps the resource when another replaces it. Default: it is deleted. */
  readonly UpdateReplacePolicy?: 'Retain';
}

/** Resources by logical ID. */
export type Resources = Readonly<Record<string, Resource>>;

/** The resources of a template's parts, together. */
export function allResources(parts: readonly Resources[]): Resources {
  return Object.fromEntries(parts.flatMap((part) => Object.entries(part)));
}

/** One output of the stack. */
export interface Output {
  /** What the output is, in a phrase. */
  readonly Description: string;
  /** The value, a text or a reference. */
  readonly Value: Value;
}

/** `Ref`, which is the name of most resources, and the URL of a queue. */
export function ref(logicalId: string): Value {
  return { Ref: logicalId };
}

/** `Fn::GetAtt`, which is the ARN by default. */
export function getAtt(logicalId: string, attribute = 'Arn'): Value {
  return { 'Fn::GetAtt': [logicalId, attribute] };
}

/** `Fn::Sub`: `${Bucket}`, `${Bucket.Arn}` and `${AWS::Region}` are filled in at deployment. */
export function sub(text: string): Value {
  return { 'Fn::Sub': text };
}

/** The stack's own partition, account and region, in the notation of {@link sub}. lib/access makes ARNs of them. */
export const PSEUDO_PARAMETERS = {
  partition: `\${AWS::Partition}`,
  account: `\${AWS::AccountId}`,
  region: `\${AWS::Region}`,
} as const;

/**
 * The ARN of something in this account and region, named in the notation of {@link sub}: `arn('glue', 'catalog')`.
 */
export function arn(service: string, resource: string): Value {
  return sub(arnIn(PSEUDO_PARAMETERS, service, resource));
}

/**
 * A document or statement of lib/access as a template has it: every text with a `${…}` becomes `Fn::Sub`, and nothing
 * else changes.
 */
export function toFnSub(document: PolicyDocument | Statement): Value {
  return fill(JSON.parse(JSON.stringify(document)));
}

/** A value in which every text with a `${…}` is `Fn::Sub`. */
function fill(value: Value): Value {
  if (typeof value === 'string') return value.includes('${') ? sub(value) : value;
  if (typeof value !== 'object') return value;
  if (isList(value)) return value.map(fill);
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, fill(member)]));
}

/** Whether a value is a list. `Array.isArray` does not narrow a readonly list. */
function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

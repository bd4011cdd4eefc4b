import { arnIn } from '../../lib/access/placeArns.ts';
import type { Value } from './Resource.ts';

/** `Ref`: mostly a resource's name; for a queue its URL. */
export function ref(logicalId: string): Value {
  return { Ref: logicalId };
}

/** `Fn::GetAtt`, by default the ARN. */
export function getAtt(logicalId: string, attribute = 'Arn'): Value {
  return { 'Fn::GetAtt': [logicalId, attribute] };
}

/**
 * `Fn::Sub`: `${Bucket}`, `${Bucket.Arn}` and `${AWS::Region}` are filled in at deployment.
 * A literal such as Firehose's `!{partitionKeyFromQuery:ds}` has no `${` and needs no escape.
 */
export function sub(text: string): Value {
  return { 'Fn::Sub': text };
}

/** The stack's own account and region, in the notation of {@link sub}: lib/access makes ARNs of it. */
export const HERE = {
  partition: `\${AWS::Partition}`,
  account: `\${AWS::AccountId}`,
  region: `\${AWS::Region}`,
} as const;

/**
 * ARN of something in this account and region, named in the notation of {@link sub}:
 * `arn('glue', 'catalog')`.
 */
export function arn(service: string, resource: string): Value {
  return sub(arnIn(HERE, service, resource));
}

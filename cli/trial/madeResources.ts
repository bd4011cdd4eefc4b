import type { StackEvent } from '@aws-sdk/client-cloudformation';
import { type Trial, trialStack } from './Trial.ts';

/** A resource that a stack has made and that is still there. */
export interface Made {
  readonly type: string;
  /** Its physical ID: mostly its name. */
  readonly id: string;
}

/** Types that stay when a stack goes, in the order in which they can be deleted: what writes and reads comes before what it uses. */
const STAYING = [
  'AWS::KinesisFirehose::DeliveryStream',
  'AWS::IAM::Role',
  'AWS::ApiGatewayV2::Api',
  'AWS::Glue::Table',
  'AWS::Glue::Database',
  'AWS::SecretsManager::Secret',
  'AWS::S3::Bucket',
  'AWS::KMS::Key',
] as const;

/** A type that is deleted by itself. */
export type Staying = (typeof STAYING)[number];

/** Types whose IDs AWS makes up. The names of all others begin with the name of the stack. */
const UNNAMED: readonly string[] = ['AWS::ApiGatewayV2::Api', 'AWS::Glue::Table', 'AWS::KMS::Key'];

/**
 * What may be deleted: what the events of the trial's own stack show as created, and not as deleted since. A resource whose
 * creation failed is not the trial's: its physical ID may be the name of somebody else's.
 *
 * @param events As CloudFormation lists them, the newest first. Those of another stack than the trial's ARN are left out.
 * @returns Those that are deleted by themselves, in the order for it, and all others.
 */
export function madeResources(
  trial: Pick<Trial, 'id' | 'stackId'>,
  events: readonly StackEvent[],
): { readonly staying: readonly (Made & { readonly type: Staying })[]; readonly others: readonly Made[] } {
  const created = new Map<string, Made>();
  const statuses = new Map<string, string>();
  for (const event of events.toReversed().toSorted((a, b) => Number(a.Timestamp) - Number(b.Timestamp))) {
    const { ResourceType: type = '', PhysicalResourceId: id = '', ResourceStatus: status = '' } = event;
    if (event.StackId !== trial.stackId || id === '' || id === trial.stackId) continue;
    const key = JSON.stringify([type, id]);
    statuses.set(key, status);
    if (status === 'CREATE_COMPLETE') created.set(key, { type, id });
  }
  const made = [...created].flatMap(([key, one]) => (statuses.get(key) === 'DELETE_COMPLETE' ? [] : [one]));
  const prefix = new RegExp(`(^|:)${trialStack(trial)}($|-)`);
  const isOwn = ({ type, id }: Made) => UNNAMED.includes(type) || prefix.test(id.replaceAll('_', '-'));
  const staying = STAYING.flatMap((type) =>
    made.filter((one) => one.type === type && isOwn(one)).map(({ id }) => ({ type, id })),
  );
  const taken = new Set(staying.map(({ type, id }) => JSON.stringify([type, id])));
  return { staying, others: made.filter(({ type, id }) => !taken.has(JSON.stringify([type, id]))) };
}

/** Types that this CloudFormation says it has not made. On AWS there are none. */
export function lackingTypes(events: readonly StackEvent[]): ReadonlySet<string> {
  return new Set(
    events
      .filter(({ ResourceStatusReason: reason = '' }) => /\bnot supported\b/.test(reason))
      .map(({ ResourceType = '' }) => ResourceType),
  );
}

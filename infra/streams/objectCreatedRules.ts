import { tableKinds } from '../../lib/schema/kinds.ts';
import { LANDING_FOLDER } from '../../lib/tables/objectKeys.ts';
import { tableFolders } from '../../lib/tables/tableFolders.ts';
import { bucketName } from '../data/bucket.ts';
import type { FunctionPart } from '../template/functionWork.ts';
import { getAtt, type Resource, type Resources, type Value } from '../template/Resource.ts';
import { idOf, logicalIds, partName, type Stack } from '../template/Stack.ts';

/**
 * The rules that send each new file of a delivered table to the registrar's queue, and each object of the landing to
 * the writer's.
 */
export function objectCreatedRules(stack: Stack): Resources {
  return {
    [logicalIds.objectCreatedRule]: objectCreatedRule(stack, {
      name: 'object-created',
      description: 'New files of the delivered tables, for the registrar',
      prefixes: tableKinds.flatMap((kind) => tableFolders(stack.config, kind)),
      part: 'register',
    }),
    [logicalIds.landingRule]: objectCreatedRule(stack, {
      name: 'landed',
      description: 'New objects of the landing, for the writer',
      prefixes: [LANDING_FOLDER],
      part: 'write',
    }),
  };
}

/** A rule that sends to the queue of a function. */
interface QueueRule {
  /** Name of the rule. */
  readonly name: string;
  /** What the rule does, in a sentence. */
  readonly description: string;
  /** The function whose queue gets the events. */
  readonly part: FunctionPart;
}

/**
 * A rule on new objects. The bucket also gets Statsig's files and other files of Sluice, so the pattern names the
 * bucket and each folder. https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
 */
export function objectCreatedRule(
  stack: Stack,
  { prefixes, ...rule }: QueueRule & { readonly prefixes: readonly string[] },
): Resource {
  return queueRule(stack, rule, {
    source: ['aws.s3'],
    'detail-type': ['Object Created'],
    detail: {
      bucket: { name: [bucketName(stack)] },
      object: { key: prefixes.map((prefix) => ({ prefix })) },
    },
  });
}

/** A rule on events that match a pattern. */
export function queueRule(
  stack: Stack,
  { name, description, part }: QueueRule,
  EventPattern: Value,
): Resource {
  return {
    Type: 'AWS::Events::Rule',
    Properties: {
      Name: partName(stack, name),
      Description: description,
      State: 'ENABLED',
      EventPattern,
      Targets: [
        {
          Id: part,
          Arn: getAtt(idOf(part, 'Queue')),
          DeadLetterConfig: { Arn: getAtt(idOf(part, 'DeadLetterQueue')) },
        },
      ],
    },
  };
}

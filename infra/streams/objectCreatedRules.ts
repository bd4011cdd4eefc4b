import { tableKinds } from '../../lib/schema/kinds.ts';
import { LANDING_FOLDER } from '../../lib/tables/objectKeys.ts';
import { tableFolders } from '../../lib/tables/tableFolders.ts';
import { bucketName } from '../data/bucket.ts';
import { getAtt, type Resource, type Resources, type Value } from '../template/Resource.ts';
import { logicalIds, partName, type Stack } from '../template/Stack.ts';

/**
 * Sends each new file of a delivered table to the registrar's queue, and each object of the landing to the writer's.
 */
export function objectCreatedRules(stack: Stack): Resources {
  return {
    [logicalIds.objectCreatedRule]: objectCreatedRule({
      name: partName(stack, 'object-created'),
      description: 'New files of the delivered tables, for the registrar',
      bucket: bucketName(stack),
      prefixes: tableKinds.flatMap((kind) => tableFolders(stack.config, kind)),
      target: 'register',
      queue: logicalIds.queue,
      deadLetters: logicalIds.deadLetters,
    }),
    [logicalIds.landingRule]: objectCreatedRule({
      name: partName(stack, 'landed'),
      description: 'New objects of the landing, for the writer',
      bucket: bucketName(stack),
      prefixes: [LANDING_FOLDER],
      target: 'write',
      queue: logicalIds.writeQueue,
      deadLetters: logicalIds.writeDeadLetters,
    }),
  };
}

/**
 * A rule on new objects. The bucket also receives Statsig's files and others of Sluice, so the pattern names the bucket
 * and each folder. https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
 */
export function objectCreatedRule(rule: {
  readonly name: string;
  readonly description: string;
  readonly bucket: Value;
  readonly prefixes: readonly string[];
  readonly target: string;
  /** Logical IDs. */
  readonly queue: string;
  readonly deadLetters: string;
}): Resource {
  return {
    Type: 'AWS::Events::Rule',
    Properties: {
      Name: rule.name,
      Description: rule.description,
      State: 'ENABLED',
      EventPattern: {
        source: ['aws.s3'],
        'detail-type': ['Object Created'],
        detail: {
          bucket: { name: [rule.bucket] },
          object: { key: rule.prefixes.map((prefix) => ({ prefix })) },
        },
      },
      Targets: [
        {
          Id: rule.target,
          Arn: getAtt(rule.queue),
          DeadLetterConfig: { Arn: getAtt(rule.deadLetters) },
        },
      ],
    },
  };
}

import { tableFolder } from '../lib/layout/tableFolders.ts';
import { tableKinds } from '../lib/tables/deliveredTables.ts';
import { getAtt, ref } from './intrinsics.ts';
import type { Resources } from './Resource.ts';
import { logicalIds, partName, type Stack } from './Stack.ts';

/**
 * Sends each new file of a delivered table to the registrar's queue. The bucket also sees Statsig's own
 * files and ours of other kinds, so the pattern names the bucket and the tables' folders.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
 */
export function objectCreatedRule(stack: Stack): Resources {
  return {
    [logicalIds.objectCreatedRule]: {
      Type: 'AWS::Events::Rule',
      Properties: {
        Name: partName(stack, 'object-created'),
        Description: 'New files of the tables, for the registrar',
        State: 'ENABLED',
        EventPattern: {
          source: ['aws.s3'],
          'detail-type': ['Object Created'],
          detail: {
            bucket: { name: [ref(logicalIds.bucket)] },
            object: { key: tableKinds.map((kind) => ({ prefix: tableFolder(stack.config, kind) })) },
          },
        },
        Targets: [
          {
            Id: 'register',
            Arn: getAtt(logicalIds.queue),
            DeadLetterConfig: { Arn: getAtt(logicalIds.deadLetters) },
          },
        ],
      },
    },
  };
}

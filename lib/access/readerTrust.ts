import type { MetabaseReader, StatsigReader } from '../schema/readers.ts';
import type { Place } from './Place.ts';
import type { PolicyDocument } from './PolicyDocument.ts';
import { arnIn } from './placeArns.ts';
import { trustPolicy } from './trustPolicy.ts';

/**
 * Who may assume a reader's role.
 *
 * @param principal The reader's, where one is configured; else whatever stands for it.
 */
export function readerTrust(
  place: Place,
  reader: Pick<StatsigReader, 'kind' | 'externalId'> | Pick<MetabaseReader, 'kind'>,
  principal: string,
): PolicyDocument {
  if (reader.kind === 'statsig') return trustPolicy({ aws: principal, externalId: reader.externalId });
  switch (principal) {
    case 'ec2':
      // EC2 says of its calls neither the account nor an instance, so no condition could be met:
      // https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_switch-role-ec2.html
      return trustPolicy({ service: 'ec2.amazonaws.com' });
    case 'ecs-tasks':
      // https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html
      return trustPolicy({
        service: 'ecs-tasks.amazonaws.com',
        condition: {
          StringEquals: { 'aws:SourceAccount': place.account },
          ArnLike: { 'aws:SourceArn': arnIn(place, 'ecs', '*') },
        },
      });
    default:
      return trustPolicy({ aws: principal });
  }
}

import type { Role } from '../schema/readers.ts';
import { arnIn, type PolicyScope } from './arns.ts';
import type { PolicyDocument } from './policyDocument.ts';
import { trustPolicy } from './trustPolicy.ts';

/** Who may assume the role of a reader: Metabase's may be of a service that it runs on. */
export function readerTrust(
  scope: PolicyScope,
  { principal, externalId }: Pick<Role, 'principal' | 'externalId'>,
): PolicyDocument {
  switch (principal) {
    case 'ec2':
      // EC2 names neither the account nor an instance in its calls:
      // https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_switch-role-ec2.html
      return trustPolicy({ service: 'ec2.amazonaws.com' });
    case 'ecs-tasks':
      // https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html
      return trustPolicy({
        service: 'ecs-tasks.amazonaws.com',
        condition: {
          StringEquals: { 'aws:SourceAccount': scope.account },
          ArnLike: { 'aws:SourceArn': arnIn(scope, 'ecs', '*') },
        },
      });
    default:
      return trustPolicy({ aws: principal, externalId });
  }
}

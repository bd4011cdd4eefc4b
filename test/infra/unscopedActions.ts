/** Actions that a policy of ours allows on `*`, and why they name nothing narrower. */
export interface UnscopedActions {
  readonly actions: readonly string[];
  /** Whose policy: a part of the stack, a kind of reader, or whoever deploys. */
  readonly who: 'key' | 'metabase' | 'owox' | 'deploy' | 'probe';
  readonly why: string;
  readonly source: string;
}

const ATHENA = 'https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonathena.html';

/** Every `*` that stands where a resource would. No function and no stream has one. docs/deploy.md shows the table. */
export const unscopedActions: readonly UnscopedActions[] = [
  {
    actions: ['kms:*'],
    who: 'key',
    why: 'In the policy of a key, * is the key itself; the account is let decide by IAM who uses it.',
    source: 'https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html',
  },
  {
    actions: ['athena:ListDataCatalogs', 'athena:ListWorkGroups'],
    who: 'metabase',
    why: 'Lists are of the whole account.',
    source: ATHENA,
  },
  {
    actions: ['athena:ListDataCatalogs'],
    who: 'owox',
    why: 'Lists are of the whole account.',
    source: ATHENA,
  },
  {
    actions: ['cloudformation:ValidateTemplate'],
    who: 'deploy',
    why: 'A template that is only looked at has no ARN.',
    source: 'https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscloudformation.html',
  },
  {
    actions: [
      'lambda:CreateEventSourceMapping',
      'lambda:DeleteEventSourceMapping',
      'lambda:GetEventSourceMapping',
      'lambda:UpdateEventSourceMapping',
    ],
    who: 'deploy',
    why: "A mapping gets its ARN when it is made; a condition narrows it to the stack's functions.",
    source: 'https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html',
  },
  {
    actions: ['kms:CreateKey'],
    who: 'deploy',
    why: 'A key gets its ARN when it is made.',
    source:
      'https://docs.aws.amazon.com/service-authorization/latest/reference/list_awskeymanagementservice.html',
  },
  {
    actions: ['kms:ListAliases'],
    who: 'deploy',
    why: 'CloudFormation finds an alias by its name in the list of all aliases.',
    source:
      'https://docs.aws.amazon.com/service-authorization/latest/reference/list_awskeymanagementservice.html',
  },
  {
    actions: [
      'lakeformation:DescribeLakeFormationIdentityCenterConfiguration',
      'lakeformation:DescribeResource',
      'lakeformation:ListResources',
    ],
    who: 'deploy',
    why: 'CloudFormation asks whether Lake Formation manages the place of a database or table. These actions take no resource.',
    source: 'https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslakeformation.html',
  },
  {
    actions: ['logs:DescribeIndexPolicies', 'logs:DescribeLogGroups', 'logs:DescribeResourcePolicies'],
    who: 'deploy',
    why: 'CloudFormation finds a log group and its policies in the lists of the whole account.',
    source:
      'https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatchlogs.html',
  },
  {
    actions: ['cloudwatch:GetMetricData'],
    who: 'probe',
    why: 'Metrics have no ARN.',
    source: 'https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatch.html',
  },
];

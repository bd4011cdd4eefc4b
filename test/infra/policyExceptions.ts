/** A service that is trusted without `aws:SourceAccount` and `aws:SourceArn` both, and what stands in their place. */
export interface TrustException {
  readonly service: string;
  /** Condition keys that are there instead. */
  readonly instead: readonly ('sts:ExternalId' | 'aws:SourceArn')[];
  readonly why: string;
  readonly source: string;
}

/**
 * Every other service principal carries both keys: https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html.
 * A condition on a key that the service doesn't send locks it out for good, so these have what AWS documents of each.
 * docs/reference/permissions.md shows the table.
 */
export const trustExceptions: readonly TrustException[] = [
  {
    service: 'firehose.amazonaws.com',
    instead: ['sts:ExternalId'],
    why: 'Firehose names the account that owns the stream as the external ID; AWS documents no other key.',
    source: 'https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html#firehose-assume-role',
  },
  {
    service: 'lambda.amazonaws.com',
    instead: [],
    why: 'Lambda sends neither key when it assumes a role, and accepts only roles of the function’s account.',
    source: 'https://docs.aws.amazon.com/lambda/latest/dg/permissions-source-function-arn.html',
  },
  {
    service: 'apigateway.amazonaws.com',
    instead: ['aws:SourceArn'],
    why: 'The ARN of the API contains the account, so it also does what aws:SourceAccount is for. AWS documents aws:SourceArn for API Gateway.',
    source:
      'https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html',
  },
  {
    service: 'ec2.amazonaws.com',
    instead: [],
    why: 'EC2 sends neither key when an instance assumes its role, which requires iam:PassRole in this account.',
    source: 'https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_switch-role-ec2.html',
  },
];

/** Actions that a policy of ours allows on `*`, and why they name nothing narrower. */
export interface UnscopedActions {
  readonly actions: readonly string[];
  /** Whose policy: a part of the stack, a kind of reader, or whoever deploys. */
  readonly who: 'key' | 'reconcile' | 'metabase' | 'owox' | 'deploy' | 'trial';
  readonly why: string;
  readonly source: string;
}

const ATHENA = 'https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonathena.html';

/** Every `*` that stands where a resource would. No stream has one, and one function. docs/reference/permissions.md shows the table. */
export const unscopedActions: readonly UnscopedActions[] = [
  {
    actions: ['kms:*'],
    who: 'key',
    why: 'In a key policy, * means the key itself. The account decides through IAM who uses the key.',
    source: 'https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html',
  },
  {
    actions: ['cloudwatch:GetMetricData'],
    who: 'reconcile',
    why: 'Metrics have no ARN.',
    source: 'https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatch.html',
  },
  {
    actions: ['athena:ListDataCatalogs', 'athena:ListWorkGroups'],
    who: 'metabase',
    why: 'The list covers the whole account.',
    source: ATHENA,
  },
  {
    actions: ['athena:ListDataCatalogs'],
    who: 'owox',
    why: 'The list covers the whole account.',
    source: ATHENA,
  },
  {
    actions: ['cloudformation:ValidateTemplate'],
    who: 'deploy',
    why: 'A template that is only validated has no ARN.',
    source: 'https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscloudformation.html',
  },
  {
    actions: ['lambda:*EventSourceMapping'],
    who: 'deploy',
    why: "AWS assigns the ARN of a mapping when it creates the mapping. A condition narrows the actions to the stack's functions.",
    source: 'https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html',
  },
  {
    actions: ['kms:CreateKey'],
    who: 'deploy',
    why: 'AWS assigns the ARN of a key when it creates the key.',
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
      'lakeformation:GetDataLakeSettings',
      'lakeformation:ListPermissions',
      'lakeformation:ListResources',
    ],
    who: 'deploy',
    why: 'CloudFormation asks whether Lake Formation manages the location of a database or table, `sluice doctor` who may make one. These actions take no resource.',
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
    actions: ['logs:*LogDelivery', 'logs:ListLogDeliveries', 'logs:PutResourcePolicy'],
    who: 'deploy',
    why: 'For `endpoint.accessLogDays`. API Gateway asks for them on behalf of whoever turns its log on; they take no resource.',
    source: 'https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging.html',
  },
  {
    actions: ['cloudwatch:GetMetricData', 'lambda:GetAccountSettings'],
    who: 'trial',
    why: 'Neither metrics nor the settings of an account have an ARN.',
    source: 'https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html',
  },
];

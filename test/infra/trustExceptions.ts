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
 * docs/deploy.md shows the table.
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
    why: 'Lambda sends neither key when it assumes a role, and takes roles of the function’s account only.',
    source: 'https://docs.aws.amazon.com/lambda/latest/dg/permissions-source-function-arn.html',
  },
  {
    service: 'apigateway.amazonaws.com',
    instead: ['aws:SourceArn'],
    why: 'The ARN of the API has the account in it, which is what the second key is for; AWS documents the first for API Gateway.',
    source:
      'https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html',
  },
  {
    service: 'ec2.amazonaws.com',
    instead: [],
    why: 'EC2 sends neither key when an instance assumes its role, which takes iam:PassRole in this account.',
    source: 'https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_switch-role-ec2.html',
  },
];

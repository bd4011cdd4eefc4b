import { AwsError } from '../protocol/AwsError.ts';

/** CloudFormation has no error of its own for it: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html#API_DescribeStacks_Errors */
export const stackNotFound = (name: string) =>
  new AwsError('ValidationError', 400, `Stack with id ${name} does not exist`);

/** A `NextToken` that no page gave out. */
export const invalidToken = (token: string) =>
  new AwsError('ValidationError', 400, `Token ${token} is invalid.`);

import { AwsError } from '../protocol/AwsError.ts';

/** Errors of KMS under AWS's names: https://docs.aws.amazon.com/kms/latest/APIReference/API_DescribeKey.html#API_DescribeKey_Errors */

/** @param id The key's ARN, or the alias's. */
export const keyNotFound = (id: string) =>
  new AwsError('NotFoundException', 400, `Key '${id}' does not exist`);

export const aliasNotFound = (arn: string) =>
  new AwsError('NotFoundException', 400, `Alias ${arn} is not found.`);

export const policyNotFound = () => new AwsError('NotFoundException', 400, 'No such policy exists');

export const malformedPolicy = () => new AwsError('MalformedPolicyDocumentException', 400, '');

export const accessDenied = (arn: string) =>
  new AwsError('AccessDeniedException', 400, `The ciphertext or key ${arn} is another account's.`);

/** @param because IAM's sentence. */
export const notAuthorized = (because: string) => new AwsError('AccessDeniedException', 400, because);

export const invalidMarker = () => new AwsError('InvalidMarkerException', 400, 'Invalid marker.');

/** A member that is missing or out of its bounds. */
export const validationError = (message: string) =>
  new AwsError('ValidationException', 400, `1 validation error detected: ${message}`);

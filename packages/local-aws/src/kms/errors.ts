import { AwsError } from '../protocol/AwsError.ts';

// Errors of KMS under AWS's names: https://docs.aws.amazon.com/kms/latest/APIReference/API_DescribeKey.html#API_DescribeKey_Errors

/** The key does not exist. @param id ARN of the key or of the alias. */
export const keyNotFound = (id: string): AwsError =>
  new AwsError('NotFoundException', 400, `Key '${id}' does not exist`);

/** The alias does not exist. */
export const aliasNotFound = (arn: string): AwsError =>
  new AwsError('NotFoundException', 400, `Alias ${arn} is not found.`);

/** The key belongs to another account than the caller's. */
export const accessDenied = (arn: string): AwsError =>
  new AwsError('AccessDeniedException', 400, `The ciphertext or key ${arn} is another account's.`);

/** Policies do not allow the call. @param because IAM's sentence with the reason. */
export const notAuthorized = (because: string): AwsError =>
  new AwsError('AccessDeniedException', 400, because);

/** A member that is missing or out of bounds. */
export const validationError = (message: string): AwsError =>
  new AwsError('ValidationException', 400, `1 validation error detected: ${message}`);

/** The key is disabled, as S3 reports it. */
export const keyDisabled = (arn: string): AwsError =>
  new AwsError('KMS.DisabledException', 400, `${arn} is disabled.`);

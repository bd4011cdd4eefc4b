import { AwsError } from '../protocol/AwsError.ts';

/** Secrets Manager's limits. Pages: https://docs.aws.amazon.com/secretsmanager/latest/apireference/ and the operation's name. */
export const SECRETS_MANAGER_LIMITS = {
  /** Characters of a secret's name. API_CreateSecret */
  nameCharacters: 512,
  /** Characters of a secret's id: its name, or its ARN. API_GetSecretValue */
  idCharacters: 2_048,
  /** Characters of a description. API_CreateSecret */
  descriptionCharacters: 2_048,
  /** Bytes of a value. https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html */
  valueBytes: 65_536,
  /** Characters of a request token, which becomes the version's id. API_PutSecretValue */
  tokenLeastCharacters: 32,
  tokenMostCharacters: 64,
  /** Characters of a staging label. API_PutSecretValue */
  stageCharacters: 256,
  /** Staging labels of a secret, over all its versions. reference_limits.html */
  stagesPerSecret: 20,
  /** Versions of a secret that are kept; those without a staging label go first. API_PutSecretValue */
  versions: 100,
  /** Days that a caller can choose until a secret is deleted; `most` are the default. API_DeleteSecret */
  recoveryDays: { least: 7, most: 30 },
} as const;

// Errors of Secrets Manager under AWS's names:
// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html#API_GetSecretValue_Errors

/** No secret has the name or ARN. */
export const secretNotFound = (): AwsError =>
  new AwsError('ResourceNotFoundException', 400, "Secrets Manager can't find the specified secret.");

/** The secret has no value with this label or ID. @param which `staging label: AWSCURRENT` or `VersionId: …` */
export const valueNotFound = (which: string): AwsError =>
  new AwsError(
    'ResourceNotFoundException',
    400,
    `Secrets Manager can't find the specified secret value for ${which}`,
  );

/** A secret of the name exists. */
export const secretExists = (name: string): AwsError =>
  new AwsError(
    'ResourceExistsException',
    400,
    `The operation failed because the secret ${name} already exists.`,
  );

/** A version never changes: a call with the token of a version and another value is refused. */
export const versionExists = (token: string, arn: string): AwsError =>
  new AwsError(
    'ResourceExistsException',
    400,
    `You can't use ClientRequestToken ${token} because that value is already in use for a version of secret ${arn}.`,
  );

/** A parameter is well formed and has a value that is not possible. */
export const invalidParameter = (message: string): AwsError =>
  new AwsError('InvalidParameterException', 400, message);

/** The call is not possible in the secret's state. */
export const invalidRequest = (message: string): AwsError =>
  new AwsError('InvalidRequestException', 400, message);

/** The secret would have more of something than Secrets Manager keeps. */
export const limitExceeded = (message: string): AwsError =>
  new AwsError('LimitExceededException', 400, message);

/** A deletion at once has no days to wait. https://github.com/getmoto/moto/blob/master/moto/secretsmanager/models.py */
export const deletionContradicts = (): AwsError =>
  invalidParameter("You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.");

/**
 * A version needs a value. The member is optional in AWS's API, which answers otherwise than for one that is missing.
 * https://github.com/getmoto/moto/blob/master/moto/secretsmanager/responses.py
 */
export const valueMissing = (): AwsError =>
  invalidRequest('You must provide either SecretString or SecretBinary.');

/** A member is missing or out of its bounds. */
export const validationError = (message: string): AwsError =>
  new AwsError('ValidationException', 400, `1 validation error detected: ${message}`);

import { z } from 'zod';
import { memberOf } from '../base/json.ts';
import type { AwsService } from '../protocol/AwsService.ts';
import { blob, type JsonOperation, jsonService, operation } from '../protocol/JsonService.ts';
import {
  invalidParameter,
  invalidRequest,
  SECRETS_MANAGER_LIMITS as LIMITS,
  validationError,
} from './errors.ts';
import { descriptionSchema, nameSchema, type Secret, type SecretValue, stringValueSchema } from './Secret.ts';
import type { Secrets } from './Secrets.ts';

export { Secrets } from './Secrets.ts';

/** AWS Secrets Manager on the wire: secrets, their versions and staging labels. */
export function secretsManagerService({ secrets }: { readonly secrets: Secrets }): AwsService {
  return jsonService({
    signingName: 'secretsmanager',
    targetPrefix: 'secretsmanager',
    contentType: 'application/x-amz-json-1.1',
    invalidInput: validationError,
    resource: (input) => memberOf(input, 'SecretId', 'Name'),
    operations: { ...secretOperations(secrets), ...valueOperations(secrets) },
  });
}

/** Create, find and describe secrets. */
function secretOperations(secrets: Secrets): Record<string, JsonOperation> {
  return {
    CreateSecret: operation({
      input: z.strictObject({
        Name: nameSchema,
        ClientRequestToken: tokenSchema.optional(),
        Description: descriptionSchema.optional(),
        ...valueMembers,
      }),
      run: ({ Name: name, Description: description, ClientRequestToken: token, ...members }) => {
        const { secret, version } = secrets.create({ name, description, token, value: readValue(members) });
        return {
          ARN: secret.arn,
          Name: secret.name,
          ...(version === undefined ? {} : { VersionId: version.id }),
        };
      },
    }),
    DescribeSecret: operation({
      input: z.strictObject({ SecretId: idSchema }),
      run: ({ SecretId }) => {
        const secret = secrets.find(SecretId);
        return { ...document(secret), VersionIdsToStages: stagesByVersion(secret) };
      },
    }),
    UpdateSecret: operation({
      input: z.strictObject({
        SecretId: idSchema,
        ClientRequestToken: tokenSchema.optional(),
        Description: descriptionSchema.optional(),
        ...valueMembers,
      }),
      run: ({ SecretId, ClientRequestToken: token, Description, ...members }) => {
        const value = readValue(members);
        const found = secrets.usable(SecretId);
        // The value first: one that is refused changes nothing.
        const version = value === undefined ? undefined : secrets.put(SecretId, { value, token }).version;
        if (Description !== undefined) secrets.describe(SecretId, Description);
        return {
          ARN: found.arn,
          Name: found.name,
          ...(version === undefined ? {} : { VersionId: version.id }),
        };
      },
    }),
    DeleteSecret: operation({
      input: z.strictObject({
        SecretId: idSchema,
        RecoveryWindowInDays: z.int().optional(),
        ForceDeleteWithoutRecovery: z.boolean().default(false),
      }),
      run: ({ SecretId, RecoveryWindowInDays: days, ForceDeleteWithoutRecovery: force }) => {
        const { leastRecoveryDays: least, mostRecoveryDays: most } = LIMITS;
        if (force && days !== undefined)
          throw invalidParameter(
            "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.",
          );
        if (days !== undefined && (days < least || days > most))
          throw invalidParameter(
            `The RecoveryWindowInDays value must be between ${least} and ${most} days (inclusive).`,
          );
        if (force) return secrets.erase(SecretId);
        const { arn, name, deletionAt } = secrets.schedule(SecretId, days ?? most);
        return { ARN: arn, Name: name, DeletionDate: deletionAt / 1000 };
      },
    }),
    RestoreSecret: operation({
      input: z.strictObject({ SecretId: idSchema }),
      run: ({ SecretId }) => {
        const { arn, name } = secrets.restore(SecretId);
        return { ARN: arn, Name: name };
      },
    }),
    ListSecrets: operation({
      input: z.strictObject({
        MaxResults: z.int().min(1).max(LIMITS.listPage).default(LIMITS.listPage),
        NextToken: z.string().optional(),
        IncludePlannedDeletion: z.boolean().default(false),
      }),
      run: ({ MaxResults, NextToken, IncludePlannedDeletion }) => {
        const after = NextToken === undefined ? '' : readToken(NextToken);
        const rest = secrets
          .all()
          .filter(
            ({ name, deletionAt }) => name > after && (IncludePlannedDeletion || deletionAt === undefined),
          );
        const taken = rest.slice(0, MaxResults);
        const last = taken.at(-1);
        return {
          SecretList: taken.map((secret) => ({
            ...document(secret),
            SecretVersionsToStages: stagesByVersion(secret),
          })),
          ...(rest.length > MaxResults && last !== undefined
            ? { NextToken: Buffer.from(last.name).toString('base64url') }
            : {}),
        };
      },
    }),
  };
}

function document({ arn, name, description, createdAt, changedAt, deletionAt }: Secret) {
  return {
    ARN: arn,
    Name: name,
    ...(description === undefined ? {} : { Description: description }),
    CreatedDate: createdAt / 1000,
    LastChangedDate: changedAt / 1000,
    ...(deletionAt === undefined ? {} : { DeletedDate: deletionAt / 1000 }),
  };
}

/** Versions without a label are not shown. */
function stagesByVersion({ versions }: Secret): Record<string, readonly string[]> {
  return Object.fromEntries(
    versions.filter(({ stages }) => stages.length > 0).map(({ id, stages }) => [id, stages]),
  );
}

function readToken(token: string): string {
  const name = Buffer.from(token, 'base64url').toString('utf8');
  if (nameSchema.safeParse(name).success) return name;
  throw invalidParameter('The NextToken is not one that was given out.');
}

/** Read and put values, and move the labels that say which version is which. */
function valueOperations(secrets: Secrets): Record<string, JsonOperation> {
  return {
    GetSecretValue: operation({
      input: z.strictObject({
        SecretId: idSchema,
        VersionId: tokenSchema.optional(),
        VersionStage: stageSchema.optional(),
      }),
      run: ({ SecretId, VersionId, VersionStage }) => {
        const secret = secrets.usable(SecretId);
        const { id, value, stages, createdAt } = secrets.version(secret, {
          id: VersionId,
          stage: VersionStage,
        });
        return {
          ARN: secret.arn,
          Name: secret.name,
          VersionId: id,
          ...value,
          VersionStages: stages,
          CreatedDate: createdAt / 1000,
        };
      },
    }),
    PutSecretValue: operation({
      input: z.strictObject({
        SecretId: idSchema,
        ClientRequestToken: tokenSchema.optional(),
        VersionStages: z.array(stageSchema).min(1).max(LIMITS.stagesPerSecret).optional(),
        ...valueMembers,
      }),
      run: ({ SecretId, ClientRequestToken: token, VersionStages: stages, ...members }) => {
        const value = readValue(members);
        if (value === undefined)
          throw invalidRequest('You must provide either SecretString or SecretBinary.');
        const { secret, version } = secrets.put(SecretId, { value, token, stages });
        return { ARN: secret.arn, Name: secret.name, VersionId: version.id, VersionStages: version.stages };
      },
    }),
    UpdateSecretVersionStage: operation({
      input: z.strictObject({
        SecretId: idSchema,
        VersionStage: stageSchema,
        MoveToVersionId: tokenSchema.optional(),
        RemoveFromVersionId: tokenSchema.optional(),
      }),
      run: ({ SecretId, VersionStage, MoveToVersionId: to, RemoveFromVersionId: from }) => {
        const { arn, name } = secrets.moveStage(SecretId, VersionStage, { to, from });
        return { ARN: arn, Name: name };
      },
    }),
  };
}

/** `SecretId`: a name or an ARN. */
const idSchema = z.string().min(1).max(LIMITS.idCharacters);

/** `ClientRequestToken`: becomes the version's ID. */
const tokenSchema = z.string().min(LIMITS.tokenLeastCharacters).max(LIMITS.tokenMostCharacters);

/** A staging label. */
const stageSchema = z.string().min(1).max(LIMITS.stageCharacters);

/** The two ways to give a value; only one of them at a time. */
const valueMembers = {
  SecretString: stringValueSchema.optional(),
  SecretBinary: blob
    .refine(
      (bytes) => bytes.byteLength >= 1 && bytes.byteLength <= LIMITS.valueBytes,
      `Member must have length between 1 and ${LIMITS.valueBytes}`,
    )
    .optional(),
};

/** The value that an input gives, if any. */
function readValue(members: {
  readonly SecretString?: string | undefined;
  readonly SecretBinary?: Uint8Array | undefined;
}): SecretValue | undefined {
  const { SecretString, SecretBinary } = members;
  if (SecretString !== undefined && SecretBinary !== undefined) {
    throw invalidParameter(
      "You can't specify both a binary secret value and a string secret value in the same secret.",
    );
  }
  if (SecretString !== undefined) return { SecretString };
  return SecretBinary && { SecretBinary: Buffer.from(SecretBinary).toString('base64') };
}

import { z } from 'zod';
import { memberOf } from '../base/json.ts';
import type { AwsService } from '../protocol/AwsService.ts';
import { epochSeconds, type JsonOperation, jsonService, operation } from '../protocol/jsonService.ts';
import {
  deletionContradicts,
  SECRETS_MANAGER_LIMITS as LIMITS,
  validationError,
  valueMissing,
} from './errors.ts';
import { descriptionSchema, nameSchema, stringValueSchema } from './Secret.ts';
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

/** Create, describe, delete and restore secrets. */
function secretOperations(secrets: Secrets): Record<string, JsonOperation> {
  return {
    CreateSecret: operation({
      input: z.strictObject({
        Name: nameSchema,
        ClientRequestToken: tokenSchema.optional(),
        Description: descriptionSchema.optional(),
        SecretString: stringValueSchema.optional(),
      }),
      run: ({ Name: name, Description: description, ClientRequestToken: token, SecretString: value }) => {
        const { secret, version } = secrets.create({ name, description, token, value });
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
        const { arn, name, description, createdAt, changedAt, deletedAt, versions } = secrets.find(SecretId);
        return {
          ARN: arn,
          Name: name,
          ...(description === undefined ? {} : { Description: description }),
          CreatedDate: epochSeconds(createdAt),
          LastChangedDate: epochSeconds(changedAt),
          ...(deletedAt === undefined ? {} : { DeletedDate: epochSeconds(deletedAt) }),
          // Versions without a label are not shown.
          VersionIdsToStages: Object.fromEntries(
            versions.filter(({ stages }) => stages.length > 0).map(({ id, stages }) => [id, stages]),
          ),
        };
      },
    }),
    DeleteSecret: operation({
      input: z.strictObject({
        SecretId: idSchema,
        RecoveryWindowInDays: z.int().min(LIMITS.recoveryDays.least).max(LIMITS.recoveryDays.most).optional(),
        ForceDeleteWithoutRecovery: z.boolean().default(false),
      }),
      run: ({ SecretId, RecoveryWindowInDays: days, ForceDeleteWithoutRecovery: isForced }) => {
        if (isForced && days !== undefined) throw deletionContradicts();
        const { arn, name, deletedAt } = isForced
          ? secrets.deleteNow(SecretId)
          : secrets.scheduleDeletion(SecretId, days ?? LIMITS.recoveryDays.most);
        return { ARN: arn, Name: name, DeletionDate: epochSeconds(deletedAt) };
      },
    }),
    RestoreSecret: operation({
      input: z.strictObject({ SecretId: idSchema }),
      run: ({ SecretId }) => {
        const { arn, name } = secrets.restore(SecretId);
        return { ARN: arn, Name: name };
      },
    }),
  };
}

/** Read and put values, and move staging labels. */
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
          SecretString: value,
          VersionStages: stages,
          CreatedDate: epochSeconds(createdAt),
        };
      },
    }),
    // The versions come in one answer, so a page of them cannot be asked for. Those of a secret whose deletion is scheduled
    // are listed: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_ListSecretVersionIds.html
    ListSecretVersionIds: operation({
      input: z.strictObject({ SecretId: idSchema, IncludeDeprecated: z.boolean().default(false) }),
      run: ({ SecretId, IncludeDeprecated: isAll }) => {
        const { arn, name, versions } = secrets.find(SecretId);
        return {
          ARN: arn,
          Name: name,
          Versions: versions
            .filter(({ stages }) => isAll || stages.length > 0)
            .map(({ id, stages, createdAt }) => ({
              VersionId: id,
              VersionStages: stages,
              CreatedDate: epochSeconds(createdAt),
            })),
        };
      },
    }),
    PutSecretValue: operation({
      input: z.strictObject({
        SecretId: idSchema,
        ClientRequestToken: tokenSchema.optional(),
        VersionStages: z.array(stageSchema).min(1).max(LIMITS.stagesPerSecret).optional(),
        SecretString: stringValueSchema.optional(),
      }),
      run: ({ SecretId, ClientRequestToken: token, VersionStages: stages, SecretString: value }) => {
        if (value === undefined) throw valueMissing();
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

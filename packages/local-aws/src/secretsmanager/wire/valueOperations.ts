import { z } from 'zod';
import { type JsonOperation, operation } from '../../protocol/JsonService.ts';
import { invalidRequest } from '../errors.ts';
import { SECRETS_MANAGER_LIMITS as LIMITS } from '../limits.ts';
import type { Secrets } from '../model/Secrets.ts';
import { idSchema, readValue, stageSchema, tokenSchema, valueMembers } from './members.ts';

/** Read and put values, and move the labels that say which version is which. */
export function valueOperations(secrets: Secrets): Record<string, JsonOperation> {
  return {
    GetSecretValue: operation({
      input: z.strictObject({
        SecretId: idSchema,
        VersionId: tokenSchema.optional(),
        VersionStage: stageSchema.optional(),
      }),
      run: ({ SecretId, VersionId, VersionStage }) => {
        const secret = secrets.find(SecretId);
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

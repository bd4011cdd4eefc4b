import { z } from 'zod';
import { type JsonOperation, operation } from '../../protocol/JsonService.ts';
import { invalidParameter } from '../errors.ts';
import { SECRETS_MANAGER_LIMITS as LIMITS } from '../limits.ts';
import type { Secret } from '../model/Secret.ts';
import type { Secrets } from '../model/Secrets.ts';
import { descriptionSchema, nameSchema } from '../model/secretProperties.ts';
import { idSchema, readValue, tokenSchema, valueMembers } from './members.ts';

/** Create, find and describe secrets. */
export function secretOperations(secrets: Secrets): Record<string, JsonOperation> {
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
    ListSecrets: operation({
      input: z.strictObject({
        MaxResults: z.int().min(1).max(LIMITS.listPage).default(LIMITS.listPage),
        NextToken: z.string().optional(),
      }),
      run: ({ MaxResults, NextToken }) => {
        const after = NextToken === undefined ? '' : readToken(NextToken);
        const rest = secrets.all().filter(({ name }) => name > after);
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

function document({ arn, name, description, createdAt, changedAt }: Secret) {
  return {
    ARN: arn,
    Name: name,
    ...(description === undefined ? {} : { Description: description }),
    CreatedDate: createdAt / 1000,
    LastChangedDate: changedAt / 1000,
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

import {
  GetSecretValueCommand,
  paginateListSecretVersionIds,
  RestoreSecretCommand,
  type SecretsManagerClient,
  type SecretVersionsListEntry,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { isoTimestamp } from '../../lib/base/time.ts';
import type { AcceptedKey } from '../../lib/schema/AcceptedKey.ts';
import { KeyListError, listedKeys } from '../../lib/wire/keys/editKeys.ts';
import { isNamed } from '../../observe/explainAwsError.ts';

/** Versions that are read to find a valid one. */
const MOST_VERSIONS = 10;

/** A version that is a list of keys, and when it was made, ISO 8601. */
interface ValidVersion {
  readonly id: string;
  readonly at: string;
  readonly keys: readonly AcceptedKey[];
}

/**
 * Restores the keys' secret: takes its deletion back, or, if it is no valid list or has no key, makes the version before it current, or
 * else the newest valid one. One without keys is the last choice.
 *
 * @returns Which version is current now; undefined if it still is the same one.
 * @throws KeyListError `SLUICE_KEYS_UNREADABLE` if no version is valid; what Secrets Manager's client throws.
 */
export async function restoreKeys(
  client: SecretsManagerClient,
  SecretId: string,
): Promise<ValidVersion | undefined> {
  const read = (more: object = {}) => client.send(new GetSecretValueCommand({ SecretId, ...more }));
  const current = await read().catch((error: unknown) => {
    // https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html#API_GetSecretValue_Errors
    if (isNamed(error, /^InvalidRequestException$/)) return undefined;
    throw error;
  });
  if (current === undefined) {
    await client.send(new RestoreSecretCommand({ SecretId }));
    return undefined;
  }
  const { VersionId, SecretString } = current;
  const known = validKeys(SecretString);
  if (known !== undefined && known.length > 0) return undefined;
  const versions: SecretVersionsListEntry[] = [];
  for await (const page of paginateListSecretVersionIds({ client }, { SecretId, IncludeDeprecated: true }))
    versions.push(...(page.Versions ?? []));
  const orderOf = ({ VersionStages = [], CreatedDate }: SecretVersionsListEntry) =>
    VersionStages.includes('AWSPREVIOUS') ? Number.POSITIVE_INFINITY : Number(CreatedDate);
  const valid: ValidVersion[] = [];
  for (const { VersionId: id = '', CreatedDate } of versions
    .filter((one) => one.VersionId !== VersionId)
    .sort((a, b) => orderOf(b) - orderOf(a))
    .slice(0, MOST_VERSIONS)) {
    const keys = validKeys((await read({ VersionId: id })).SecretString);
    if (keys !== undefined) valid.push({ id, at: isoTimestamp(Number(CreatedDate)), keys });
  }
  const withKeys = valid.find(({ keys }) => keys.length > 0);
  if (withKeys === undefined && known !== undefined) return undefined;
  const restored = withKeys ?? valid[0];
  if (restored === undefined)
    throw new KeyListError('SLUICE_KEYS_UNREADABLE', 'No earlier version is valid.');
  const moved = { MoveToVersionId: restored.id, RemoveFromVersionId: VersionId };
  await client.send(new UpdateSecretVersionStageCommand({ SecretId, VersionStage: 'AWSCURRENT', ...moved }));
  return restored;
}

function validKeys(text = ''): readonly AcceptedKey[] | undefined {
  try {
    return listedKeys(text);
  } catch (error) {
    if (error instanceof KeyListError) return undefined;
    throw error;
  }
}

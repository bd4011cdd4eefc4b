import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { describe, expect, it } from '@jest/globals';
import { versionedSecret } from '../../../lib/aws/secrets.ts';
import { answering, named } from '../../harness/answering.ts';

describe('a secret', () => {
  it('is not replaced if another version came first, and any other error is told', async () => {
    const put = { VersionId: 'new' };
    const answers = [put, named('InvalidParameterException'), put, named('AccessDeniedException')];
    const { client } = answering(SecretsManagerClient, ...answers);
    const secret = versionedSecret(client, 's');
    expect(await secret.replace('text', 'old')).toBe(false);
    await expect(secret.replace('text', 'old')).rejects.toMatchObject({ name: 'AccessDeniedException' });
  });

  it('is replaced although the label of what waits stays', async () => {
    const answers = [{ VersionId: 'new' }, {}, named('InternalServiceError')];
    const { client, asked } = answering(SecretsManagerClient, ...answers);
    expect(await versionedSecret(client, 's').replace('text', 'old')).toBe(true);
    // A version without this label would be current at once, whatever came in between.
    const put = { SecretId: 's', SecretString: 'text', VersionStages: ['AWSPENDING'] };
    expect(asked[0]?.input).toEqual(put);
    const moved = { MoveToVersionId: 'new', RemoveFromVersionId: 'old', VersionStage: 'AWSCURRENT' };
    expect(asked[1]?.input).toMatchObject(moved);
    expect(asked[2]?.input).toMatchObject({ RemoveFromVersionId: 'new', VersionStage: 'AWSPENDING' });
  });
});

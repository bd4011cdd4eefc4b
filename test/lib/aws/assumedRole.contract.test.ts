import { STSClient } from '@aws-sdk/client-sts';
import { expect, it } from '@jest/globals';
import { assumedRoleCredentials } from '../../../lib/aws/assumedRole.ts';
import { answering } from '../../harness/answering.ts';

it('a role whose session has no credentials may be assumed later', async () => {
  const Credentials = { AccessKeyId: 'a', SecretAccessKey: 's', Expiration: new Date(0) };
  const { client, asked } = answering(STSClient, {}, { Credentials });
  const assume = assumedRoleCredentials(client, { arn: 'arn:aws:iam::1:role/r' }, 'n'.repeat(70));
  await expect(assume()).rejects.toMatchObject({ name: 'AssumeRoleError', isDenied: false });
  // No member without a value: a client would sign with it.
  expect(await assume()).toEqual({ accessKeyId: 'a', secretAccessKey: 's', expiration: new Date(0) });
  // STS refuses a longer name.
  expect(asked.map(({ input }) => input['RoleSessionName'])).toEqual(['n'.repeat(64), 'n'.repeat(64)]);
});

import { describe, expect, it } from '@jest/globals';
import { deploymentCommands } from '../../../observe/deploymentCommands.ts';
import { judgeKey } from '../../../observe/findings/judge/deployment/key.ts';

const commands = deploymentCommands(
  { stack: { service: 'sluice', stage: 'prod' }, localControl: undefined },
  'eu-west-1',
);
const fit = {
  Arn: 'k',
  KeyState: 'Enabled',
  KeySpec: 'SYMMETRIC_DEFAULT',
  KeyUsage: 'ENCRYPT_DECRYPT',
} as const;

describe('a key', () => {
  it('that can be used has no finding', () => {
    expect(judgeKey(fit, commands)).toEqual([]);
  });

  it.each([
    {
      more: { KeyState: 'PendingDeletion', DeletionDate: new Date('2026-12-01') },
      verbs: ['cancel-key-deletion', 'enable-key'],
      detail: /^k is disabled, and is to be deleted at 2026-12-01T00:00:00\.000Z\.$/,
    },
    { more: { KeyState: 'PendingImport' }, verbs: [], detail: /^k is PendingImport\.$/ },
    { more: { KeyState: 'Disabled' }, verbs: ['enable-key'], detail: /^k is disabled\.$/ },
    { more: { KeySpec: 'RSA_2048' }, verbs: [], detail: /^k is of a kind .*RSA_2048/ },
    { more: { KeyUsage: 'SIGN_VERIFY' }, verbs: [], detail: /^k is of a kind .*SIGN_VERIFY/ },
    { more: { MultiRegion: true }, verbs: [], detail: /^k is of a kind .*multi-Region/ },
    { more: { KeyManager: 'AWS' }, verbs: [], detail: /^k is of a kind .*AWS's own/ },
  ] as const)('with $more cannot be used, and has the commands $verbs', ({ more, verbs, detail }) => {
    expect(judgeKey({ ...fit, ...more }, commands)).toMatchObject([
      {
        code: 'SLUICE_FINDING_KEY_UNUSABLE',
        detail: expect.stringMatching(detail),
        commands: verbs.map((verb) => `aws kms ${verb} --key-id k --region eu-west-1`),
      },
    ]);
  });
});

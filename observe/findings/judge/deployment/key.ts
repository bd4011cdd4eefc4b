import type { DeploymentCommands } from '../../../deploymentCommands.ts';
import { type KeyFacts, NO_KEY } from '../../../facts/statusFacts.ts';
import { type CaseOf, type Finding, finding } from '../../catalogue.ts';

/** States of a key that somebody can end. https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html */
const KEY_STATES: Readonly<Record<string, { readonly is: string; readonly verbs: readonly string[] }>> = {
  Disabled: { is: 'is disabled', verbs: ['enable-key'] },
  PendingDeletion: { is: 'is disabled, and is to be deleted', verbs: ['cancel-key-deletion', 'enable-key'] },
};

/** What a key encrypts: the bucket, or log groups. */
export type KeyUser = 'bucket' | 'logs';

/** The cases of a key that is off, or of a kind that its user does not take. */
const KEY_CASES = {
  bucket: { off: 'off', unfit: 'unfit' },
  logs: { off: 'logsOff', unfit: 'logsUnfit' },
} as const satisfies Readonly<
  Record<KeyUser, Readonly<Record<'off' | 'unfit', CaseOf<'SLUICE_FINDING_KEY_UNUSABLE'>>>>
>;

/**
 * Judges a key by what KMS says of it, which is not since when.
 *
 * @param since When a call failed first because of the key, ISO 8601; default nobody knows.
 */
export function judgeKey(
  found: KeyFacts,
  commands: Pick<DeploymentCommands, 'aws'>,
  { user = 'bucket', since = null }: { readonly user?: KeyUser; readonly since?: string | null } = {},
): readonly Finding[] {
  const { Arn = '', KeyState = '', KeySpec, KeyUsage, KeyManager, MultiRegion, DeletionDate } = found;
  const isEnabled = KeyState === 'Enabled';
  const isOfAws = KeyManager === 'AWS';
  const isOfKind = KeySpec === 'SYMMETRIC_DEFAULT' && KeyUsage === 'ENCRYPT_DECRYPT';
  const isOfLogs = user === 'logs';
  // Of a key that is not there nobody knows the kind.
  const isGone = KeyState === NO_KEY;
  const isFit = isGone || (isOfKind && (isOfLogs || MultiRegion !== true) && !isOfAws);
  const unknownState = isGone ? 'gone' : 'state';
  if (isEnabled && isFit) return [];
  const known = KEY_STATES[KeyState];
  const { is: state, verbs } = known ?? { is: `is ${KeyState}`, verbs: [] };
  const on = DeletionDate === undefined ? '' : ` at ${DeletionDate.toISOString()}`;
  const more = [...(MultiRegion === true ? ['multi-Region'] : []), ...(isOfAws ? ["AWS's own"] : [])];
  const kind = [KeySpec, KeyUsage, ...more].join(', ');
  const usersOfBucket = isOfKind ? 'Statsig' : 'S3';
  const wrong = `is of a kind that ${isOfLogs ? 'CloudWatch Logs' : usersOfBucket} does not use (${kind})`;
  const faults = [...(isEnabled ? [] : [`${state}${on}`]), ...(isFit ? [] : [wrong])].join(', and ');
  return [
    finding(
      'SLUICE_FINDING_KEY_UNUSABLE',
      {
        case: known === undefined && !isEnabled ? unknownState : KEY_CASES[user][isEnabled ? 'unfit' : 'off'],
        title: `The key ${Arn} ${faults}${since === null ? '' : ', and calls fail for it'}`,
        since,
        detail: `${Arn} ${faults}.`,
      },
      verbs.map((verb) => commands.aws('kms', verb, '--key-id', Arn)),
    ),
  ];
}

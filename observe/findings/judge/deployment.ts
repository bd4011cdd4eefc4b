import { counted } from '../../../lib/base/text.ts';
import type { DeploymentCommands } from '../../deploymentCommands.ts';
import type { KeyFacts, StatusFacts } from '../../facts/statusFacts.ts';
import { type Finding, finding } from '../catalogue.ts';
import type { Findings, Place } from './place.ts';

/** States of a key that somebody can end. https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html */
const KEY_STATES: Readonly<Record<string, { readonly is: string; readonly verbs: readonly string[] }>> = {
  Disabled: { is: 'is disabled', verbs: ['enable-key'] },
  PendingDeletion: { is: 'is disabled, and is to be deleted', verbs: ['cancel-key-deletion', 'enable-key'] },
};

/** Judges a key by what KMS says of it. */
export function judgeKey(found: KeyFacts, commands: Pick<DeploymentCommands, 'aws'>): readonly Finding[] {
  const { Arn = '', KeyState = '', KeySpec, KeyUsage, KeyManager, MultiRegion, DeletionDate } = found;
  const isEnabled = KeyState === 'Enabled';
  const isOfAws = KeyManager === 'AWS';
  const isOfKind = KeySpec === 'SYMMETRIC_DEFAULT' && KeyUsage === 'ENCRYPT_DECRYPT';
  const isFit = isOfKind && MultiRegion !== true && !isOfAws;
  if (isEnabled && isFit) return [];
  const { is: state, verbs } = KEY_STATES[KeyState] ?? { is: `is ${KeyState}`, verbs: [] };
  const on = DeletionDate === undefined ? '' : ` at ${DeletionDate.toISOString()}`;
  const more = [...(MultiRegion === true ? ['multi-Region'] : []), ...(isOfAws ? ["AWS's own"] : [])];
  const kind = [KeySpec, KeyUsage, ...more].join(', ');
  const wrong = `is of a kind that S3 or Statsig does not use (${kind})`;
  const faults = [...(isEnabled ? [] : [`${state}${on}`]), ...(isFit ? [] : [wrong])].join(', and ');
  return [
    finding(
      'SLUICE_FINDING_KEY_UNUSABLE',
      `${Arn} ${faults}.`,
      verbs.map((verb) => commands.aws('kms', verb, '--key-id', Arn)),
    ),
  ];
}

/** What somebody, or a crawler, has changed or deleted of the stack. */
export function* stackFaultFindings(
  { stackFaults }: Pick<StatusFacts, 'stackFaults'>,
  { commands }: Pick<Place, 'commands'>,
): Findings {
  for (const { what, name, differs, repair, isRegistered } of stackFaults ?? []) {
    const shown = repair.map((words) => commands.aws(...words));
    if (isRegistered === true && shown.length > 0)
      shown.push(commands.send('register', '{"sluice":"daily"}'));
    yield differs === null
      ? finding('SLUICE_FINDING_RESOURCE_MISSING', `The ${what} ${name}.`, shown)
      : finding(
          what === 'workgroup' ? 'SLUICE_FINDING_DRIFT' : 'SLUICE_FINDING_TABLE_DIFFERS',
          `${what === 'workgroup' ? 'workgroup ' : ''}${name}: ${differs.join('; ')}.`,
          shown,
        );
  }
}

/** Alarms that notify nobody, faults, and what could not be read. */
export function* deploymentFindings(
  { alarms, isLocal, faults, unknown }: StatusFacts,
  { commands }: Place,
): Findings {
  const silent = (alarms ?? []).filter(({ notifies }) => !notifies);
  if (!isLocal && silent.length > 0)
    yield finding('SLUICE_FINDING_NO_TOPIC', `${silent.length} of ${alarms?.length ?? 0} alarms.`);
  if (faults > 0)
    yield finding('SLUICE_FINDING_FAULTS', `${counted(faults, 'fault')}.`, [
      commands.control('DELETE', 'faults'),
    ]);
  for (const { part, why, isByKey } of unknown)
    yield { ...finding('SLUICE_FINDING_UNREADABLE', `${part}: ${why}`), isByKey };
}

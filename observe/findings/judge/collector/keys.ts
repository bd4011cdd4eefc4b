import { partName } from '../../../../infra/template/Stack.ts';
import { counted, listed } from '../../../../lib/base/text.ts';
import { defaultKinds } from '../../../../lib/schema/AcceptedKey.ts';
import { revertDriftWords } from '../../../deploymentCommands.ts';
import type { KeysFailure } from '../../../facts/flow/failures/keysFailure.ts';
import { GONE, UNKNOWN_KEY } from '../../../facts/flow/senders.ts';
import type { FormerKey } from '../../../facts/formerKeys.ts';
import type { StatusFacts } from '../../../facts/statusFacts.ts';
import { type CaseOf, finding } from '../../catalogue.ts';
import type { Findings, Place } from '../place.ts';

/**
 * The commands that have a key accepted again: none while the list cannot be read.
 *
 * @param former Keys that the list had: each is put back as it was. Default none.
 */
export function keyCommands(
  name: CaseOf<'SLUICE_FINDING_REFUSED'>,
  commands: Place['commands'],
  former: readonly FormerKey[] = [],
): readonly string[] {
  if (name === 'keysUnread') return [];
  const restore = [commands.sluice('keys', 'restore', '--dry-run'), commands.sluice('keys', 'restore')];
  if (name === 'emptied') return [...restore, addKey(commands)];
  const back = former.map((key) => commands.sluice(...putBackWords(key)));
  const others = name === 'removedKey' ? [] : [addKey(commands)];
  return [commands.sluice('keys', 'list'), ...back, ...others];
}

/** The words of the command that puts a key back, with all that its entry had. */
function putBackWords({ label, sha256, environment, kinds, sources }: FormerKey): readonly string[] {
  const usual = defaultKinds(sources).join();
  return [
    'keys',
    'add',
    label,
    '--sha256',
    sha256,
    ...(environment === undefined ? [] : ['--environment', environment]),
    ...(kinds.join() === usual ? [] : ['--kinds', kinds.join()]),
    ...(sources === undefined ? [] : ['--sources', sources.join()]),
  ];
}

/** Adds a key that only whoever runs the app knows, under a label that no other app has. */
function addKey(commands: Place['commands']): string {
  return `printf %s "$SDK_KEY" | ${commands.sluice('keys', 'add', 'LABEL')}`;
}

/** The cases of what collectors fail with when they read the secret. */
const KEYS_CASES = {
  denied: 'denied',
  busy: 'busy',
  quota: 'failed',
  awsFailed: 'awsFailed',
  missing: 'failed',
  error: 'failed',
} as const satisfies Record<KeysFailure['kind'], CaseOf<'SLUICE_FINDING_KEYS_UNREADABLE'>>;

/** Keys that cannot be read, and a deployment without one, to which nobody can send. */
export function* keyFindings(
  { keys, keysFailure, isLocal, lastHour }: StatusFacts,
  { commands, config, stack }: Place,
): Findings {
  const fault = keys?.fault;
  const faultCase = keys?.faultKind ?? null;
  const why = fault ?? (keysFailure && `Collectors failed to read it last at ${keysFailure.text}`);
  // The local cloud has no change sets.
  const revert = isLocal ? [] : revertDriftWords(`${stack.service}-${stack.stage}`);
  const restore = [['--dry-run'], []].map((more) => commands.sluice('keys', 'restore', ...more));
  // Secrets Manager shows nothing of a secret that is to be deleted, so that a dry run could not say what comes back.
  const shown = faultCase === 'deleted' ? restore.slice(1) : restore;
  const isOfAws = keysFailure?.kind === 'busy' || keysFailure?.kind === 'awsFailed';
  const drift = isOfAws ? [] : [commands.sluice('doctor', '--drift')];
  const repairOfSecret = fault ? shown : drift;
  const repair = fault === GONE ? revert.map((words) => commands.aws(...words)) : repairOfSecret;
  const name = partName(stack, 'keys');
  const changedAt = keys?.changedAt ?? null;
  const unreadable = keys?.unreadable ?? [];
  const KEYS_FAULTS = {
    invalid: 'is no list of keys',
    entries: `has ${counted(unreadable.length, 'entry', 'entries')} that no collector can read, ${listed(unreadable)}`,
    deleted: 'is to be deleted',
    gone: 'does not exist',
  };
  const secretText = changedAt === null ? '' : `, whose secret of keys changed last at ${changedAt}`;
  if (why && !config.allowAnyKey) {
    const says = faultCase === null ? 'is not given to collectors' : KEYS_FAULTS[faultCase];
    const changed = changedAt === null || faultCase === null ? '' : `, changed last at ${changedAt}`;
    const caseOfFault = faultCase === 'gone' && isLocal ? 'local' : faultCase;
    const told = {
      judgedBy: [fault ? 'the keys' : 'the log of collect'],
      // The secret has the time of its last change, however long ago.
      isOfDay: !fault,
      case: caseOfFault ?? KEYS_CASES[keysFailure?.kind ?? 'error'],
      title: `The secret ${name} ${says}${changed}`,
      since: faultCase === null ? (keysFailure?.since ?? null) : changedAt,
      detail: `${name}: ${why}`,
    } as const;
    yield finding('SLUICE_FINDING_KEYS_UNREADABLE', told, repair);
  }
  // The local cloud accepts any key, unless it is started with --check-keys.
  const isChecked = !config.allowAnyKey && (!isLocal || lastHour?.refusedBy[UNKNOWN_KEY] !== undefined);
  if (isChecked && keys?.fault === null && keys.senders.length === 0)
    yield finding(
      'SLUICE_FINDING_NO_KEY',
      {
        title: `No key may send events to ${stack.service}-${stack.stage}${secretText}`,
        since: changedAt,
      },
      keyCommands('emptied', commands),
    );
}

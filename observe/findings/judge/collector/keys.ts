import { partName } from '../../../../infra/template/Stack.ts';
import { counted, listed } from '../../../../lib/base/text.ts';
import { defaultKinds } from '../../../../lib/schema/AcceptedKey.ts';
import { revertDriftWords } from '../../../deploymentCommands.ts';
import type { KeysFailure } from '../../../facts/flow/failures/keysFailure.ts';
import { UNKNOWN_KEY } from '../../../facts/flow/senders.ts';
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
export function* keyFindings(facts: StatusFacts, place: Place): Findings {
  if (place.config.allowAnyKey) return;
  yield* unreadableKeys(facts, place);
  yield* noKey(facts, place);
}

/** What is wrong with the secret of keys, or why collectors cannot read it. */
function* unreadableKeys({ keys, keysFailure, isLocal }: StatusFacts, place: Place): Findings {
  const { fault = null, faultKind = null, changedAt = null } = keys ?? {};
  const why = fault ?? (keysFailure && `Collectors failed to read it last at ${keysFailure.text}`);
  if (!why) return;
  const name = partName(place.stack, 'keys');
  const changed = changedAt === null || faultKind === null ? '' : `, changed last at ${changedAt}`;
  const caseOfFault = faultKind === 'gone' && isLocal ? 'local' : faultKind;
  const told = {
    judgedBy: [fault === null ? 'the log of collect' : 'the keys'],
    // The secret has the time of its last change, however long ago.
    isOfDay: fault === null,
    case: caseOfFault ?? KEYS_CASES[keysFailure?.kind ?? 'error'],
    title: `The secret ${name} ${secretState(keys)}${changed}`,
    since: faultKind === null ? (keysFailure?.since ?? null) : changedAt,
    detail: `${name}: ${why}`,
  } as const;
  yield finding('SLUICE_FINDING_KEYS_UNREADABLE', told, secretRepair({ keys, keysFailure, isLocal }, place));
}

/** What is so of the secret, as a sentence goes on behind its name. */
function secretState(keys: StatusFacts['keys']): string {
  const { faultKind = null, unreadable = [] } = keys ?? {};
  if (faultKind === null) return 'is not given to collectors';
  return {
    invalid: 'is no list of keys',
    entries: `has ${counted(unreadable.length, 'entry', 'entries')} that no collector can read, ${listed(unreadable)}`,
    deleted: 'is to be deleted',
    gone: 'does not exist',
  }[faultKind];
}

/** The commands that have the secret read again, or tell what was changed. */
function secretRepair(
  { keys, keysFailure, isLocal }: Pick<StatusFacts, 'keys' | 'keysFailure' | 'isLocal'>,
  { commands, stack }: Place,
): readonly string[] {
  const { faultKind = null } = keys ?? {};
  if (faultKind === null) {
    const isOfAws = keysFailure?.kind === 'busy' || keysFailure?.kind === 'awsFailed';
    return isOfAws ? [] : [commands.sluice('doctor', '--drift')];
  }
  const restore = commands.sluice('keys', 'restore');
  // Secrets Manager shows nothing of a secret that is to be deleted, so that a dry run could not say what comes back.
  if (faultKind === 'deleted') return [restore];
  if (faultKind !== 'gone') return [commands.sluice('keys', 'restore', '--dry-run'), restore];
  // The local cloud has no change sets.
  const revert = isLocal ? [] : revertDriftWords(`${stack.service}-${stack.stage}`);
  return revert.map((words) => commands.aws(...words));
}

/** A list without a key that may send. The local cloud accepts any key, unless it is started with --check-keys. */
function* noKey({ keys, isLocal, lastHour }: StatusFacts, { commands, stack }: Place): Findings {
  const isChecked = !isLocal || lastHour?.refusedBy[UNKNOWN_KEY] !== undefined;
  if (!isChecked || keys?.fault !== null || keys.senders.length > 0) return;
  const { changedAt } = keys;
  const secret = changedAt === null ? '' : `, whose secret of keys changed last at ${changedAt}`;
  const told = {
    title: `No key may send events to ${stack.service}-${stack.stage}${secret}`,
    since: changedAt,
  };
  yield finding('SLUICE_FINDING_NO_KEY', told, keyCommands('emptied', commands));
}

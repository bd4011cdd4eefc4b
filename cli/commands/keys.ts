import { hash } from 'node:crypto';
import { text as textOf } from 'node:stream/consumers';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { versionedSecret } from '../../lib/aws/secrets.ts';
import type { AcceptedKey } from '../../lib/schema/AcceptedKey.ts';
import {
  addKey,
  changeKey,
  KeyListError,
  type KeysSecret,
  listedKeys,
  type NamedKey,
  removeKey,
} from '../../lib/wire/keys/editKeys.ts';
import { sdkKey } from '../../lib/wire/sdkRequest.ts';
import type { ConfiguredTarget } from '../../observe/target.ts';
import { changeKeyList } from '../aws/changeKeyList.ts';
import {
  type Action,
  always,
  type CommandLine,
  commandWithActions,
  dryRunOption,
  filledOption,
  isDryRun,
  onlyArgument,
  targetOptions,
  textOption,
  UsageError,
} from '../terminal/commandLine.ts';
import { writeNote, writeResult } from '../terminal/output.ts';
import { textTable } from '../terminal/tables.ts';

/** A SHA-256 in hexadecimal digits. */
const SHA256 = /^[0-9a-f]{64}$/i;
/** Digits of a SHA-256 that tell keys apart for people. */
const DIGITS_SHOWN = 8;
/** The argument of actions about one key, as an error names it. */
const LABEL = 'the label of a key';

/** The actions, by their names. */
const ACTIONS: Readonly<Record<string, Action>> = {
  list: {
    summary: 'List the keys of the configuration and of the secret by their SHA-256.',
    options: [],
    run: list,
  },
  add: {
    summary: 'Add a key under a label; the key is read from stdin.',
    options: ['environment', 'kinds', 'sources', 'sha256'],
    takes: 'LABEL',
    changes: always,
    run: add,
  },
  set: {
    summary: 'Change the environment, the kinds or the sources of the key of a label.',
    options: ['environment', 'kinds', 'sources', 'sha256'],
    takes: 'LABEL',
    changes: always,
    run: set,
  },
  remove: {
    summary: 'Remove the key of a label.',
    options: ['sha256'],
    takes: 'LABEL',
    changes: always,
    run: remove,
  },
  restore: {
    summary: 'Take back a deletion of the secret, and keys of its last valid list.',
    options: ['dry-run'],
    run: restore,
  },
};

/** `sluice keys`: the SDK keys that may post to a deployed collector, changed without a deployment. */
export const keys = commandWithActions({
  name: 'keys',
  summary: 'Add, list, change, remove and restore the SDK keys that may post to a deployed collector.',
  options: {
    ...targetOptions,
    environment: {
      type: 'string',
      help: 'environment of events without one (add: default production)',
    },
    kinds: {
      type: 'string',
      help: 'exposures, events or both (default both; add: none with --sources)',
    },
    sources: {
      type: 'string',
      help: 'sources whose ingest it may trigger; a key that is added without --kinds may do nothing else',
    },
    sha256: {
      type: 'string',
      help: "the key's SHA-256 in place of the key (set, remove: its first digits)",
    },
    ...dryRunOption,
  },
  examples: [
    'printf %s "$STATSIG_CLIENT_KEY" | sluice keys add web --stage prod',
    'printf %s "$ACME_KEY" | sluice keys add acme --sources acme --stage prod',
    'sluice keys set web --kinds exposures,events --stage prod',
  ],
  actions: ACTIONS,
});

/** A key that may send, without the key itself. */
interface ListedKey {
  /** Names the key in logs, metrics and quarantine rows. */
  readonly label: string;
  /** SHA-256 of the key, lower-case hexadecimal digits. */
  readonly sha256: string;
  /** `environment` of events whose sender gave no tier; empty if the configuration's default holds. */
  readonly environment: string;
  /** Kinds that may be sent with it, with commas between them. */
  readonly kinds: string;
  /** Names of the sources whose ingest it may start, with commas between them; empty if there are none. */
  readonly sources: string;
  /** Where it is. */
  readonly from: 'configuration' | 'secret' | 'earlier version';
}

/** The keys that may send. */
interface KeyList {
  /** The keys of the configuration come first, then those of the secret. */
  readonly keys: readonly ListedKey[];
}

/** An entry of the keys' secret. */
interface KeyEntry {
  /** Names the key in logs, metrics and quarantine rows. */
  readonly label: string;
  /** SHA-256 of the key, lower-case hexadecimal digits. */
  readonly sha256: string;
  /** `environment` of events whose sender gave no tier; absent if it was not given. */
  readonly environment?: string;
  /** Kinds that may be sent with it; absent if they were not given: all. */
  readonly kinds?: readonly string[];
  /** Names of the sources whose ingest it may start; absent if they were not given. */
  readonly sources?: readonly string[];
}

/** A key that was added. */
interface AddedKey {
  /** Its entry in the secret. */
  readonly added: KeyEntry;
}

/** A key that was changed. */
interface ChangedKey {
  /** What was changed, by its `label`. */
  readonly changed: Pick<KeyEntry, 'label'>;
}

/** A key that was removed. */
interface RemovedKey {
  /** What was removed, by its `label`. */
  readonly removed: Pick<KeyEntry, 'label'>;
}

/** The keys of a restored secret. */
interface RestoredKeyList extends KeyList {
  /** Whether nothing was changed. */
  readonly dryRun: boolean;
  /**
   * Whether the secret is scheduled for deletion and a dry run could not see its keys, all of which come back: then `keys` is empty.
   */
  readonly isHidden: boolean;
  /** What is not valid, a sentence each, without its values. */
  readonly problems: readonly string[];
}

/** Prints the keys of the configuration and of the secret. @returns The exit code 0. */
async function list(line: CommandLine): Promise<number> {
  const { rows, isLocal, allowAnyKey } = await withSecret(line, async ({ secret, target }) => ({
    isLocal: target.isLocal,
    allowAnyKey: target.config.allowAnyKey,
    rows: [
      ...target.config.keys.map((key) => row(key, 'configuration')),
      ...listedKeys((await secret.read()).text).map((key) => row(key, 'secret')),
    ],
  }));
  writeResult<KeyList>(line, { keys: rows }, () => textTable(rows.map((keyRow) => ({ ...keyRow }))));
  const any = 'any client-… or secret-… key, under the label `any`';
  if (allowAnyKey) writeNote(`The configuration accepts ${any} (allowAnyKey).\n`);
  else if (isLocal)
    writeNote(`The local cloud also accepts ${any}, unless it was started with --check-keys.\n`);
  return 0;
}

/** Adds a key to the secret. @returns The exit code 0. @throws KeyListError for an entry that is not valid, before AWS is called. */
async function add(line: CommandLine, rest: readonly string[]): Promise<number> {
  const label = onlyArgument(rest, LABEL);
  const members = membersOf(line);
  const sha256 =
    textOption(line, 'sha256')?.toLowerCase() ?? (await hashFromStdin(members.sources !== undefined));
  const entry = { label, sha256, ...members };
  // Validates the entry before the first call to AWS.
  addKey('{"keys":[]}', entry);
  await changeKeys(line, (text) => addKey(text, entry));
  writeResult<AddedKey>(line, { added: entry }, () => '');
  writeNote(
    `Added ${label} (SHA-256 ${entry.sha256.slice(0, DIGITS_SHOWN)}…). Collectors accept it within half a minute.\n`,
  );
  return 0;
}

/** Which key of the secret a line means. @throws UsageError for an empty `--sha256`, which all keys would fit. */
function namedKey(line: CommandLine, label: string): NamedKey {
  return { label, sha256: filledOption(line, 'sha256') ?? '' };
}

/** What options say of a key. */
function membersOf(line: CommandLine): Omit<KeyEntry, 'label' | 'sha256'> {
  const environment = textOption(line, 'environment');
  const kinds = textOption(line, 'kinds')?.split(',');
  const sources = textOption(line, 'sources')?.split(',');
  return {
    ...(environment === undefined ? {} : { environment }),
    ...(kinds === undefined ? {} : { kinds }),
    ...(sources === undefined ? {} : { sources }),
  };
}

/** Changes a key of the secret. @returns The exit code 0. @throws KeyListError; UsageError without anything to change. */
async function set(line: CommandLine, rest: readonly string[]): Promise<number> {
  const label = onlyArgument(rest, LABEL);
  const members = membersOf(line);
  if (Object.keys(members).length === 0)
    throw new UsageError('SLUICE_USAGE_OPTIONS', 'keys set: expected --environment, --kinds or --sources.');
  const key = namedKey(line, label);
  await changeKeys(line, (text) => changeKey(text, key, members));
  writeResult<ChangedKey>(line, { changed: { label } }, () => '');
  writeNote(`Changed ${label}. Collectors read it within five minutes.\n`);
  return 0;
}

/** Removes a key from the secret. @returns The exit code 0. @throws KeyListError for a label that it does not have. */
async function remove(line: CommandLine, rest: readonly string[]): Promise<number> {
  const label = onlyArgument(rest, LABEL);
  const key = namedKey(line, label);
  await changeKeys(line, (text) => removeKey(text, key));
  writeResult<RemovedKey>(line, { removed: { label } }, () => '');
  writeNote(`Removed ${label}. Collectors refuse it within five minutes.\n`);
  return 0;
}

/** Restores the secret, or in a dry run says what would come back. @returns The exit code 0. @throws KeyListError. */
async function restore(line: CommandLine): Promise<number> {
  const { restoreKeys } = await import('../aws/restoreKeys.ts');
  const dryRun = isDryRun(line);
  const { isHidden, kept, back, problems } = await withSecret(line, ({ client, secretId }) =>
    restoreKeys(client, secretId, dryRun),
  );
  const rows = [...kept.map((key) => row(key, 'secret')), ...back.map((key) => row(key, 'earlier version'))];
  writeResult<RestoredKeyList>(line, { dryRun, isHidden, keys: rows, problems }, () =>
    isHidden ? '' : textTable(rows.map((keyRow) => ({ ...keyRow }))),
  );
  if (isHidden)
    writeNote(
      'The secret is scheduled for deletion, and AWS does not show its keys. `keys restore` takes the deletion back, with all of them.\n',
    );
  if (problems.length > 0) writeNote(`Not valid: ${problems.join(' ')}\n`);
  writeNote(
    dryRun ? 'Nothing was changed: this is a dry run.\n' : 'Collectors read it within five minutes.\n',
  );
  return 0;
}

/**
 * The SHA-256 of the key that comes at stdin; a person is asked for it. The key is never an argument, because other users and the shell's
 * history can see it, and never leaves this function.
 *
 * @param isForTrigger Whether the key may start an ingest: then it has to be a server's.
 * @throws KeyListError `SLUICE_KEYS_NOT_AN_SDK_KEY`, or `SLUICE_KEYS_ENTRY_INVALID` for a client key that is to start an
 *   ingest.
 */
async function hashFromStdin(isForTrigger: boolean): Promise<string> {
  if (process.stdin.isTTY) writeNote('Type or paste the SDK key, then Enter and Ctrl-D: ');
  const sent = (await textOf(process.stdin)).trim();
  const key = sdkKey(sent);
  if (key === null) {
    const hint = SHA256.test(sent) ? 'It looks like a SHA-256: give that with --sha256.' : '';
    throw new KeyListError('SLUICE_KEYS_NOT_AN_SDK_KEY', hint);
  }
  if (isForTrigger && !key.startsWith('secret-'))
    throw new KeyListError(
      'SLUICE_KEYS_ENTRY_INVALID',
      'sources: expected a secret-… key, because everyone can read a client-… key in an app.',
    );
  return hash('sha256', key);
}

/** The secret of a deployment, opened. */
interface OpenedSecret {
  /** Reads and replaces the list. */
  readonly secret: KeysSecret;
  /** The deployment, with its configuration. */
  readonly target: ConfiguredTarget;
  /** The client of Secrets Manager, which is closed after the work. */
  readonly client: SecretsManagerClient;
  /** The name of the secret: `sluice-prod-keys`. */
  readonly secretId: string;
}

/**
 * Does work with the secret of the deployment that the command line names. AWS's clients are imported here, so that an invalid label is
 * reported without loading them.
 *
 * @throws KeyListError `SLUICE_KEYS_NO_SECRET`; what the work throws.
 */
async function withSecret<Result>(
  line: CommandLine,
  work: (opened: OpenedSecret) => Promise<Result>,
): Promise<Result> {
  const [{ configuredTarget }, { explainingAws }, sdk] = await Promise.all([
    import('../aws/target.ts'),
    import('../aws/withDeployment.ts'),
    import('@aws-sdk/client-secrets-manager'),
  ]);
  const target = await configuredTarget(line);
  const { stack, aws } = target;
  const secretId = `${stack.service}-${stack.stage}-keys`;
  const client = new sdk.SecretsManagerClient(aws);
  const secret = versionedSecret(client, secretId);
  return explainingAws(() => work({ secret, target, client, secretId }))
    .catch((error: unknown) => {
      if (error instanceof Error && error.cause instanceof sdk.ResourceNotFoundException)
        throw new KeyListError('SLUICE_KEYS_NO_SECRET', `${secretId}.`, { cause: error });
      throw error;
    })
    .finally(() => client.destroy());
}

/** Changes the list of the secret by {@link changeKeyList}. @throws KeyListError; what `edit` throws. */
function changeKeys(line: CommandLine, edit: (text: string) => string): Promise<void> {
  return withSecret(line, ({ secret }) => changeKeyList(secret, edit));
}

/** A key as it is listed. */
function row(
  { label, sha256, environment = '', kinds, sources = [] }: AcceptedKey,
  from: ListedKey['from'],
): ListedKey {
  return { label, sha256, environment, kinds: kinds.join(','), sources: sources.join(','), from };
}

import { readFile, stat } from 'node:fs/promises';
import { text as textOf } from 'node:stream/consumers';
import type { StoredText } from '../../lib/base/ObjectStore.ts';
import { systemTiming } from '../../lib/base/retry.ts';
import { counted, didYouMean } from '../../lib/base/text.ts';
import { isoTimestamp } from '../../lib/base/time.ts';
import { type GroupColumns, groupColumns, readGroupRows } from '../../lib/groups/GroupRow.ts';
import { GroupsError } from '../../lib/groups/GroupsError.ts';
import { groupsObject, updateGroupsTable } from '../../lib/groups/groupsTable.ts';
import { readSpecs, SPECS_BYTES, type Specs } from '../../lib/groups/readSpecs.ts';
import { groupsKey } from '../../lib/tables/tableFolders.ts';
import { sdkKey } from '../../lib/wire/sdkRequest.ts';
import { targetedCommand } from '../aws/target.ts';
import { withDeployment } from '../aws/withDeployment.ts';
import {
  type Action,
  always,
  type CommandLine,
  commandWithActions,
  targetOptions,
  textOption,
  UsageError,
} from '../terminal/commandLine.ts';
import { writeNote, writeResult } from '../terminal/output.ts';
import { textTable } from '../terminal/tables.ts';
import { downloadSpecs, SPECS_URL } from './downloadSpecs.ts';

/** The actions, by their names. */
const ACTIONS: Readonly<Record<string, Action>> = {
  pull: {
    summary: 'Read the specs, and store names and kinds of groups.',
    options: ['specs', 'specs-url'],
    changes: always,
    run: pull,
  },
  list: { summary: 'List the stored groups.', options: ['experiment'], run: list },
};

/** `sluice groups`: names and kinds of experiment groups, from Statsig's specs. */
export const groups = commandWithActions({
  name: 'groups',
  summary: "Pull names and kinds of experiment groups from Statsig's specs.",
  options: {
    specs: { type: 'string', help: 'file with the specs (default: download them from Statsig)' },
    'specs-url': {
      type: 'string',
      help: `URL of the download, without the key (default ${SPECS_URL})`,
    },
    experiment: { type: 'string', help: 'one experiment, layer or holdout (default: all)' },
    ...targetOptions,
  },
  examples: [
    'STATSIG_SERVER_KEY=$(pass statsig/server) sluice groups pull --stage prod',
    'sluice groups pull --specs specs.json --local',
  ],
  actions: ACTIONS,
});

/** What a pull has found, and kept in the table. */
interface PulledGroups {
  /** Time at which the specs were valid, ISO 8601. */
  readonly seen_at: string;
  /** Rules that are new. */
  readonly added: number;
  /** Rules that were known already. */
  readonly seen_again: number;
  /** Rules that are kept although the specs no longer have them. */
  readonly kept: number;
}

/** Groups of experiments. */
interface GroupList {
  /** The rows of `experiment_groups`, with times in ISO 8601. */
  readonly groups: readonly GroupColumns[];
}

/** Reads specs of Statsig or of a file, and stores their rules. @returns The exit code 0. @throws UsageError; GroupsError. */
async function pull(line: CommandLine): Promise<number> {
  const file = textOption(line, 'specs');
  if (file !== undefined && textOption(line, 'specs-url') !== undefined)
    throw new UsageError('SLUICE_USAGE_OPTIONS', 'Expected --specs or --specs-url, got both.');
  const specs = readSpecs(file === undefined ? await download(line) : await readSpecsFile(file));
  const pulled = await withStore(line, async (store, now) => {
    // Specs of a file are of the time of their last change.
    const at = file === undefined ? now : Math.min(specs.time ?? now, now);
    const merged = await updateGroupsTable(specs.rules, at, { store, ...systemTiming });
    return { at, merged };
  });
  const { added, seenAgain, kept } = pulled.merged;
  const at = isoTimestamp(pulled.at);
  writeResult<PulledGroups>(line, { seen_at: at, added, seen_again: seenAgain, kept }, () => '');
  writeNote(
    `${specsText(specs)}, as of ${at}. Rules: ${added} new, ${seenAgain} already known, ${kept} kept that the specs no longer have.\n` +
      'Views use them at once, collectors within five minutes.\n',
  );
  return 0;
}

/** `Read 3 experiments, 1 layer and 0 holdouts` */
function specsText({ rules }: Specs): string {
  const count = (entity: string) => {
    const ofEntity = rules.filter((rule) => rule.entity === entity);
    return counted(new Set(ofEntity.map(({ experimentId }) => experimentId)).size, entity);
  };
  return `Read ${count('experiment')}, ${count('layer')} and ${count('holdout')}`;
}

/** Prints the stored groups. @returns The exit code 0. */
async function list(line: CommandLine): Promise<number> {
  const experiment = textOption(line, 'experiment');
  const rows = await withStore(line, async (store) => readGroupRows((await store.read())?.text ?? ''));
  const shown = rows
    .filter(({ experimentId }) => (experiment ?? experimentId) === experimentId)
    .map((row) => groupColumns(row, isoTimestamp));
  writeResult<GroupList>(line, { groups: shown }, () => textTable(shown.map((columns) => ({ ...columns }))));
  if (rows.length === 0)
    writeNote(`No specs were pulled yet. Run \`${targetedCommand(line, ['groups', 'pull'])}\`.\n`);
  else if (experiment !== undefined && shown.length === 0) {
    const names = new Set(rows.map(({ experimentId }) => experimentId));
    writeNote(`The table has no ${JSON.stringify(experiment)}.${didYouMean(experiment, [...names])}\n`);
  }
  return 0;
}

/** Does work with the stored groups of the deployment, and its time. */
async function withStore<Result>(
  line: CommandLine,
  work: (store: StoredText, now: number) => Promise<Result>,
): Promise<Result> {
  const { s3ObjectStore } = await import('../../lib/aws/s3ObjectStore.ts');
  return withDeployment(line, ({ s3, config, now }) =>
    work(groupsObject(s3ObjectStore(s3, config.bucket), groupsKey(config)), now),
  );
}

/** The bytes of a file of specs. @throws GroupsError `SLUICE_GROUPS_SPECS_TOO_LARGE`. */
async function readSpecsFile(path: string): Promise<Uint8Array> {
  const { size } = await stat(path);
  if (size > SPECS_BYTES)
    throw new GroupsError('SLUICE_GROUPS_SPECS_TOO_LARGE', `${path}: ${size} bytes of ${SPECS_BYTES}.`);
  return readFile(path);
}

/** The specs of Statsig, or of the server that `--specs-url` names. @throws As {@link downloadSpecs}. */
async function download(line: CommandLine): Promise<Uint8Array> {
  return downloadSpecs(textOption(line, 'specs-url') ?? SPECS_URL, await readServerKey(), {
    fetch: globalThis.fetch,
    ...systemTiming,
  });
}

/**
 * The server secret key of the environment, or of stdin. It is never an argument: other users and the shell's history can see the
 * command line.
 *
 * @throws GroupsError `SLUICE_GROUPS_NO_KEY`
 */
async function readServerKey(): Promise<string> {
  const sent = process.env['STATSIG_SERVER_KEY'] || (await readKeyFromStdin());
  const key = sdkKey(sent.trim());
  if (key?.startsWith('secret-')) return key;
  throw new GroupsError('SLUICE_GROUPS_NO_KEY', 'A server secret key has the form secret-….');
}

/** What comes at stdin; a person is asked for it. */
async function readKeyFromStdin(): Promise<string> {
  if (process.stdin.isTTY) writeNote('Type or paste the server secret key, then Enter and Ctrl-D: ');
  return textOf(process.stdin);
}

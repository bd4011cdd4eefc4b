import { readFile, stat } from 'node:fs/promises';
import { text as textOf } from 'node:stream/consumers';
import type { StoredText } from '../../lib/base/ObjectStore.ts';
import { systemTiming } from '../../lib/base/retry.ts';
import { isoTimestamp } from '../../lib/base/time.ts';
import { type GroupRow, readGroupRows } from '../../lib/groups/GroupRow.ts';
import { GroupsError } from '../../lib/groups/GroupsError.ts';
import { groupsObject } from '../../lib/groups/pullGroups.ts';
import { readSpecs, SPECS_BYTES, type Specs } from '../../lib/groups/readSpecs.ts';
import { groupsKey } from '../../lib/tables/tableFolders.ts';
import { readSdkKey } from '../../lib/wire/sdkRequest.ts';
import { targetedCommand } from '../aws/target.ts';
import { withDeployment } from '../aws/withDeployment.ts';
import {
  type Action,
  always,
  type CommandLine,
  commandWithActions,
  targetOptions,
  textOption,
} from '../terminal/commandLine.ts';
import { textTable, writeNote, writeResult } from '../terminal/output.ts';
import { downloadSpecs, SPECS_URL } from './downloadSpecs.ts';

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
    specs: { type: 'string', help: 'pull: file with the specs (default: download them from Statsig)' },
    'specs-url': {
      type: 'string',
      help: `pull: URL of the download, without the key (default ${SPECS_URL})`,
    },
    experiment: { type: 'string', help: 'list: one experiment, layer or holdout (default: all)' },
    ...targetOptions,
  },
  examples: [
    'STATSIG_SERVER_KEY=$(pass statsig/server) sluice groups pull --stage prod',
    'sluice groups pull --specs specs.json --local',
  ],
  actions: ACTIONS,
});

/** What specs had. */
export interface PulledGroups {
  /** The time that the specs are of, ISO 8601. */
  readonly seen_at: string;
  /** Rules that are new. */
  readonly added: number;
  /** Rules that were known already. */
  readonly seen_again: number;
  /** Rules that are kept although the specs no longer have them. */
  readonly kept: number;
}

/** Groups of experiments. */
export interface GroupList {
  /** A value for each column of `experiment_groups`: docs/reference/tables.md. */
  readonly groups: readonly Readonly<Record<string, string | number | null>>[];
}

async function pull(line: CommandLine): Promise<number> {
  const file = textOption(line, 'specs');
  const specs = readSpecs(file === undefined ? await download(line) : await readSpecsFile(file));
  const pulled = await withStore(line, async (store, now) => {
    const { pullGroups } = await import('../../lib/groups/pullGroups.ts');
    // Specs of a file are of the time of their last change.
    const at = file === undefined ? now : Math.min(specs.time ?? now, now);
    const merged = await pullGroups(specs.rules, at, { store, ...systemTiming });
    return { at, merged };
  });
  const { added, seenAgain, kept } = pulled.merged;
  const at = isoTimestamp(pulled.at);
  writeResult<PulledGroups>(line, { seen_at: at, added, seen_again: seenAgain, kept }, () => '');
  writeNote(
    `${countsText(specs)}, as of ${at}. Rules: ${added} new, ${seenAgain} already known, ${kept} kept that the specs no longer have.\n` +
      'Views use them at once, collectors within five minutes.\n',
  );
  return 0;
}

function countsText({ rules }: Specs): string {
  const count = (entity: string) =>
    new Set(rules.filter((rule) => rule.entity === entity).map(({ experimentId }) => experimentId)).size;
  return `Read ${count('experiment')} experiments, ${count('layer')} layers and ${count('holdout')} holdouts`;
}

async function list(line: CommandLine): Promise<number> {
  const experiment = textOption(line, 'experiment');
  const rows = await withStore(line, async (store) => readGroupRows((await store.read())?.text ?? ''));
  const shown = rows
    .filter(({ experimentId }) => (experiment ?? experimentId) === experimentId)
    .map(groupColumns);
  writeResult<GroupList>(line, { groups: shown }, () => textTable(shown));
  if (rows.length === 0)
    writeNote(`No specs were pulled yet. Run \`${targetedCommand(line, ['groups', 'pull'])}\`.\n`);
  return 0;
}

/** A row with the names of the table's columns. */
function groupColumns(row: GroupRow) {
  return {
    experiment_id: row.experimentId,
    entity: row.entity,
    layer_id: row.layerId ?? '',
    rule_id: row.ruleId,
    kind: row.kind,
    group_name: row.groupName ?? '',
    expected_split: row.expectedSplit,
    first_seen: isoTimestamp(row.firstSeen),
    last_seen: isoTimestamp(row.lastSeen),
  };
}

async function withStore<Result>(
  line: CommandLine,
  work: (store: StoredText, now: number) => Promise<Result>,
): Promise<Result> {
  const { s3ObjectStore } = await import('../../lib/aws/s3ObjectStore.ts');
  return withDeployment(line, ({ s3, config, now }) =>
    work(groupsObject(s3ObjectStore(s3, config.bucket), groupsKey(config)), now),
  );
}

async function readSpecsFile(path: string): Promise<Uint8Array> {
  const { size } = await stat(path);
  if (size > SPECS_BYTES)
    throw new GroupsError('SLUICE_GROUPS_SPECS_TOO_LARGE', `${path}: ${size} bytes of ${SPECS_BYTES}.`);
  return readFile(path);
}

async function download(line: CommandLine): Promise<Uint8Array> {
  return downloadSpecs(textOption(line, 'specs-url') ?? SPECS_URL, await readServerKey(), {
    fetch: globalThis.fetch,
    ...systemTiming,
  });
}

/** The key is never an argument: other users and the shell's history can see the command line. */
async function readServerKey(): Promise<string> {
  const sent = process.env['STATSIG_SERVER_KEY'] || (await readKeyFromStdin());
  const key = readSdkKey({ 'statsig-api-key': sent.trim() }, new URLSearchParams());
  if (key === null)
    throw new GroupsError('SLUICE_GROUPS_NO_KEY', 'It does not have the form of a server secret key.');
  return key;
}

async function readKeyFromStdin(): Promise<string> {
  if (process.stdin.isTTY) writeNote('Type or paste the server secret key, then Enter and Ctrl-D: ');
  return textOf(process.stdin);
}

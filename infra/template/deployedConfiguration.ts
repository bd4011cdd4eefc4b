import { createHash } from 'node:crypto';
import * as z from 'zod';
import { isJsonObject, parseJson } from '../../lib/base/json.ts';
import type { Config } from '../../lib/schema/config.ts';
import { listExperiments } from '../../lib/schema/names.ts';

/** The output of the stack that states the configuration from which it was deployed. */
export const CONFIGURATION_OUTPUT = 'SluiceConfiguration';

/** A setting, as the output states it. */
type Setting = string | number | boolean | null;
/** Settings by their paths: `retention.quarantineDays`, `sources.acme.datasets.refunds`. */
type Settings = Readonly<Record<string, Setting>>;

/** The settings that an output states, by path. */
const stated = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]));

/** Texts with more characters, and addresses, which may hold a secret, are stated by a digest. */
const MOST_CHARACTERS = 64;

/**
 * What the stack states of its configuration, as JSON: each setting by its path. An entry of a list that has a name or a
 * label is one setting, stated by a digest; a list whose entries have none is one setting as a whole.
 *
 * Left out is what shapes no resource: `account`, `region`, `keysInSecret`, and splits of experiments. Also left out is
 * what may be a secret that only the machine which deploys has: the salt, the target of relay, and external IDs, which
 * can be guessed by a digest. Digests do not depend on the order of members.
 *
 * CloudFormation takes some 450,000 characters in all outputs: https://github.com/aws-amplify/amplify-backend/pull/946
 */
export function statedConfiguration(config: Config): string {
  return JSON.stringify(settingsOf(config));
}

/** The settings that shape resources, by their paths. */
function settingsOf(config: Config): Settings {
  const { account, region, keysInSecret, privacy, relay, ...shaping } = config;
  const { required, redacted, concurrency } = relay ?? {};
  const all = {
    ...shaping,
    experiments: listExperiments(config),
    privacy: { redact: privacy.redact },
    relay: { required, redacted, concurrency },
  };
  return Object.fromEntries(settingsUnder('', all));
}

/** The settings of a value, with the path of each; none for an empty list. */
function settingsUnder(path: string, value: unknown): readonly (readonly [string, Setting])[] {
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return [];
  if (isJsonObject(value))
    return Object.entries(value).flatMap(([name, member]) =>
      settingsUnder(path === '' ? name : `${path}.${name}`, member),
    );
  if (hasNames(value))
    return value.flatMap((entry) => {
      const at = `${path}.${nameIn(entry)}`;
      const members = Object.entries(entry);
      const plain = Object.fromEntries(members.filter(([, member]) => !hasNames(member)));
      const lists = members.filter(([, member]) => hasNames(member));
      return [
        [at, digestOf(plain)] as const,
        ...lists.flatMap(([name, member]) => settingsUnder(`${at}.${name}`, member)),
      ];
    });
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return [[path, value]];
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const isShown = text.length <= MOST_CHARACTERS && !text.includes('://');
  return [[path, isShown ? text : digestOf(value)]];
}

/** Whether a value is a list of objects with names, or labels. */
function hasNames(value: unknown): value is readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) && value.every((entry) => nameIn(entry) !== undefined);
}

/** The name or label of an entry of a list. */
function nameIn(entry: unknown): string | undefined {
  const { name, label } = isJsonObject(entry) ? entry : {};
  return [name, label].find((text) => typeof text === 'string');
}

/** A setting that is stated by its digest. */
const DIGEST = /^sha256:[0-9a-f]{16}$/;

/** The digest of a value, whatever the order of its members. External IDs are left out. */
function digestOf(value: unknown): string {
  const text = JSON.stringify(value, (name, member) => {
    if (name === 'externalId') return undefined;
    return isJsonObject(member) ? Object.fromEntries(Object.entries(member).sort()) : member;
  });
  const digest = createHash('sha256').update(text).digest('hex');
  return `sha256:${digest.slice(0, 16)}`;
}

/**
 * The settings that differ between a configuration and the one that the stack was deployed from, in words that begin
 * with the path of each: `retention.quarantineDays: deployed 90, configured 30`. None if none differs, or if the stack
 * states no settings.
 *
 * @param output The text of the stack's {@link CONFIGURATION_OUTPUT}; undefined if it has none.
 * @param isOtherRelease Whether another release has deployed the stack. Then settings that only one of the two has are
 *   left out, as a release may have other settings, and digests are, as its entries may have other members.
 */
export function undeployedSettings(
  config: Config,
  output: string | undefined,
  isOtherRelease: boolean,
): readonly string[] {
  const { data: deployed } = stated.safeParse(parseJson(output ?? ''));
  if (deployed === undefined) return [];
  const configured = settingsOf(config);
  const paths = [...new Set([...Object.keys(deployed), ...Object.keys(configured)])].sort();
  return paths.flatMap((path) => {
    const before = deployed[path];
    const now = configured[path];
    const mayBeOfRelease = [before, now].some((setting) => setting === undefined || isDigest(setting));
    if (before === now || (isOtherRelease && mayBeOfRelease)) return [];
    return [`${path}: ${differenceText(before, now)}`];
  });
}

/**
 * The configured unit IDs whose columns the tables of the stack have; all of them if the stack states no settings.
 *
 * @param output As of {@link undeployedSettings}.
 */
export function deployedUnitIds(config: Config, output: string | undefined): Config['unitIds'] {
  const { data: deployed } = stated.safeParse(parseJson(output ?? ''));
  if (deployed === undefined) return config.unitIds;
  const configured = settingsOf(config);
  const isDeployed = (unitId: string) => {
    const path = `unitIds.${unitId}`;
    return deployed[path] === configured[path];
  };
  return Object.fromEntries(Object.entries(config.unitIds).filter(([unitId]) => isDeployed(unitId)));
}

/** What goes with a setting that a deployment no longer has, by its path. */
const GONE: readonly (readonly [path: RegExp, what: (deployed: Setting) => string])[] = [
  [
    /^unitIds\.[^.]+$/,
    (column) =>
      `the column ${column} leaves the tables and views, and queries that name it fail. IDs that come stay in custom_ids.`,
  ],
  [/^sources\.[^.]+\.datasets\.[^.]+$/, () => 'no run loads its days any more.'],
  [/^exports\.[^.]+$/, () => 'no day is exported any more.'],
];

/**
 * What a deployment takes away that queries, customers or readers may miss, a sentence each that begins with the path of the setting. None
 * if the stack states no settings.
 *
 * @param output As of {@link undeployedSettings}.
 */
export function removedParts(config: Config, output: string | undefined): readonly string[] {
  const { data: deployed = {} } = stated.safeParse(parseJson(output ?? ''));
  const configured = settingsOf(config);
  return Object.entries(deployed).flatMap(([path, before]) => {
    const gone = GONE.find(([of]) => of.test(path))?.[1](before);
    // Another column takes the place of one; another digest is the same entry with other members.
    const isKept = configured[path] === before || (isDigest(before) && configured[path] !== undefined);
    if (gone === undefined || isKept) return [];
    return [`${path}: ${differenceText(before, configured[path])}: ${gone}`];
  });
}

/** What was deployed and what is configured, in words. */
function differenceText(deployed: Setting | undefined, configured: Setting | undefined): string {
  if (configured === undefined) return `deployed${shown(deployed)}, not configured`;
  if (deployed === undefined) return `configured${shown(configured)}, not deployed`;
  if (isDigest(deployed) && isDigest(configured)) return 'deployed with other values';
  return `deployed${shown(deployed)}, configured${shown(configured)}`;
}

/** Whether a setting is stated by its digest, which says nothing to people. */
function isDigest(setting: Setting | undefined): boolean {
  return DIGEST.test(String(setting));
}

/** A setting behind a word; empty for a digest. */
function shown(setting: Setting | undefined): string {
  return isDigest(setting) ? '' : ` ${setting ?? 'none'}`;
}

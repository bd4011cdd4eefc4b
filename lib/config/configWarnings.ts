import { CanonicalJsonWriter } from '../base/canonicalJson.ts';
import { isJsonObject } from '../base/json.ts';
import { overlap } from '../base/s3Location.ts';
import { displayValue, nearestNames } from '../base/text.ts';
import type { ConfigProblem } from '../schema/ConfigProblem.ts';
import type { Config } from '../schema/config.ts';
import type { Field } from '../schema/mapping/fieldSource.ts';
import type { Reader } from '../schema/readers.ts';
import type { Dataset } from '../schema/sources.ts';
import { isPersonalStage } from '../schema/stages.ts';
import { Redaction } from '../wire/Redaction.ts';

/** Warnings about a valid configuration: settings that are most likely mistakes, each with its field. */
export function configWarnings(config: Config, stage: string): readonly ConfigProblem[] {
  return [
    ...keyWarnings(config, stage),
    ...resendWarnings(config),
    ...unitWarnings(config),
    ...config.readers.flatMap(viewWarnings),
    ...config.sources.flatMap(({ datasets }, i) => [
      ...datasets.flatMap((dataset, j) => typeWarnings(config, dataset, `sources.${i}.datasets.${j}`)),
      ...folderWarnings(datasets, `sources.${i}`),
    ]),
  ];
}

/** The warning about a stage of several people that takes events of everybody. */
function keyWarnings({ allowAnyKey }: Config, stage: string): readonly ConfigProblem[] {
  if (!allowAnyKey || isPersonalStage(stage)) return [];
  const text =
    'anybody who knows the address may post events. List `keys`, or set `keysInSecret`, before you deploy to this stage.';
  return [{ field: 'allowAnyKey', text }];
}

/** Warnings about databases of which a reader reads no files. */
function viewWarnings({ alsoReads }: Reader, i: number): readonly ConfigProblem[] {
  return alsoReads.flatMap(({ database, locations }, j) => {
    if (locations.length > 0) return [];
    const text = `${displayValue(database)} has no \`locations\`, so only views can be read there, and only if the reader may read their tables, too: Sluice's, or tables of another entry.`;
    return [{ field: `readers.${i}.alsoReads.${j}`, text }];
  });
}

/** Warnings about exports for Statsig of a table that has resends: Statsig counts a resent event again. */
function resendWarnings({ exports, tables }: Config): readonly ConfigProblem[] {
  return exports.flatMap(({ format, table }, i) => {
    if (format !== 'statsig' || (table !== tables.events && table !== tables.exposures)) return [];
    const text = `${displayValue(table)} has resends, which Statsig counts again. Export the curated table.`;
    return [{ field: `exports.${i}.table`, text }];
  });
}

/** Warnings about redaction that leaves an event without its unit. */
function unitWarnings({ privacy: { redact, salt = '' }, unitIds }: Config): readonly ConfigProblem[] {
  const ids = ['stableID', ...Object.keys(unitIds)];
  const user = { userID: 'a', customIDs: Object.fromEntries(ids.map((id) => [id, 'a'])) };
  const redaction = new Redaction(redact, salt);
  const json = new CanonicalJsonWriter();
  const kept = redaction.user(user, json);
  const sender = redaction.member('statsigMetadata', { stableID: 'a' }, json);
  const customIds = kept?.['customIDs'];
  const hasUserId = kept?.['userID'] !== undefined;
  const hasOtherIds =
    (isJsonObject(customIds) && Object.keys(customIds).length > 0) ||
    (isJsonObject(sender) && sender['stableID'] !== undefined);
  if (hasUserId) return [];
  const text = hasOtherIds
    ? "it drops user.userID, so user_id is null in every row, and experiments of users are empty. With 'hash' units stay apart."
    : "it drops every unit ID, so every experiment is empty. With 'hash' units stay apart.";
  return [{ field: 'privacy.redact', text }];
}

/**
 * Warnings about types of units that are nearly, but not exactly, types of the configuration: their rows would join
 * with nothing.
 */
function typeWarnings({ unitIds }: Config, dataset: Dataset, field: string): readonly ConfigProblem[] {
  const known = ['userID', 'stableID', ...Object.keys(unitIds)];
  return unitTypes(dataset).flatMap(({ member, type }) => {
    if (known.includes(type)) return [];
    const [near] = nearestNames(type, known);
    if (near === undefined) return [];
    const text = `${displayValue(type)} is nearly ${near}. Rows of the two do not join.`;
    return [{ field: `${field}.mapping.${member}`, text }];
  });
}

/** A type of units that a mapping names. */
interface NamedType {
  /** The member of the mapping that names it: `idType`. */
  readonly member: string;
  /** The type: `userID`. */
  readonly type: string;
}

/** The types of units that a mapping names. A type that is read from a column is not known. */
function unitTypes({ mapping }: Dataset): readonly NamedType[] {
  if ('unitIds' in mapping)
    return Object.keys(mapping.unitIds).map((type) => ({ member: `unitIds.${type}`, type }));
  if ('idType' in mapping) return constantType('idType', mapping.idType);
  return 'unitType' in mapping ? constantType('unitType', mapping.unitType) : [];
}

/** The type that is the same in every row; none if it is read from the files. */
function constantType(member: string, field: Field): readonly NamedType[] {
  return 'constant' in field ? [{ member, type: String(field.constant) }] : [];
}

/** Warnings about datasets of one source that may load the same files. */
function folderWarnings(datasets: readonly Dataset[], field: string): readonly ConfigProblem[] {
  const locations = datasets.map(({ folder }) => ({ bucket: '', folder: `${folder}/` }));
  return locations.flatMap((location, j) => {
    const other = locations.slice(0, j).findIndex((earlier) => overlap(earlier, location));
    if (other < 0) return [];
    const text = `${displayValue(datasets[j]?.folder)} is the folder of datasets.${other}, or one of the two is in the other: files of both are loaded twice.`;
    return [{ field: `${field}.datasets.${j}.folder`, text }];
  });
}

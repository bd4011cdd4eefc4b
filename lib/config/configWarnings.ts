import { CanonicalJsonWriter } from '../base/canonicalJson.ts';
import { isJsonObject } from '../base/json.ts';
import { displayValue, nearestNames } from '../base/text.ts';
import type { Config } from '../schema/config.ts';
import type { Dataset } from '../schema/sources.ts';
import { isPersonalStage } from '../schema/stages.ts';
import { Redaction } from '../wire/Redaction.ts';

/**
 * Returns warnings about a valid configuration: settings that are most likely mistakes. Each begins with the field's
 * name.
 */
export function configWarnings(config: Config, stage: string): string[] {
  return [
    ...(config.allowAnyKey && !isPersonalStage(stage)
      ? [
          'allowAnyKey: anybody who knows the address may post events. List `keys`, or set `keysInSecret`, before you deploy to this stage.',
        ]
      : []),
    ...resendWarnings(config),
    ...unitWarnings(config),
    ...config.readers.flatMap(({ alsoReads }, i) =>
      alsoReads.flatMap(({ database, locations }, j) =>
        locations.length > 0
          ? []
          : [
              `readers.${i}.alsoReads.${j}: ${displayValue(database)} has no \`locations\`, so only views can be read there, and only if the reader may read their tables, too: Sluice's, or tables of another entry.`,
            ],
      ),
    ),
    ...config.sources.flatMap(({ datasets }, i) => [
      ...datasets.flatMap((dataset, j) => typeWarnings(config, dataset, `sources.${i}.datasets.${j}`)),
      ...folderWarnings(datasets, `sources.${i}`),
    ]),
  ];
}

/** Warnings about exports for Statsig of a table that has resends: Statsig counts a resent event again. */
function resendWarnings({ exports, tables }: Config): string[] {
  return exports.flatMap(({ format, table }, i) =>
    format === 'statsig' && (table === tables.events || table === tables.exposures)
      ? [
          `exports.${i}.table: ${displayValue(table)} has resends, which Statsig counts again. Export the curated table.`,
        ]
      : [],
  );
}

/** Warnings about redaction that leaves an event without its unit. */
function unitWarnings({ privacy: { redact, salt = '' }, unitIds }: Config): string[] {
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
  return [
    hasOtherIds
      ? "privacy.redact: it drops user.userID, so user_id is null in every row, and experiments of users are empty. With 'hash' units stay apart."
      : "privacy.redact: it drops every unit ID, so every experiment is empty. With 'hash' units stay apart.",
  ];
}

/**
 * Warnings about types of units that are nearly, but not exactly, types of the configuration: their rows would join
 * with nothing.
 */
function typeWarnings({ unitIds }: Config, dataset: Dataset, field: string): string[] {
  const known = ['userID', 'stableID', ...Object.keys(unitIds)];
  return unitTypes(dataset).flatMap(([member, type]) => {
    if (known.includes(type)) return [];
    const [near] = nearestNames(type, known);
    return near === undefined
      ? []
      : [`${field}.mapping.${member}: ${displayValue(type)} is nearly ${near}. Rows of the two do not join.`];
  });
}

/** The types of units that a mapping names, each with its field. */
function unitTypes({ mapping }: Dataset): readonly (readonly [string, string])[] {
  if ('unitIds' in mapping) return Object.keys(mapping.unitIds).map((type) => [`unitIds.${type}`, type]);
  const named = [
    ...('idType' in mapping ? [['idType', mapping.idType] as const] : []),
    ...('unitType' in mapping ? [['unitType', mapping.unitType] as const] : []),
  ];
  return named.flatMap(([member, field]) =>
    'constant' in field ? [[member, String(field.constant)] as const] : [],
  );
}

/** Warnings about datasets of one source that may load the same files. */
function folderWarnings(datasets: readonly Dataset[], field: string): string[] {
  return datasets.flatMap(({ folder }, j) => {
    const other = datasets
      .slice(0, j)
      .findIndex(
        (earlier) =>
          `${earlier.folder}/`.startsWith(`${folder}/`) || `${folder}/`.startsWith(`${earlier.folder}/`),
      );
    return other < 0
      ? []
      : [
          `${field}.datasets.${j}.folder: ${displayValue(folder)} is the folder of datasets.${other}, or one of the two is in the other: files of both are loaded twice.`,
        ];
  });
}

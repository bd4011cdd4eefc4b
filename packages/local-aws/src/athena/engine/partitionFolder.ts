/** Characters that Hive writes as `%XX` in the names of partitions' folders. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are among them.
const ESCAPED = /[\u0000-\u001f"#%'*/:=?\\\u007f{[\]^]/g;

/** A partition's folder by Hive's rule, `ds=2026-11-20/hour=5`, without a slash at its end. */
export function partitionFolder(keys: readonly string[], values: readonly string[]): string {
  return keys.map((key, index) => `${key}=${escapeValue(values[index] ?? '')}`).join('/');
}

function escapeValue(value: string): string {
  return value.replaceAll(
    ESCAPED,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}

/** Characters that Hive writes with a backslash. Of others, the backslash is dropped. */
const ESCAPES: Readonly<Record<string, string>> = {
  '0': '\0',
  b: '\b',
  n: '\n',
  r: '\r',
  t: '\t',
  Z: '\u001a',
  '%': '\\%',
  _: '\\_',
};

/**
 * The text of Hive's DDL with its strings as Trino writes them: `"\""` becomes `""""`, `'\t'` a tab in quotes. Names in
 * backquotes and comments stay. Hive: BaseSemanticAnalyzer.unescapeSQLString.
 */
export function hiveStrings(sql: string): string {
  return sql.replaceAll(
    /--[^\n]*|\/\*[\s\S]*?\*\/|`[^`]*`|(['"])((?:\\[\s\S]|\1\1|(?!\1)[^\\])*)\1/g,
    (whole, quote?: string, content = '') => {
      if (quote === undefined || !content.includes('\\')) return whole;
      const plain = content.replaceAll(`${quote}${quote}`, quote);
      return `${quote}${unescapeHive(plain).replaceAll(quote, `${quote}${quote}`)}${quote}`;
    },
  );
}

function unescapeHive(text: string): string {
  return text.replaceAll(
    /\\(?:u([\da-fA-F]{4})|([01][0-7]{2})|([\s\S]))/g,
    (_, unicode?: string, octal?: string, character = '') => {
      if (unicode !== undefined) return String.fromCharCode(Number.parseInt(unicode, 16));
      if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8));
      return ESCAPES[character] ?? character;
    },
  );
}

/** A text in a string of Hive's DDL, as SHOW CREATE TABLE writes it. */
export function quoteHive(text: string): string {
  const escaped = JSON.stringify(text)
    .slice(1, -1)
    .replaceAll("'", "\\'")
    .replaceAll(
      /[\u007f-\uffff]/g,
      (unit) => `\\u${unit.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`,
    );
  return `'${escaped}'`;
}

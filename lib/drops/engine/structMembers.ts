const STRUCT = /^STRUCT\((.*)\)$/s;

/** The members of a struct by its type in DuckDB's words, `STRUCT(a INTEGER, "b c" STRUCT(d VARCHAR))`; none of other types. */
export function structMembers(type: string): { readonly name: string; readonly type: string }[] {
  const inner = STRUCT.exec(type)?.[1];
  if (inner === undefined) return [];
  return splitOutside(inner, ',').flatMap((item) => {
    const [name = '', ...rest] = splitOutside(item.trim(), ' ');
    return rest.length === 0 ? [] : [{ name: unquote(name), type: rest.join(' ') }];
  });
}

/** Splits where a character stands outside of brackets and quotes. */
function splitOutside(text: string, at: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let quote = '';
  let start = 0;
  for (let i = 0; i < text.length; i += 1) {
    const character = text.charAt(i);
    if (quote !== '') {
      // A doubled quote closes and opens again, which comes to the same.
      if (character === quote) quote = '';
    } else if (character === '"' || character === "'") quote = character;
    else if (character === '(') depth += 1;
    else if (character === ')') depth -= 1;
    else if (character === at && depth === 0) {
      parts.push(text.slice(start, i));
      start = i + 1;
    }
  }
  return [...parts, text.slice(start)];
}

function unquote(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
}

/** The type of a list's items, `INTEGER` of `INTEGER[]`; null of other types. */
export function listElement(type: string): string | null {
  return /^(.*)\[\d*\]$/s.exec(type)?.[1] ?? null;
}

/** The types of a map's keys and values, by its type `MAP(VARCHAR, INTEGER)`; null of other types. */
export function mapParts(type: string): { readonly key: string; readonly value: string } | null {
  const inner = /^MAP\((.*)\)$/s.exec(type)?.[1];
  if (inner === undefined) return null;
  const [key = '', ...value] = splitOutside(inner, ',');
  return { key: key.trim(), value: value.join(',').trim() };
}

/** The jq query of a MetadataExtraction processor and what can be seen of it without running it. */
export interface PartitionQuery {
  readonly text: string;
  /** Keys of the object it makes; undefined when it isn't written as an object, so they only show when it runs. */
  readonly keys: readonly string[] | undefined;
  /**
   * The document's own keys that it looks at, when it consists of plain paths (`{ds: .ds, y: .user.year}`):
   * documents can then be cut down to these before jq sees them, with the same result.
   */
  readonly reads: readonly string[] | undefined;
}

const KEY = /^\s*(?:([A-Za-z_]\w*)|"([^"\\]*)")\s*(?::([\s\S]*))?$/;
const PATH = /^\s*\.([A-Za-z_]\w*)(?:\.[A-Za-z_]\w*)*\s*$/;

/** Reads a query such as `{ds: .ds}`. Doesn't judge its syntax: jq does. */
export function readPartitionQuery(text: string): PartitionQuery {
  const body = /^\s*\{([\s\S]*)\}\s*$/.exec(text)?.[1];
  if (body === undefined) return { text, keys: undefined, reads: undefined };
  const entries = splitAtCommas(body).map((entry) => KEY.exec(entry));
  const keys: string[] = [];
  const reads: string[] = [];
  for (const entry of entries) {
    const key = entry?.[1] ?? entry?.[2];
    if (entry === null || key === undefined) return { text, keys: undefined, reads: undefined };
    keys.push(key);
    const read = entry[3] === undefined ? key : PATH.exec(entry[3])?.[1];
    if (read !== undefined) reads.push(read);
  }
  return { text, keys, reads: reads.length === entries.length ? reads : undefined };
}

/** Splits at commas that stand in no bracket and no string. */
function splitAtCommas(body: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let quoted = false;
  let start = 0;
  for (let at = 0; at < body.length; at += 1) {
    const char = body[at] ?? '';
    if (quoted) {
      if (char === '\\') at += 1;
      else if (char === '"') quoted = false;
    } else if (char === '"') quoted = true;
    else if ('([{'.includes(char)) depth += 1;
    else if (')]}'.includes(char)) depth -= 1;
    else if (char === ',' && depth === 0) {
      parts.push(body.slice(start, at));
      start = at + 1;
    }
  }
  parts.push(body.slice(start));
  return parts;
}

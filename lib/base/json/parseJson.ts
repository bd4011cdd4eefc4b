/** The value of a JSON text; undefined, which no JSON is, where it is none. For what a schema judges afterwards. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

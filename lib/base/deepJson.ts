import { isJsonObject } from './json.ts';

/** JSON.stringify of a parsed JSON value, be it nested deeper than the call stack is. */
export function stringifyDeep(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return deepJson(value);
  }
}

/** JSON.stringify with a list of its own in place of the call stack. */
function deepJson(value: unknown): string {
  const written: string[] = [];
  const open: ({ readonly text: string } | { readonly value: unknown })[] = [{ value }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if ('text' in next) {
      written.push(next.text);
      continue;
    }
    const node = next.value;
    if (Array.isArray(node)) {
      written.push('[');
      open.push({ text: ']' });
      for (let i = node.length - 1; i >= 0; i -= 1) {
        open.push({ value: node[i] });
        if (i > 0) open.push({ text: ',' });
      }
    } else if (isJsonObject(node)) {
      written.push('{');
      open.push({ text: '}' });
      const members = Object.entries(node);
      for (let i = members.length - 1; i >= 0; i -= 1) {
        const [key, member] = members[i] ?? ['', null];
        open.push({ value: member }, { text: `${i > 0 ? ',' : ''}${JSON.stringify(key)}:` });
      }
    } else {
      written.push(JSON.stringify(node) ?? 'null');
    }
  }
  return written.join('');
}

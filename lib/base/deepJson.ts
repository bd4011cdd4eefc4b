import { isJsonObject } from './json.ts';

/**
 * JSON.stringify of a parsed JSON value, which has no `undefined`, also if it is nested deeper than the call stack allows.
 *
 * @throws RangeError if the text is longer than a string can be.
 */
export function stringifyDeep(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return stringifyWithoutStack(value);
  }
}

/**
 * JSON.stringify of a parsed JSON value with a list of its own in place of the call stack. What is pushed last is
 * written first: members are pushed from the last to the first, and what stands before each after it.
 */
function stringifyWithoutStack(value: unknown): string {
  const written: string[] = [];
  const pending: ({ readonly text: string } | { readonly value: unknown })[] = [{ value }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if ('text' in next) {
      written.push(next.text);
      continue;
    }
    const node = next.value;
    if (Array.isArray(node)) {
      written.push('[');
      pending.push({ text: ']' });
      for (let i = node.length - 1; i >= 0; i -= 1) {
        pending.push({ value: node[i] });
        if (i > 0) pending.push({ text: ',' });
      }
    } else if (isJsonObject(node)) {
      written.push('{');
      pending.push({ text: '}' });
      const members = [...Object.entries(node).entries()];
      for (const [i, [key, member]] of members.toReversed()) {
        pending.push({ value: member }, { text: `${i > 0 ? ',' : ''}${JSON.stringify(key)}:` });
      }
    } else {
      written.push(JSON.stringify(node));
    }
  }
  return written.join('');
}

import { parseExactJson } from '../base/exactJson.ts';
import { ExactNumber, isJsonObject } from '../base/json.ts';
import { decodeBody } from '../wire/decodeBody.ts';
import { RequestError } from '../wire/RequestError.ts';
import { readSdkRequest } from '../wire/sdkRequest.ts';
import type { RelayCopy } from './RelayCopy.ts';

/** What of a copy is a person's. */
export interface PersonsEvents {
  readonly isPersons: boolean;
  /** Events of the person, and events of others. */
  readonly own: number;
  readonly others: number;
}

/**
 * Which events of a copy are a person's: all of them if the person is in what they share.
 *
 * @param isPersons Whether a text or a number of the body, as it was sent, identifies the person.
 */
export function judgeCopy(
  copy: RelayCopy,
  isPersons: (value: string) => boolean,
): PersonsEvents | 'unreadable' {
  const text = textOf(copy);
  if (text === null) return 'unreadable';
  const body = parseBody(text);
  if (!isJsonObject(body)) return 'unreadable';
  const { events, exposures, ...shared } = body;
  const all = [events, exposures].flatMap((list): unknown[] => (Array.isArray(list) ? list : []));
  const isShared = hasValue(shared, isPersons);
  const own = isShared ? all.length : all.filter((event) => hasValue(event, isPersons)).length;
  return { isPersons: own > 0 || isShared, own, others: all.length - own };
}

function textOf({ path, query, headers, body }: RelayCopy): string | null {
  const requestContext = { http: { method: 'POST' } };
  const { markers } = readSdkRequest({
    ...{ rawPath: path, rawQueryString: query, headers, requestContext, isBase64Encoded: true, body: '' },
  });
  try {
    return decodeBody(body, markers).text;
  } catch (error) {
    if (error instanceof RequestError) return null;
    throw error;
  }
}

/** With its numbers as they were sent, which the tables have, too; null for no JSON. */
function parseBody(text: string): unknown {
  try {
    return parseExactJson(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** Whether a text or a number anywhere in a JSON value is looked for. Not recursive: bodies may be deep. */
export function hasValue(value: unknown, isWanted: (value: string) => boolean): boolean {
  const open: unknown[] = [value];
  while (open.length > 0) {
    const one = open.pop();
    if (typeof one === 'string' || typeof one === 'number') {
      if (isWanted(String(one))) return true;
    } else if (one instanceof ExactNumber) {
      if (isWanted(one.text)) return true;
    } else if (typeof one === 'object' && one !== null)
      for (const item of Object.values(one)) open.push(item);
  }
  return false;
}

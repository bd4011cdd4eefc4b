import { parseExactJson } from '../base/exactJson.ts';
import { isJsonObject } from '../base/json.ts';
import { decodeBody } from '../wire/decodeBody.ts';
import { RequestError } from '../wire/RequestError.ts';
import { readSdkRequest } from '../wire/sdkRequest.ts';
import { hasValue, unitKeys, type ValuePlace } from './idValues.ts';
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
 * @param isPersons Whether a text or a number of the body, as it was sent, identifies the person. lib/relay/idValues.ts:
 *   isUnitAt knows which places count.
 * @param keys Keys that name units.
 */
export function judgeCopy(
  copy: RelayCopy,
  isPersons: (value: string, place: ValuePlace) => boolean,
  keys: ReadonlySet<string> = unitKeys(),
): PersonsEvents | 'unreadable' {
  const text = textOf(copy);
  if (text === null) return 'unreadable';
  const body = parseBody(text);
  if (!isJsonObject(body)) return 'unreadable';
  const { events, exposures, ...shared } = body;
  const all = [events, exposures].flatMap((list): unknown[] => (Array.isArray(list) ? list : []));
  const isShared = hasValue(shared, keys, isPersons);
  const own = isShared ? all.length : all.filter((event) => hasValue(event, keys, isPersons)).length;
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

import { tryParseExactJson } from '../base/exactJson.ts';
import { isJsonObject } from '../base/json.ts';
import { decodeBody } from '../wire/decodeBody.ts';
import { RequestError } from '../wire/RequestError.ts';
import { readSdkRequest } from '../wire/sdkRequest.ts';
import type { Found } from './idValues.ts';
import type { RelayCopy } from './RelayCopy.ts';

/** Counts of a person's events in a copy. */
export interface PersonsEvents {
  readonly isPersons: boolean;
  /** Events of the person, and events of others. */
  readonly own: number;
  readonly others: number;
}

/** Finds a person in what a copy has: a value of JSON, or a text that is not JSON or too costly to parse. */
export interface PersonFinder {
  findValue(value: unknown): Found | null;
  findNamed(text: string): Found | null;
}

/**
 * Which events of a copy are a person's: all of them if what the events share has the person's ID under the key of a
 * unit. If an equal value is elsewhere, where it may mean something else, the copy counts as the person's, but its
 * events count as others'.
 */
export function judgeCopy(copy: RelayCopy, person: PersonFinder): PersonsEvents | 'unreadable' {
  const text = textOf(copy);
  if (text === null) return 'unreadable';
  const body = tryParseExactJson(text);
  if (!isJsonObject(body)) {
    const found = person.findNamed(text);
    if (found === null) return 'unreadable';
    return { isPersons: true, own: found === 'unit' ? 1 : 0, others: found === 'unit' ? 0 : 1 };
  }
  const { events, exposures, ...shared } = body;
  const all = [events, exposures].flatMap((list): unknown[] => (Array.isArray(list) ? list : []));
  const inShared = person.findValue(shared);
  const inEvents = all.map((event) => person.findValue(event));
  const own = inShared === 'unit' ? all.length : inEvents.filter((found) => found === 'unit').length;
  const isPersons = [inShared, ...inEvents].some((found) => found !== null);
  return { isPersons, own, others: all.length - own };
}

function textOf({ path, query, headers, body }: RelayCopy): string | null {
  const requestContext = { http: { method: 'POST' } };
  const { markers } = readSdkRequest({
    rawPath: path,
    rawQueryString: query,
    headers,
    requestContext,
    isBase64Encoded: true,
    body: '',
  });
  try {
    return decodeBody(body, markers).text;
  } catch (error) {
    if (error instanceof RequestError) return null;
    throw error;
  }
}

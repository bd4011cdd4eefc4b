import { tryParseExactJson } from '../base/exactJson.ts';
import { isJsonObject, type JsonObject } from '../base/json.ts';
import { decodeBody } from '../wire/decodeBody.ts';
import { RequestError } from '../wire/RequestError.ts';
import { readSdkRequest } from '../wire/sdkRequest.ts';
import type { Found } from './idValues.ts';
import type { RelayCopy } from './RelayCopy.ts';

/** Counts of a person's events in a copy. */
export interface PersonsEvents {
  /** Whether the person is in the copy, be it with an event or where it may mean something else. */
  readonly isPersons: boolean;
  /** Events of the person. */
  readonly own: number;
  /** Events of others. */
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
  return isJsonObject(body) ? judgeBody(body, person) : judgeText(text, person);
}

/** Whether a body is about a person, and how many of its events are. */
function judgeBody({ events, exposures, ...shared }: JsonObject, person: PersonFinder): PersonsEvents {
  const all = [events, exposures].flatMap((list): unknown[] => (Array.isArray(list) ? list : []));
  const inShared = person.findValue(shared);
  const inEvents = all.map((event) => person.findValue(event));
  const own = inShared === 'unit' ? all.length : inEvents.filter((found) => found === 'unit').length;
  const isPersons = inShared !== null || inEvents.some((found) => found !== null);
  return { isPersons, own, others: all.length - own };
}

/** A text whose events cannot be told apart counts as one event. */
function judgeText(text: string, person: PersonFinder): PersonsEvents | 'unreadable' {
  switch (person.findNamed(text)) {
    case 'unit':
      return { isPersons: true, own: 1, others: 0 };
    case 'elsewhere':
      return { isPersons: true, own: 0, others: 1 };
    case null:
      return 'unreadable';
  }
}

/** The text of a copy's body; null if the collector would refuse it. */
function textOf({ path, query, headers, body }: RelayCopy): string | null {
  const { markers } = readSdkRequest({
    rawPath: path,
    rawQueryString: query,
    headers,
    requestContext: { http: { method: 'POST' } },
    isBase64Encoded: true,
    body: '',
  });
  try {
    return decodeBody(body, markers).text;
  } catch (error) {
    // Null ends in the deletion of the copy: what failed here for another reason is tried again.
    if (error instanceof RequestError) return null;
    throw error;
  }
}

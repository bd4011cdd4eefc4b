import type { XmlElement } from '../../../protocol/xml.ts';
import { s3Errors } from '../../errors.ts';
import { LIST_KEYS } from '../../limits.ts';
import type { S3Call } from '../S3Operation.ts';
import { optional } from './listElements.ts';

/** The greatest count that S3 reads: a number of 32 bits. */
const MOST_COUNT = 2 ** 31 - 1;

/** A count in the query, from 0 to `most`. Larger values are reduced to `most`, as in S3. Default `most`. */
function countParameter(query: S3Call['query'], name: string, most: number): number {
  const text = query.get(name);
  if (text === null || text === '') return most;
  if (!/^\d{1,10}$/.test(text) || Number(text) > MOST_COUNT) {
    throw s3Errors.invalidArgument(
      name,
      text,
      `Argument ${name} must be an integer between 0 and ${MOST_COUNT}`,
    );
  }
  return Math.min(Number(text), most);
}

/**
 * How names are written in the answer: unchanged, or, with `encoding-type=url`, percent-encoded as in a form but
 * with unencoded slashes.
 */
function nameEncoder(query: S3Call['query']): (name: string) => string {
  const type = query.get('encoding-type');
  if (type === null) return (name) => name;
  if (type !== 'url') {
    throw s3Errors.invalidArgument('encoding-type', type, 'Invalid Encoding Method specified in Request');
  }
  return (name) =>
    encodeURIComponent(name)
      .replace(/[!'()~]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
      .replaceAll('%2F', '/')
      .replaceAll('%20', '+');
}

/** The parameters that every list has. */
export interface ListParameters {
  /** Writes a name for the answer. */
  readonly encode: (name: string) => string;
  /** Only keys that begin with it are listed; '' for every key. */
  readonly prefix: string;
  /** '' for none. */
  readonly delimiter: string;
  /** The most entries of a page. */
  readonly limit: number;
  /** The element that says how names are encoded; undefined if the request does not ask for it. */
  readonly encodingType: XmlElement | undefined;
}

/**
 * Reads the parameters of a list.
 *
 * @param count The name of the parameter with the most entries of a page.
 * @throws AwsError `InvalidArgument`
 */
export function listParameters(query: S3Call['query'], count = 'max-keys'): ListParameters {
  return {
    encode: nameEncoder(query),
    prefix: parameter(query, 'prefix'),
    delimiter: parameter(query, 'delimiter'),
    limit: countParameter(query, count, LIST_KEYS),
    encodingType: optional('EncodingType', parameter(query, 'encoding-type')),
  };
}

/** The header that asks for further attributes of listed objects. */
const ATTRIBUTES = 'x-amz-optional-object-attributes';

/** The header that requests attributes besides the attributes of every list. */
export const optionalAttributes = {
  header: ATTRIBUTES,
  /** Nothing is ever restored here, and S3 returns no status for an object that isn't restored. */
  check(headers: S3Call['headers']): void {
    for (const wanted of headers[ATTRIBUTES]?.split(',') ?? []) {
      if (wanted.trim() !== 'RestoreStatus')
        throw s3Errors.invalidArgument(ATTRIBUTES, wanted, 'Invalid attribute name specified.');
    }
  },
};

/** The value of a parameter; '' for one that is absent. S3 treats an empty parameter as an absent one. */
export function parameter(query: S3Call['query'], name: string): string {
  return query.get(name) ?? '';
}

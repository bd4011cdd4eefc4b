import type { XmlElement } from '../../../protocol/xml.ts';
import { s3Errors } from '../../errors.ts';
import { LIST_KEYS } from '../../limits.ts';
import type { S3Call } from '../S3Operation.ts';

/** The greatest count that S3 reads: a number of 32 bits. */
const MOST_COUNT = 2 ** 31 - 1;

/**
 * A count in the query. One above `most` is reduced to it, as in S3. Default `most`, also of an empty text.
 *
 * @throws AwsError `InvalidArgument` for what is no number from 0 to {@link MOST_COUNT}.
 */
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

/** How names are written in an answer. */
interface NameEncoding {
  /** Writes a name for the answer. */
  readonly encode: (name: string) => string;
  /** The element that says how names are encoded; undefined if the request does not ask for it. */
  readonly encodingType: XmlElement | undefined;
}

/**
 * The encoding that a request asks for: none, or, with `encoding-type=url`, percent-encoding as in a form but with
 * unencoded slashes.
 *
 * @throws AwsError `InvalidArgument` for any other encoding, also for an empty text.
 */
function nameEncoding(query: S3Call['query']): NameEncoding {
  const type = query.get('encoding-type');
  if (type === null) return { encode: (name) => name, encodingType: undefined };
  if (type !== 'url') {
    throw s3Errors.invalidArgument('encoding-type', type, 'Invalid Encoding Method specified in Request');
  }
  const encode = (name: string) =>
    encodeURIComponent(name)
      .replace(/[!'()~]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
      .replaceAll('%2F', '/')
      .replaceAll('%20', '+');
  return { encode, encodingType: ['EncodingType', type] };
}

/** The parameters that lists share. ListMultipartUploads takes no delimiter here. */
interface ListParameters extends NameEncoding {
  /** Only keys that begin with it are listed; '' for every key. */
  readonly prefix: string;
  /** '' for none. */
  readonly delimiter: string;
  /** The most entries of a page. */
  readonly limit: number;
}

/**
 * Reads the parameters of a list.
 *
 * @param limitName The name of the parameter with the most entries of a page.
 * @throws AwsError `InvalidArgument`
 */
export function listParameters(query: S3Call['query'], limitName = 'max-keys'): ListParameters {
  return {
    ...nameEncoding(query),
    prefix: parameter(query, 'prefix'),
    delimiter: parameter(query, 'delimiter'),
    limit: countParameter(query, limitName, LIST_KEYS),
  };
}

/** The header that asks for attributes of listed objects besides those of every list. */
export const OPTIONAL_ATTRIBUTES = 'x-amz-optional-object-attributes';

/**
 * Requires that a request asks for no other optional attribute than `RestoreStatus`. Nothing is ever restored here, and S3
 * returns no status for an object that isn't restored.
 *
 * @throws AwsError `InvalidArgument`
 */
export function requireKnownAttributes(headers: S3Call['headers']): void {
  for (const wanted of headers[OPTIONAL_ATTRIBUTES]?.split(',') ?? []) {
    const name = wanted.trim();
    if (name !== 'RestoreStatus')
      throw s3Errors.invalidArgument(OPTIONAL_ATTRIBUTES, name, 'Invalid attribute name specified.');
  }
}

/** A prefix, a delimiter or a marker; '' if it is absent, which S3 treats as an empty one. */
export function parameter(query: S3Call['query'], name: string): string {
  return query.get(name) ?? '';
}

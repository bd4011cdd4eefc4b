import { s3Errors } from '../errors.ts';
import type { S3Call } from './S3Operation.ts';

/** A count in the query: 0 to `most`, which larger ones are cut to, as S3 does. Default `most`. */
export function countParameter(query: S3Call['query'], name: string, most: number): number {
  const text = query.get(name);
  if (text === null || text === '') return most;
  if (!/^\d{1,10}$/.test(text) || Number(text) > 2_147_483_647) {
    throw s3Errors.invalidArgument(
      name,
      text,
      `Argument ${name} must be an integer between 0 and 2147483647`,
    );
  }
  return Math.min(Number(text), most);
}

/**
 * How names go into the answer: as they are, or, with `encoding-type=url`, percent-encoded as in a form but
 * with slashes bare.
 */
export function nameEncoder(query: S3Call['query']): (name: string) => string {
  const type = query.get('encoding-type');
  if (type === null || type === '') return (name) => name;
  if (type !== 'url') {
    throw s3Errors.invalidArgument('encoding-type', type, 'Invalid Encoding Method specified in Request');
  }
  return (name) =>
    encodeURIComponent(name)
      .replace(/[!'()~]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
      .replaceAll('%2F', '/')
      .replaceAll('%20', '+');
}

import type { AwsError } from './AwsError.ts';

/** The token of a page. @param position The number of items, or bytes, before the page. */
export function writeToken(position: number): string {
  return Buffer.from(`after ${position}`).toString('base64url');
}

/**
 * The position of a page; undefined without a token. @param invalid Makes the error for a token that was not given out.
 *
 * @throws What `invalid` makes.
 */
export function readToken(token: string | undefined, invalid: () => AwsError): number | undefined {
  if (token === undefined) return undefined;
  const position = /^after (\d{1,15})$/.exec(Buffer.from(token, 'base64url').toString())?.[1];
  if (position === undefined) throw invalid();
  return Number(position);
}

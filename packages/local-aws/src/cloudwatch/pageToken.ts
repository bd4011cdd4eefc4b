import { AwsError } from '../protocol/AwsError.ts';

/** The token of a page that begins after so many items. */
export function writeToken(position: number): string {
  return Buffer.from(`after ${position}`).toString('base64url');
}

/** The number of items before a page; 0 without a token. @throws AwsError `InvalidNextToken` */
export function readToken(token: string | undefined): number {
  if (token === undefined) return 0;
  const position = /^after (\d{1,15})$/.exec(Buffer.from(token, 'base64url').toString())?.[1];
  if (position === undefined) throw new AwsError('InvalidNextToken', 400, 'The next token is not valid.');
  return Number(position);
}

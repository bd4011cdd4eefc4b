import * as z from 'zod';
import { ObserveError } from './deployment.ts';

/** A cursor as text: where the next page of a list begins, for callers who give it back as it is. */
export function encodeCursor(last: unknown): string {
  return Buffer.from(JSON.stringify(last)).toString('base64url');
}

/**
 * Reads a cursor back.
 *
 * @param schema Of what {@link encodeCursor} was given.
 * @throws ObserveError `SLUICE_OBSERVE_CURSOR_UNKNOWN` for any other text.
 */
export function decodeCursor<Schema extends z.ZodType>(schema: Schema, cursor: string): z.output<Schema> {
  try {
    return schema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')));
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof z.ZodError)) throw error;
    throw new ObserveError('SLUICE_OBSERVE_CURSOR_UNKNOWN', '', { cause: error });
  }
}

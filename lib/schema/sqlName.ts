import * as z from 'zod';
import { SQL_NAME } from './names.ts';

/** The name of a database, table or column, told apart in the message by `what`. */
export function sqlName(what: string) {
  return z
    .string(`a ${what} name`)
    .regex(SQL_NAME, `a ${what} name: lower-case letters, digits and _, at most 255`);
}

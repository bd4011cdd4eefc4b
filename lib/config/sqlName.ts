import * as z from 'zod';

/** Athena allows lower case, digits and underscore: https://docs.aws.amazon.com/athena/latest/ug/tables-databases-columns-names.html */
export const SQL_NAME = /^[a-z_][a-z0-9_]{0,254}$/;

/** The name of a database, table or column, told apart in the message by `what`. */
export function sqlName(what: string) {
  return z
    .string(`a ${what} name`)
    .regex(SQL_NAME, `a ${what} name: lower-case letters, digits and _, at most 255`);
}

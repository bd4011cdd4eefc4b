import { notImplemented } from '../protocol/AwsError.ts';

/** A backslash before a character that needs none, which Java accepts and JavaScript does not. */
const NEEDLESS_ESCAPE = /\\([^A-Za-z0-9^$\\.*+?()[\]{}|/-])/g;

/** An asterisk that repeats nothing but a plain character, or nothing at all. */
const WILDCARD = /(?<![.\])}\\])\*/g;

/**
 * Matches whole names by the `Expression` of GetTables. AWS calls it a regular expression:
 * https://docs.aws.amazon.com/glue/latest/webapi/API_GetTables.html. It is also Hive's pattern, in which `*` stands for any
 * text: AWS SDK for pandas, whose tests run on AWS, sends `name*`, `*name` and `*name*`.
 * https://github.com/aws/aws-sdk-pandas/blob/main/awswrangler/catalog/_get.py, get_tables
 *
 * @throws AwsError `NotImplemented` for what only Java's expressions have.
 */
export function namePattern(expression: string): (name: string) => boolean {
  const source = expression.replaceAll(WILDCARD, '.*').replaceAll(NEEDLESS_ESCAPE, '$1');
  try {
    if (source.includes('&&')) throw new SyntaxError('an intersection of classes');
    const pattern = new RegExp(`^(?:${source})$`, 'u');
    return (name) => pattern.test(name);
  } catch (error) {
    if (error instanceof SyntaxError) throw notImplemented(`glue GetTables Expression ${expression}`);
    throw error;
  }
}

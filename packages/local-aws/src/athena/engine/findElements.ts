import { type TranslateOptions, translate } from '../../trino/index.ts';
import { elementOffset } from './duckDbErrors.ts';
import type { Session } from './Session.ts';

/**
 * Finds the operands of `||` that are elements of an array, of which only types tell: see `TranslateOptions.elements`.
 *
 * @param session Has the macros and the tables of the query.
 */
export async function findElements(
  session: Session,
  sql: string,
  options: TranslateOptions,
): Promise<NonNullable<TranslateOptions['elements']>> {
  const elements = new Set<number>();
  if (!sql.includes('||')) return elements;
  for (;;) {
    const translation = translate(sql, { ...options, elements });
    const failed: unknown = await session.prepare(translation.sql).then(
      (prepared) => prepared.destroySync(),
      (error: unknown) => error,
    );
    const offset = elementOffset(failed, translation);
    if (offset === undefined || elements.has(offset)) return elements;
    elements.add(offset);
  }
}

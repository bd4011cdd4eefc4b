import { TokenList, type TranslateOptions, translate } from '../../../trino/index.ts';
import { elementOffset } from '../duckDbErrors.ts';
import type { Session } from '../Session.ts';
import { findDateDifferences } from './checkTypes.ts';

/**
 * Finds the operators of which only types tell what they do: see `TranslateOptions.elements` and `dateDifferences`.
 *
 * @param session Has the macros and the tables of the query.
 * @param database The database of unqualified names.
 */
export async function findTypedOperators(
  session: Session,
  sql: string,
  options: TranslateOptions,
  database: string | undefined,
): Promise<Pick<TranslateOptions, 'elements' | 'dateDifferences'>> {
  const query = { list: new TokenList(sql), database: database?.toLowerCase() };
  let dateDifferences: ReadonlySet<number> = new Set();
  for (;;) {
    const elements = await findElements(session, sql, { ...options, dateDifferences });
    const found = await findDateDifferences(session, query, dateDifferences, (known) =>
      translate(sql, { ...options, elements, dateDifferences: known }),
    );
    // Each may only be found when the query binds with the others.
    if (found.size === dateDifferences.size || !sql.includes('||'))
      return { elements, dateDifferences: found };
    dateDifferences = found;
  }
}

/**
 * Finds the operands of `||` that are elements of an array, which depends on types: see `TranslateOptions.elements`.
 */
async function findElements(
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

import { isJsonObject } from '../base/json/JsonObject.ts';

/**
 * What a lifecycle rule of S3's API says, whichever way it says it: the prefix by itself, as CloudFormation and older
 * tools have it, or in a filter, alone or as the only condition of an `And`; what is empty or switched off left out.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_LifecycleRule.html
 *
 * @returns Documents to compare with each other; of no use to S3. Anything that is no object as it came.
 */
export function ruleMeaning(rule: unknown): unknown {
  if (!isJsonObject(rule)) return rule;
  const { Prefix, Filter, ...rest } = rule;
  const [prefix, conditions] = readFilter(Prefix, Filter);
  return withoutNothing({ ...rest, prefix, conditions });
}

/** The prefix, and what else a filter asks for. */
function readFilter(own: unknown, filter: unknown): readonly [prefix: unknown, conditions: unknown] {
  if (!isJsonObject(filter)) return [own ?? '', undefined];
  const { Prefix, And, ...others } = filter;
  const [inner, more] = And === undefined ? [undefined, undefined] : readFilter(undefined, And);
  return [Prefix ?? inner ?? own ?? '', { ...others, and: more }];
}

/** Members that are undefined, false, or empty say the same as none; an empty text is a prefix of everything. */
function withoutNothing(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNothing);
  if (value instanceof Date) return value.toISOString();
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([name, member]) => [name, withoutNothing(member)] as const)
      .filter(([, member]) => member !== undefined && member !== false && !isEmpty(member)),
  );
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

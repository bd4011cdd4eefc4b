import { quoteText } from '../../sql/quoteText.ts';

/** Members of an object: keys, and the SQL of their values as JSON; null ones are left out. */
export type Members = readonly (readonly [key: string, json: string])[];

/** A JSON object of members as text; null when it has none. */
export function jsonObject(members: Members): string {
  return members.length === 0
    ? 'CAST(NULL AS VARCHAR)'
    : `nullif('{' || ${memberList(members)} || '}', '{}')`;
}

/**
 * The members of a JSON object with others put in, which win where both have one.
 *
 * @param object Text of an object without white space, or null.
 */
export function mergedObject(object: string, members: Members): string {
  if (members.length === 0) return `nullif(${object}, '{}')`;
  const own = memberList(members);
  const kept = members
    .map(([key, json]) => `NOT (member.key = ${quoteText(key)} AND ${json} IS NOT NULL)`)
    .join(' AND ');
  const rebuilt = `array_to_string(list_transform(list_filter(map_entries(TRY(from_json(${object}, '"MAP(VARCHAR,JSON)"'))), lambda member: ${kept}), lambda member: CAST(to_json(member.key) AS VARCHAR) || ':' || coalesce(CAST(member.value AS VARCHAR), 'null')), ',')`;
  // Taking an object apart costs more than all the rest, so only where a key may occur twice: a key may be written with
  // escapes.
  const suspect = [String.raw`\u`, ...members.map(([key]) => `${JSON.stringify(key)}:`)]
    .map((text) => `contains(${object}, ${quoteText(text)})`)
    .join(' OR ');
  const rest = `CASE WHEN ${suspect} THEN ${rebuilt} ELSE ${object}[2:-2] END`;
  return `nullif('{' || concat_ws(',', nullif(${own}, ''), nullif(${rest}, '')) || '}', '{}')`;
}

function memberList(members: Members): string {
  return `concat_ws(',', ${members
    .map(([key, json]) => `${quoteText(`${JSON.stringify(key)}:`)} || ${json}`)
    .join(', ')})`;
}

/** A string of JSON, or a number that JSON has no way to write; DuckDB reads and writes these in any case. */
const STRING = String.raw`"((?:[^"\\]|\\.)*)"`;
const NOT_FINITE = '-?(?:nan|inf(?:inity)?)';

/** Outside of strings a number comes behind one of these; inside it seldom does, so that few texts are looked at twice. */
const SUSPECT = `(?:^|[:,\\[])\\s*${NOT_FINITE}`;

/** JSON of a raw row: numbers that are not finite, which are no JSON, are strings in it. @param types Of what is in it. */
export function finiteRow(json: string, types: string): string {
  if (!/\b(DOUBLE|FLOAT|JSON)\b/.test(types)) return json;
  return whereSuspect(json, `regexp_replace(j, '(?i)${STRING}|(${NOT_FINITE})', '"\\1\\2"', 'g')`);
}

/** A JSON text whose numbers that are not finite, which are no JSON, are null. */
export function finiteJson(json: string): string {
  // Behind an empty string first, where nothing else can be.
  const marked = `regexp_replace(j, '(?i)${STRING}|(${NOT_FINITE})', '"\\1"\\2', 'g')`;
  return whereSuspect(json, `regexp_replace(${marked}, '(?i)""${NOT_FINITE}', 'null', 'g')`);
}

/** By way of a list, as the lambda's name stands for what is dear to make. */
function whereSuspect(json: string, changed: string): string {
  return `list_transform([${json}], lambda j: CASE WHEN regexp_matches(j, '(?i)${SUSPECT}') THEN ${changed} ELSE j END)[1]`;
}

/** Whether a JSON text has no number that is not finite. @param text What the JSON was made of. */
export function isFiniteJson(json: string, text: string): string {
  return `(NOT regexp_matches(${text}, '(?i)${SUSPECT}') OR NOT regexp_matches(regexp_replace(${json}, '${STRING}', '', 'g'), '(?i)${NOT_FINITE}'))`;
}

import { notEmulated } from '../../engine/StatementError.ts';

/** A Hive type with its parts. */
export type TypeTree =
  | {
      readonly kind:
        | 'boolean'
        | 'tinyint'
        | 'smallint'
        | 'int'
        | 'bigint'
        | 'float'
        | 'double'
        | 'string'
        | 'date'
        | 'timestamp'
        | 'binary';
    }
  | { readonly kind: 'varchar' | 'char'; readonly length: number }
  | { readonly kind: 'decimal'; readonly precision: number; readonly scale: number }
  | { readonly kind: 'array'; readonly item: TypeTree }
  | { readonly kind: 'map'; readonly key: TypeTree; readonly value: TypeTree }
  | {
      readonly kind: 'struct';
      readonly fields: readonly { readonly name: string; readonly type: TypeTree }[];
    };

/** The types without parts or lengths. */
const SIMPLE = new Set([
  'boolean',
  'tinyint',
  'smallint',
  'int',
  'bigint',
  'float',
  'double',
  'string',
  'date',
  'timestamp',
  'binary',
]);

/** Parses a Glue type, e.g. `array<struct<a:int>>`. @throws StatementError for a type that Athena does not have. */
export function parseTypeTree(text: string): TypeTree {
  const type = text.trim();
  const name = type.toLowerCase() === 'integer' ? 'int' : type.toLowerCase();
  if (isSimple(name)) return { kind: name };
  const decimal = /^decimal(?:\((\d+)(?:\s*,\s*(\d+))?\))?$/.exec(name);
  if (decimal !== null)
    return { kind: 'decimal', precision: Number(decimal[1] ?? 10), scale: Number(decimal[2] ?? 0) };
  const sized = /^(varchar|char)\((\d+)\)$/.exec(name);
  if (sized !== null) return { kind: sized[1] === 'char' ? 'char' : 'varchar', length: Number(sized[2]) };
  const nested = /^(array|map|struct)<(.*)>$/is.exec(type);
  const parts = nested === null ? [] : splitParts(nested[2] ?? '');
  const [first = '', second = ''] = parts;
  const kind = nested?.[1]?.toLowerCase();
  if (kind === 'array' && parts.length === 1) return { kind, item: parseTypeTree(first) };
  if (kind === 'map' && parts.length === 2)
    return { kind, key: parseTypeTree(first), value: parseTypeTree(second) };
  if (kind === 'struct') {
    return {
      kind,
      fields: parts.map((part) => {
        const colon = part.indexOf(':');
        return { name: part.slice(0, colon).trim(), type: parseTypeTree(part.slice(colon + 1)) };
      }),
    };
  }
  throw notEmulated(`The type ${text}`);
}

/** Whether a type has parts. */
export function isNested({ kind }: TypeTree): boolean {
  return kind === 'array' || kind === 'map' || kind === 'struct';
}

function isSimple(
  name: string,
): name is Exclude<TypeTree['kind'], 'varchar' | 'char' | 'decimal' | 'array' | 'map' | 'struct'> {
  return SIMPLE.has(name);
}

/** Splits at the commas outside of brackets. */
function splitParts(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index];
    if (character === '<' || character === '(') depth += 1;
    if (character === '>' || character === ')') depth -= 1;
    if (character === ',' && depth === 0) {
      parts.push(text.slice(start, index));
      start = index + 1;
    }
  }
  return [...parts, text.slice(start)];
}

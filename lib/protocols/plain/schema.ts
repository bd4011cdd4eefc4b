import { ExactNumber, isJsonObject, type JsonObject } from '../../base/json.ts';

/** JSON Schema of a member. */
interface MemberSchema {
  readonly type: 'string' | 'object' | readonly ('string' | 'number' | 'boolean')[];
  readonly minLength?: 1;
  readonly minProperties?: 1;
  readonly additionalProperties?: { readonly type: readonly ('string' | 'number')[] };
  readonly description: string;
  readonly examples: readonly unknown[];
}

/** The JSON Schema of one item, in the part of the language that {@link itemProblem} checks. */
export interface ItemSchema {
  readonly type: 'object';
  readonly description: string;
  readonly required: readonly string[];
  /** One of these is there: for each, the members that are. */
  readonly anyOf?: readonly { readonly required: readonly string[] }[];
  readonly additionalProperties: false;
  readonly properties: Readonly<Record<string, MemberSchema>>;
}

const text = (description: string, example: string): MemberSchema => ({
  ...{ type: 'string', minLength: 1, description, examples: [example] },
});

const shared: ItemSchema['properties'] = {
  id: text('Your ID of it. Sent again with the same ID, it is the same event.', '8f14e45f-ceea-467f'),
  time: {
    type: ['string', 'number'],
    description:
      'When it happened: ISO 8601, in UTC without an offset, or epoch milliseconds. Default: when it is received.',
    examples: ['2026-11-20T07:32:00.123Z', 1_795_159_920_123],
  },
  user_id: text('The user.', 'user-17'),
  stable_id: text('The device.', 'b0f4c6a1'),
  unit_ids: {
    type: 'object',
    minProperties: 1,
    additionalProperties: { type: ['string', 'number'] },
    description: 'IDs of other types of units, by the names of `unitIds` in the configuration.',
    examples: [{ companyID: 'company-4' }],
  },
  environment: text('The tier. Default: the tier of the key, else production.', 'staging'),
  session_id: text('The session.', '5d41402a'),
  attributes: {
    type: 'object',
    description: 'Attributes of the user: `user.custom` in views and redaction.',
    examples: [{ plan: 'pro', country: 'DE' }],
  },
  metadata: { type: 'object', description: 'Anything else.', examples: [{ page: '/checkout' }] },
};

const exposure: ItemSchema = {
  type: 'object',
  description: 'That a unit was put in a group of an experiment.',
  required: ['experiment', 'group'],
  anyOf: [{ required: ['user_id'] }, { required: ['stable_id'] }, { required: ['unit_ids'] }],
  additionalProperties: false,
  properties: {
    experiment: text('The experiment.', 'checkout_button'),
    group: text('ID of the group.', 'treatment'),
    group_name: text('Name of the group.', 'Green button'),
    ...shared,
  },
};

const event: ItemSchema = {
  type: 'object',
  description: 'That somebody did something.',
  required: ['event'],
  additionalProperties: false,
  properties: {
    event: text('The name of the event.', 'purchase'),
    value: { type: ['string', 'number', 'boolean'], description: 'A value of it.', examples: [49.9] },
    ...shared,
  },
};

/** The schemas of the items of both lists: the reader checks them, and the published JSON Schema has them. */
export const plainSchemas = { exposures: exposure, events: event } as const;

/** The published JSON Schema of the bodies of both paths. */
export const plainJsonSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Bodies of POST /v1/exposures and POST /v1/events',
  oneOf: [{ $ref: '#/$defs/exposures' }, { $ref: '#/$defs/events' }],
  $defs: {
    exposures: bodySchema('exposures', '/v1/exposures'),
    events: bodySchema('events', '/v1/events'),
    exposure,
    event,
  },
} as const;

function bodySchema(list: 'exposures' | 'events', path: string) {
  const items = { type: 'array', items: { $ref: `#/$defs/${list.slice(0, -1)}` } };
  return {
    ...{
      type: 'object',
      description: `Body of POST ${path}.`,
      required: [list],
      additionalProperties: false,
    },
    properties: { [list]: items },
  };
}

/** Says what is wrong with an item, without repeating its values; null if it fits its schema. */
export function itemProblem(item: JsonObject, schema: ItemSchema): string | null {
  const { required, anyOf, properties } = schema;
  const missing = required.find((name) => item[name] === undefined);
  if (missing !== undefined) return `${missing} is missing.`;
  if (anyOf?.every((one) => one.required.some((name) => item[name] === undefined)) === true)
    return `It needs ${anyOf.map((one) => one.required.join(' and ')).join(', or ')}.`;
  for (const [name, value] of Object.entries(item)) {
    const member = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (member === undefined) return 'It has a member that the schema does not have.';
    const types: readonly string[] = typeof member.type === 'string' ? [member.type] : member.type;
    if (!types.includes(typeOf(value))) return `${name}: expected ${types.join(' or ')}.`;
    if (member.minLength === 1 && value === '') return `${name} is empty.`;
    if (!isJsonObject(value)) continue;
    const members = Object.values(value);
    if (member.minProperties === 1 && members.length === 0) return `${name} is empty.`;
    const allowed: readonly string[] | undefined = member.additionalProperties?.type;
    if (allowed !== undefined && !members.every((one) => allowed.includes(typeOf(one))))
      return `${name}: expected members of ${allowed.join(' or ')}.`;
  }
  return null;
}

/** A number that only a text can hold is an object here. */
function typeOf(value: unknown): string {
  if (value instanceof ExactNumber) return 'number';
  return typeof value === 'object' && !isJsonObject(value) ? 'null or array' : typeof value;
}

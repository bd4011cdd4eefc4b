import { loadAwsServiceSpec } from '@aws-cdk/aws-service-spec';

type Database = Awaited<ReturnType<typeof loadAwsServiceSpec>>;

/** One of CloudFormation's resource types as AWS publishes it, references to other definitions followed. */
export interface ResourceSpec {
  readonly properties: PropertySpecs;
  /** Names of what `Fn::GetAtt` knows. */
  readonly attributes: ReadonlySet<string>;
  /** Names of properties that nobody sets: attributes that are no properties as well. */
  readonly readOnly: ReadonlySet<string>;
}

export type PropertySpecs = Readonly<Record<string, PropertySpec>>;

export interface PropertySpec {
  readonly required: boolean;
  readonly type: ValueSpec;
}

export type ValueSpec =
  | { readonly kind: 'string'; readonly allowed: readonly string[] | undefined }
  | { readonly kind: 'integer'; readonly allowed: readonly number[] | undefined }
  | { readonly kind: 'number' | 'boolean' | 'json' | 'tag' | 'null' }
  | { readonly kind: 'array' | 'map'; readonly element: ValueSpec }
  | { readonly kind: 'object'; readonly properties: () => PropertySpecs }
  | { readonly kind: 'union'; readonly types: readonly ValueSpec[] };

/** The resource types of CloudFormation, from the specification that the CDK is made from. */
export class ServiceSpec {
  readonly #database: Database;

  private constructor(database: Database) {
    this.#database = database;
  }

  static async load(): Promise<ServiceSpec> {
    return new ServiceSpec(await loadAwsServiceSpec());
  }

  /** Undefined for a type that AWS doesn't have. */
  resource(type: string): ResourceSpec | undefined {
    const [found] = this.#database.lookup('resource', 'cloudFormationType', 'equals', type);
    if (found === undefined) return undefined;
    const attributes = Object.keys(found.attributes);
    return {
      properties: this.#properties(found.properties),
      attributes: new Set(attributes),
      readOnly: new Set(attributes.filter((name) => !(name in found.properties))),
    };
  }

  #properties(given: Properties): PropertySpecs {
    return Object.fromEntries(
      Object.entries(given).map(([name, { required = false, type }]) => [
        name,
        { required, type: this.#value(type) },
      ]),
    );
  }

  #value(type: Type): ValueSpec {
    switch (type.type) {
      case 'string':
        return { kind: 'string', allowed: type.allowedValues };
      case 'date-time':
        return { kind: 'string', allowed: undefined };
      case 'integer':
        return { kind: 'integer', allowed: type.allowedValues };
      case 'array':
        return { kind: 'array', element: this.#value(type.element) };
      case 'map':
        return { kind: 'map', element: this.#value(type.element) };
      case 'union':
        return { kind: 'union', types: type.types.map((one) => this.#value(one)) };
      // Definitions may hold themselves, so they are followed only when a value does.
      case 'ref': {
        const { reference } = type;
        return {
          kind: 'object',
          properties: () => this.#properties(this.#database.get('typeDefinition', reference).properties),
        };
      }
      default:
        return { kind: type.type };
    }
  }
}

type Properties = ReturnType<Database['lookup']>[number] extends infer Entity
  ? Extract<Entity, { cloudFormationType: string; properties: unknown }>['properties']
  : never;
type Type = Properties[string]['type'];

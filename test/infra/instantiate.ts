/** A template as it is written, with parameters and conditions. */
export interface WrittenTemplate {
  /** By name. One without a default has to be given. */
  readonly Parameters?: Readonly<Record<string, { readonly Default?: unknown }>>;
  readonly Conditions?: Readonly<Record<string, unknown>>;
  /** By logical ID. */
  readonly Resources: Readonly<
    Record<
      string,
      {
        readonly Type: string;
        /** Name of the condition without which there is no such resource. */
        readonly Condition?: string;
        readonly Properties?: Readonly<Record<string, unknown>>;
      }
    >
  >;
  readonly Outputs?: Readonly<Record<string, unknown>>;
}

const NO_VALUE = Symbol('AWS::NoValue');

/**
 * A template with its parameters, conditions and `Fn::If` filled in, as CloudFormation sees it for these parameters. All other
 * functions stay.
 *
 * @throws Error for a parameter without a value, and for a condition that is not written down.
 */
export function instantiate(
  { Parameters = {}, Conditions = {}, Resources, Outputs = {} }: WrittenTemplate,
  given: Readonly<Record<string, unknown>>,
): Pick<Required<WrittenTemplate>, 'Resources' | 'Outputs'> {
  const unknown = Object.keys(given).filter((name) => !(name in Parameters));
  if (unknown.length > 0) throw new Error(`There is no parameter ${unknown.join(', ')}.`);
  const values = new Map<unknown, unknown>(
    Object.entries(Parameters).map(([name, { Default }]) => {
      const value = given[name] ?? Default;
      if (value === undefined) throw new Error(`${name} has no value.`);
      return [name, value];
    }),
  );
  const holds = (name: unknown): boolean => {
    const condition = Conditions[String(name)];
    if (condition === undefined) throw new Error(`There is no condition ${String(name)}.`);
    return fill(condition) === true;
  };
  const fill = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(fill).filter((filled) => filled !== NO_VALUE);
    if (typeof value !== 'object' || value === null) return value;
    const [[name, argument] = ['', undefined], ...more] = Object.entries(value);
    if (more.length === 0 && name === 'Ref' && argument === 'AWS::NoValue') return NO_VALUE;
    if (more.length === 0 && name === 'Ref' && values.has(argument)) return values.get(argument);
    if (name === 'Fn::If') return fill(argument[holds(argument[0]) ? 1 : 2]);
    if (name === 'Fn::Not') return fill(argument[0]) !== true;
    if (name === 'Fn::Equals') return fill(argument[0]) === fill(argument[1]);
    if (name === 'Fn::Sub')
      return {
        'Fn::Sub': String(argument).replaceAll(/\$\{(\w+)\}/g, (all, parameter) =>
          values.has(parameter) ? String(values.get(parameter)) : all,
        ),
      };
    return Object.fromEntries(
      Object.entries(value)
        .map(([member, memberValue]) => [member, fill(memberValue)] as const)
        .filter(([, filled]) => filled !== NO_VALUE),
    );
  };
  const made = Object.entries(Resources).filter(
    ([, { Condition }]) => Condition === undefined || holds(Condition),
  );
  return Object.assign(Object.create(null), {
    Resources: Object.fromEntries(made.map(([id, { Condition: _, ...resource }]) => [id, fill(resource)])),
    Outputs: fill(Outputs),
  });
}

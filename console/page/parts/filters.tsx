import type { ComponentChildren } from 'preact';
import { setParams } from './router.ts';

/** Filters of a list, which are in the address. */
export function Filters({ children }: { readonly children: ComponentChildren }) {
  return <search class="filters">{children}</search>;
}

/** A choice, in the address under its name. Another one begins with the first page. */
export function Choice(props: {
  /** What the field is called. */
  readonly label: string;
  /** The parameter of the address that it changes. */
  readonly name: string;
  /** The value of the parameter. */
  readonly value: string;
  /** The values that can be chosen, with their words. */
  readonly choices: readonly (readonly [value: string, words: string])[];
}) {
  return (
    <label>
      {props.label}
      <select
        value={props.value}
        onChange={({ currentTarget }) => setParams({ [props.name]: currentTarget.value, after: '' })}
      >
        {props.choices.map(([value, words]) => (
          <option key={value} value={value}>
            {words}
          </option>
        ))}
      </select>
    </label>
  );
}

/** A text or day, in the address under its name. */
export function TextFilter(props: {
  /** What the field is called. */
  readonly label: string;
  /** The parameter of the address that it changes. */
  readonly name: string;
  /** The value of the parameter; undefined without it. */
  readonly value: string | undefined;
  /** Default: a text. */
  readonly type?: 'text' | 'date';
  /** An example, while the field is empty. Default: none. */
  readonly placeholder?: string;
}) {
  const { label, name, value = '', type = 'text', placeholder } = props;
  return (
    <label>
      {label}
      <input
        {...(type === 'date' ? { type: 'date' } : { type: 'text' })}
        value={value}
        placeholder={placeholder ?? ''}
        spellcheck={false}
        onInput={({ currentTarget }) => setParams({ [name]: currentTarget.value, after: '' })}
      />
    </label>
  );
}

import { link, setParams } from './router.ts';

/** How many days a list reads, in the address as `days`. */
export function DaysFilter(props: { readonly days: string; readonly choices: readonly string[] }) {
  return (
    <label>
      Days
      <select value={props.days} onChange={(event) => setParams({ days: event.currentTarget.value })}>
        {props.choices.map((one) => (
          <option key={one} value={one}>
            Last {one}
          </option>
        ))}
      </select>
    </label>
  );
}

/** A part of a name, in the address as `search`. */
export function SearchFilter(props: { readonly label: string; readonly search: string }) {
  return (
    <label>
      {props.label}
      <input
        type="search"
        value={props.search}
        onChange={(event) => setParams({ search: event.currentTarget.value })}
      />
    </label>
  );
}

/** The tier of the SDKs, in the address as `environment`; empty is production. */
export function EnvironmentFilter({ environment }: { readonly environment: string }) {
  return (
    <label>
      Environment
      <input
        value={environment}
        placeholder="production"
        size={12}
        onChange={(event) => setParams({ environment: event.currentTarget.value })}
      />
    </label>
  );
}

/** Shows which other environments have exposures; nothing if none has any. */
export function OtherEnvironments(props: {
  readonly names: readonly string[];
  readonly params: Readonly<Record<string, string>>;
}) {
  if (props.names.length === 0) return null;
  return (
    <p>
      Other environments have exposures:{' '}
      {props.names.map((one, i) => (
        <span key={one}>
          {i > 0 && ', '}
          <a href={link('/experiments', { ...props.params, environment: one })}>{one}</a>
        </span>
      ))}
      .
    </p>
  );
}

import { Badge, Copyable } from '../../parts/parts.tsx';

/** What is shown of a problem: those of `sluice status` and findings of the doctor have it. */
export interface ShownProblem {
  readonly code: string;
  readonly severity: 'problem' | 'warning' | 'unchecked';
  readonly cause: string;
  readonly detail: string;
  readonly cure: string;
  readonly commands: readonly string[];
}

const WORDS = { problem: 'problem', warning: 'warning', unchecked: 'not checked' } as const;
const TONES = { problem: 'bad', warning: 'warning', unchecked: 'plain' } as const;

/** Problems with cause, cure and the commands that heal them. */
export function Problems({ problems }: { readonly problems: readonly ShownProblem[] }) {
  return (
    <ul class="findings">
      {problems.map(({ code, severity, cause, detail, cure, commands }) => (
        <li key={`${code} ${detail}`} class={severity}>
          <p>
            <Badge tone={TONES[severity]}>{WORDS[severity]}</Badge> <strong>{cause}</strong>
          </p>
          <p>{detail}</p>
          {(severity !== 'unchecked' || commands.length > 0) && <p>{cure}</p>}
          {commands.map((command) => (
            <Copyable key={command} text={command} />
          ))}
          <p class="code">{code}</p>
        </li>
      ))}
    </ul>
  );
}

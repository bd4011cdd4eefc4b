import type { Command, CommandOption } from './commandLine.ts';
import { COMMON_OPTIONS, optionsOf } from './help.ts';

/** The shells that `sluice completion` knows. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;

/** The words for completion: the commands, and the stages that `--stage` offers. */
export interface Completed {
  readonly commands: readonly Command[];
  readonly stages: readonly string[];
}

/** A script that completes `sluice` in a shell, made from what the commands declare. */
export function completionScript(shell: (typeof SHELLS)[number], completed: Completed): string {
  return { bash, zsh, fish }[shell](completed);
}

/** A word that can follow, and its meaning. */
type Word = readonly [word: string, meaning: string];

const HELP: Word = ['help', 'Print the help of a command.'];

function commandWords({ commands }: Completed): readonly Word[] {
  return [...commands.map(({ name, summary }): Word => [name, summary]), HELP];
}

/** Lists values of a command's first argument; empty if it can be anything. */
function firstWords({ actions = {}, words = [] }: Command): readonly Word[] {
  return [
    ...Object.entries(actions).map(([name, { summary }]): Word => [name, summary]),
    ...words.map((word): Word => [word, '']),
  ];
}

/** Each command, and each of its actions, with its options. */
function contexts({ commands }: Completed) {
  return commands.flatMap((command) =>
    [undefined, ...Object.keys(command.actions ?? {})].map((action) => ({
      command,
      action,
      options: Object.entries({ ...optionsOf(command, action), ...COMMON_OPTIONS }),
    })),
  );
}

/** The values of an option; none if it can be any text, which may be a file. */
function valuesOf(name: string, { values = [] }: CommandOption, { stages }: Completed): readonly string[] {
  return name === 'stage' ? stages : values;
}

/** Options of a command that take a value: those with known values, and the others. */
function valueOptions(command: Command, completed: Completed) {
  const options = Object.entries(command.options).filter(([, { type }]) => type === 'string');
  const known = options.map(([name, option]) => ({ name, values: valuesOf(name, option, completed) }));
  return {
    listed: known.filter(({ values }) => values.length > 0),
    free: known.filter(({ values }) => values.length === 0),
  };
}

/** For bash 3.2, which macOS has, and later. Without an answer of ours, bash completes files. */
function bash(completed: Completed): string {
  const { commands } = completed;
  const names = commandWords(completed).map(([word]) => word);
  const values = commands.flatMap((command) => {
    const { listed, free } = valueOptions(command, completed);
    return [
      ...listed.map(
        ({ name, values: words }) => `    "${command.name} --${name}") words="${words.join(' ')}" ;;`,
      ),
      ...(free.length === 0
        ? []
        : [`    ${free.map(({ name }) => `"${command.name} --${name}"`).join('|')}) return 0 ;;`]),
    ];
  });
  const first = commands.flatMap((command) => {
    const words = firstWords(command).map(([word]) => word);
    return words.length === 0 ? [] : [`      ${command.name}) words="${words.join(' ')}" ;;`];
  });
  const options = contexts(completed).map(({ command, action = '', options: of }) => {
    const flags = of.map(([name]) => `--${name}`).join(' ');
    return `      "${command.name} ${action}") words="${flags}" ;;`;
  });
  const fallback = commands.map((command) => {
    const flags = Object.keys({ ...command.options, ...COMMON_OPTIONS }).map((name) => `--${name}`);
    return `      "${command.name} "*) words="${flags.join(' ')}" ;;`;
  });
  return `# Completion of sluice for bash. In ~/.bashrc: . ~/.sluice-completion.bash, where this is
_sluice() {
  local cur prev command words=""
  cur="\${COMP_WORDS[COMP_CWORD]}"
  prev="\${COMP_WORDS[COMP_CWORD-1]}"
  # bash takes --stage=prod for three words.
  if [ "$cur" = "=" ]; then cur=""
  elif [ "$prev" = "=" ]; then prev="\${COMP_WORDS[COMP_CWORD-2]}"
  fi
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${names.join(' ')} --help --version" -- "$cur"))
    return 0
  fi
  command="\${COMP_WORDS[1]}"
  case "$command $prev" in
${values.join('\n')}
    "help "*) words="${names.join(' ')}" ;;
  esac
  if [ -z "$words" ] && [ "$COMP_CWORD" -eq 2 ] && [ "\${cur#-}" = "$cur" ]; then
    case "$command" in
${first.join('\n')}
    esac
  fi
  if [ -z "$words" ]; then
    case "$command \${COMP_WORDS[2]}" in
${[...options, ...fallback].join('\n')}
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _sluice sluice
`;
}

/** A word in single quotes, for zsh and fish. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", '’').replaceAll('\\', '')}'`;
}

function zsh(completed: Completed): string {
  const { commands } = completed;
  const described = (words: readonly Word[]) =>
    words.map(([word, meaning]) => quoted(meaning === '' ? word : `${word}:${meaning}`)).join(' ');
  const values = commands.flatMap((command) => {
    const { listed, free } = valueOptions(command, completed);
    return [
      ...listed.map(
        ({ name, values: words }) =>
          `    (${quoted(`${command.name} --${name}`)}) compadd -- ${words.join(' ')}; return ;;`,
      ),
      ...(free.length === 0
        ? []
        : [
            `    (${free.map(({ name }) => quoted(`${command.name} --${name}`)).join('|')}) _files; return ;;`,
          ]),
    ];
  });
  const first = commands.flatMap((command) => {
    const words = firstWords(command);
    return words.length === 0
      ? []
      : [`      (${command.name}) items=(${described(words)}); _describe 'word' items; return ;;`];
  });
  const optionItems = (options: readonly (readonly [string, CommandOption])[]) =>
    described(options.map(([name, { help }]): Word => [`--${name}`, help]));
  const options = contexts(completed).map(
    ({ command, action, options: of }) =>
      `    (${action === undefined ? `${quoted(`${command.name} `)}*` : quoted(`${command.name} ${action}`)}) items=(${optionItems(of)}) ;;`,
  );
  // The cases of actions come before those of whole commands, which match everything.
  const sorted = [
    ...options.filter((line) => !line.includes("'*)")),
    ...options.filter((line) => line.includes("'*)")),
  ];
  return `#compdef sluice
# Completion of sluice for zsh. In ~/.zshrc, after compinit: . ~/.sluice-completion.zsh, where this is
_sluice() {
  local -a items
  if (( CURRENT == 2 )); then
    items=(${described(commandWords(completed))})
    _describe 'command' items
    return
  fi
  case "$words[2] $words[CURRENT-1]" in
${values.join('\n')}
    ('help '*) compadd -- ${commandWords(completed)
      .map(([word]) => word)
      .join(' ')}; return ;;
  esac
  if (( CURRENT == 3 )) && [[ $words[CURRENT] != -* ]]; then
    case "$words[2]" in
${first.join('\n')}
    esac
  fi
  case "$words[2] $words[3]" in
${sorted.join('\n')}
  esac
  _describe -o 'option' items
}
compdef _sluice sluice
`;
}

function fish(completed: Completed): string {
  const { commands } = completed;
  const about = (meaning: string) => (meaning === '' ? '' : ` -d ${quoted(meaning)}`);
  const names = commandWords(completed).map(([word]) => word);
  const first = commands.flatMap((command) =>
    firstWords(command).map(
      ([word, meaning]) =>
        `complete -c sluice -n '__sluice_words ${command.name}' -f -a ${word}${about(meaning)}`,
    ),
  );
  const options = commands.flatMap((command) =>
    Object.entries({ ...command.options, ...COMMON_OPTIONS } as Record<string, CommandOption>).map(
      ([name, option]) => {
        const values = valuesOf(name, option, completed);
        const value =
          option.type === 'boolean' ? '' : values.length > 0 ? ` -x -a ${quoted(values.join(' '))}` : ' -r';
        return `complete -c sluice -n '__sluice_in ${command.name}' -l ${name}${value}${about(option.help)}`;
      },
    ),
  );
  return `# Completion of sluice for fish: sluice completion fish > ~/.config/fish/completions/sluice.fish
function __sluice_in
  set -l words (commandline -opc)
  test (count $words) -ge 2; and test "$words[2]" = "$argv[1]"
end
function __sluice_words
  set -l words (commandline -opc)
  test (count $words) -eq 2; and test "$words[2]" = "$argv[1]"
end
complete -c sluice -e
complete -c sluice -n 'test (count (commandline -opc)) -eq 1' -f -l help
complete -c sluice -n 'test (count (commandline -opc)) -eq 1' -f -l version
${commandWords(completed)
  .map(
    ([word, meaning]) =>
      `complete -c sluice -n 'test (count (commandline -opc)) -eq 1' -f -a ${word}${about(meaning)}`,
  )
  .join('\n')}
complete -c sluice -n '__sluice_words help' -f -a ${quoted(names.join(' '))}
${[...first, ...options].join('\n')}
`;
}

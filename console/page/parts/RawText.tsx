import { useMemo, useState } from 'preact/hooks';
import { formatCount, writtenOut } from './format.ts';

/** Characters that are shown at first: a browser is slow with a line of a million. */
const SHOWN = 20_000;

/**
 * Shows received data as text: JSON is indented, and characters that hide or reorder others are written as escapes.
 *
 * @param props.isCut Whether `text` is only the beginning.
 */
export function RawText(props: { readonly text: string; readonly label: string; readonly isCut?: boolean }) {
  const { text, label, isCut = false } = props;
  const [isWhole, setWhole] = useState(false);
  const pretty = useMemo(() => writtenOut(text), [text]);
  const isLong = pretty.length > SHOWN;
  return (
    <div class="raw">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard. */}
      <section class="json" tabIndex={0} aria-label={label}>
        <pre>
          {isLong && !isWhole ? pretty.slice(0, SHOWN) : pretty}
          {(isCut || (isLong && !isWhole)) && ' …'}
        </pre>
      </section>
      {isLong && (
        <button type="button" class="link" onClick={() => setWhole(!isWhole)}>
          {isWhole ? 'Show the beginning' : `Show all ${formatCount(pretty.length)} characters`}
        </button>
      )}
    </div>
  );
}

/** Where progress is written to. */
export interface ProgressWriter {
  /** Whether lines are written over each other. */
  readonly live: boolean;
  line(text: string): void;
  /** A line that stays, between those of progress. */
  aside(text: string): void;
  end(): void;
}

/** A line that is written over on a terminal, plain lines elsewhere (and where CI or NO_COLOR ask for plainness). */
export function progressWriter(say: (line: string) => void): ProgressWriter {
  const live =
    process.stderr.isTTY === true && process.env['CI'] === undefined && process.env['NO_COLOR'] === undefined;
  let open = false;
  const clear = () => {
    if (open) process.stderr.write('\r\u001b[2K');
    open = false;
  };
  return {
    live,
    line(text: string) {
      if (!live) return say(text);
      process.stderr.write(`\r\u001b[2K${text.slice(0, (process.stderr.columns ?? 200) - 1)}`);
      open = true;
    },
    aside(text: string) {
      clear();
      say(text);
    },
    end() {
      if (open) process.stderr.write('\n');
      open = false;
    },
  };
}

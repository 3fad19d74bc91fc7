/** What every command takes. */
export interface OutputOptions {
  readonly json?: boolean;
}

/** Prints a result: as one line of JSON for scripts, else as the given lines. */
export function print(options: OutputOptions, value: unknown, lines: readonly string[]): void {
  process.stdout.write(
    options.json === true ? `${JSON.stringify(value)}\n` : lines.map((line) => `${line}\n`).join(''),
  );
}

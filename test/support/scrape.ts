/** One sample of a scrape. */
export interface ScrapedSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A scrape: its text, what it declares, and its samples. */
export interface Scrape {
  readonly text: string;
  /** Names as declared; a histogram has samples of `…_bucket`, `…_sum` and `…_count`. */
  readonly declared: ReadonlyMap<string, string>;
  readonly samples: readonly ScrapedSample[];
  /** The value of the one sample of a name that has these labels. **Shape**: undefined when there is none. */
  value(name: string, labels?: Readonly<Record<string, string>>): number | undefined;
}

/** Asks for metrics as Prometheus does. */
export async function scrape(port: number | null): Promise<Scrape> {
  const answer = await fetch(`http://127.0.0.1:${port}/metrics`);
  const text = await answer.text();
  if (answer.status !== 200) throw new Error(`${answer.status}: ${text}`);
  return parseScrape(text);
}

/** Reads the text format of Prometheus. **Errors**: for a line that is none of it. */
export function parseScrape(text: string): Scrape {
  const declared = new Map<string, string>();
  const samples: ScrapedSample[] = [];
  for (const line of text.split('\n')) {
    const type = /^# TYPE (?<name>\S+) (?<kind>\S+)$/.exec(line)?.groups;
    if (type !== undefined) declared.set(type['name'] ?? '', type['kind'] ?? '');
    if (line === '' || line.startsWith('#')) continue;
    const sample = /^(?<name>[a-zA-Z_:][\w:]*)(?:\{(?<labels>.*)\})? (?<value>\S+)$/.exec(line)?.groups;
    if (sample === undefined) throw new Error(`not a sample: ${line}`);
    samples.push({
      name: sample['name'] ?? '',
      labels: labelsOf(sample['labels'] ?? ''),
      value: Number(sample['value'] === '+Inf' ? Infinity : sample['value']),
    });
  }
  const value: Scrape['value'] = (name, labels = {}) =>
    samples.find(
      (sample) =>
        sample.name === name &&
        Object.entries(labels).every(([label, wanted]) => sample.labels[label] === wanted),
    )?.value;
  return { text, declared, samples, value };
}

function labelsOf(text: string): Readonly<Record<string, string>> {
  const pairs = text.matchAll(/(?<label>\w+)="(?<value>(?:[^"\\]|\\.)*)"/g);
  return Object.fromEntries(
    [...pairs].map(({ groups }) => [groups?.['label'] ?? '', groups?.['value'] ?? '']),
  );
}

interface Waiting<K, V> {
  readonly key: K;
  readonly resolve: (value: V) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Answers many small questions with one: while one batch is on its way, further keys gather for the next. A single question never
 * waits for company.
 *
 * **Shape**: `ask` gives one value for each key, in their order. **Why** never two batches at once: that is what makes them grow
 * with the load, and a key is always looked up after it was asked for, so no answer is older than its question.
 */
export class Batcher<K, V> {
  private waiting: Waiting<K, V>[] = [];
  private busy = false;

  constructor(
    private readonly ask: (keys: readonly K[]) => Promise<readonly V[]>,
    private readonly maxKeys: number,
  ) {}

  /** The value of a key. **Errors**: whatever `ask` throws, for all keys of its batch. */
  async load(key: K): Promise<V> {
    const loaded = new Promise<V>((resolve, reject) => this.waiting.push({ key, resolve, reject }));
    if (!this.busy) void this.run();
    return loaded;
  }

  private async run(): Promise<void> {
    this.busy = true;
    while (this.waiting.length > 0) {
      const batch = this.waiting.splice(0, this.maxKeys);
      try {
        const values = await this.ask(batch.map(({ key }) => key));
        if (values.length !== batch.length) throw new Error('a batch got fewer values than it has keys');
        batch.forEach(({ resolve }, index) => resolve(values[index] as V));
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.busy = false;
  }
}

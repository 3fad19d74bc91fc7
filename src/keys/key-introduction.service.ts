import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { readEncryptionKeys } from '../config/encryption-keys.js';
import { SETTINGS, type KeysFile, type Settings } from '../config/settings.js';
import { CurrentKeys } from '../encryption/current-keys.js';
import { readKeysFile, writeKeysFile } from '../encryption/key-file.js';
import { KeyRing } from '../encryption/key-ring.js';
import { generateSecret } from '../encryption/secrets.js';
import { RotationRefused } from './keys.errors.js';
import type { KeyHolder, KnownKey } from './keys.types.js';
import { KnownKeysService } from './known-keys.service.js';

const KEY_BYTES = 32;
const POLL_MS = 250;

/** How a new key is brought in. **Units**: `timeoutSeconds` for each of the two waits. */
export interface IntroductionOptions {
  readonly timeoutSeconds: number;
  readonly onStep: (step: string) => void;
  /** Whether values under an older key can be read still: then the first key is the new one, and its rotation did not end. */
  readonly isUnfinished: boolean;
}

/** Changes the keys of a file in the order in which no process ever meets a value that it cannot read. */
@Injectable()
export class KeyIntroductionService {
  constructor(
    private readonly known: KnownKeysService,
    private readonly keys: CurrentKeys,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /**
   * Makes a key the primary in two phases: into the file behind the others, until every running process reads it; then to the
   * front, until every one writes with it. A key that a broken-off call left in the file, behind
   * the others or first, is taken up again.
   *
   * **Errors**: `RotationRefused` when the keys come from no file, or a process does not follow in time; `KeyRingError`.
   */
  async introduce({ timeoutSeconds, onStep, isUnfinished }: IntroductionOptions): Promise<void> {
    const file = this.requireFile();
    const entries = (await readKeysFile(file)).split(',').map((entry) => entry.trim());
    const id = isUnfinished ? idOf(entries[0] ?? '') : nextId(entries, await this.known.all());
    const pending = entries.find((other) => idOf(other) === id);
    const entry = pending ?? `${id}:${generateSecret(KEY_BYTES)}`;
    const others = entries.filter((other) => other !== entry);
    if (pending === undefined) await this.write(file, [...others, entry]);
    onStep(`key "${id}" is in ${file.path}; waiting until every process reads it`);
    await this.awaitHolders(timeoutSeconds, ({ keyIds }) => keyIds.includes(id));
    await this.write(file, [entry, ...others]);
    onStep(`key "${id}" is first; waiting until every process writes with it`);
    await this.takeOver(file);
    await this.awaitHolders(timeoutSeconds, ({ keyIds }) => keyIds[0] === id);
  }

  /** Takes a retired key out of the file, if the keys come from one. **Shape**: whether it did. */
  async withdraw(id: string): Promise<boolean> {
    const file = this.settings.encryption.keysFile;
    if (file === undefined) return false;
    const entries = (await readKeysFile(file)).split(',').map((entry) => entry.trim());
    const others = entries.filter((entry) => idOf(entry) !== id);
    if (others.length === entries.length || others.length === 0) return false;
    await this.write(file, others);
    return true;
  }

  private requireFile(): KeysFile {
    const file = this.settings.encryption.keysFile;
    if (file === undefined) {
      throw new RotationRefused(
        'The keys come from the environment, which only a deployment can change: docs/encryption.md says how, in two steps. With ENCRYPTION_KEYS_FILE it is one command.',
      );
    }
    return file;
  }

  private async write(file: KeysFile, entries: readonly string[]): Promise<void> {
    const text = entries.join(',');
    // Never a file that the next start refuses.
    if (typeof readEncryptionKeys(text) === 'string')
      throw new Error('The new content of the key file is malformed.');
    await writeKeysFile(file, text);
  }

  private async takeOver(file: KeysFile): Promise<void> {
    const ring = await KeyRing.load({ ...this.settings.encryption, keys: await readKeysFile(file) });
    await this.known.admit(ring, null);
    this.keys.replace(ring);
  }

  private async awaitHolders(timeoutSeconds: number, follows: (holder: KeyHolder) => boolean): Promise<void> {
    const deadline = performance.now() + timeoutSeconds * 1_000;
    for (;;) {
      const behind = (await this.known.holders()).filter((holder) => !follows(holder));
      if (behind.length === 0) return;
      if (performance.now() > deadline) {
        throw new RotationRefused(
          `${behind.map(({ name }) => name).join(', ')} did not take over the key file within ${timeoutSeconds} seconds. See why, then run the same command again; it goes on where it stopped.`,
        );
      }
      await sleep(POLL_MS);
    }
  }
}

/**
 * The id that follows the first key's: the next number under which nothing was ever encrypted. **Why** the same rule finds the
 * key of a call that was broken off: it made the same choice, and nobody encrypted with it yet.
 */
function nextId(entries: readonly string[], known: readonly KnownKey[]): string {
  const used = new Set(
    known.filter(({ wasPrimary, isRetired }) => wasPrimary || isRetired).map(({ id }) => id),
  );
  const first = idOf(entries[0] ?? '');
  const [, stem = '', number = '1'] = /^(.*?)-?(\d{1,9})?$/.exec(first) ?? [];
  for (let next = Number(number) + 1; ; next++) {
    const id = `${stem.slice(0, 20) || 'key'}-${next}`;
    if (id !== first && !used.has(id)) return id;
  }
}

function idOf(entry: string): string {
  return entry.slice(0, entry.indexOf(':'));
}

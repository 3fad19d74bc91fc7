import { setTimeout as sleep } from 'node:timers/promises';
import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

/** Where the story is told. Colours, and time to read, are for terminals only. */
export class Stage {
  private steps = 0;

  constructor(
    private readonly out: NodeJS.WritableStream & { readonly isTTY?: boolean },
    private readonly pauseMs: number,
  ) {}

  /** Begins a step of the story. */
  async step(title: string): Promise<void> {
    if (this.out.isTTY === true && this.steps > 0) await sleep(this.pauseMs);
    this.steps++;
    this.say('', this.style('bold', `${this.steps}. ${title}`));
  }

  /** Lines as they are. */
  say(...lines: readonly string[]): void {
    for (const line of lines) this.out.write(`${line}\n`);
  }

  /** What somebody in the conversation says. */
  quote(who: string, text: string): void {
    this.say(`   ${this.style('cyan', `${who}:`)} ${text}`);
  }

  /** What the service answers. */
  fact(text: string): void {
    this.say(`   ${text}`);
  }

  /** A text in colour, where colours are shown; `NO_COLOR` counts. */
  style(style: Style, text: string): string {
    return styleText(style, text, { stream: this.out });
  }
}

import { randomUUID } from 'node:crypto';
import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** How one request ends for its client. */
type Fate = 'answered' | 'cut at the answer' | 'hung up' | 'sent twice';

/** What a storm is made of. */
export interface Storm {
  /** Replicas of the service. */
  readonly urls: readonly string[];
  readonly token: string;
  readonly conversationId: string;
  readonly clients: number;
  readonly messagesEach: number;
  /** False: nothing tells a retry from a new message. */
  readonly withIds: boolean;
}

/** A message whose client saw it acknowledged. */
export interface Acknowledged {
  readonly content: string;
  readonly seq: number;
}

/** What a storm did. **Shape**: `lost` counts requests whose client never saw the answer, `refused` answers that are no success and no 503. */
export interface StormReport {
  readonly acknowledged: readonly Acknowledged[];
  readonly lost: number;
  readonly refused: readonly string[];
}

const MAX_TRIES = 60;

/**
 * Clients that all append to one conversation, each its messages in order, each again until it was acknowledged. One request in three is
 * lost: the client dies when the answer begins, which is after the commit, or right after it sent its request; others are sent twice
 * at the same time.
 */
export async function appendStorm(storm: Storm): Promise<StormReport> {
  const acknowledged: Acknowledged[] = [];
  const refused: string[] = [];
  let lost = 0;
  const client = async (number: number): Promise<void> => {
    for (let n = 0; n < storm.messagesEach; n++) {
      const message = {
        role: 'user',
        content: `client ${number} message ${n}`,
        ...(storm.withIds ? { id: randomUUID() } : {}),
      };
      for (let tries = 0; ; tries++) {
        if (tries > MAX_TRIES) throw new Error(`${message.content} was never acknowledged`);
        const answer = await send(storm, message, randomFate());
        if (answer === null) lost++;
        else if (answer.status === 200 || answer.status === 201) {
          acknowledged.push({ content: message.content, seq: (JSON.parse(answer.text) as Acknowledged).seq });
          break;
        } else if (answer.status !== 503) {
          refused.push(answer.text);
          break;
        }
        await sleep(Math.random() * 20);
      }
    }
  };
  await Promise.all(Array.from({ length: storm.clients }, async (_, number) => client(number)));
  return { acknowledged, lost, refused };
}

function randomFate(): Fate {
  const chance = Math.random();
  if (chance < 0.2) return 'cut at the answer';
  if (chance < 0.35) return 'hung up';
  return chance < 0.5 ? 'sent twice' : 'answered';
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

async function send(storm: Storm, message: object, fate: Fate): Promise<Answer | null> {
  if (fate !== 'sent twice') return sendOnce(storm, message, fate);
  const [first] = await Promise.all([
    sendOnce(storm, message, 'answered'),
    sendOnce(storm, message, 'answered'),
  ]);
  return first;
}

/** **Shape**: null when the client never saw an answer. */
async function sendOnce(storm: Storm, message: object, fate: Fate): Promise<Answer | null> {
  const url = storm.urls[Math.floor(Math.random() * storm.urls.length)] ?? '';
  const headers = { authorization: `Bearer ${storm.token}`, 'content-type': 'application/json' };
  return new Promise((resolve) => {
    const sent = request(
      `${url}/v1/conversations/${storm.conversationId}/messages`,
      { method: 'POST', headers, agent: false },
      (answer) => {
        if (fate === 'cut at the answer') {
          answer.destroy();
          resolve(null);
          return;
        }
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('error', () => resolve(null));
        answer.on('end', () =>
          resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString() }),
        );
      },
    );
    sent.on('error', () => resolve(null));
    sent.end(JSON.stringify(message), () => {
      if (fate !== 'hung up') return;
      setTimeout(() => sent.destroy(), Math.random() * 10);
      sent.once('close', () => resolve(null));
    });
  });
}

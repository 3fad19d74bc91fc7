import { z } from 'zod';

/** True for text that PostgreSQL can store and JSON can carry: no U+0000, no half of a surrogate pair. */
export function isStorable(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed();
}

/** A line of free text: trimmed, at most `max` characters, never empty. */
export function lineOfText(max: number): z.ZodString {
  return z.string().trim().min(1).max(max);
}
